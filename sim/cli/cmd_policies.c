/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_policies.c - wssim policies: what there is, and what each policy does and takes. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "scenario/sim_json_write.h"
#include "policy/sim_policy.h"
#include "tr_units.h"

struct options {
	bool json;
	const char *name;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'J':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->name)
			argp_error(state, "one name at most");
		options->name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *type_text(enum sim_param_type type)
{
	switch (type) {
	case SIM_PARAM_SIZE:
		return "bytes";
	case SIM_PARAM_TIME:
		return "time";
	case SIM_PARAM_DOUBLE:
		return "number";
	case SIM_PARAM_BOOL:
		return "switch";
	default:
		return "count";
	}
}

/* A default or limit as one would write it in a scenario. */
static const char *value_text(const struct sim_param *param, double value,
			      char text[TR_UNITS_TEXT])
{
	switch (param->type) {
	case SIM_PARAM_SIZE:
		return tr_format_bytes((u64)value, text);
	case SIM_PARAM_TIME:
		return tr_format_ns((u64)value, text);
	case SIM_PARAM_BOOL:
		return value != 0 ? "on" : "off";
	default:
		snprintf(text, TR_UNITS_TEXT, "%.10g", value);
		return text;
	}
}

static void print_table(void)
{
	char channels[128];

	printf("%-18s %-44s %s\n", "POLICY", "CHANNELS", "SUMMARY");
	for (size_t i = 0; sim_policies[i]; i++) {
		sim_channels_text(sim_policies[i]->channels, channels, sizeof(channels));
		printf("%-18s %-44s %s\n", sim_policies[i]->name, channels,
		       sim_policies[i]->summary);
	}
	printf("\n'wssim policies NAME' tells rule, source, flaw and parameters.\n");
}

/* A title, then the lines of @text, indented. */
static void print_lines(const char *title, const char *text)
{
	printf("%s\n", title);
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("  %.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void print_policy(const struct sim_policy *policy)
{
	char channels[128], value[TR_UNITS_TEXT], least[TR_UNITS_TEXT], most[TR_UNITS_TEXT];

	sim_channels_text(policy->channels, channels, sizeof(channels));
	printf("%s: %s\n\n", policy->name, policy->summary);
	print_lines("Rule", policy->rule);
	print_lines("Channels", channels);
	print_lines("Source", policy->source);
	print_lines("Known flaw", policy->flaw);
	if (policy->params_count)
		printf("Parameters%*s%-8s%-10s%s\n", 20, "", "type", "default", "range");
	for (u32 i = 0; i < policy->params_count; i++) {
		const struct sim_param *param = &policy->params[i];

		printf("  %-28s%-8s%-10s", param->name, type_text(param->type),
		       value_text(param, param->value_default, value));
		if (param->type == SIM_PARAM_BOOL)
			printf("on or off\n");
		else
			printf("%s to %s\n", value_text(param, param->value_min, least),
			       value_text(param, param->value_max, most));
		printf("      %s\n", param->help);
	}
}

static void json_param(struct sim_json_writer *json, const struct sim_param *param)
{
	sim_json_object(json, NULL);
	sim_json_text(json, "name", param->name);
	sim_json_text(json, "type", type_text(param->type));
	sim_json_text(json, "help", param->help);
	if (param->type == SIM_PARAM_BOOL) {
		sim_json_bool(json, "default", param->value_default != 0);
	} else {
		if (param->type == SIM_PARAM_SIZE)
			sim_json_text(json, "unit", "bytes");
		else if (param->type == SIM_PARAM_TIME)
			sim_json_text(json, "unit", "ns");
		sim_json_number(json, "default", param->value_default);
		sim_json_number(json, "min", param->value_min);
		sim_json_number(json, "max", param->value_max);
	}
	sim_json_close(json);
}

static void json_policy(struct sim_json_writer *json, const struct sim_policy *policy)
{
	char channel[64];

	sim_json_object(json, NULL);
	sim_json_text(json, "name", policy->name);
	sim_json_text(json, "summary", policy->summary);
	sim_json_text(json, "rule", policy->rule);
	sim_json_text(json, "source", policy->source);
	sim_json_text(json, "flaw", policy->flaw);
	sim_json_array(json, "channels");
	for (u32 bit = 1; bit && bit <= policy->channels; bit <<= 1) {
		if (!(policy->channels & bit))
			continue;
		sim_channels_text(bit, channel, sizeof(channel));
		sim_json_text(json, NULL, channel);
	}
	sim_json_close(json);
	sim_json_array(json, "parameters");
	for (u32 i = 0; i < policy->params_count; i++)
		json_param(json, &policy->params[i]);
	sim_json_close(json);
	sim_json_close(json);
}

/* @only: NULL for all. */
static void print_json(const struct sim_policy *only)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	sim_json_array(&json, "policies");
	for (size_t i = 0; sim_policies[i]; i++)
		if (!only || sim_policies[i] == only)
			json_policy(&json, sim_policies[i]);
	sim_json_close(&json);
	sim_json_finish(&json);
}

int cmd_policies(int argc, char **argv)
{
	static const struct argp_option option[] = {
		{ "json", 'J', NULL, 0, "print JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = option,
		.parser = parse,
		.args_doc = "[NAME]",
		.doc = "List the balloon policies, or tell all about one.\v"
		       "Parameters are set in a scenario's \"policy\" object, or by\n"
		       "  wssim run SCENARIO --set policy.params.NAME=VALUE\n\n"
		       "Examples:\n"
		       "  wssim policies\n"
		       "  wssim policies mom\n"
		       "  wssim policies --json",
	};
	struct options options = { 0 };
	const struct sim_policy *policy = NULL;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	if (options.name) {
		policy = sim_policy_find(options.name);
		if (!policy) {
			fprintf(stderr, "%s: %s: no such policy; 'wssim policies' lists them\n",
				argv[0], options.name);
			return EXIT_USAGE;
		}
	}
	if (options.json)
		print_json(policy);
	else if (policy)
		print_policy(policy);
	else
		print_table();
	return EXIT_DONE;
}
