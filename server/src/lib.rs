//! The Cloakroom server: configuration, wiring, listeners, telemetry.
//!
//! It puts the boxes of the diagram together and gives each its own origin; what the boxes do is in their crates below.

pub mod adapters;
pub mod application;
pub mod attacks;
pub mod cli;
pub mod clients;
pub mod commands;
pub mod configuration;
pub mod crew;
pub mod demonstration;
pub mod dev_certificate;
pub mod devices;
pub mod failure;
pub mod flow;
pub mod health;
pub mod herald;
pub mod house;
pub mod keys;
pub mod listener;
pub mod outcome;
pub mod pages;
pub mod proofs;
pub mod provider;
pub mod run;
pub mod scribe;
pub mod sign_in_providers;
pub mod signing_keys;
pub mod site;
pub mod surface;
pub mod telemetry;
pub mod verify;
pub mod worker;

pub use configuration::Configuration;
pub use failure::Failure;
