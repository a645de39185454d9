//! The Authorization Server: an OpenID Provider handling login and consent.

pub mod pages;
