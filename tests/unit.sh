#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# unit.sh - runs unit tests: unit.sh PROGRAM [OPTION...]
# Criterion starts every test in a process of its own.  On a busy machine that has failed
# (seen once in hundreds of runs: "Could not spawn test instance", a new process dead before
# its test began), and then the runner aborts in the middle, with no result.  So what ends by
# SIGABRT is begun again, once; a test that aborts ends only its own process and is a failure.
"$@"
status=$?
[ $status -eq 134 ] || exit $status
echo "unit.sh: the runner was aborted before all tests had run; once more from the beginning" >&2
exec "$@"
