/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_lint.c - all drills, all checks; see sim_lint.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint/sim_lint.h"

struct sim_lint_finding *sim_lint_find(struct sim_lint *lint, const struct sim_watch *watch,
				       const char *check, enum sim_lint_severity severity,
				       const char *vm)
{
	struct sim_lint_finding *finding;

	if (severity == SIM_LINT_ERROR)
		lint->errors++;
	else
		lint->warnings++;
	/* The last place takes what there is no room for. */
	if (lint->findings_count == SIM_LINT_FINDINGS)
		lint->left_out++;
	else
		lint->findings_count++;
	finding = &lint->finding[lint->findings_count - 1];
	memset(finding, 0, sizeof(*finding));
	finding->check = check;
	finding->severity = severity;
	finding->drill = watch->drill->name;
	finding->vm = vm;
	return finding;
}

void sim_lint_say(struct sim_lint_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->evidence, sizeof(finding->evidence), format, args);
	va_end(args);
}

int sim_lint_run(struct sim_lint *lint, const struct sim_policy *policy, const void *state,
		 const struct sim_drill *only, const volatile bool *stop,
		 void (*progress)(void *ctx, const struct sim_drill *drill), void *progress_ctx)
{
	struct sim_watch *watch = malloc(sizeof(*watch));
	int rc = watch ? 0 : -ENOMEM;

	memset(lint, 0, sizeof(*lint));
	lint->policy = policy;
	for (const struct sim_drill *drill = sim_drills; drill->name && !rc; drill++) {
		if (only && drill != only)
			continue;
		if (stop && *stop)
			rc = -EINTR;
		else if (progress)
			progress(progress_ctx, drill);
		if (!rc)
			rc = sim_watch_run(watch, drill, policy, state);
		for (u32 i = 0; !rc && sim_lint_checks[i].name; i++)
			sim_lint_checks[i].check(watch, policy, lint);
		lint->drills_count += !rc;
	}
	free(watch);
	return rc;
}
