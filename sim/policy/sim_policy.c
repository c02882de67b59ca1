/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_policy.c - the list of policies, and what is done with their parameter tables. */
#include "policy/sim_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_list.h"
#include "tr_units.h"

const struct sim_policy *const sim_policies[] = {
	&policy_static,
	&policy_equal_share,
	&policy_auto_balloon,
	&policy_mom,
	&policy_wmo,
	&policy_proxmox,
	&policy_squeezed,
	&policy_qmemman,
	&policy_selfballoon,
	&policy_esx,
	&policy_hyperv,
	&policy_pi,
	&policy_vbox,
	&policy_balance_available,
	&policy_limit_cache,
	&policy_senpai,
	&policy_tmo,
	&policy_hypeman,
	&policy_vm0,
	&policy_arcbox,
	&policy_sdfm,
	&policy_mrc_greedy,
	&policy_vmmms,
	&policy_damos,
	&policy_ws_target,
	NULL,
};

const struct sim_policy *sim_policy_find(const char *name)
{
	for (size_t i = 0; sim_policies[i]; i++)
		if (!strcmp(sim_policies[i]->name, name))
			return sim_policies[i];
	return NULL;
}

void sim_channels_text(u32 channels, char *text, size_t size)
{
	static const struct {
		u32 channel;
		const char *name;
	} names[] = {
		{ SIM_CH_STATS, "statistics" },	 { SIM_CH_REPORTS, "reports" },
		{ SIM_CH_HOST, "host counters" }, { SIM_CH_AGENT, "guest agent" },
		{ SIM_CH_RECLAIM, "reclaim" },
	};
	size_t used = 0;

	WS_ASSERT(size > 0);
	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(channels & names[i].channel) || used >= size)
			continue;
		int wrote = snprintf(text + used, size - used, "%s%s", used ? ", " : "",
				     names[i].name);
		used += wrote > 0 ? (size_t)wrote : 0;
	}
	if (!used)
		snprintf(text, size, "none");
}

/* Where the value of @param lives in @state. */
static void *field(const struct sim_policy *policy, void *state, const struct sim_param *param)
{
	size_t size = param->type == SIM_PARAM_BOOL ? sizeof(bool) : 8;

	WS_ASSERT(param->offset + size <= policy->state_size);
	return (char *)state + param->offset;
}

void sim_policy_defaults(const struct sim_policy *policy, void *state)
{
	for (u32 i = 0; i < policy->params_count; i++) {
		const struct sim_param *param = &policy->params[i];
		void *at = field(policy, state, param);

		switch (param->type) {
		case SIM_PARAM_DOUBLE:
			*(double *)at = param->value_default;
			break;
		case SIM_PARAM_BOOL:
			*(bool *)at = param->value_default != 0;
			break;
		default:
			*(u64 *)at = (u64)param->value_default;
		}
	}
}

/* "0.02" or "2%"; neither hexadecimal, infinities nor junk. */
static int parse_double(const char *text, double *value)
{
	size_t length = strspn(text, "0123456789.eE+-");
	char *end;

	if (!length || (text[length] && strcmp(text + length, "%")))
		return -EINVAL;
	errno = 0;
	double parsed = strtod(text, &end);
	if (end != text + length)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*value = text[length] ? parsed / 100 : parsed;
	return 0;
}

static int parse_bool(const char *text, bool *value)
{
	static const char *const yes[] = { "true", "on", "yes", "1" };
	static const char *const no[] = { "false", "off", "no", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
			*value = !strcmp(text, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int set_number(const struct sim_param *param, void *at, const char *text)
{
	u64 number = 0;
	int rc;

	if (param->type == SIM_PARAM_SIZE)
		rc = tr_parse_bytes(text, &number);
	else if (param->type == SIM_PARAM_TIME)
		rc = tr_parse_ns(text, &number);
	else
		rc = tr_parse_count(text, &number);
	if (rc)
		return rc;
	if ((double)number < param->value_min || (double)number > param->value_max)
		return -ERANGE;
	*(u64 *)at = number;
	return 0;
}

int sim_policy_set(const struct sim_policy *policy, void *state, const char *name,
		   const char *value)
{
	for (u32 i = 0; i < policy->params_count; i++) {
		const struct sim_param *param = &policy->params[i];
		void *at = field(policy, state, param);
		double number;

		if (strcmp(param->name, name))
			continue;
		if (param->type == SIM_PARAM_BOOL)
			return parse_bool(value, at);
		if (param->type != SIM_PARAM_DOUBLE)
			return set_number(param, at, value);
		int rc = parse_double(value, &number);
		if (rc)
			return rc;
		/* Written so that a NaN would be out of range as well. */
		if (!(number >= param->value_min && number <= param->value_max))
			return -ERANGE;
		*(double *)at = number;
		return 0;
	}
	return -ENOENT;
}
