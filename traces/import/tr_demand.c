/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_demand.c - accesses that match a demand over time; the model stands in tr_demand.h. */
#include <errno.h>
#include <stdio.h>

#include "tr_demand.h"
#include "tr_hash.h"
#include "tr_units.h"

#define TICK_NS 1000000000ull
#define CHUNK_PAGES 16u /* pages that are used alike */
#define CPU_MIN 50000u	/* below, every fault would count for too much */

struct player {
	const struct tr_demand_model *model;
	struct tr_sink sink;
	struct tr_error *error;
	u64 pages;	     /* in use: 0 .. pages - 1 */
	u64 now_ns, step_ns; /* of the next record, and between two */
	u64 put;
};

void tr_demand_init(struct tr_demand_model *model)
{
	*model = (struct tr_demand_model){
		.memory_bytes = 2ull << 30,
		.time_scale = TR_DEMAND_ONE,
		.hot = 200000,
		.warm = 300000,
		.hot_ns = 10 * TICK_NS,
		.warm_ns = 300 * TICK_NS,
		.write = 300000,
		.seed = 1,
	};
}

char *tr_demand_text(const struct tr_demand_model *model, char text[TR_DEMAND_TEXT])
{
	char hot[TR_UNITS_TEXT], warm[TR_UNITS_TEXT];

	snprintf(text, TR_DEMAND_TEXT,
		 "demand from the source, accesses made up: %u.%06u of memory used every %s, %u.%06u "
		 "every %s, rest never; time divided by %llu.%06llu",
		 model->hot / TR_DEMAND_ONE, model->hot % TR_DEMAND_ONE,
		 tr_format_ns(model->hot_ns, hot), model->warm / TR_DEMAND_ONE,
		 model->warm % TR_DEMAND_ONE, tr_format_ns(model->warm_ns, warm),
		 model->time_scale / TR_DEMAND_ONE, model->time_scale % TR_DEMAND_ONE);
	return text;
}

static int put(struct player *player, enum tr_op op, u64 page, bool write)
{
	struct tr_record record = {
		.op = (u8)op,
		.type = TR_ANON,
		.write = write,
		.page = page,
		.time_ns = player->now_ns,
	};

	player->now_ns += player->step_ns;
	player->put++;
	return player->sink.put(player->sink.ctx, &record, player->error);
}

/* 0 to 999999, of a place. */
static u32 lot(const struct player *player, u64 chunk, u64 salt)
{
	return (u32)(tr_mix64(chunk * 0x9e3779b97f4a7c15ull ^ player->model->seed ^ salt << 56) %
		     TR_DEMAND_ONE);
}

/*
 * Chunks whose turn it is in this tick: one in @period of them, of those with lots in
 * [from, to).  Return: their pages, which with @rc are accessed.
 */
static u64 due(struct player *player, u64 tick, u64 period, u32 from, u32 to, int *rc)
{
	u64 chunks = player->pages / CHUNK_PAGES, count = 0;

	for (u64 chunk = tick % period; chunk < chunks; chunk += period) {
		u32 mine = lot(player, chunk, 0);

		if (mine < from || mine >= to)
			continue;
		count += CHUNK_PAGES;
		for (u32 i = 0; i < CHUNK_PAGES && rc && !*rc; i++)
			*rc = put(player, TR_ACCESS, chunk * CHUNK_PAGES + i,
				  lot(player, chunk ^ tick, 1) < player->model->write);
		if (rc && *rc)
			break;
	}
	return count;
}

static int resize(struct player *player, u64 pages)
{
	int rc = 0;

	while (!rc && player->pages > pages)
		rc = put(player, TR_FREE, --player->pages, false);
	while (!rc && player->pages < pages) {
		rc = put(player, TR_ALLOC, player->pages, false);
		if (!rc)
			rc = put(player, TR_ACCESS, player->pages, true);
		player->pages++;
	}
	return rc;
}

/* One tick that ends with @pages in use, busy for @cpu of its time. */
static int play_tick(struct player *player, u64 tick, u64 pages, u32 cpu)
{
	const struct tr_demand_model *model = player->model;
	u64 hot = model->hot_ns / TICK_NS, warm = model->warm_ns / TICK_NS;
	u64 before = player->pages, busy_ns, records;
	u32 both = model->hot + model->warm;
	int rc;

	cpu = cpu < CPU_MIN ? CPU_MIN : cpu;
	busy_ns = TICK_NS / TR_DEMAND_ONE * (cpu < TR_DEMAND_ONE ? cpu : TR_DEMAND_ONE - 1);
	hot = hot ? hot : 1;
	warm = warm ? warm : 1;
	player->pages = pages; /* what is accessed is of those that there will be */
	records = due(player, tick, hot, 0, model->hot, NULL) +
		  due(player, tick, warm, model->hot, both, NULL) +
		  (pages > before ? 2 * (pages - before) : before - pages);
	player->pages = before;
	player->now_ns = tick * TICK_NS;
	player->step_ns = busy_ns / (records + 1);
	rc = resize(player, pages);
	due(player, tick, hot, 0, model->hot, &rc);
	due(player, tick, warm, model->hot, both, &rc);
	if (rc)
		return rc;
	struct tr_record idle = { .op = TR_IDLE, .time_ns = (tick + 1) * TICK_NS };
	return player->sink.put(player->sink.ctx, &idle, player->error);
}

/* Time of the source, from its beginning, as the trace has it. */
static u64 scaled(const struct tr_demand_model *model, u64 ns)
{
	return (u64)((unsigned __int128)ns * TR_DEMAND_ONE / model->time_scale);
}

static u64 between(u64 a, u64 b, u64 part, u64 whole)
{
	return b >= a ? a + (u64)((unsigned __int128)(b - a) * part / whole) :
			a - (u64)((unsigned __int128)(a - b) * part / whole);
}

int tr_demand_play(const struct tr_demand_model *model, const struct tr_demand_sample *sample,
		   u32 count, u64 interval_ns, struct tr_sink sink, struct tr_error *error)
{
	struct player player = { .model = model, .sink = sink, .error = error };
	u64 begin_ns = sample[0].time_ns, span_ns;
	u32 at = 0;
	int rc = 0;

	if (__builtin_add_overflow(sample[count - 1].time_ns - begin_ns, interval_ns, &span_ns) ||
	    scaled(model, span_ns) > TR_DEMAND_SPAN_MAX)
		return tr_fail(error, -ERANGE, "the series is longer than 400 days of the trace");
	u64 ticks = scaled(model, span_ns) / TICK_NS, skipped = scaled(model, model->from_ns) / TICK_NS;
	ticks = ticks ? ticks : 1;
	if (skipped >= ticks)
		return tr_fail(error, -ERANGE, "the series ends before it is to begin");
	for (u64 tick = skipped; tick < ticks && !rc; tick++) {
		u64 now_ns = tick * TICK_NS, bytes = sample[at].bytes;

		while (at + 1 < count && scaled(model, sample[at + 1].time_ns - begin_ns) <= now_ns)
			at++;
		bytes = sample[at].bytes;
		if (at + 1 < count) {
			u64 from_ns = scaled(model, sample[at].time_ns - begin_ns);
			u64 to_ns = scaled(model, sample[at + 1].time_ns - begin_ns);
			bytes = between(bytes, sample[at + 1].bytes, now_ns - from_ns, to_ns - from_ns);
		}
		rc = play_tick(&player, tick - skipped, bytes / TR_PAGE_SIZE, sample[at].cpu);
	}
	return rc;
}
