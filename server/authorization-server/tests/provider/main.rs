//! The Authorization Server over its real router: what a browser and a client see of it, rule by rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests stop at surprises")]
#![allow(clippy::doc_markdown, reason = "the sentences name parameters as the specifications write them")]

mod account;
mod answer;
mod app;
mod boxes;
mod browser;
mod house;
mod plain_pages;

mod authorization_request;
mod backchannel_logout;
mod claims;
mod client_authentication;
mod codes;
mod confusion;
mod consent;
mod constant_time;
mod cookies;
mod cors;
mod crowd;
mod device;
mod discovery;
mod dpop;
mod dump;
mod errors;
mod faults;
mod flood;
mod interaction;
mod introspection;
mod keys;
mod links;
mod login;
mod logout;
mod logs;
mod machines;
mod methods;
mod outages;
mod page_headers;
mod pkce;
mod pushed_requests;
mod refresh;
mod registration;
mod registration_management;
mod remote_keys;
mod replicas;
mod revocation;
mod sessions;
mod slow_down;
mod start;
mod stored_clients;
mod userinfo;
