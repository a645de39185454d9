//! The whole house: three origins on real sockets, and the binary as a process.
#![cfg(test)]

mod callback;
mod in_flight;
mod process;
mod sign_in;
mod support;
