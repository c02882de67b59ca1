/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_record_cmd.h - runs a command under qemu-x86_64 with the plugin, and records it.
 *
 * The plugin writes to a FIFO in a new folder under $TMPDIR; the folder is gone when
 * this returns.  The command has this process's standard files and environment.
 * What it starts by fork() and exec() runs natively and is not recorded, nor is a
 * forked child: QEMU's user emulation follows one process.
 */
#ifndef TR_RECORD_CMD_H
#define TR_RECORD_CMD_H

#include <signal.h>

#include "tr_error.h"
#include "tr_record.h"

struct tr_record_options {
	const char *plugin;	/* path of wssim-trace-plugin.so */
	const char *qemu;	/* name or path of the emulator */
	u64 window_insns;
	u64 ns_per_kinsn;	/* trace time of 1,000 instructions */
	bool bare;		/* record nothing: what the callbacks alone cost */
	const volatile sig_atomic_t *stop; /* set by Ctrl-C: end the command, keep what there is */
	void (*progress)(void *ctx, u64 records_count, u64 time_ns); /* may be NULL */
	void *progress_ctx;
};

struct tr_record_result {
	int status;	    /* of the emulator, as waitpid() gives it */
	bool whole;	    /* the plugin said all it had to say */
	u64 records_count;
	u64 time_ns;	    /* latest trace time */
};

/* Return: 0, also when the command itself failed (see status), or negative errno and text. */
int tr_record_command(char *const *argv, const struct tr_record_options *options,
		      struct tr_sink sink, struct tr_record_result *result,
		      struct tr_error *error);

#endif /* TR_RECORD_CMD_H */
