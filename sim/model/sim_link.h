/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_link.h - the virtqueues between a guest and its host, as a link with faults.
 *
 * Everything that crosses is bytes.  A message takes some time, and on request it may be
 * lost or late (reordered).  These faults are drawn here and nowhere else, and only the
 * report and statistics queues suffer them: configuration space does not lose writes.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "ws_wire.h"
#include "model/sim_engine.h"
#include "model/sim_rng.h"

enum sim_queue_name {
	SIM_VQ_CONFIG,	/* to guest: configuration space changed */
	SIM_VQ_STATS,	/* to guest: buffer returned, i.e. a request; to host: statistics */
	SIM_VQ_NOTIFY,	/* to guest: working-set requests and configurations */
	SIM_VQ_REPORT,	/* to host: working-set reports */
	SIM_VQ_RECLAIM, /* to guest: the agent's memory.reclaim, le64 bytes */
	SIM_VQS,
};

struct sim_message {
	bool used, to_host;
	bool forgotten; /* the VM that sent it or was to have it is gone */
	u16 vm;
	enum sim_queue_name queue;
	u32 length;
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	/* For observers only: the truth at the time the report was made. */
	struct sim_report_sample truth;
};

struct sim_link {
	struct sim_engine *engine;
	struct sim_link_config *config_of; /* by VM; changes by disturbances */
	struct sim_rng rng;
	struct sim_message **message;
	u32 messages_count;
	u64 *last_ns; /* by VM, queue and direction: the last arrival; a virtqueue keeps order */
};

/* Return: 0 or -ENOMEM. */
int sim_link_init(struct sim_link *link, struct sim_engine *engine);
void sim_link_destroy(struct sim_link *link);

/*
 * Send @length bytes; @truth may be NULL.  Return: false when the message will be lost,
 * which a sender cannot know: for counting only.
 */
bool sim_link_send(struct sim_link *link, u16 vm, enum sim_queue_name queue, bool to_host,
		   const u8 *bytes, u32 length, const struct sim_report_sample *truth);

/* A VM's device is reset: what is on its way, either way, reaches nobody. */
void sim_link_forget(struct sim_link *link, u16 vm);

/* SIM_WAKE_MESSAGE: the message that arrived; give it back with sim_link_done(). */
struct sim_message *sim_link_arrived(struct sim_link *link, u32 index);
void sim_link_done(struct sim_message *message);

#endif /* SIM_LINK_H */
