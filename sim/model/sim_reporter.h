/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reporter.h - the guest's end of reports and statistics.
 *
 * The core decides when a report is due and what its bytes are (ws_report, ws_proto);
 * this file adds the source of ages, the cost and, for observers only, the truth about
 * the sampled pages at the moment a report is made.
 *
 * Engines without generations report two ages: active pages as younger than the last
 * ageing, the others as older, up to the time since boot.
 */
#ifndef SIM_REPORTER_H
#define SIM_REPORTER_H

#include "ws_proto.h"
#include "ws_report.h"
#include "model/sim_link.h"

struct sim_guest;

struct sim_reporter {
	struct sim_link *link;
	const struct ws_dialect *dialect;
	u32 device_bins; /* number of bins in the device's configuration space, written by the host */
	struct ws_proto_guest proto;
	struct ws_report report;
	u64 aged_ns; /* last ageing, for engines without generations */
	u64 booted_ns;
};

/* Return: 0 or negative errno (-ENOMEM, -EINVAL: no such dialect). */
int sim_reporter_init(struct sim_guest *guest, struct sim_link *link);
void sim_reporter_destroy(struct sim_guest *guest);

/* The driver starts anew: not configured, and older than now is nothing. */
void sim_reporter_reset(struct sim_guest *guest);

/* Messages of the notification and statistics queues and of the agent. */
void sim_reporter_message(struct sim_guest *guest, const struct sim_message *message);

/* Reclaim is under pressure: a report may be due. */
void sim_reporter_pressure(struct sim_guest *guest);

#endif /* SIM_REPORTER_H */
