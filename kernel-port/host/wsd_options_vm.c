/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_options_vm.c - the keys of one VM; see wsd_options.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tr_units.h"
#include "wsd_options.h"

#define BIT(bit) (1ull << (bit))

static const struct {
	const char *name;
	u32 bit;
} feature_names[] = {
	{ "stats", WS_F_STATS_VQ },
	{ "oom", WS_F_DEFLATE_ON_OOM },
	{ "hints", WS_F_FREE_PAGE_HINT },
	{ "poison", WS_F_PAGE_POISON },
	{ "reporting", WS_F_PAGE_REPORTING },
	{ "tell", WS_F_MUST_TELL_HOST },
	{ "ws", WS_VQ_BITS }, /* whatever bit it has */
};

static int fail_key(struct tr_error *error, const char *key, const char *value, const char *want)
{
	return tr_fail(error, -EINVAL, "--vm: %s=%s: %s", key, value, want);
}

static int set_text(char *to, size_t size, const char *key, const char *value,
		    struct tr_error *error)
{
	if (!*value || strlen(value) >= size)
		return fail_key(error, key, value, *value ? "too long" : "empty");
	memcpy(to, value, strlen(value) + 1);
	return 0;
}

/* "stats+oom+ws" */
static int set_features(struct wsd_vm_options *vm, const char *value, struct tr_error *error)
{
	const char *at = value;

	vm->device.features = 0;
	while (*at) {
		size_t length = strcspn(at, "+"), i;

		for (i = 0; i < sizeof(feature_names) / sizeof(*feature_names); i++)
			if (strlen(feature_names[i].name) == length &&
			    !memcmp(feature_names[i].name, at, length))
				break;
		if (i == sizeof(feature_names) / sizeof(*feature_names))
			return fail_key(error, "features", value,
					"known: stats, oom, hints, poison, reporting, tell, ws, "
					"joined by +");
		vm->device.features |= feature_names[i].bit == WS_VQ_BITS ?
					       BIT(63) : BIT(feature_names[i].bit);
		at += length + (at[length] == '+');
	}
	return 0;
}

static int set_queues(struct wsd_vm_options *vm, const char *value, struct tr_error *error)
{
	if (!strcmp(value, "fixed"))
		vm->device.rule = WS_VQ_FIXED;
	else if (!strcmp(value, "offered"))
		vm->device.rule = WS_VQ_OFFERED;
	else if (!strcmp(value, "negotiated"))
		vm->device.rule = WS_VQ_NEGOTIATED;
	else
		return fail_key(error, "queues", value, "known: fixed, offered, negotiated");
	return 0;
}

static int set_dialect(struct wsd_vm_options *vm, const char *value, struct tr_error *error)
{
	vm->dialect = ws_dialect_find(value);
	if (!vm->dialect)
		return fail_key(error, "dialect", value, "known: rfc1, rfc2, crosvm, v4, wsr1");
	return 0;
}

static int set_number(struct wsd_vm_options *vm, const char *key, const char *value,
		      struct tr_error *error)
{
	bool is_size = !strcmp(key, "size") || !strcmp(key, "min");
	u64 number;
	int rc = is_size ? tr_parse_bytes(value, &number) : tr_parse_count(value, &number);

	if (rc)
		return fail_key(error, key, value, is_size ? "not a size such as 2GiB" : "not a number");
	if (is_size && number % TR_PAGE_SIZE)
		return fail_key(error, key, value, "not a multiple of 4 KiB");
	if (!strcmp(key, "size"))
		vm->size_bytes = number;
	else if (!strcmp(key, "min"))
		vm->min_bytes = number;
	else if (!strcmp(key, "shares") && number && number <= 1000000)
		vm->shares = number;
	else if (!strcmp(key, "bins") && number >= 2 && number <= WS_BINS_MAX)
		vm->device.bins = (u32)number;
	else if (!strcmp(key, "feature-bit") && number < 24)
		vm->device.feature_bit = (u32)number;
	else
		return fail_key(error, key, value, "out of range");
	return 0;
}

int wsd_vm_options_set(struct wsd_vm_options *vm, const char *key, const char *value,
		       struct tr_error *error)
{
	static const char *const numbers[] = { "size", "min", "shares", "bins", "feature-bit" };
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {
		{ "name", vm->name, sizeof(vm->name) },
		{ "vhost-user", vm->vhost, sizeof(vm->vhost) },
		{ "qmp", vm->qmp, sizeof(vm->qmp) },
		{ "serial", vm->serial, sizeof(vm->serial) },
		{ "balloon", vm->balloon, sizeof(vm->balloon) },
		{ "swap", vm->swap, sizeof(vm->swap) },
		{ "disk", vm->disk, sizeof(vm->disk) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(texts[i].key, key))
			return set_text(texts[i].to, texts[i].size, key, value, error);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(numbers[i], key))
			return set_number(vm, key, value, error);
	if (!strcmp(key, "dialect"))
		return set_dialect(vm, value, error);
	if (!strcmp(key, "queues"))
		return set_queues(vm, value, error);
	if (!strcmp(key, "features"))
		return set_features(vm, value, error);
	return tr_fail(error, -EINVAL,
		       "--vm: unknown key '%s'; known: name, vhost-user, qmp, serial, size, min, shares, "
		       "dialect, bins, queues, feature-bit, features, swap, disk, balloon", key);
}

int wsd_options_add_vm(struct wsd_options *options, const char *text, struct tr_error *error)
{
	struct wsd_vm_options *vm;
	char part[512];
	int rc = 0;

	if (options->vms_count == WSD_VMS_MAX)
		return tr_fail(error, -E2BIG, "--vm: more than %u VMs", WSD_VMS_MAX);
	vm = &options->vm[options->vms_count++];
	*vm = (struct wsd_vm_options){ .shares = 1000, .device = { .feature_bit = WS_VQ_BITS } };
	vm->device.rule = WS_VQ_NEGOTIATED;
	snprintf(vm->swap, sizeof(vm->swap), "nvme");
	snprintf(vm->disk, sizeof(vm->disk), "nvme");
	vm->dialect = &ws_dialect_wsr1;
	vm->device.features = BIT(WS_F_STATS_VQ) | BIT(WS_F_DEFLATE_ON_OOM) |
			      BIT(WS_F_FREE_PAGE_HINT) | BIT(WS_F_PAGE_POISON) |
			      BIT(WS_F_PAGE_REPORTING) | BIT(63);
	while (*text && !rc) {
		size_t length = strcspn(text, ",");
		char *equals;

		if (length >= sizeof(part))
			return tr_fail(error, -EINVAL, "--vm: %.40s...: too long", text);
		memcpy(part, text, length);
		part[length] = '\0';
		equals = strchr(part, '=');
		if (!equals)
			return tr_fail(error, -EINVAL, "--vm: '%s': must be KEY=VALUE", part);
		*equals = '\0';
		rc = wsd_vm_options_set(vm, part, equals + 1, error);
		text += length + (text[length] == ',');
	}
	return rc;
}

u32 wsd_vm_options_channels(const struct wsd_vm_options *vm)
{
	u32 channels = SIM_CH_HOST;

	if (*vm->qmp || vm->device.features >> WS_F_STATS_VQ & 1)
		channels |= SIM_CH_STATS;
	if (*vm->serial || (*vm->vhost && vm->device.features >> vm->device.feature_bit & 1))
		channels |= SIM_CH_REPORTS;
	if (*vm->serial)
		channels |= SIM_CH_AGENT | SIM_CH_RECLAIM;
	return channels;
}
