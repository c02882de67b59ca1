/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_host.h - the host's own counters, from /proc.
 *
 * A file or line that is not there (a kernel without PSI) reads as 0.
 */
#ifndef WSD_HOST_H
#define WSD_HOST_H

#include <ws_env.h>

struct wsd_host {
	u64 memory_bytes;    /* MemTotal */
	u64 available_bytes; /* MemAvailable */
	u64 swapped_bytes;
	u64 swap_in_bytes, swap_out_bytes; /* running totals */
	u64 psi_some_ns, psi_full_ns;	   /* running totals */
	u32 psi_some_avg10, psi_full_avg10; /* hundredths of a percent */
};

/* @proc: "/proc", or a test's folder. */
void wsd_host_read(struct wsd_host *host, const char *proc);

/* Of one process; 0 when it may not be read. */
struct wsd_process {
	u64 resident_bytes, swapped_bytes; /* what it holds in memory and in swap */
	u64 cpu_ns;			   /* user and system time, running total */
};
void wsd_host_process(struct wsd_process *process, const char *proc, int pid);

/*
 * What a VMM's process holds in memory beside its guest's @ram_bytes: code, firmware, the
 * kernel's image that it booted, translated code.  The guest's memory is the smallest
 * writable mapping, not executable, that is as large; 0 when there is none, or when it may
 * not be read.  Costs a walk over the process's page tables: not for every second.
 */
u64 wsd_host_beside(const char *proc, int pid, u64 ram_bytes);

#endif /* WSD_HOST_H */
