//! The whole house: three origins on real sockets, and the binary as a process.
#![cfg(test)]

mod at_rest;
mod attacks;
mod audiences;
mod backchannel_logout;
mod callback;
mod cookies;
mod forged_headers;
mod headers;
mod health;
mod in_flight;
mod large_bodies;
mod process;
mod providers;
mod proxy;
mod replicas;
mod revocation;
mod sessions;
mod sign_in;
mod sign_out_wins;
mod step_up;
mod strange;
mod strange_provider;
mod support;
mod tls;
mod weather;
