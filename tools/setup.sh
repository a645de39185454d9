#!/usr/bin/env bash
# Installs what is missing, and nothing else. Times are those of two cores.
# usage: tools/setup.sh [test] [check] [release] [figures]      nothing: what `make` needs
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

wanted=" $* "
wants() { [[ $wanted == *" $1 "* ]]; }

# step WHAT HOW-LONG COMMAND…: says it, does it, says the seconds.
step() {
    local what=$1 long=$2 began=$SECONDS
    shift 2
    say "${bold}$what${plain} (about $long)"
    "$@" || return
    say "   done in $((SECONDS - began)) s"
}

# packages COMMAND:PACKAGE…: installs the packages whose command is not there.
packages() {
    local pair missing=() as_root=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || stop "Please install these first, by your system's own means: ${missing[*]} (names of Debian's packages)."
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || stop "Please install these first, as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    step "Installing by apt-get: ${missing[*]}" "1 minute" install_packages || stop "apt-get could not install: ${missing[*]}. Its own words are above."
}

install_packages() {
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update >/dev/null && "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

compiler_is_there() {
    local sysroot
    sysroot=$(RUSTUP_AUTO_INSTALL=0 rustc --print sysroot 2>/dev/null) || return
    [ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown/lib" ] && [ -x "$sysroot/bin/cargo-clippy" ] && [ -x "$sysroot/bin/rustfmt" ]
}

compiler() {
    compiler_is_there && return
    command -v rustup >/dev/null || stop "Please install rustup first (https://rustup.rs, or Debian 13's package rustup), then say it again."
    step "Installing Rust $rust_version with clippy, rustfmt and the target wasm32-unknown-unknown" "10 seconds" \
        rustup toolchain install "$rust_version" --no-self-update --profile minimal --component clippy,rustfmt --target wasm32-unknown-unknown ||
        stop "rustup could not fetch Rust $rust_version. Behind a proxy set https_proxy; with a mirror set RUSTUP_DIST_SERVER." \
            "A compiler of your own will do as well, if it is $rust_version or newer, knows wasm32-unknown-unknown," \
            "and has clippy and rustfmt: rustup toolchain link mine DIRECTORY && export RUSTUP_TOOLCHAIN=mine"
    compiler_is_there || stop "Rust $rust_version is installed but not complete. Please run: rustup toolchain uninstall $rust_version, and say it again."
}

# crate NAME VERSION DIRECTORY EXECUTABLE HOW-LONG ARGUMENT…: builds a tool into its own directory, whole or not at all.
crate() {
    local name=$1 version=$2 directory=$3 executable=$4 long=$5
    shift 5
    [ -x "$directory/bin/$executable" ] && return
    mkdir -p "$tools"
    if command -v cargo-binstall >/dev/null; then
        step "Fetching $name $version" "10 seconds" fetched "$@" && return
        say "   cargo-binstall could not fetch it, so it is built here."
    fi
    step "Building $name $version" "$long" built "$@" || stop "$name $version could not be built. The compiler's own words are above."
}

# Neither is told where this project builds or with which flags: tools are built in a directory of their own.
apart=(env -u CARGO_TARGET_DIR -u RUSTFLAGS -u CARGO_BUILD_TARGET)

fetched() {
    rm -rf "$directory.part"
    "${apart[@]}" cargo binstall --no-confirm --disable-telemetry --strategies crate-meta-data --root "$directory.part" "$name@$version" >/dev/null 2>&1 &&
        [ -x "$directory.part/bin/$executable" ] && rm -rf "$directory" && mv "$directory.part" "$directory"
}

built() {
    rm -rf "$directory.part"
    "${apart[@]}" "$@" cargo install --quiet --root "$directory.part" --version "$version" "${crate_flags[@]}" "$name" 2>&1 | grep -v 'be sure to add' || true
    [ -x "$directory.part/bin/$executable" ] && rm -rf "$directory" && mv "$directory.part" "$directory"
}

# An optimised build of cargo-leptos or cargo-deny takes three times as long and saves nothing that would be felt.
crate_flags=(--locked --debug)
quickly=(CARGO_PROFILE_DEV_DEBUG=0)

node_is_there() {
    command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null
}

journeys() {
    node_is_there || stop "Please install Node.js 20 or newer with npm first, then say it again."
    cmp -s end2end/package-lock.json end2end/node_modules/.installed && return
    step "Installing Playwright, axe, OpenID clients, Biome and TypeScript from npm" "10 seconds" install_journeys || stop "npm ci failed in end2end. Its own words are above."
}

install_journeys() {
    (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --loglevel=error --no-audit --no-fund >/dev/null) &&
        cp end2end/package-lock.json end2end/node_modules/.installed
}

# from_npm NAME VERSION DIRECTORY EXECUTABLE WHAT: installs a tool into its own directory.
from_npm() {
    local name=$1 version=$2 directory=$3 executable=$4 what=$5
    [ -x "$directory/node_modules/.bin/$executable" ] && return
    node_is_there || stop "Please install Node.js 20 or newer with npm first, then say it again."
    step "Installing $what from npm" "20 seconds" install_from_npm || stop "npm could not install $name $version. Its own words are above."
}

install_from_npm() {
    rm -rf "$directory" && mkdir -p "$directory" &&
        npm install --prefix "$directory" --loglevel=error --no-audit --no-fund "$name@$version" >/dev/null
}

packages cc:build-essential
compiler
crate cargo-leptos "$cargo_leptos_version" "$cargo_leptos_directory" cargo-leptos "4 minutes" "${quickly[@]}"
# wasm-bindgen-cli is used optimised, a little: an unoptimised one makes each build of the islands seconds slower.
crate_flags=(--no-default-features --bin wasm-bindgen)
crate wasm-bindgen-cli "$wasm_bindgen_version" "$wasm_bindgen_directory" wasm-bindgen "3 minutes" \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256

if wants test; then
    postgres_binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
    PATH=$PATH:$postgres_binaries packages chromium:chromium redis-server:redis-server initdb:postgresql
    journeys
fi
if wants check; then
    packages shellcheck:shellcheck
    crate_flags=(--locked --debug)
    crate cargo-deny "$cargo_deny_version" "$cargo_deny_directory" cargo-deny "1 minute" "${quickly[@]}"
    journeys
fi
if wants release; then
    from_npm binaryen "$binaryen_version" "$binaryen_directory" wasm-opt "wasm-opt (binaryen $binaryen_version)"
fi
if wants figures; then
    packages chromium:chromium
    from_npm lighthouse "$lighthouse_version" "$lighthouse_directory" lighthouse "Lighthouse $lighthouse_version"
fi
