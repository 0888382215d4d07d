#!/bin/sh
# Measures the extension in a real VS Code.   bench.sh JOURNEYMAN [rounds]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
journeyman=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cache=$(PYTHON="${PYTHON:-$(dirname "$journeyman")/python}" "$here/test/editor/install.sh")
PATH="$here/node_modules/.bin:$cache/node/bin:$PATH"
export PATH
cd "$here"
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
node esbuild.mjs --release --tests
node bench/bench.mjs "$cache" "$journeyman" "${2:-5}"
