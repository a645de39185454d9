# Says where things are. Sourced by every script here; changes nothing but the environment.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
export HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"

# Built tools live outside the clone, one directory for each version (docs/decisions/0001-tools-outside-the-clone.md).
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cloakroom
tools=${CLOAKROOM_TOOLS:-$cache/tools}

# One place for each version. The compiler's stands in rust-toolchain.toml, wasm-bindgen's in Cargo.lock.
cargo_leptos_version=0.3.11
cargo_deny_version=0.20.2
binaryen_version=132.0.0
lighthouse_version=13.5.0
rust_version=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
wasm_bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"/\1/p;q}' "$root/Cargo.lock")

cargo_leptos_directory=$tools/cargo-leptos-$cargo_leptos_version
cargo_deny_directory=$tools/cargo-deny-$cargo_deny_version
wasm_bindgen_directory=$tools/wasm-bindgen-$wasm_bindgen_version
binaryen_directory=$tools/binaryen-$binaryen_version
lighthouse_directory=$tools/lighthouse-$lighthouse_version

# Ours first: cargo-leptos takes whatever wasm-bindgen and wasm-opt it finds, with no look at their versions.
PATH=$cargo_leptos_directory/bin:$cargo_deny_directory/bin:$wasm_bindgen_directory/bin:$binaryen_directory/node_modules/.bin:$PATH
command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin

# Where cargo builds: in the clone, or where CARGO_TARGET_DIR says. The site always is target/site in the clone.
target=${CARGO_TARGET_DIR:-$root/target}
case $target in /*) ;; *) target=$root/$target ;; esac

# cargo-leptos answers a failed build with a backtrace of its own where this is on.
export RUST_LIB_BACKTRACE="${RUST_LIB_BACKTRACE:-0}"

# A change of Cargo.toml may change Cargo.lock at a desk, never in CI.
locked=(${CI:+--locked})

export root cache tools target
cd "$root" || exit 1
