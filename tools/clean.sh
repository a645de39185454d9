#!/usr/bin/env bash
# Removes what was built in the clone. Tools outside the clone, and ./data, stay.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

rm -rf "$root/target" "$root/dist" end2end/node_modules end2end/artifacts end2end/test-results
say "Clean. Kept: the tools in $tools, and ./data with its accounts and sessions."
[ "$target" = "$root/target" ] || say "Kept as well, since others may share it: the build directory $target."
