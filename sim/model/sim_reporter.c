/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_reporter.c - a guest makes reports and statistics, and sends them. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "model/sim_balloon.h"
#include "model/sim_guest.h"
#include "model/sim_reporter.h"

/* What a report of an engine with generations is made from: the root, and so all memcgs. */
static struct ws_group_source tree_of(struct sim_guest *guest)
{
	return (struct ws_group_source){ .groups = &guest->groups, .group = WS_GROUP_ROOT };
}

static bool has_generations(const struct sim_guest *guest)
{
	return guest->memcg_of[0].lruvec->ops->core;
}

static int age(void *ctx, u64 now_ns)
{
	struct sim_guest *guest = ctx;

	sim_guest_age(guest);
	guest->reporter->aged_ns = now_ns;
	return 0;
}

static u64 youngest_birth(void *ctx)
{
	struct sim_guest *guest = ctx;
	struct ws_group_source tree = tree_of(guest);

	return has_generations(guest) ? ws_group_ages.youngest_birth(&tree) :
					guest->reporter->aged_ns;
}

static int collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct sim_guest *guest = ctx;
	struct ws_group_source tree = tree_of(guest);

	if (has_generations(guest))
		return ws_group_ages.collect(&tree, hist, now_ns);
	for (u32 i = 0; i < guest->config->memcgs_count; i++) {
		struct sim_reclaim *lruvec = guest->memcg_of[i].lruvec;
		struct sim_reclaim_stat stat;
		u64 young_ns = now_ns - guest->reporter->aged_ns;

		lruvec->ops->stat(lruvec, &stat);
		for (u32 type = 0; type < WS_TYPES; type++) {
			ws_hist_add_span(hist, type, 0, young_ns, stat.active[type]);
			ws_hist_add_span(hist, type, young_ns, now_ns - guest->reporter->booted_ns,
					 stat.pages[type] - stat.active[type]);
		}
	}
	return 0;
}

static const struct ws_ages_ops ages_ops = {
	.age = age,
	.youngest_birth = youngest_birth,
	.collect = collect,
};

int sim_reporter_init(struct sim_guest *guest, struct sim_link *link)
{
	struct sim_reporter *reporter = calloc(1, sizeof(*reporter));

	guest->reporter = reporter;
	if (!reporter)
		return -ENOMEM;
	reporter->link = link;
	reporter->dialect = ws_dialect_find(guest->config->dialect);
	if (!reporter->dialect)
		return -EINVAL;
	reporter->booted_ns = reporter->aged_ns = guest->config->start_ns;
	ws_report_init(&reporter->report, &ages_ops, guest);
	reporter->device_bins = reporter->dialect->bins_max;
	return ws_proto_guest_init(&reporter->proto, reporter->dialect, reporter->device_bins);
}

void sim_reporter_reset(struct sim_guest *guest)
{
	struct sim_reporter *reporter = guest->reporter;
	int rc = ws_proto_guest_init(&reporter->proto, reporter->dialect, reporter->device_bins);

	assert(!rc); /* the number of bins was taken before */
	ws_report_unconfigure(&reporter->report);
	reporter->booted_ns = reporter->aged_ns = guest->engine->now_ns;
}

void sim_reporter_destroy(struct sim_guest *guest)
{
	free(guest->reporter);
	guest->reporter = NULL;
}

/* Where the sampled pages really stand, in the report's bins. */
static void find_truth(const struct sim_guest *guest, const struct ws_hist *hist,
		       struct sim_report_sample *truth)
{
	u64 wrong = 0;
	u64 real[WS_TYPES] = { 0 }, sampled[WS_TYPES] = { 0 };

	truth->bins_count = hist->bins_count;
	for (u32 bin = 0; bin < hist->bins_count; bin++) {
		truth->edge_ns[bin] = ws_hist_edge(hist, bin);
		truth->anon_bytes[bin] = hist->pages[WS_ANON][bin] * SIM_PAGE_BYTES;
		truth->file_bytes[bin] = hist->pages[WS_FILE][bin] * SIM_PAGE_BYTES;
		truth->true_anon_bytes[bin] = truth->true_file_bytes[bin] = 0;
		real[WS_ANON] += truth->anon_bytes[bin];
		real[WS_FILE] += truth->file_bytes[bin];
	}
	for (u32 block = 0; block < guest->pages_count / SIM_TRUTH_SHARE; block++) {
		u32 page = block * SIM_TRUTH_SHARE +
			   (u32)(sim_mix64(block) % SIM_TRUTH_SHARE);
		u32 bin = 0;

		if (!(guest->hot[page] & SIM_HOT_PRESENT) ||
		    guest->memcg[page] & SIM_PAGE_UNEVICTABLE)
			continue;
		u64 idle_ns = sim_page_idle_ns(guest, page);

		while (idle_ns >= ws_hist_edge(hist, bin) && bin + 1 < hist->bins_count)
			bin++;
		if (sim_page_type(guest, page) == WS_ANON)
			truth->true_anon_bytes[bin] += SIM_PAGE_BYTES * SIM_TRUTH_SHARE;
		else
			truth->true_file_bytes[bin] += SIM_PAGE_BYTES * SIM_TRUTH_SHARE;
		sampled[sim_page_type(guest, page)]++;
	}
	/* The sample is scaled to what there is, so that its size is not taken for an error. */
	for (u32 bin = 0; bin < hist->bins_count; bin++) {
		u64 *true_of[WS_TYPES] = { &truth->true_anon_bytes[bin], &truth->true_file_bytes[bin] };
		u64 told[WS_TYPES] = { truth->anon_bytes[bin], truth->file_bytes[bin] };

		for (u32 type = 0; type < WS_TYPES; type++) {
			if (!sampled[type])
				continue;
			*true_of[type] = *true_of[type] / (SIM_PAGE_BYTES * SIM_TRUTH_SHARE) *
					 real[type] / sampled[type];
			wrong += told[type] > *true_of[type] ? told[type] - *true_of[type] : 0;
		}
	}
	truth->wrong_bytes = wrong;
}

/* What is not a report: a verdict, or that there is no report. */
static void send_word(struct sim_guest *guest, const u8 *bytes, int length)
{
	if (length <= 0)
		return;
	guest->counters.vm_exits++;
	sim_link_send(guest->reporter->link, guest->id, SIM_VQ_REPORT, true, bytes, (u32)length, NULL);
}

static void send_error(struct sim_guest *guest, int error)
{
	struct ws_proto_guest *proto = &guest->reporter->proto;
	u8 bytes[WS_WIRE_TO_HOST_MAX];

	if (proto->dialect->numbered)
		send_word(guest, bytes,
			  ws_proto_guest_report(proto, NULL, error, bytes, sizeof(bytes)));
}

static void send_report(struct sim_guest *guest, bool pressure, bool stale, u64 cost_ns)
{
	struct sim_reporter *reporter = guest->reporter;
	struct sim_report_sample truth = { .vm = guest->id, .pressure = pressure,
					   .made_ns = guest->engine->now_ns };
	struct ws_hist hist = reporter->report.hist;

	for (u32 bin = 0; bin < hist.bins_count; bin++)
		for (u32 type = 0; type < WS_TYPES; type++)
			hist.pages[type][bin] *= guest->engine->scenario->sample_one_in;
	struct ws_proto_report report = {
		.pressure = pressure,
		.made_ns = reporter->report.made_ns,
		.now_ns = guest->engine->now_ns,
		.parts_count = 1,
		.part = { { reporter->proto.node, stale, &hist } },
	};
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	int length = ws_proto_guest_send(&reporter->proto, &report, bytes, sizeof(bytes));

	if (length < 0)
		return;
	cost_ns += guest->engine->scenario->costs.report_ns;
	guest->counters.report_cpu_ns += cost_ns;
	sim_guest_owe(guest, guest->engine->scenario->costs.report_ns);
	guest->counters.reports_sent++;
	guest->counters.vm_exits++;
	truth.cost_ns = cost_ns;
	find_truth(guest, &hist, &truth);
	if (!stale)
		sim_guest_groups_tell(guest, &reporter->report.hist);
	if (!sim_link_send(reporter->link, guest->id, SIM_VQ_REPORT, true, bytes, (u32)length, &truth))
		guest->counters.reports_lost++;
}

void sim_reporter_pressure(struct sim_guest *guest)
{
	struct sim_reporter *reporter = guest->reporter;
	u64 now_ns = guest->engine->now_ns;

	if (ws_report_pressure(&reporter->report, now_ns) &&
	    !ws_report_collect(&reporter->report, now_ns))
		send_report(guest, true, false, 0);
}

static void answer(struct sim_guest *guest)
{
	struct sim_reporter *reporter = guest->reporter;
	u64 before_ns = guest->counters.ageing_cpu_ns;
	int error = ws_report_refresh(&reporter->report, guest->engine->now_ns);

	/* An old report is better than none where it can be told to be one. */
	if (!error || (reporter->report.valid && reporter->dialect->numbered))
		send_report(guest, false, error, guest->counters.ageing_cpu_ns - before_ns);
	else
		send_error(guest, error);
}

static void configured(struct sim_guest *guest, enum ws_status status)
{
	u8 bytes[WS_WIRE_TO_HOST_MAX];

	send_word(guest, bytes, ws_proto_guest_verdict(&guest->reporter->proto, status, 0, bytes,
						       sizeof(bytes)));
}

static void notified(struct sim_guest *guest, const struct sim_message *message)
{
	struct sim_reporter *reporter = guest->reporter;
	struct ws_proto_guest *proto = &reporter->proto;

	/* The driver reads configuration space, which is never late. */
	if (proto->bins_count != reporter->device_bins)
		ws_proto_guest_init(proto, reporter->dialect, reporter->device_bins);
	switch (ws_proto_guest_consume(proto, message->bytes, message->length,
				       guest->engine->now_ns)) {
	case WS_PROTO_CONFIGURE:
		configured(guest, ws_report_configure(&reporter->report, &proto->msg.config) ?
					  WS_STATUS_FAILED : WS_STATUS_OK);
		break;
	case WS_PROTO_UNCONFIGURE:
		ws_report_unconfigure(&reporter->report);
		configured(guest, WS_STATUS_OK);
		break;
	case WS_PROTO_REPORT:
		answer(guest);
		break;
	case WS_PROTO_VERDICT:
		configured(guest, WS_STATUS_OK);
		break;
	case -ENODATA:
		send_error(guest, -ENODATA);
		break;
	default: /* nothing to do, or an error that the protocol counted */
		break;
	}
}

static void put_stat(struct ws_stats *stats, enum ws_stat tag, u64 value)
{
	stats->present |= 1u << tag;
	stats->value[tag] = value;
}

static void send_stats(struct sim_guest *guest)
{
	const struct sim_vm_counters *counters = &guest->counters;
	struct ws_stats stats = { 0 };
	u8 bytes[WS_STATS_BYTES_MAX];
	u64 total = guest->frames_count;

	if (!guest->config->deflate_on_oom)
		total -= sim_balloon_pages(guest);
	put_stat(&stats, WS_STAT_SWAP_IN, counters->swap_in_pages * guest->engine->page_bytes);
	put_stat(&stats, WS_STAT_SWAP_OUT, counters->swap_out_pages * guest->engine->page_bytes);
	put_stat(&stats, WS_STAT_MAJFLT,
		 counters->faults[SIM_FAULT_FILE] + counters->faults[SIM_FAULT_REFAULT] +
			 counters->faults[SIM_FAULT_SWAPIN]);
	put_stat(&stats, WS_STAT_MINFLT,
		 counters->faults[SIM_FAULT_MINOR] + counters->faults[SIM_FAULT_SWAPCACHE]);
	put_stat(&stats, WS_STAT_MEMFREE, guest->frames.free_count * guest->engine->page_bytes);
	put_stat(&stats, WS_STAT_MEMTOT, total * guest->engine->page_bytes);
	put_stat(&stats, WS_STAT_AVAIL, sim_guest_available(guest) * guest->engine->page_bytes);
	put_stat(&stats, WS_STAT_CACHES, guest->resident[TR_FILE] * guest->engine->page_bytes);
	put_stat(&stats, WS_STAT_OOM_KILL, counters->oom_kills);
	put_stat(&stats, WS_STAT_ALLOC_STALL, counters->alloc_stalls);
	put_stat(&stats, WS_STAT_ASYNC_SCAN, counters->pgscan_background);
	put_stat(&stats, WS_STAT_DIRECT_SCAN, counters->pgscan_direct);
	put_stat(&stats, WS_STAT_ASYNC_RECLAIM, counters->pgsteal_background);
	put_stat(&stats, WS_STAT_DIRECT_RECLAIM, counters->pgsteal_direct);
	int length = ws_wire_stats_encode(&stats, bytes, sizeof(bytes));

	guest->counters.vm_exits++;
	sim_link_send(guest->reporter->link, guest->id, SIM_VQ_STATS, true, bytes, (u32)length, NULL);
}

static void reclaim_on_command(struct sim_guest *guest, const struct sim_message *message)
{
	u64 bytes = 0;

	for (u32 i = 0; i < message->length && i < 8; i++)
		bytes |= (u64)message->bytes[i] << 8 * i;
	if (bytes < guest->engine->page_bytes)
		return;
	struct sim_reclaimed got = sim_guest_reclaim(guest, bytes / guest->engine->page_bytes, SIM_MEMCGS_MAX,
						     SIM_RECLAIM_PROACTIVE);

	sim_guest_owe(guest, got.cpu_ns);
	guest->counters.kswapd_cpu_ns += got.cpu_ns;
}

void sim_reporter_message(struct sim_guest *guest, const struct sim_message *message)
{
	guest->counters.messages++;
	switch (message->queue) {
	case SIM_VQ_NOTIFY:
		notified(guest, message);
		break;
	case SIM_VQ_STATS:
		send_stats(guest);
		break;
	case SIM_VQ_RECLAIM:
		reclaim_on_command(guest, message);
		break;
	default:
		break;
	}
}
