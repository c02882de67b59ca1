#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# setup.sh - install the Debian packages named as arguments that are not there yet.
# Says what it does; does nothing, and needs no network, when all are there.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "setup: not Debian; going on as if these were here: $*" >&2
	exit 0
fi
missing=
for package in "$@"; do
	case $(dpkg-query -W -f '${Status} ' "$package" 2>/dev/null || true) in
	*'install ok installed'*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup: these packages are missing:$missing" >&2
		echo "setup: neither root nor sudo here; as root, run: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "setup: installing$missing"
apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null
}
# A fresh machine has no package lists, an old one stale lists.
# shellcheck disable=SC2086 # names are words
if ! { apt update && apt install -y --no-install-recommends $missing; }; then
	echo "setup: could not install$missing" >&2
	exit 1
fi
