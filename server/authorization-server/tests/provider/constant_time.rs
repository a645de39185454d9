//! Attack 19: no secret is compared by a comparison that tells by its time how far it came.
//!
//! Secrets are newtypes whose own `==` takes the same time, and are otherwise found by a hash. What is left is their bare text: this
//! reads the sources of all boxes, and finds where somebody compares that.

use std::path::{Path, PathBuf};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a line compares the bare text of a secret, and not in constant time; its length and its parts are no secret.
fn compares(line: &str) -> bool {
    let bare = ["expose()", "expose_secret()"].iter().any(|exposed| line.contains(exposed));
    let compared = ["==", "!=", ".eq(", ".ne(", ".starts_with(", ".contains("].iter().any(|word| line.contains(word));
    let harmless = ["ct_eq", ".count()", ".len()"].iter().any(|word| line.contains(word));
    bare && compared && !harmless && !line.trim_start().starts_with("//")
}

#[test]
fn no_secret_is_compared_as_bare_text() {
    assert!(compares("if token.expose() == other {") && compares("token.expose_secret() != other"));
    assert!(!compares("token.expose().as_bytes().ct_eq(other) == yes"));
    let boxes = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut found, mut exposed) = (Vec::new(), 0);
    for name in ["protocol", "authorization-server", "user-database", "cache", "queue", "application-api", "resource-api"] {
        sources(&boxes.join(name).join("src"), &mut found);
    }
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        exposed += shipped.matches("expose").count();
        for (number, line) in shipped.lines().enumerate() {
            assert!(!compares(line), "{}:{}: {line}", path.display(), number + 1);
        }
    }
    assert!(exposed > 50, "there are secrets to look at: {exposed}");
}
