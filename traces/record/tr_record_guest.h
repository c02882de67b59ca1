/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_record_guest.h - boots a Linux guest under qemu-system-x86_64 and records it.
 *
 * A stock kernel, busybox, our own init (guest/guest_init.c), one vCPU, emulation
 * (TCG); files of the user's on an ext4 disk at /data, so that reading them fills the
 * guest's page cache; then the workload, a shell script that runs in /data.  The
 * recording ends when the workload does.
 */
#ifndef TR_RECORD_GUEST_H
#define TR_RECORD_GUEST_H

#include "tr_guest_kernel.h"
#include "tr_record_cmd.h"

struct tr_guest_options {
	struct tr_record_options record; /* qemu: qemu-system-x86_64 */
	struct tr_guest_kernel kernel;
	const char *init;     /* wssim-guest-init */
	const char *busybox;  /* statically linked */
	const char *workload; /* path of a script, or name of a built-in one */
	char *const *files;   /* NULL-terminated; copied to /data */
	u64 memory_bytes;
	bool console;	      /* the guest's console goes to standard error */
};

struct tr_guest_result {
	struct tr_record_result run;
	u64 allocations_count; /* told by the guest's tracepoints; 0: they did not work */
};

int tr_record_guest(const struct tr_guest_options *options, struct tr_sink sink,
		    struct tr_guest_result *result, struct tr_error *error);

#endif /* TR_RECORD_GUEST_H */
