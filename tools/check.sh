#!/usr/bin/env bash
# Checks everything that can be checked without running it.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

tools/setup.sh check

server_lints() { cargo clippy "${locked[@]}" --quiet --workspace --exclude frontend --all-targets -- -D warnings; }

# In cargo-leptos's own directory for the browser, whose build scripts and macros the build needs anyway.
browser_lints() {
    cargo clippy "${locked[@]}" --quiet --package frontend --target wasm32-unknown-unknown --target-dir "$target/front" -- -D warnings
}

licences() { cargo deny "${locked[@]}" --log-level error check --hide-inclusion-graph licenses bans sources; }

# The database of advisories is a repository on the network; without it the rest still counts.
advisories() {
    if ! within 1 cargo deny "${locked[@]}" --log-level off fetch db >/dev/null 2>&1; then
        say "   the advisory database is out of reach: not checked"
        return 0
    fi
    cargo deny "${locked[@]}" --offline --log-level error check --hide-inclusion-graph advisories
}

styles_and_scripts() { (cd end2end && node_modules/.bin/biome check --error-on-warnings . ../style ../tools ../app/scripts ../bench/peers); }

phase "Rust: formatting" cargo fmt --all --check
phase "Rust: lints of the server's side" server_lints
phase "Rust: lints of the browser's side" browser_lints
phase "Dependencies: licences, bans, sources" licences
phase "Dependencies: advisories" advisories
phase "CSS, TypeScript, JSON: lints and formatting" styles_and_scripts
phase "TypeScript: types" end2end/node_modules/.bin/tsc --noEmit --project end2end
phase "Shell: lints" shellcheck --external-sources tools/*.sh .ci/run
summary "Checks"
