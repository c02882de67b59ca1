/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_vm.h - one real VM, however it is reached.
 *
 *	vhost-user	the daemon is its balloon device (wsd_attach.h)
 *	QMP		stock QEMU has the balloon, the daemon is its client (wsd_qmp.h)
 *	serial		besides: reports, pressure and reclaim through ws_agent (wsd_port.h)
 *
 * A VM holds what was heard last, and the host's end of the working-set protocol.  What
 * it hears it tells its events; what it is asked it sends the way that there is.
 *
 * Memory: wsd_vm_destroy() frees.  Locking: one thread.
 */
#ifndef WSD_VM_H
#define WSD_VM_H

#include "ws_proto.h"
#include "wsd_attach.h"
#include "wsd_options.h"

struct wsd_vm;
struct wsd_qmp;
struct wsd_port;

/* What the controller hears of a VM. */
struct wsd_vm_events {
	void (*up)(void *ctx, struct wsd_vm *vm);
	void (*down)(void *ctx, struct wsd_vm *vm);
	void (*stats)(void *ctx, struct wsd_vm *vm);
	void (*report)(void *ctx, struct wsd_vm *vm);
	void (*moved)(void *ctx, struct wsd_vm *vm); /* the balloon's size is another */
	void (*complain)(void *ctx, struct wsd_vm *vm, const char *text);
	u64 (*now_ns)(void *ctx);
};

struct wsd_vm_agent {
	bool heard;
	u64 committed_bytes, psi_some_ns, psi_full_ns;
	u32 psi_some_avg10, psi_full_avg10;
};

struct wsd_vm {
	u32 index;
	const struct wsd_vm_options *options;
	const struct wsd_vm_events *events;
	void *ctx;
	bool dry_run;

	struct wsd_attach *attach; /* one of the two */
	struct wsd_qmp *qmp;
	struct wsd_port *port;	   /* or NULL */

	bool up;
	u64 target_pages; /* that the balloon is to have */
	struct ws_stats stats;
	u64 stats_ns; /* when they came, 0: never */
	struct wsd_vm_agent agent;

	struct ws_proto_host proto;
	struct ws_report_config asked; /* the configuration wanted, for when the guest lost it */
	bool configured;
	/*
	 * The newest, of whichever nodes it is about: what comes in several (wsr1 with more nodes
	 * than fit in one, RFC v2 with more than one) is not added up, the last of them stays.
	 */
	struct sim_vm_report report;
	u64 report_age_ns;	     /* how old it was when it came */
	u64 reports_count, reports_lost, messages_count, malformed_count;
	u64 beside_bytes, beside_ns; /* of wsd_backing, and when it was looked up; 0: never */
};

int wsd_vm_create(struct wsd_vm *vm, u32 index, const struct wsd_vm_options *options,
		  struct wsd_loop *loop, const struct wsd_options *all,
		  const struct wsd_vm_events *events, void *ctx, struct tr_error *error);
void wsd_vm_destroy(struct wsd_vm *vm);

/* enum sim_channel bits that it has now. */
u32 wsd_vm_channels(const struct wsd_vm *vm);
u64 wsd_vm_balloon_pages(const struct wsd_vm *vm);
struct wsd_backing {
	u64 backed_bytes, swapped_bytes; /* of its memory: what the host holds, what it has swapped */
	u64 beside_bytes; /* what its VMM holds beside; 0: not known */
	u64 cpu_ns;	  /* of its VMM's process, running total; 0: not known, or no such clock */
};
void wsd_vm_backing(const struct wsd_vm *vm, struct wsd_backing *backing);

/* Pages for the balloon; nothing is sent in a dry run. */
void wsd_vm_set_target(struct wsd_vm *vm, u64 balloon_pages);
void wsd_vm_request_stats(struct wsd_vm *vm);
/* The bytes of it that were sent, 0, or why not: negative errno as ws_proto.h. */
int wsd_vm_request_report(struct wsd_vm *vm);
int wsd_vm_configure(struct wsd_vm *vm, const struct ws_report_config *config);
void wsd_vm_reclaim(struct wsd_vm *vm, u64 bytes);
/* Once a second or so: state to disk, what has become overdue. */
void wsd_vm_look_after(struct wsd_vm *vm);

/* For the ways that there are: something was heard. */
void wsd_vm_went_up(struct wsd_vm *vm);
void wsd_vm_went_down(struct wsd_vm *vm);
void wsd_vm_stats_heard(struct wsd_vm *vm, const struct ws_stats *stats);
void wsd_vm_message_heard(struct wsd_vm *vm, const u8 *bytes, u32 length);
void wsd_vm_agent_heard(struct wsd_vm *vm, const struct wsd_vm_agent *agent);
void wsd_vm_complain(struct wsd_vm *vm, const char *text);

#endif /* WSD_VM_H */
