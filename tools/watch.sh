#!/usr/bin/env bash
# Runs the server and rebuilds it while you edit; the browser follows. Arguments go to the server.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

tools/setup.sh
# Leptos is compiled differently for watching (LEPTOS_WATCH marks each view), and cargo does not notice that its
# environment changed: a directory of its own keeps pages and islands of one kind.
export CARGO_TARGET_DIR=$target/watch
[ -x "$CARGO_TARGET_DIR/debug/cloakroom" ] || say "The first build for watching compiles every dependency: about 5 minutes on two cores."
# What changes while it runs is written under its plain name.
export LEPTOS_HASH_FILES=false
exec cargo leptos watch --hot-reload -- "$@"
