#!/usr/bin/env bash
# Sets up, builds with cargo-leptos, and becomes the server. Arguments go to the server.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

tools/setup.sh
[ -x "$target/debug/cloakroom" ] || say "The first build compiles every dependency: about 5 minutes on two cores. Later ones take seconds."
cargo leptos build
say "Built in $SECONDS s."
exec "$target/debug/cloakroom" "$@"
