//! The only components that become WebAssembly.

pub mod ask_resource;

pub use ask_resource::AskResource;
