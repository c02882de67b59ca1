#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# modules.sh - modules of a stock kernel with all that they depend on, in the order of loading.
# usage: modules.sh FOLDER NAME...
# FOLDER is one that kernels.sh printed.  Prints FILE=/m/NN-NAME.ko lines, as boot.sh takes
# them: in the guest, "for m in /m/*; do insmod $m; done" loads them in order.  A name that
# is no module is built in, and left out.
set -eu
[ $# -ge 2 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
folder=$1
shift
index=$(find "$folder/modules/" -name '*.ko' -o -name '*.ko.xz')
order=
find_module() {
	echo "$index" | grep -E "/$(echo "$1" | sed 's/[-_]/[-_]/g')\\.ko(\\.xz)?\$" | head -n 1
}
add() {
	file=$(find_module "$1")
	[ -n "$file" ] || return 0
	case " $order " in *" $file "*) return 0 ;; esac
	for needed in $(case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac |
		tr '\0' '\n' | sed -n 's/^depends=//p' | tr ',' ' '); do
		add "$needed"
	done
	# The recursion may have changed these.
	file=$(find_module "$1")
	case " $order " in *" $file "*) ;; *) order="$order $file" ;; esac
}
for name in "$@"; do
	add "$name"
done
number=10
for file in $order; do
	name=$(basename "$file" .xz)
	echo "$file=/m/$number-$name"
	number=$((number + 1))
done
