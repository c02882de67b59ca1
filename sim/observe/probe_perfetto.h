/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_perfetto.h - a run as a Chrome JSON trace, to be looked at in ui.perfetto.dev.
 *
 * One process per VM and one for the host.  Counters from samples (memory by kind,
 * balloon and target, pressure), instants from events (reports, targets, OOM, workload
 * segments, out of puff).  Times are in microseconds with three decimals, printed from
 * integers.  Faults and evictions are left out: the file would be as long as the run.
 */
#ifndef PROBE_PERFETTO_H
#define PROBE_PERFETTO_H

#include "model/sim_probe.h"
#include "tr_error.h"

struct probe_perfetto;

int probe_perfetto_create(struct probe_perfetto **perfetto, const char *dir, const char *name,
			  const struct sim_scenario *scenario, struct tr_error *error);
struct sim_probe probe_perfetto_probe(struct probe_perfetto *perfetto);
/* Ends the file and frees; NULL is fine. */
int probe_perfetto_close(struct probe_perfetto *perfetto, struct tr_error *error);

#endif /* PROBE_PERFETTO_H */
