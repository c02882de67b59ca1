#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The core's generations hold what those of the stock kernels hold, now and here: a short
# workload is recorded and replayed.  Longer ones, recorded before: tests/truth.
set -eu
. tests/scratch.sh
make_scratch
dir=$scratch
trap 'rm -rf "$dir"' EXIT
for kernel in $KERNELS; do
	if ! kernel-port/truth/record.sh "$dir" "$kernel" short > /dev/null; then
		echo "not ok truth: $kernel cannot be recorded"
	elif build/release/wssim truth "$dir/short-$kernel.log" > "$dir/result"; then
		tail -n 5 "$dir/result" | sed 's/^/# /'
		echo "ok truth: generations of $kernel"
	else
		sed 's/^/# /' "$dir/result"
		echo "not ok truth: $kernel"
	fi
done
