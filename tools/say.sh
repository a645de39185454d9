# Speaks: what happens now, how it went, how long it took. Sourced.
# shellcheck shell=bash

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' green='' red='' plain=''
fi

say() { printf '%s\n' "$*"; }

# Ends the script with a sentence that says what to do.
stop() {
    printf '%s%s%s\n' "$red" "$*" "$plain" >&2
    exit 2
}

# within MINUTES COMMAND…: a command that hangs must not hang everything; where there is no `timeout`, it may.
within() {
    local minutes=$1
    shift
    if ! command -v timeout >/dev/null; then
        "$@"
        return
    fi
    # At a desk Ctrl-C has to reach the command; in CI whatever it has started must end with it.
    local code=0 manner=(--foreground)
    [ -z "${CI:-}" ] || manner=()
    timeout "${manner[@]}" --kill-after=30 "${minutes}m" "$@" || code=$?
    [ "$code" -ne 124 ] || say "Stopped: it took more than $minutes minutes."
    return "$code"
}

finished=()
failed=0

# phase NAME COMMAND…: runs the command and notes its time. A failure does not end the script: `summary` does.
phase() {
    local name=$1 began=$SECONDS
    shift
    say "${bold}── $name${plain}"
    if "$@"; then
        finished+=("${green}ok${plain}      $((SECONDS - began)) s  $name")
    else
        finished+=("${red}FAILED${plain}  $((SECONDS - began)) s  $name")
        failed=$((failed + 1))
    fi
}

# Prints each phase with its time; the answer is the number of failures, as an exit code.
summary() {
    say "${bold}── $1${plain}"
    printf '   %s\n' "${finished[@]}"
    say "   $SECONDS s in all"
    [ "$failed" -eq 0 ]
}
