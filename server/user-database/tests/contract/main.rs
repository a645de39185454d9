//! The contract of the User Database: each rule, on each engine.
//!
//! SQLite always runs. PostgreSQL runs on the server that `CLOAKROOM_TEST_POSTGRES` names, a database per test, and is
//! left out only where `CLOAKROOM_TEST_ENGINES=embedded` says so.

#![cfg(test)]

mod engines;
mod samples;

mod account_keeper;
mod accounts;
mod at_rest;
mod audit;
mod clients;
mod consents;
mod grants;
mod links;
mod opening;
mod pruning;
mod rotation;
mod sessions;
mod signing_keys;
mod weather;
mod writing;
