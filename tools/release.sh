#!/usr/bin/env bash
# Builds the optimised server and its site, and collects what a machine needs into dist/cloakroom.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

tools/setup.sh release
[ -x "$target/release/cloakroom" ] || say "The first optimised build takes about 15 minutes on two cores."
cargo leptos build --release --precompress --cargo-locked

destination=$root/dist/cloakroom
rm -rf "$destination" && mkdir -p "$destination"
install -m 755 "$target/release/cloakroom" "$destination/cloakroom"
# The names of the hashed files; the server reads them beside its own executable.
install -m 644 "$target/release/hash.txt" "$destination/hash.txt"
cp -r target/site "$destination/site"
sed 's|^site-root *=.*|site-root = "site"\nenv = "PROD"|' Leptos.toml >"$destination/Leptos.toml"
for file in cloakroom.example.toml LICENSE LICENSE-MIT LICENSE-APACHE; do
    [ ! -f "$file" ] || cp "$file" "$destination/"
done
say "dist/cloakroom is ready after $SECONDS s: $(du -sh "$destination" | cut -f1), started by ./cloakroom from within it."
