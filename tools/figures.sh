#!/usr/bin/env bash
# Measures a release build and prints Markdown tables. Nothing here passes or fails.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

tools/setup.sh figures
tools/release.sh
exec node tools/figures/main.mjs "$root/dist/cloakroom" "$lighthouse_directory/node_modules"
