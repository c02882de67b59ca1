#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# check.sh - runs the tests in tests/, which boot kernels, and counts what they print.
# usage: check.sh [TEST...]
# A test is a script that prints "ok WHAT" or "not ok WHAT" a line, and "# ..." besides.
# It fails too when it exits otherwise than with 0, or prints no such line.  They find
# the kernels to try in KERNELS; one that goes through them ("for kernel in $KERNELS") is run
# for each by itself.  JOBS, two where there are two processors, are run side by side, each in
# a folder of its own; what they print comes out in order, with the seconds that they took.
set -u
cd "$(dirname "$0")/.." || exit 1
export KERNELS="${KERNELS:-6.1 6.12}"
: "${JOBS:=$(($(nproc) > 1 ? 2 : 1))}"
[ $# -gt 0 ] || set -- kernel-port/tests/*/*.sh
. tests/scratch.sh
make_scratch
logs=$scratch
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$logs"' EXIT
trap 'exit 1' INT TERM
passed=0 failed=0
begun=$SECONDS

# What there is to run: NAME<tab>KERNELS<tab>COMMAND.  User-mode Linux takes minutes to build
# the first time; what needs it comes last, so that the others run meanwhile.
plan=() last=()
for test in "$@"; do
	name=$(basename "$test" .sh)
	kernels=("$KERNELS")
	# shellcheck disable=SC2016,SC2206 # the text; words
	! grep -q 'for kernel in $KERNELS' "$test" || kernels=($KERNELS)
	for kernel in "${kernels[@]}"; do
		label=$name
		[ "$kernel" = "$KERNELS" ] || label="$name $kernel"
		if grep -q uml "$test"; then
			last+=("$label"$'\t'"$kernel"$'\t'"$test")
		else
			plan+=("$label"$'\t'"$kernel"$'\t'"$test")
		fi
	done
done
build="kernel-port/uml.sh"
[ ${#last[@]} -eq 0 ] || plan=("build"$'\t'"$KERNELS"$'\t'"$build" "${plan[@]}")
built=${#plan[@]} # those from here on wait for the build
plan+=("${last[@]}")

run() { # number: leaves its output, and how it ended
	IFS=$'\t' read -r _ kernel command <<< "${plan[$1]}"
	start=$SECONDS
	limit=900
	[ "$command" != "$build" ] || limit=2400
	KERNELS=$kernel timeout -k 10 $limit "$command" < /dev/null > "$logs/$1.out" 2> "$logs/$1.err"
	echo "$? $((SECONDS - start))" > "$logs/$1.new"
	mv "$logs/$1.new" "$logs/$1.end"
}
show() { # number
	IFS=$'\t' read -r label _ _ <<< "${plan[$1]}"
	read -r status seconds < "$logs/$1.end"
	echo "# $label: $seconds s"
	if [ "$label" = build ]; then # of user-mode Linux; tests nothing
		[ "$status" -ne 0 ] || return 0
		cat "$logs/$1.err"
		echo "not ok user-mode Linux: uml.sh exits with $status"
		failed=$((failed + 1))
		return
	fi
	cat "$logs/$1.out"
	good=$(grep -c '^ok ' "$logs/$1.out")
	bad=$(grep -c '^not ok ' "$logs/$1.out")
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
		echo "not ok $label: exits with $status after $good tests"
		bad=1
	fi
	[ "$bad" -eq 0 ] || sed 's/^/# /' "$logs/$1.err"
	passed=$((passed + good)) failed=$((failed + bad))
}

# Without kernels nothing can be tested, which is a failure; modules are built once, before.
# shellcheck disable=SC2086 # KERNELS is words
if ! kernel-port/kernels.sh $KERNELS > /dev/null; then
	echo "not ok kernels: $KERNELS cannot all be had here; is there a network?"
	failed=1
	plan=()
fi
for kernel in $KERNELS; do
	[ ${#plan[@]} -eq 0 ] || kernel-port/build.sh "$kernel" > /dev/null &
done
wait
running=0 shown=0
for number in "${!plan[@]}"; do
	[ $running -lt "$JOBS" ] || { wait -n; running=$((running - 1)); }
	until [ "$number" -lt "$built" ] || [ -e "$logs/0.end" ]; do sleep 0.5; done
	run "$number" &
	running=$((running + 1))
	while [ -e "$logs/$shown.end" ]; do
		show $shown
		shown=$((shown + 1))
	done
done
wait
for ((; shown < ${#plan[@]}; shown++)); do
	show $shown
done
echo "$passed passed, $failed failed, $((SECONDS - begun)) s"
[ $failed -eq 0 ]
