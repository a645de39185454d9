#!/usr/bin/env bash
# Builds a release, asks it over HTTP, and prints a Markdown table of what operations cost. It fails where an operation does.
# usage: [PEERS=1] tools/bench.sh [embedded|postgres-redis] [ARGUMENT…]      arguments go to the load (--help lists them)
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

engines=${1:-embedded}
[ $# -eq 0 ] || shift
case $engines in
    embedded) beside=() ;;
    postgres-redis) beside=(tools/services.sh) ;;
    *) stop "There are no engines called $engines: embedded, or postgres-redis." ;;
esac
[ -r /proc/self/stat ] || stop "make bench reads processor time from /proc, which only Linux has."

tools/setup.sh >&2
[ -x "$target/release/cloakroom" ] || say "The first optimised build takes about 10 minutes on two cores." >&2
# The pages and their islands are not measured; without them it is built in half the time.
cargo build --release "${locked[@]}" --package server --package bench --bins
if [ -n "${PEERS:-}" ]; then
    # Exact versions, in a place of their own: nothing of it is part of Cloakroom.
    peer=$target/bench/express-openid-connect
    command -v npm >/dev/null || stop "PEERS=1 needs Node.js 20 or newer with npm."
    mkdir -p "$peer"
    cp bench/peers/express-openid-connect/{package.json,package-lock.json,server.mjs} "$peer"
    (cd "$peer" && npm ci --loglevel=error --no-audit --no-fund >/dev/null) || stop "npm ci failed in $peer. Its own words are above."
    set -- --peers "$peer" "$@"
fi
exec "${beside[@]}" "$target/release/bench" run --server "$target/release/cloakroom" --engines "$engines" "$@"
