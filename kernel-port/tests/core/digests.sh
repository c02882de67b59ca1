#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The core computes the same in user space and in stock kernels: every module's digest.
set -eu
wssim=build/release/wssim
. tests/scratch.sh
make_scratch
dir=$scratch
trap 'rm -rf "$dir"' EXIT
$wssim kat > "$dir/user"
[ "$(wc -l < "$dir/user")" -ge 9 ]
cat > "$dir/script" << 'END'
insmod /ws_kat.ko || exit 1
dmesg | sed -n 's/.*ws: kat //p'
rmmod ws_kat
END
for kernel in $KERNELS; do
	built=$(kernel-port/build.sh "$kernel") || { echo "not ok digests: no module for $kernel"; continue; }
	place=$(kernel-port/kernels.sh "$kernel")
	kernel-port/boot.sh -t 100 "$place/vmlinux" "$dir/script" "$built/ws_kat.ko" \
		> "$dir/kernel" || echo "# boot.sh exits with $?"
	tr -d '\r' < "$dir/kernel" > "$dir/found"
	if awk '{ print $1, $2 }' "$dir/user" | cmp -s - "$dir/found"; then
		echo "ok digests: $(wc -l < "$dir/found") of $(cat "$place/release") are user space's"
	else
		diff "$dir/user" "$dir/found" | sed 's/^/# /'
		echo "not ok digests: $kernel"
	fi
done
