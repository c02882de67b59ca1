# SPDX-License-Identifier: BSD-2-Clause
# scratch.sh - to be read by scripts (.): make_scratch makes a folder for temporary files
# and leaves its name in $scratch.  The script removes it; what killed ones could not, the
# next removes: a folder is locked for as long as its maker, or what it started, is alive
# (descriptor 9), as in traces/tr_scratch.h.
make_scratch() {
	for scratch in "${TMPDIR:-/tmp}"/wssim-script-??????; do
		[ -d "$scratch" ] && [ ! -L "$scratch" ] && [ -O "$scratch" ] || continue
		flock -n "$scratch" rm -rf "$scratch" 2> /dev/null || :
	done
	command -v flock > /dev/null || { echo "scratch.sh: no flock; util-linux has it" >&2; exit 2; }
	scratch=
	until [ -d "$scratch" ] && flock -n 9; do # again if it was taken for stale before the lock
		scratch=$(mktemp -d "${TMPDIR:-/tmp}/wssim-script-XXXXXX") || exit 2
		exec 9< "$scratch"
	done
}
