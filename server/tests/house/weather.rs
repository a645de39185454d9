//! B19: boxes that go away and come back while people sign in, look around and sign out.
//!
//! Whoever asks meanwhile is told to wait; nobody is signed out, led in circles or kept hanging; nothing has to be restarted; and
//! what was acknowledged is there afterwards: sessions, ends of sessions, and a line in the audit log for each.

mod people;
mod postgres;
mod provider;
mod queue;
mod redis;
mod refresh;
