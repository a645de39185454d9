#!/usr/bin/env bash
# Runs the tests beside a real Redis and a real PostgreSQL.
# usage: tools/test.sh [unit [CARGO-TEST-ARGUMENT…] | end2end [PLAYWRIGHT-ARGUMENT…]]      nothing: both
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

if [ -z "${CLOAKROOM_TEST_REDIS:-}" ] || [ -z "${CLOAKROOM_TEST_POSTGRES:-}" ]; then
    tools/setup.sh test
    exec tools/services.sh tools/test.sh "$@"
fi

which=${1:-all}
[ $# -eq 0 ] || shift

# Passing tests are counted by cargo's own closing lines; only the others are told by name.
without_passing() {
    grep --line-buffered --invert-match --extended-regexp '^test .* \.\.\. ok$|^$|^running [0-9]+ tests?$' || [ $? -eq 1 ]
}

compile_tests() { cargo test "${locked[@]}" --quiet "${crates[@]}" --no-run; }
run_tests() { within 30 cargo test "${locked[@]}" "${crates[@]}" --no-fail-fast 2>&1 | without_passing; }
build_application() { cargo leptos build ${CI:+--cargo-locked}; }
run_journeys() { (cd end2end && CLOAKROOM_BINARY=$target/debug/cloakroom within 30 node_modules/.bin/playwright test "$@"); }

crates=(--workspace --exclude frontend)
if [ "$which" = unit ] && [ $# -gt 0 ]; then
    crates=("$@")
fi
if [ "$which" != end2end ]; then
    phase "Rust tests: compile" compile_tests
    [ "$failed" -gt 0 ] || phase "Rust tests: run, with Redis and PostgreSQL" run_tests
fi
if [ "$which" != unit ]; then
    [ "$which" != all ] || set --
    before=$failed
    phase "Application: build (debug)" build_application
    [ "$failed" -gt "$before" ] || phase "Journeys: all embedded, then PostgreSQL and Redis" run_journeys "$@"
fi
summary "Tests"
