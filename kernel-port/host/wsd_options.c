/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_options.c - configuration: the file, what must hold, the scenario; see wsd_options.h. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_units.h"
#include "wsd_options.h"
#include "wsd_vhost.h"

#define DEFAULT_DURATION_NS (3600ull * 1000000000) /* of the scenario; sets the scale of plots */

void wsd_options_default(struct wsd_options *options)
{
	memset(options, 0, sizeof(*options));
	options->vm = calloc(WSD_VMS_MAX, sizeof(*options->vm));
	assert(options->vm);
	options->sample_ns = 1000000000;
	snprintf(options->name, sizeof(options->name), "live");
}

void wsd_options_free(struct wsd_options *options)
{
	for (u32 i = 0; i < options->params_count; i++)
		free(options->param[i]);
	free(options->vm);
	memset(options, 0, sizeof(*options));
}

int wsd_options_add_param(struct wsd_options *options, const char *text, struct tr_error *error)
{
	char *set;

	if (!strchr(text, '='))
		return tr_fail(error, -EINVAL, "--param %s: must be NAME=VALUE", text);
	if (options->params_count == WSD_PARAMS_MAX)
		return tr_fail(error, -E2BIG, "--param: more than %u", WSD_PARAMS_MAX);
	if (asprintf(&set, "policy.params.%s", text) < 0)
		return tr_fail(error, -ENOMEM, "out of memory");
	options->param[options->params_count++] = set;
	return 0;
}

/* --- the file --- */

/* A string, number or truth value as text. */
static int scalar_text(const struct sim_json_in *in, char *text, size_t size,
		       struct tr_error *error)
{
	const char *string;
	double number;
	bool flag;
	int rc;

	switch (sim_json_kind(in)) {
	case SIM_JSON_STRING:
		rc = sim_json_get_text(in, &string, error);
		if (!rc && strlen(string) >= size)
			rc = sim_json_fail(in, -EINVAL, error, "too long");
		if (!rc)
			memcpy(text, string, strlen(string) + 1);
		return rc;
	case SIM_JSON_NUMBER:
		rc = sim_json_get_double(in, &number, error);
		sim_number_text(number, text);
		return rc;
	case SIM_JSON_BOOL:
		rc = sim_json_get_bool(in, &flag, error);
		snprintf(text, size, "%s", flag ? "true" : "false");
		return rc;
	default:
		return sim_json_fail(in, -EINVAL, error, "must be a string, a number, true or false");
	}
}

static int read_vm(struct wsd_options *options, const struct sim_json_in *in,
		   struct tr_error *error)
{
	struct tr_error inner = { "" };
	struct sim_json_in child;
	char text[512];
	int rc;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_fail(in, -EINVAL, error, "must be an object");
	rc = wsd_options_add_vm(options, "", error);
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		rc = scalar_text(&child, text, sizeof(text), error);
		if (!rc && wsd_vm_options_set(&options->vm[options->vms_count - 1], child.key, text,
					      &inner))
			rc = sim_json_fail(&child, -EINVAL, error, "%s", inner.text);
	}
	return rc;
}

static int read_vms(struct wsd_options *options, const struct sim_json_in *in,
		    struct tr_error *error)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY)
		return sim_json_fail(in, -EINVAL, error, "must be a list of VMs");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_vm(options, &child, error);
	return rc;
}

static int read_params(struct wsd_options *options, const struct sim_json_in *in,
		       struct tr_error *error)
{
	char text[256], param[400];
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_fail(in, -EINVAL, error, "must be an object");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		rc = scalar_text(&child, text, sizeof(text), error);
		snprintf(param, sizeof(param), "%.100s=%s", child.key, text);
		if (!rc)
			rc = wsd_options_add_param(options, param, error);
	}
	return rc;
}

static int read_value(struct wsd_options *options, const struct sim_json_in *in,
		      struct tr_error *error)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {
		{ "policy", options->policy, sizeof(options->policy) },
		{ "output", options->output, sizeof(options->output) },
		{ "control", options->control, sizeof(options->control) },
		{ "name", options->name, sizeof(options->name) },
	};
	char text[SIM_PATH_MAX];
	int rc = scalar_text(in, text, sizeof(text), error);

	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(in->key, texts[i].key))
			continue;
		if (strlen(text) >= texts[i].size)
			return sim_json_fail(in, -EINVAL, error, "too long");
		memcpy(texts[i].to, text, strlen(text) + 1);
		return 0;
	}
	if (!strcmp(in->key, "duration"))
		rc = tr_parse_ns(text, &options->duration_ns);
	else if (!strcmp(in->key, "sample"))
		rc = tr_parse_ns(text, &options->sample_ns);
	else if (!strcmp(in->key, "host-memory"))
		rc = tr_parse_bytes(text, &options->host_bytes);
	else if (!strcmp(in->key, "dry-run"))
		options->dry_run = !strcmp(text, "true");
	else
		return sim_json_fail(in, -EINVAL, error,
				     "unknown key; known: vms, policy, params, output, control, name, "
				     "duration, sample, host-memory, dry-run");
	return rc ? sim_json_fail(in, rc, error, "not a size or time with its unit") : 0;
}

int wsd_options_read_file(struct wsd_options *options, const char *path, struct tr_error *error)
{
	struct sim_json_in top, child;
	struct sim_json *json;
	int rc = sim_json_read_file(&json, path, error);

	if (rc)
		return rc;
	top = sim_json_top(json, path);
	if (sim_json_kind(&top) != SIM_JSON_OBJECT)
		rc = sim_json_fail(&top, -EINVAL, error, "must be an object");
	for (bool ok = !rc && sim_json_first(&top, &child); ok && !rc; ok = sim_json_next(&child)) {
		if (!strcmp(child.key, "vms"))
			rc = read_vms(options, &child, error);
		else if (!strcmp(child.key, "params"))
			rc = read_params(options, &child, error);
		else
			rc = read_value(options, &child, error);
	}
	sim_json_free(json);
	return rc;
}

/* --- what must hold --- */

/* The parts of a device's setup that depend on others. */
static int finish_device(struct wsd_vm_options *vm, struct tr_error *error)
{
	struct wsd_device_setup *device = &vm->device;
	bool reports = device->features >> 63;

	device->dialect = vm->dialect;
	if (device->feature_bit == WS_VQ_BITS)
		device->feature_bit = vm->dialect->feature_bit;
	if (!device->bins)
		device->bins = vm->dialect->bins_max < 8 ? vm->dialect->bins_max : 8;
	if (vm->dialect->bins_min == vm->dialect->bins_max || vm->dialect->numbered)
		device->bins = vm->dialect->bins_max;
	if (device->bins < vm->dialect->bins_min || device->bins > vm->dialect->bins_max)
		return tr_fail(error, -EINVAL, "%s: bins=%u: dialect %s has %u to %u", vm->name,
			       device->bins, vm->dialect->name, vm->dialect->bins_min,
			       vm->dialect->bins_max);
	if (device->feature_bit <= WS_F_PAGE_REPORTING)
		return tr_fail(error, -EINVAL, "%s: feature-bit=%u is the base device's", vm->name,
			       device->feature_bit);
	device->features &= ~(1ull << 63);
	device->features |= (u64)reports << device->feature_bit | 1ull << WSD_F_VERSION_1 |
			    1ull << WSD_F_PROTOCOL_FEATURES;
	return 0;
}

static int check_vm(struct wsd_options *options, u32 i, struct tr_error *error)
{
	struct wsd_vm_options *vm = &options->vm[i];

	if (!*vm->name)
		return tr_fail(error, -EINVAL, "VM %u: needs a name", i + 1);
	for (u32 j = 0; j < i; j++)
		if (!strcmp(options->vm[j].name, vm->name))
			return tr_fail(error, -EINVAL, "%s: two VMs of that name", vm->name);
	if (!*vm->vhost == !*vm->qmp)
		return tr_fail(error, -EINVAL, "%s: either vhost-user=PATH or qmp=PATH", vm->name);
	if (!vm->size_bytes)
		return tr_fail(error, -EINVAL, "%s: needs its size, as in size=2GiB", vm->name);
	if (!vm->min_bytes)
		vm->min_bytes = vm->size_bytes / 4 / TR_PAGE_SIZE * TR_PAGE_SIZE;
	if (vm->min_bytes > vm->size_bytes)
		return tr_fail(error, -EINVAL, "%s: min is more than size", vm->name);
	return finish_device(vm, error);
}

static int check_channels(const struct wsd_options *options, struct tr_error *error)
{
	const struct sim_policy *policy = sim_policy_find(options->policy);
	char lacks[160];

	if (!policy)
		return tr_fail(error, -EINVAL, "--policy %s: unknown; 'wssim policies' lists them",
			       options->policy);
	for (u32 i = 0; i < options->vms_count; i++) {
		u32 missing = policy->channels & ~wsd_vm_options_channels(&options->vm[i]);

		if (!missing)
			continue;
		sim_channels_text(missing, lacks, sizeof(lacks));
		return tr_fail(error, -EINVAL, "%s: policy %s needs %s, which this VM cannot give%s",
			       options->vm[i].name, policy->name, lacks,
			       *options->vm[i].serial ? "" : "; serial=PATH with ws-agent in the guest "
							     "brings reports, agent and reclaim");
	}
	return 0;
}

int wsd_options_check(struct wsd_options *options, struct tr_error *error)
{
	int rc = 0;

	if (!options->vms_count)
		return tr_fail(error, -EINVAL, "no VM; name one with --vm, see --help");
	if (!*options->policy)
		snprintf(options->policy, sizeof(options->policy), "static");
	if (options->sample_ns < 1000000)
		return tr_fail(error, -EINVAL, "--sample: 1ms at least");
	for (u32 i = 0; i < options->vms_count && !rc; i++)
		rc = check_vm(options, i, error);
	return rc ? rc : check_channels(options, error);
}

/* --- the scenario --- */

static void put_vm(struct sim_json_writer *json, const struct wsd_vm_options *vm)
{
	char text[TR_UNITS_TEXT];

	sim_json_object(json, NULL);
	sim_json_text(json, "name", vm->name);
	sim_json_text(json, "memory", tr_format_bytes(vm->size_bytes, text));
	sim_json_text(json, "memory_min", tr_format_bytes(vm->min_bytes, text));
	sim_json_text(json, "kernel", "0");
	sim_json_number(json, "shares", (double)vm->shares);
	sim_json_text(json, "swap", vm->swap);
	sim_json_text(json, "disk", vm->disk);
	sim_json_text(json, "dialect", vm->dialect->name);
	sim_json_bool(json, "deflate_on_oom", vm->device.features >> WS_F_DEFLATE_ON_OOM & 1);
	sim_json_bool(json, "page_reporting", vm->device.features >> WS_F_PAGE_REPORTING & 1);
	sim_json_array(json, "workload");
	sim_json_object(json, NULL);
	sim_json_text(json, "idle", "1h");
	sim_json_close(json);
	sim_json_close(json);
	sim_json_close(json);
}

static void put_scenario(struct sim_json_writer *json, const struct wsd_options *options,
			 u64 host_bytes)
{
	u64 duration_ns = options->duration_ns ? options->duration_ns : DEFAULT_DURATION_NS;
	char text[TR_UNITS_TEXT];

	sim_json_text(json, "name", options->name);
	sim_json_text(json, "duration", tr_format_ns(duration_ns, text));
	sim_json_text(json, "sample", tr_format_ns(options->sample_ns, text));
	sim_json_text(json, "quantum", "1ms");
	sim_json_object(json, "host");
	sim_json_text(json, "memory", tr_format_bytes(host_bytes / 4096 * 4096, text));
	sim_json_close(json);
	sim_json_array(json, "vms");
	for (u32 i = 0; i < options->vms_count; i++)
		put_vm(json, &options->vm[i]);
	sim_json_close(json);
	sim_json_text(json, "policy", options->policy);
}

int wsd_options_scenario(const struct wsd_options *options, u64 host_bytes,
			 struct sim_scenario *scenario, struct tr_error *error)
{
	struct sim_json_writer json;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int rc;

	if (!stream)
		return tr_fail(error, -ENOMEM, "out of memory");
	sim_json_begin(&json, stream);
	put_scenario(&json, options, host_bytes);
	sim_json_finish(&json);
	if (fclose(stream)) {
		free(text);
		return tr_fail(error, -ENOMEM, "out of memory");
	}
	rc = sim_scenario_read_text(scenario, "ws-balloond", text, size,
				    (const char *const *)options->param, options->params_count, NULL,
				    error);
	free(text);
	return rc;
}
