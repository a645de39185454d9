#!/usr/bin/env bash
# Puts Rust, CSS, TypeScript and JSON into the form that `make check` wants.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"

tools/setup.sh check
cargo fmt --all
(cd end2end && node_modules/.bin/biome check --write . ../style ../tools ../app/scripts ../bench/peers)
