//! `Leptos.toml` is what the running server reads, Cargo.toml's block what cargo-leptos reads: they must say the same.
#![cfg(test)]

fn block(file: &str) -> toml::Value {
    let path = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let table: toml::Value = toml::from_str(&text).unwrap();
    table["workspace"]["metadata"]["leptos"][0].clone()
}

#[test]
fn both_files_hold_the_same_block() {
    assert_eq!(block("Leptos.toml"), block("Cargo.toml"));
}
