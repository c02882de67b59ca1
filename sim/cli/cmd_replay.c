/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_replay.c - wssim replay: run what a journal recorded, stop at the first difference. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "cli/cmd_sim.h"
#include "model/sim_world.h"
#include "observe/probe_journal.h"
#include "scenario/sim_scenario_read.h"

enum { KEY_FOLDER = 3000 };

struct replay {
	const char *path, *folder;
	bool json;
};

static const struct argp_option options[] = {
	{ "folder", KEY_FOLDER, "DIR", 0,
	  "look for traces as the scenario in this folder would (default: where it was)", 0 },
	{ "json", 'J', NULL, 0, "print the outcome as JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay *replay = state->input;

	switch (key) {
	case KEY_FOLDER:
		replay->folder = arg;
		return 0;
	case 'J':
		replay->json = true;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "journal", &replay->path);
	}
}

static const char doc[] =
	"Run again what a journal recorded and compare event by event.\v"
	"Examples:\n"
	"  wssim run demo.json --journal -o out\n"
	"  wssim replay out/journal.wsj\n\n"
	"The journal holds its effective scenario; the traces must be there.  At the first record "
	"that differs, both are printed.\n"
	"Exit status: 0 equal, 1 different or interrupted, 2 usage or bad input.";

/* The scenario inside the journal, as if it lay in the folder. */
static int read_scenario(const struct replay *options_, const struct sim_journal *journal,
			 struct sim_scenario *scenario, struct tr_error *error)
{
	const char *folder = options_->folder ? options_->folder : journal->folder;
	char path[SIM_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%sscenario.json", folder,
			 *folder && folder[strlen(folder) - 1] != '/' ? "/" : "");

	if (n < 0 || (size_t)n >= sizeof(path))
		return tr_fail(error, -ENAMETOOLONG, "%s: its folder's name is too long",
			       journal->path);
	return sim_scenario_read_text(scenario, path, journal->text, strlen(journal->text), NULL, 0,
				      NULL, error);
}

static int run_again(const struct sim_scenario *scenario, struct probe_replay *replay,
		     struct sim_journal *journal, struct sim_run_result *result,
		     struct tr_error *error)
{
	struct sim_probe probe = probe_replay_probe(replay, journal);
	struct sim_world *world;
	int rc = sim_world_create(&world, scenario, &probe, 1, error);

	if (rc)
		return rc;
	/* One flag for both reasons to stop: Ctrl-C does not look at differences. */
	rc = sim_world_run(world, &replay->stop, NULL, NULL, result, error);
	sim_world_destroy(world);
	if (!rc && replay->rc) {
		*error = replay->error;
		rc = replay->rc;
	}
	return rc;
}

static void print_json(const char *outcome, const struct probe_replay *replay,
		       const struct sim_run_result *result)
{
	printf("{\n  \"outcome\": \"%s\",\n  \"equal_records\": %llu,\n  \"digest\": "
	       "\"0x%016llx\"\n}\n", outcome, replay->index, result->digest);
}

static int tell(const struct replay *options_, const struct sim_journal *journal, u64 duration_ns,
		const struct probe_replay *replay, const struct sim_run_result *result)
{
	char want[SIM_EVENT_TEXT], got[SIM_EVENT_TEXT];
	/* A run that was stopped has its end too early, or none. */
	bool whole = replay->want.kind == SIM_EV_END && replay->want.time_ns >= duration_ns;
	bool cut = replay->want.kind == SIM_EV_END && !whole;

	if (replay->differs && !cut) {
		if (options_->json)
			print_json("different", replay, result);
		else
			printf("record %llu differs\n  journal  %s\n  now      %s\n", replay->index,
			       sim_event_text(&replay->want, want),
			       sim_event_text(&replay->got, got));
		if (journal->traces_digest != replay->traces_digest)
			fprintf(stderr, "wssim: %s: its traces differ from those found now\n",
				journal->path);
		return EXIT_FAILED;
	}
	if (replay->index < journal->records_count && !cut) {
		if (options_->json)
			print_json("shorter", replay, result);
		else
			printf("%llu records are equal; then the run ends and the journal goes on\n",
			       replay->index);
		return EXIT_FAILED;
	}
	if (options_->json)
		print_json(whole ? "equal" : "equal_but_interrupted", replay, result);
	else if (whole)
		printf("all %llu records are equal\ndigest  0x%016llx\n", replay->index,
		       result->digest);
	else
		printf("all %llu records are equal; the journal's run had been interrupted there\n",
		       replay->index);
	return EXIT_DONE;
}

int cmd_replay(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "JOURNAL", doc, NULL, NULL, NULL };
	struct replay options_ = { .path = NULL };
	struct probe_replay replay;
	struct sim_journal journal;
	struct sim_scenario scenario;
	struct sim_run_result result = { .digest = 0 };
	struct tr_error error = { "" };
	u64 duration_ns = 0;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options_);
	rc = sim_journal_open(&journal, options_.path, &error);
	if (rc)
		return cmd_fail(rc, &error);
	rc = read_scenario(&options_, &journal, &scenario, &error);
	if (!rc) {
		rc = run_again(&scenario, &replay, &journal, &result, &error);
		duration_ns = scenario.duration_ns;
		sim_scenario_free(&scenario);
	}
	status = rc ? cmd_fail(rc, &error) :
		      tell(&options_, &journal, duration_ns, &replay, &result);
	sim_journal_close(&journal);
	return status;
}
