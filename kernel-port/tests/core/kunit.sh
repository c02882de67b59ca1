#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# In user-mode Linux: the core's test vectors as a KUnit suite, and its known answers.
set -eu
. tests/scratch.sh
make_scratch
dir=$scratch
trap 'rm -rf "$dir"' EXIT
uml=$(kernel-port/uml.sh)
cat > "$dir/script" << 'END'
insmod /ws_vectors_kunit.ko; insmod /ws_kat.ko
dmesg | sed 's/^\[[^]]*\] //'
END
kernel-port/uml_boot.sh "$uml/linux" "$dir/script" "$uml/ws_vectors_kunit.ko" "$uml/ws_kat.ko" \
	> "$dir/out" || echo "not ok uml_boot.sh exits with $?"
grep -E '^ *(ok|not ok) ' "$dir/out" | sed 's/^ *\(ok\|not ok\) [0-9]* *-* */\1 KUnit: /'
sed -n 's/^ws: kat //p' "$dir/out" > "$dir/uml"
if build/release/wssim kat | awk '{ print $1, $2 }' | cmp -s - "$dir/uml"; then
	echo "ok $(wc -l < "$dir/uml") digests are user space's"
else
	sed 's/^/# /' "$dir/out"
	echo "not ok digests"
fi
