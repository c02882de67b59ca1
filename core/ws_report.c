/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_report.c - when a report is made; see ws_report.h. */
#include "ws_report.h"

/* Has @interval passed since @from?  Without the sum, which could overflow. */
static bool passed(u64 from_ns, u64 interval_ns, u64 now_ns)
{
	return now_ns >= from_ns && now_ns - from_ns >= interval_ns;
}

void ws_report_init(struct ws_report *report, const struct ws_ages_ops *ops, void *ctx)
{
	memset(report, 0, sizeof(*report));
	report->ops = ops;
	report->ctx = ctx;
}

int ws_report_configure(struct ws_report *report, const struct ws_report_config *config)
{
	int error = ws_hist_init(&report->hist, config->edge_ns, config->edges_count);

	if (error)
		return error;
	report->refresh_interval_ns = config->refresh_interval_ns;
	report->report_threshold_ns = config->report_threshold_ns;
	report->configured = true;
	report->valid = false;
	report->announced = false;
	return 0;
}

void ws_report_unconfigure(struct ws_report *report)
{
	report->configured = false;
	report->valid = false;
	report->announced = false;
}

int ws_report_collect(struct ws_report *report, u64 now_ns)
{
	int error;

	if (!report->configured)
		return -ENODATA;
	ws_hist_reset(&report->hist);
	report->valid = false;
	error = report->ops->collect(report->ctx, &report->hist, now_ns);
	if (error)
		return error;
	report->valid = true;
	report->made_ns = now_ns;
	report->collections_count++;
	return 0;
}

int ws_report_refresh(struct ws_report *report, u64 now_ns)
{
	u64 interval_ns = report->refresh_interval_ns;

	if (!report->configured)
		return -ENODATA;
	if (report->valid && !passed(report->made_ns, interval_ns, now_ns)) {
		report->cached_count++;
		return 0;
	}
	if (interval_ns && passed(report->ops->youngest_birth(report->ctx), interval_ns, now_ns)) {
		int error = report->ops->age(report->ctx, now_ns);

		if (error)
			return error;
		report->ageings_count++;
	}
	return ws_report_collect(report, now_ns);
}

bool ws_report_pressure(struct ws_report *report, u64 now_ns)
{
	u64 threshold_ns = report->report_threshold_ns;

	if (!report->configured || !threshold_ns)
		return false;
	if (report->valid && !passed(report->made_ns, threshold_ns, now_ns))
		return false;
	if (report->announced && !passed(report->announced_ns, threshold_ns, now_ns))
		return false;
	report->announced = true;
	report->announced_ns = now_ns;
	report->announced_count++;
	return true;
}

void ws_age_collect(const struct ws_age *age, struct ws_hist *hist, u64 now_ns)
{
	enum ws_type type;

	for (type = WS_ANON; type < WS_TYPES; type++) {
		u64 seq = age->max_seq, age_min_ns = 0;

		for (;; seq--) {
			u64 age_max_ns = now_ns - ws_age_birth(age, seq);

			ws_hist_add_span(hist, type, age_min_ns, age_max_ns,
					 ws_age_pages(age, seq, type));
			age_min_ns = age_max_ns;
			if (seq == age->min_seq[type])
				break;
		}
	}
}
