/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_run.c - the loop between its signals and its results; see wsd_run.h. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "output/sim_comparison.h"
#include "output/sim_report.h"
#include "observe/sim_results.h"
#include "output/sim_single.h"
#include "output/sim_summary_write.h"
#include "scenario/sim_scenario_read.h"
#include "wsd_command.h"
#include "wsd_guard.h"
#include "wsd_run.h"

struct driver {
	struct wsd_run *run;
	struct sim_scenario *scenario;
};

/* --- signals --- */

static void on_signal(void *ctx, u32 events)
{
	(void)events;
	((struct wsd_loop *)ctx)->stop = true;
}

static int watch_signals(struct wsd_loop *loop, struct wsd_watch *watch)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	*watch = (struct wsd_watch){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
				     .ready = on_signal, .ctx = loop };
	return watch->fd < 0 ? -errno : wsd_loop_watch(loop, watch, EPOLLIN);
}

/* --- the loop, in place of a simulated world --- */

static int drive_control(struct wsd_run *run, struct wsd_control *control, struct wsd_loop *loop,
			 struct tr_error *error)
{
	struct wsd_command *command = NULL;
	int rc = 0;

	if (*run->options->control)
		rc = wsd_command_create(&command, control, run->options->control, error);
	if (!rc) {
		rc = wsd_loop_run(loop);
		if (rc)
			tr_fail(error, rc, "waiting for events: %s", strerror(-rc));
	}
	wsd_command_destroy(command);
	return rc;
}

static int drive(void *ctx, const struct sim_probe *probe, u32 probes_count,
		 struct sim_run_result *result, struct tr_error *error)
{
	struct driver *driver = ctx;
	struct wsd_run *run = driver->run;
	struct wsd_control control;
	struct wsd_record record;
	struct wsd_watch signals = { .fd = -1 };
	struct wsd_loop loop;
	int rc = wsd_loop_init(&loop, run->options->clock);

	if (rc)
		return tr_fail(error, rc, "event loop: %s", strerror(-rc));
	rc = watch_signals(&loop, &signals);
	if (rc) {
		tr_fail(error, rc, "signals: %s", strerror(-rc));
	} else {
		wsd_record_begin(&record, driver->scenario, probe, probes_count);
		rc = wsd_control_create(&control, &loop, run->options, driver->scenario, &record,
					run->say, error);
		if (!rc)
			rc = drive_control(run, &control, &loop, error);
		if (!rc) {
			wsd_control_finish(&control, result);
			/* The scale of plots and the echo of the scenario follow what was. */
			if (result->end_ns >= 1000000)
				driver->scenario->duration_ns = result->end_ns;
			run->digest = result->digest;
			run->events = result->events;
		}
		wsd_control_destroy(&control);
	}
	if (signals.fd >= 0)
		close(signals.fd);
	wsd_loop_destroy(&loop);
	return rc;
}

/* --- results --- */

static int write_results(struct wsd_run *run, struct sim_single *single, const char *dir,
			 struct tr_error *error)
{
	struct sim_comparison comparison;
	int rc;

	sim_comparison_init(&comparison, 1, 1);
	comparison.scenario[0] = single->scenario;
	comparison.command = run->command;
	comparison.made_by = "real VMs, measured by ws-balloond";
	comparison.summary[0] = single->summary;
	single->summary = NULL;
	memcpy(comparison.figures[0], single->figures, sizeof(single->figures));
	rc = sim_summary_write(&comparison, dir, error);
	if (!rc)
		rc = sim_report_write(&comparison, dir, error);
	sim_comparison_destroy(&comparison);
	return rc;
}

static int run_recorded(struct wsd_run *run, struct sim_single *single, struct tr_error *error)
{
	struct sim_results results;
	int rc = sim_results_begin(&results, run->options->output, error);

	if (rc)
		return rc;
	single->dir = results.work;
	single->plots = !run->options->no_plots;
	single->title = single->scenario->policy->name;
	rc = sim_single_run(single, error);
	if (!rc)
		rc = write_results(run, single, results.work, error);
	if (rc) {
		sim_results_abort(&results);
		return rc;
	}
	run->plots_missing = single->plots_rc;
	run->plots_error = single->plots_error;
	return sim_results_commit(&results, error);
}

static u64 host_memory(const struct wsd_options *options)
{
	struct wsd_host host;

	if (options->host_bytes)
		return options->host_bytes;
	wsd_host_read(&host, "/proc");
	return host.memory_bytes ? host.memory_bytes : 1ull << 30;
}

int wsd_run(struct wsd_run *run, struct tr_error *error)
{
	struct sim_scenario scenario;
	struct driver driver = { .run = run, .scenario = &scenario };
	struct sim_single single = { .scenario = &scenario, .drive = drive, .drive_ctx = &driver };
	int rc = wsd_guard_install();

	if (rc)
		return tr_fail(error, rc, "SIGBUS: %s", strerror(-rc));
	rc = wsd_options_scenario(run->options, host_memory(run->options), &scenario, error);
	if (rc)
		return rc;
	if (*run->options->output)
		rc = run_recorded(run, &single, error);
	else
		rc = sim_single_run(&single, error);
	free(single.summary);
	sim_scenario_free(&scenario);
	return rc;
}
