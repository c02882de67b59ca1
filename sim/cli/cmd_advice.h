/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_advice.h - options that the commands which give advice share: size, density, whatif. */
#ifndef CMD_ADVICE_H
#define CMD_ADVICE_H

#include <argp.h>

#include "advice/sim_verdict.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario.h"
#include "tr_error.h"

#define CMD_ADVICE_SETS 64

/* --vm, for the tables and parsers of the commands that are about one VM. */
#define CMD_ADVICE_VM 1099
#define CMD_ADVICE_VM_OPTION { "vm", CMD_ADVICE_VM, "NAME", 0, "this VM of the scenario", 1 }

struct cmd_advice {
	const char *input;   /* scenario or trace */
	const char *trace, *vm;
	const char *set[CMD_ADVICE_SETS];
	char *owned; /* of them the one made from --seed */
	u32 sets_count, runs, workers;
	u64 duration_ns, memory_bytes, host_memory_bytes; /* 0: not given */
	double slowdown;
	bool json;
};

/* A child parser for argp; its input is a struct cmd_advice with defaults in it. */
extern const struct argp cmd_advice_argp;

/* The file is a .wst trace. */
bool cmd_advice_is_trace(const char *path);
/* Its first byte that is no white space, or EOF. */
int cmd_advice_first(const char *path);

/*
 * A scenario of one VM that plays @trace again and again: --memory or what the trace
 * touches and a sixth more, --host-memory or room for it, --duration or twice the trace
 * (one to ten minutes).  Freed with sim_scenario_free().
 */
int cmd_advice_trace_scenario(const struct cmd_advice *advice, const char *trace,
			      struct sim_scenario *scenario, struct tr_error *error);

/* The input, whichever it is; --duration, --set and --seed applied. */
int cmd_advice_read(const struct cmd_advice *advice, struct sim_scenario *scenario,
		    struct tr_error *error);

/* Index of --vm, or of the only VM; -EINVAL with text. */
int cmd_advice_vm(const struct cmd_advice *advice, const struct sim_scenario *scenario, u32 *vm,
		  struct tr_error *error);

/* "on one line, wiped before the next": for people at a terminal only. */
void cmd_advice_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Why it is not safe, in words: "2.13x for vm-3, mostly waiting for swap and disk". */
#define CMD_ADVICE_TEXT 256
char *cmd_advice_why(const struct sim_verdict *verdict, char text[CMD_ADVICE_TEXT]);

/* Of a scenario of which a part of the pages is simulated: the error that this cost. */
void cmd_say_sampled(u32 one_in);
void cmd_json_sampled(struct sim_json_writer *json, u32 one_in);

/*
 * The interval of a mean times @factor, in words: "1.03 to 1.11".  Fewer than five runs have
 * none: resampled means of so few reach no further than the runs did.
 */
#define CMD_INTERVAL_TEXT 80
#define CMD_INTERVAL_RUNS 5
char *cmd_interval(struct sim_estimate e, double factor, const char *format,
		   char text[CMD_INTERVAL_TEXT]) __attribute__((format(printf, 3, 0)));

/* The same for a table: "1.070 [1.03 1.11]", of fewer runs "1.070 [1 run]". */
void cmd_interval_short(struct sim_estimate e, char *text, size_t size);

/* What such intervals are about. */
#define CMD_SEEDS_ALONE                                                                           \
	"That is over the runs' random numbers alone: errors of the model, its costs and the "    \
	"traces are not in it."

void cmd_advice_free(struct cmd_advice *advice);

#endif /* CMD_ADVICE_H */
