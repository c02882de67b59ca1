/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_trace_gen.c - wssim trace gen: a trace of a known pattern.
 *
 * Each generator's parameters become its options, so its table is all the help.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_trace.h"
#include "tr_gen.h"
#include "tr_origin.h"
#include "tr_units.h"

enum { KEY_SEED = 256, KEY_LIMIT, KEY_PARAM };

struct options {
	const struct tr_gen *gen;
	u64 value[TR_GEN_PARAMS_MAX];
	const char *output;
	u64 seed, limit;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	struct tr_error error;

	if (key >= KEY_PARAM && key < KEY_PARAM + TR_GEN_PARAMS_MAX) {
		const char *name = options->gen->param[key - KEY_PARAM].name;
		if (tr_gen_set(options->gen, options->value, name, arg, &error))
			argp_error(state, "%s", error.text);
		return 0;
	}
	switch (key) {
	case 'o':
		options->output = arg;
		return 0;
	case KEY_SEED:
		if (tr_parse_count(arg, &options->seed))
			argp_error(state, "--seed: %s: not a number", arg);
		return 0;
	case KEY_LIMIT:
		if (tr_parse_count(arg, &options->limit) || !options->limit)
			argp_error(state, "--limit: %s: not a count", arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s: not an option of %s", arg, options->gen->name);
		return 0;
	case ARGP_KEY_END:
		if (!options->output)
			argp_error(state, "no -o FILE to write to");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void usage(FILE *to)
{
	fputs("Usage: wssim trace gen PATTERN [OPTION...] -o FILE.wst\n"
	      "Make a trace of a known pattern. The same options and seed make the same file.\n\n",
	      to);
	for (u32 i = 0; tr_gen_at(i); i++)
		fprintf(to, "  %-10s %s\n", tr_gen_at(i)->name, tr_gen_at(i)->summary);
	fputs("\nExamples:\n"
	      "  wssim trace gen zipf --pages 1M --count 20M --alpha 1.0 --seed 1 -o zipf.wst\n"
	      "  wssim trace gen jvm --heap 2GiB --live 512MiB --duration 20m -o jvm.wst\n"
	      "\n'wssim trace gen PATTERN --help' lists its options, with units and defaults.\n",
	      to);
}

/* The generator's parameters as options; @help receives texts to free. */
static void fill_options(const struct tr_gen *gen, struct argp_option *option,
			 char *help[TR_GEN_PARAMS_MAX])
{
	static const char *const units[] = { "PAGES|SIZE", "COUNT", "TIME", "NUMBER", "yes|no" };
	u32 i;

	for (i = 0; i < TR_GEN_PARAMS_MAX && gen->param[i].name; i++) {
		const struct tr_gen_param *param = &gen->param[i];
		char initial[TR_UNITS_TEXT];
		tr_gen_format(param, param->initial, initial, sizeof(initial));
		if (asprintf(&help[i], "%s (default %s)", param->help, initial) < 0)
			help[i] = NULL;
		option[i] = (struct argp_option){ .name = param->name,
						  .key = KEY_PARAM + (int)i,
						  .arg = units[param->unit],
						  .doc = help[i] ? help[i] : param->help };
	}
	option[i++] = (struct argp_option){ "output", 'o', "FILE", 0,
					    "the trace to write; it appears when it is whole", 1 };
	option[i++] = (struct argp_option){ "seed", KEY_SEED, "N", 0,
					    "of the random numbers (default 1)", 1 };
	option[i++] = (struct argp_option){ "limit", KEY_LIMIT, "COUNT", 0,
					    "end after so many records", 1 };
	option[i] = (struct argp_option){ 0 };
}

static int open_writer(struct tr_writer **writer, const struct options *options,
		       struct tr_error *error)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = TR_ANON };
	struct tr_origin origin = { 0 };
	int rc = tr_origin_add(&origin, "kind", "generated") ||
		 tr_origin_add(&origin, "pattern", "%s", options->gen->name) ||
		 tr_origin_add(&origin, "seed", "%llu", options->seed);

	for (u32 i = 0; !rc && i < TR_GEN_PARAMS_MAX && options->gen->param[i].name; i++) {
		const struct tr_gen_param *param = &options->gen->param[i];
		char text[TR_UNITS_TEXT];
		rc = tr_origin_add(&origin, param->name, "%s",
				   tr_gen_format(param, options->value[i], text, sizeof(text)));
	}
	return cmd_trace_begin(writer, options->output, &meta, &origin, rc, error);
}

static int generate(const struct options *options)
{
	struct cmd_trace_feed feed;
	struct tr_error error = { "" };
	struct tr_writer *writer;
	int rc = open_writer(&writer, options, &error);

	if (rc)
		return cmd_fail(rc, &error);
	cmd_trace_feed_open(&feed, writer, options->limit);
	rc = tr_gen_generate(options->gen, options->value, options->seed,
			     cmd_trace_feed_sink(&feed), &error);
	int status = cmd_trace_feed_close(&feed, rc, &error);
	if (status == EXIT_DONE)
		cmd_trace_report(options->output);
	return status;
}

int cmd_trace_gen(int argc, char **argv)
{
	struct options options = { .seed = 1 };
	struct argp_option option[TR_GEN_PARAMS_MAX + 4];
	char *help[TR_GEN_PARAMS_MAX] = { NULL }, name[96];

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-?")) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : EXIT_DONE;
	}
	options.gen = tr_gen_find(argv[1]);
	if (!options.gen) {
		fprintf(stderr,
			"wssim: trace gen: %s: no such pattern; 'wssim trace gen --help' lists them\n",
			argv[1]);
		return EXIT_USAGE;
	}
	tr_gen_init(options.gen, options.value);
	fill_options(options.gen, option, help);
	struct argp argp = { option, parse, "-o FILE.wst", options.gen->summary, NULL, NULL, NULL };
	snprintf(name, sizeof(name), "wssim trace gen %s", argv[1]);
	argv[1] = name;
	int status = EXIT_USAGE;
	if (!argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &options))
		status = generate(&options);
	for (u32 i = 0; i < TR_GEN_PARAMS_MAX; i++)
		free(help[i]);
	return status;
}
