//! Builds the crate anew when a migration is added: the compiler alone notices only those it knows.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
