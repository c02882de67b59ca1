/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_lint.c - wssim lint: a policy taken through drills, and what was found. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "lint/sim_lint.h"
#include "scenario/sim_json_write.h"
#include "tr_place.h"

#define SETS_MAX 64

struct options {
	const char *policy, *drill, *series;
	const char *set[SETS_MAX];
	u32 sets_count;
	bool json, all, list;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'd':
		options->drill = arg;
		return 0;
	case 'S':
		if (options->sets_count == SETS_MAX)
			argp_error(state, "more than %d parameters", SETS_MAX);
		options->set[options->sets_count++] = arg;
		return 0;
	case 's':
		options->series = arg;
		return 0;
	case 'J':
		options->json = true;
		return 0;
	case 'a':
		options->all = true;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->policy)
			argp_error(state, "one policy only, or --all");
		options->policy = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->policy && !options->all && !options->list)
			argp_error(state, "which policy? Name one, or --all");
		if (options->series && (!options->policy || !options->drill))
			argp_error(state, "--series needs a policy and --drill");
		if (options->all && (options->policy || options->sets_count))
			argp_error(state, "--all takes every policy as it is");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option[] = {
	{ "set", 'S', "NAME=VALUE", 0, "set a parameter of the policy", 0 },
	{ "drill", 'd', "NAME", 0, "this drill only (default: all)", 0 },
	{ "all", 'a', NULL, 0, "every policy: a table of findings by drill", 0 },
	{ "list", 'l', NULL, 0, "list the drills", 0 },
	{ "series", 's', "FILE", 0,
	  "with --drill: write every second of it to FILE as csv, sizes in MiB", 0 },
	{ "json", 'J', NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Take a balloon policy through declared disturbances and report what it does wrong: targets "
	"pinned while a guest starves, memory that never comes back, oscillation, limits that are "
	"broken, memory taken from a guest in distress, floods of commands."
	"\v"
	"Examples:\n"
	"  wssim lint ws-target\n"
	"  wssim lint proxmox --set as_shipped=on --drill step\n"
	"  wssim lint mom --drill step --series step.csv\n"
	"  wssim lint --all\n\n"
	"The hosts of the drills have 4 GiB and three or four guests of 2 GiB; times are seconds "
	"from the beginning of the drill.  An error is what took hosts down in the field, a "
	"warning the same in a smaller measure.  No finding is no proof.\n"
	"Exit status: 0 no error found, 1 errors found or interrupted, 2 usage.";

static void progress(void *ctx, const struct sim_drill *drill)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %-16s ", (const char *)ctx, drill->name);
}

static void progress_clear(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%50s\r", "");
}

/* Return: exit status when it could not be done. */
static int lint_one(struct sim_lint *lint, const struct sim_policy *policy,
		    const struct options *options, const struct sim_drill *only)
{
	struct tr_error error = { "" };
	void *state = cmd_policy_state(policy, options->set, options->sets_count, &error);
	int rc;

	if (!state)
		return cmd_fail(-EINVAL, &error);
	rc = sim_lint_run(lint, policy, state, only, &cli_stop, progress, (void *)policy->name);
	progress_clear();
	free(state);
	if (!rc)
		return EXIT_DONE;
	if (rc == -EINTR)
		tr_fail(&error, rc, "lint: interrupted");
	else
		tr_fail(&error, rc, "%s: %s", policy->name,
			rc == -EINVAL ? "parameters that contradict each other" : strerror(-rc));
	return cmd_fail(rc, &error);
}

static const char *severity_text(enum sim_lint_severity severity)
{
	return severity == SIM_LINT_ERROR ? "error" : "warning";
}

static void print_findings(const struct sim_lint *lint)
{
	const char *drill = NULL;

	for (u32 i = 0; i < lint->findings_count; i++) {
		const struct sim_lint_finding *finding = &lint->finding[i];

		if (!drill || strcmp(drill, finding->drill)) {
			drill = finding->drill;
			printf("%s: %s\n", drill, sim_drill_find(drill)->about);
		}
		printf("  %-7s %-20s %s, %u to %u s: %s\n", severity_text(finding->severity),
		       finding->check, finding->vm, finding->from_s, finding->to_s,
		       finding->evidence);
		if (*finding->explained)
			printf("  %28s it had said: %s\n", "", finding->explained);
	}
	printf("%s%s: %u error%s, %u warning%s in %u drill%s%s\n", lint->findings_count ? "\n" : "",
	       lint->policy->name, lint->errors, lint->errors == 1 ? "" : "s", lint->warnings,
	       lint->warnings == 1 ? "" : "s", lint->drills_count,
	       lint->drills_count == 1 ? "" : "s", lint->left_out ? "; not all are shown" : "");
}

static void json_finding(struct sim_json_writer *json, const struct sim_lint_finding *finding)
{
	sim_json_object(json, NULL);
	sim_json_text(json, "severity", severity_text(finding->severity));
	sim_json_text(json, "check", finding->check);
	sim_json_text(json, "drill", finding->drill);
	sim_json_text(json, "vm", finding->vm);
	sim_json_number(json, "from_s", finding->from_s);
	sim_json_number(json, "to_s", finding->to_s);
	if (finding->count)
		sim_json_number(json, "count", finding->count);
	if (finding->bytes > 0)
		sim_json_number(json, "bytes", finding->bytes);
	if (finding->period_s > 0)
		sim_json_number(json, "period_s", finding->period_s);
	sim_json_text(json, "evidence", finding->evidence);
	if (*finding->explained)
		sim_json_text(json, "explained", finding->explained);
	sim_json_close(json);
}

static void json_lint(struct sim_json_writer *json, const struct sim_lint *lint)
{
	sim_json_object(json, NULL);
	sim_json_text(json, "policy", lint->policy->name);
	sim_json_number(json, "drills", lint->drills_count);
	sim_json_number(json, "errors", lint->errors);
	sim_json_number(json, "warnings", lint->warnings);
	sim_json_array(json, "findings");
	for (u32 i = 0; i < lint->findings_count; i++)
		json_finding(json, &lint->finding[i]);
	sim_json_close(json);
	sim_json_close(json);
}

/* "2E 1W", or "." */
static void print_cell(const struct sim_lint *lint, const char *drill, int width)
{
	u32 count[2] = { 0, 0 };
	char text[32] = ".";
	int n = 0;

	for (u32 i = 0; i < lint->findings_count; i++)
		if (!strcmp(lint->finding[i].drill, drill))
			count[lint->finding[i].severity]++;
	if (count[SIM_LINT_ERROR])
		n = snprintf(text, sizeof(text), "%uE", count[SIM_LINT_ERROR]);
	if (count[SIM_LINT_WARNING])
		snprintf(text + n, sizeof(text) - (size_t)n, "%s%uW", n ? " " : "",
			 count[SIM_LINT_WARNING]);
	printf(" %*s", width, text);
}

static void print_row(const struct sim_lint *lint, const struct sim_drill *only)
{
	printf("%-18s", lint->policy->name);
	for (const struct sim_drill *drill = sim_drills; drill->name; drill++)
		if (!only || drill == only)
			print_cell(lint, drill->name, (int)strlen(drill->name) < 5 ? 5 :
					 (int)strlen(drill->name));
	printf(" %4uE %4uW\n", lint->errors, lint->warnings);
}

static void print_head(const struct sim_drill *only)
{
	printf("%-18s", "POLICY");
	for (const struct sim_drill *drill = sim_drills; drill->name; drill++)
		if (!only || drill == only)
			printf(" %5s", drill->name);
	printf(" %11s\n", "IN ALL");
}

static int lint_all(const struct options *options, const struct sim_drill *only)
{
	struct sim_lint *lint = malloc(sizeof(*lint));
	struct sim_json_writer json;
	int status = EXIT_DONE, got = EXIT_DONE;

	assert(lint);
	if (options->json) {
		sim_json_begin(&json, stdout);
		sim_json_array(&json, "policies");
	} else {
		print_head(only);
	}
	for (u32 i = 0; sim_policies[i] && !got; i++) {
		got = lint_one(lint, sim_policies[i], options, only);
		if (got)
			break;
		if (options->json)
			json_lint(&json, lint);
		else
			print_row(lint, only);
		if (lint->errors)
			status = EXIT_FAILED;
	}
	if (options->json) {
		sim_json_close(&json);
		sim_json_finish(&json);
	} else if (!got) {
		printf("\nE errors, W warnings, . none; 'wssim lint POLICY' tells each with its "
		       "evidence, 'wssim lint --list' the drills.\n");
	}
	free(lint);
	return got ? got : status;
}

/* What the checks of one drill look at, for people. */
static int write_series(const struct options *options, const struct sim_policy *policy,
			const struct sim_drill *drill)
{
	struct sim_watch *watch = malloc(sizeof(*watch));
	struct tr_error error = { "" };
	struct tr_place place;
	void *state = cmd_policy_state(policy, options->set, options->sets_count, &error);
	int rc = state ? 0 : -EINVAL;

	assert(watch);
	if (!rc && sim_watch_run(watch, drill, policy, state))
		rc = tr_fail(&error, -EINVAL, "%s: cannot begin", policy->name);
	if (!rc)
		rc = tr_place_open(&place, options->series, &error);
	if (!rc) {
		fprintf(place.stream, "time_s,vm,target_mib,actual_mib,need_mib,idle_mib,"
				      "stall_share,host_free_mib,host_stall_share\n");
		for (u32 s = 0; s < watch->seconds; s++)
			for (u32 vm = 0; vm < drill->vms_count; vm++) {
				const struct sim_watch_vm *now = &watch->vm[vm][s];
				u32 mib = (u32)(SIM_PLANT_BLOCK >> 20);

				fprintf(place.stream, "%u,%s,%u,%u,%u,%u,%.3f,%u,%.3f\n", s,
					drill->vm[vm].name, now->target * mib, now->actual * mib,
					now->need * mib, now->idle * mib, (double)now->stall,
					watch->host[s].free * mib, (double)watch->host[s].stall);
			}
		rc = tr_place_commit(&place, &error);
	}
	free(watch);
	free(state);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}

static int lint_named(const struct options *options, const struct sim_drill *only)
{
	const struct sim_policy *policy = sim_policy_find(options->policy);
	struct sim_lint *lint;
	struct sim_json_writer json;
	struct tr_error error;
	int status;

	if (!policy)
		return cmd_fail(tr_fail(&error, -EINVAL, "%s: no such policy; 'wssim policies' lists "
							 "them", options->policy), &error);
	lint = malloc(sizeof(*lint));
	assert(lint);
	status = lint_one(lint, policy, options, only);
	if (!status && options->json) {
		sim_json_begin(&json, stdout);
		sim_json_array(&json, "policies");
		json_lint(&json, lint);
		sim_json_close(&json);
		sim_json_finish(&json);
	} else if (!status) {
		print_findings(lint);
	}
	if (!status && options->series)
		status = write_series(options, policy, only);
	if (!status && lint->errors)
		status = EXIT_FAILED;
	free(lint);
	return status;
}

int cmd_lint(int argc, char **argv)
{
	static const struct argp argp = { option, parse, "POLICY", doc, NULL, NULL, NULL };
	struct options options = { .policy = NULL };
	const struct sim_drill *only = NULL;
	struct tr_error error;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.list) {
		for (const struct sim_drill *drill = sim_drills; drill->name; drill++)
			printf("%-14s %s\n", drill->name, drill->about);
		return EXIT_DONE;
	}
	if (options.drill) {
		only = sim_drill_find(options.drill);
		if (!only)
			return cmd_fail(tr_fail(&error, -EINVAL, "--drill %s: no such drill; "
					"'wssim lint --list' lists them", options.drill), &error);
	}
	cli_stop_install();
	return options.all ? lint_all(&options, only) : lint_named(&options, only);
}
