/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth_compare.c - a kernel's dump beside the core's generations; see sim_truth.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_truth_replay.h"

#define ENDING_NS 500000000 /* how long ending processes may take to give back memory */
#define SLACK_MS 2u
#define HZ_UNKNOWN 100u

/* --- beginning and end of a replay -------------------------------------------------------- */

/* Late enough that nothing was born before the core's time began. */
static u64 oldest_birth_ns(const struct sim_truth_log *log, const struct sim_truth_section *section)
{
	u64 most = 0;
	u32 i, k;

	for (i = 0; i < section->events_count; i++) {
		const struct sim_truth_event *event = &section->events[i];
		u64 before = event->start_ns < 0 ? (u64)-event->start_ns : 0;

		most = before > most ? before : most;
		for (k = 0; k < event->gens_count; k++) {
			u64 age_ns = log->gens[event->first_gen + k].age_ms * WS_NS_PER_MS;

			most = age_ns + before > most ? age_ns + before : most;
		}
	}
	return most;
}

/* All that was touched is over. */
static s64 last_touch_ns(const struct sim_truth_section *section)
{
	s64 last = section->duration_ns;
	u32 i;

	for (i = 0; i < section->events_count; i++) {
		const struct sim_truth_event *event = &section->events[i];

		if ((event->what == SIM_TRUTH_TOUCH || event->what == SIM_TRUTH_FREE) &&
		    event->end_ns > last)
			last = event->end_ns;
	}
	return last;
}

static void *zeroed(u64 bytes)
{
	void *memory = aligned_alloc(64, (bytes + 64) & ~63ull);

	if (memory)
		memset(memory, 0, (bytes + 64) & ~63ull);
	return memory;
}

/* Which pages are whose. */
static void share_out(struct truth_replay *replay)
{
	u32 i;

	for (i = 0; i < replay->section->regions_count; i++) {
		struct truth_group *group = &replay->group[replay->section->region[i].group];

		group->first_page[group->regions_count] = replay->first_page[i];
		group->end_page[group->regions_count++] = replay->first_page[i + 1];
	}
}

const struct sim_truth_event *truth_first_touch(const struct sim_truth_section *section, u32 number)
{
	u32 i;

	for (i = 0; i < section->events_count; i++)
		if (section->events[i].what == SIM_TRUTH_TOUCH && section->events[i].region == number)
			return &section->events[i];
	return NULL;
}

/* A child gets all that its parent has touched when region @number has been, for the first time. */
static void inherit(struct truth_replay *replay, u32 number)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_region *forked = &section->region[number];
	const struct sim_truth_event *fork = truth_first_touch(section, number), *first;
	u32 i;

	replay->inherited[number] = true;
	for (i = 0; i < section->regions_count; i++) {
		first = truth_first_touch(section, i);
		if (fork && first && first->start_ns < fork->end_ns && !section->region[i].own &&
		    !forked->own && section->region[i].group == forked->group)
			replay->inherited[i] = true;
	}
}

static bool release_at_least(const char *release, unsigned long major, unsigned long minor)
{
	char *end;
	unsigned long number = strtoul(release, &end, 10);

	if (number != major || *end != '.')
		return number > major;
	return strtoul(end + 1, NULL, 10) >= minor;
}

int truth_replay_init(struct truth_replay *replay, const struct sim_truth_log *log,
		      const struct sim_truth_section *section, const struct ws_rules *rules,
		      const struct sim_truth_visitor *visitor, struct sim_truth_result *result)
{
	u32 i;

	memset(replay, 0, sizeof(*replay));
	replay->log = log;
	replay->section = section;
	replay->visitor = visitor;
	replay->result = result;
	for (i = 0; i < section->regions_count; i++) {
		replay->first_page[i] = replay->pages;
		/* A harvest begins at a multiple of 64, a huge page at one of 512. */
		if (section->region[i].forks)
			inherit(replay, i);
		replay->pages += section->region[i].pages;
	}
	replay->first_page[i] = replay->pages;
	replay->page = zeroed(ws_age_footprint(replay->pages));
	replay->pool = zeroed(ws_lru_footprint(replay->pages));
	replay->shadow = zeroed(replay->pages * sizeof(u32));
	replay->victim = zeroed((replay->pages + WS_BATCH) * sizeof(u32));
	replay->left_by = zeroed((replay->pages + WS_BATCH) * sizeof(u32));
	replay->young = zeroed(replay->pages / 8);
	replay->residue = zeroed(replay->pages / 8);
	replay->was = zeroed(replay->pages * sizeof(*replay->was));
	replay->filled = zeroed(replay->pages / 8);
	replay->elder = zeroed(replay->pages / 8);
	replay->progress = zeroed(section->events_count * sizeof(*replay->progress));
	replay->group = zeroed(section->groups_count * sizeof(*replay->group));
	if (!replay->page || !replay->pool || !replay->shadow || !replay->young ||
	    !replay->victim || !replay->left_by || !replay->residue || !replay->was ||
	    !replay->filled || !replay->elder || !replay->progress || !replay->group)
		return -ENOMEM;
	share_out(replay);
	replay->random_is_seen = rules < ws_rules_find("6.12", 4);
	replay->anon_stands_alone = rules < ws_rules_find("6.12", 4);
	replay->big_folios = release_at_least(log->release, 6, 16);
	replay->swap_is_cached = release_at_least(log->release, 7, 0);
	replay->folios_at_once = release_at_least(log->release, 7, 1);
	replay->zero_ns = oldest_birth_ns(log, section);
	replay->end_ns = last_touch_ns(section);
	for (i = 0; i < section->groups_count; i++) {
		struct truth_group *group = &replay->group[i];
		int rc = ws_lru_init_rules(&group->lru, replay->page, replay->pool, replay->pages,
					   rules, 0);

		if (!rc)
			rc = ws_reaccess_init(&group->reaccess, NULL, group->kept, TRUTH_GENS_KEPT, 0);
		if (!rc)
			rc = ws_reaccess_configure(&group->reaccess, truth_edges, TRUTH_EDGES, 0);
		if (rc)
			return rc;
		group->waiting_from = section->events_count;
	}
	return 0;
}

void truth_replay_destroy(struct truth_replay *replay)
{
	free(replay->page);
	free(replay->pool);
	free(replay->shadow);
	free(replay->young);
	free(replay->residue);
	free(replay->victim);
	free(replay->left_by);
	free(replay->was);
	free(replay->filled);
	free(replay->elder);
	free(replay->progress);
	free(replay->group);
}

/* --- one dump ----------------------------------------------------------------------------- */

static const struct sim_truth_gen *gens_of(const struct truth_replay *replay,
					   const struct sim_truth_event *dump)
{
	return &replay->log->gens[dump->first_gen];
}

static u64 youngest_seq(const struct truth_replay *replay, const struct sim_truth_event *dump)
{
	return gens_of(replay, dump)[dump->gens_count - 1].seq;
}

/* The first dump of a cgroup tells how its generations are numbered and when they were born. */
static void learn(struct truth_replay *replay, const struct sim_truth_event *dump)
{
	struct truth_group *group = &replay->group[dump->group];
	struct ws_age *age = &group->lru.age;
	const struct sim_truth_gen *gen = gens_of(replay, dump);
	u64 now_ns = replay->zero_ns + (u64)dump->start_ns;
	u32 i;

	if (group->seen)
		return;
	group->seen = true;
	group->seq_offset = youngest_seq(replay, dump) - age->max_seq;
	for (i = 0; i < dump->gens_count; i++) {
		u64 seq = gen[i].seq - group->seq_offset;
		u64 birth_ns = now_ns - gen[i].age_ms * WS_NS_PER_MS;
		u32 slot = ws_age_slot(age, seq);

		if (seq > age->max_seq || age->max_seq - seq >= age->gens)
			continue;
		age->birth_ns[slot] = birth_ns;
		age->oldest_ns[ws_age_row(slot, WS_ANON)] = birth_ns;
		age->oldest_ns[ws_age_row(slot, WS_FILE)] = birth_ns;
	}
	ws_lru_watch(&group->lru, &group->reaccess, now_ns);
}

void truth_excess(struct truth_replay *replay, const struct sim_truth_event *dump,
		  s64 too_many[WS_TYPES][WS_GENS_MAX])
{
	const struct truth_group *group = &replay->group[dump->group];
	const struct ws_age *age = &group->lru.age;
	const struct sim_truth_gen *gen = gens_of(replay, dump);
	enum ws_type type;
	u32 i;

	for (type = WS_ANON; type < WS_TYPES; type++) {
		for (i = 0; i < age->gens; i++)
			too_many[type][i] = (s64)age->pages[ws_age_row(i, type)];
		for (i = 0; i < dump->gens_count; i++) {
			u64 seq = gen[i].seq - group->seq_offset;

			if (seq <= age->max_seq && age->max_seq - seq < age->gens)
				too_many[type][ws_age_slot(age, seq)] -= (s64)gen[i].pages[type];
		}
	}
}

static u64 least_of(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 most_of(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* The core's side of the row of the core's generation @seq. */
static void fill_core(const struct truth_group *group, struct sim_truth_row *row, u64 seq,
		      u64 now_ns)
{
	const struct ws_age *age = &group->lru.age;

	row->in_core = true;
	row->core_ms = (now_ns - least_of(now_ns, ws_age_birth(age, seq))) / WS_NS_PER_MS;
	row->core[WS_ANON] = ws_age_pages(age, seq, WS_ANON);
	row->core[WS_FILE] = ws_age_pages(age, seq, WS_FILE);
}

/* Rows for all generations that either has; at most the core's and the dump's. */
static void fill_rows(struct truth_replay *replay, struct sim_truth_dump *dump,
		      struct sim_truth_row *rows)
{
	const struct truth_group *group = &replay->group[dump->event->group];
	const struct ws_age *age = &group->lru.age;
	const struct sim_truth_gen *gen = gens_of(replay, dump->event);
	u64 core_min = least_of(age->min_seq[WS_ANON], age->min_seq[WS_FILE]) + group->seq_offset;
	u64 core_max = age->max_seq + group->seq_offset;
	u64 now_ns = replay->zero_ns + (u64)dump->event->start_ns;
	u32 count = 0, i;
	u64 seq;

	for (seq = core_min; seq <= core_max && seq < gen[0].seq; seq++) {
		rows[count] = (struct sim_truth_row){ .seq = seq };
		fill_core(group, &rows[count++], seq - group->seq_offset, now_ns);
	}
	for (i = 0; i < dump->event->gens_count; i++) {
		struct sim_truth_row *row = &rows[count++];

		*row = (struct sim_truth_row){
			.seq = gen[i].seq, .in_kernel = true, .kernel_ms = gen[i].age_ms,
			.kernel = { gen[i].pages[WS_ANON], gen[i].pages[WS_FILE] },
		};
		if (row->seq >= core_min && row->seq <= core_max)
			fill_core(group, row, row->seq - group->seq_offset, now_ns);
	}
	for (seq = most_of(core_min, gen[i - 1].seq + 1); seq <= core_max; seq++) {
		rows[count] = (struct sim_truth_row){ .seq = seq };
		fill_core(group, &rows[count++], seq - group->seq_offset, now_ns);
	}
	dump->rows = rows;
	dump->rows_count = count;
}

/* Pages of the type whose touching or freeing was under way when the dump was taken. */
static u64 pages_under_way(const struct truth_replay *replay, u32 index, enum ws_type type)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *dump = &section->events[index];
	u64 pages = 0;
	u32 i;

	for (i = 0; i < section->events_count; i++) {
		const struct sim_truth_event *event = &section->events[i];
		const struct sim_truth_region *region = &section->region[event->region];
		s64 slack = SLACK_MS * (s64)WS_NS_PER_MS;

		if (event->start_ns > dump->end_ns + slack)
			break;
		if ((event->what == SIM_TRUTH_TOUCH || event->what == SIM_TRUTH_FREE) &&
		    event->end_ns + slack >= dump->start_ns && region->group == dump->group &&
		    (region->kind == 'm' || region->kind == 'r') == (type == WS_FILE) &&
		    event->end_ns > event->start_ns + 2 * slack)
			pages += event->pages;
	}
	return pages;
}

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

/*
 * Summed over generations, the pages that one has and the other has not.  Older generations than
 * the core's oldest, in which the kernel has had nothing but undeclared pages, count with that.
 */
static u64 differences_of(const struct truth_group *group, const struct sim_truth_dump *dump,
			  enum ws_type type)
{
	u64 oldest = group->lru.age.min_seq[type] + group->seq_offset, older = 0, sum = 0;
	u32 i;

	for (i = 0; i < dump->rows_count; i++) {
		const struct sim_truth_row *row = &dump->rows[i];
		bool hollow = row->seq < oldest && row->seq < group->hollow_end[type];

		if (hollow)
			older += row->kernel[type];
		else
			sum += distance(row->kernel[type] + (row->seq == oldest ? older : 0),
					row->core[type]);
	}
	return sum;
}

/* From this dump on. */
static void note_hollow(struct truth_group *group, const struct sim_truth_dump *dump,
			enum ws_type type)
{
	u64 oldest = group->lru.age.min_seq[type] + group->seq_offset, pages = 0;
	u32 i;

	for (i = 0; i < dump->rows_count && dump->rows[i].seq < oldest; i++)
		pages += dump->rows[i].kernel[type];
	if (i && pages <= SIM_TRUTH_OWN)
		group->hollow_end[type] = oldest;
}

static void judge_type(struct truth_replay *replay, struct sim_truth_dump *dump, u32 index,
		       enum ws_type type)
{
	struct truth_group *group = &replay->group[dump->event->group];
	u64 differences = differences_of(group, dump, type), all;
	u64 under_way = pages_under_way(replay, index, type);
	u64 allowed = SIM_TRUTH_BATCH + under_way;
	u32 i;

	for (i = 0; i < dump->rows_count; i++) {
		dump->kernel[type] += dump->rows[i].kernel[type];
		dump->core[type] += dump->rows[i].core[type];
	}
	note_hollow(group, dump, type);
	all = distance(dump->kernel[type], dump->core[type]);
	dump->misplaced[type] = (differences - all) / 2;
	dump->misplaced_allowed[type] = allowed + (group->evicted ? SIM_TRUTH_EVICTED : 0);
	dump->own_allowed[type] = most_of(SIM_TRUTH_OWN, dump->core[type] / 100) + under_way;
	dump->short_allowed[type] = allowed + (group->evicted ? SIM_TRUTH_GONE : 0);
	if (dump->misplaced[type] > dump->misplaced_allowed[type] ||
	    (dump->kernel[type] > dump->core[type] && all > dump->own_allowed[type]) ||
	    (dump->kernel[type] < dump->core[type] && all > dump->short_allowed[type]))
		dump->over = true;
}

static void judge_ages(struct truth_replay *replay, struct sim_truth_dump *dump)
{
	const struct truth_group *group = &replay->group[dump->event->group];
	u32 hz = replay->log->hz ? replay->log->hz : HZ_UNKNOWN, i;

	for (i = 0; i < dump->rows_count; i++) {
		const struct sim_truth_row *row = &dump->rows[i];
		u64 error, allowed;

		if (!row->in_core || !row->in_kernel)
			continue;
		error = most_of(row->core_ms, row->kernel_ms) - least_of(row->core_ms, row->kernel_ms);
		allowed = group->birth_slack_ns[ws_age_slot(&group->lru.age,
							   row->seq - group->seq_offset)] /
				  WS_NS_PER_MS + 2 * (1000 / hz + 1) + SLACK_MS;
		if (!replay->log->hz)
			allowed += replay->section->interval_ns / WS_NS_PER_MS / SIM_TRUTH_AGE_PART;
		if (error > allowed)
			dump->over = true;
		if (error >= dump->age_error_ms) {
			dump->age_error_ms = error;
			dump->age_allowed_ms = allowed;
		}
	}
}

static void add_to_result(struct sim_truth_result *result, const struct sim_truth_dump *dump)
{
	enum ws_type type;

	result->dumps++;
	result->dumps_over += dump->over;
	for (type = WS_ANON; type < WS_TYPES; type++) {
		u64 kernel = dump->kernel[type], core = dump->core[type];

		result->compared[type] += core;
		result->misplaced[type] += dump->misplaced[type];
		result->misplaced_worst[type] =
			most_of(result->misplaced_worst[type], dump->misplaced[type]);
		if (kernel > core)
			result->own_worst[type] = most_of(result->own_worst[type], kernel - core);
		else
			result->short_worst[type] =
				most_of(result->short_worst[type], core - kernel);
	}
	result->age_error_worst_ms = most_of(result->age_error_worst_ms, dump->age_error_ms);
}

void truth_compare(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	struct sim_truth_dump dump = { .event = event };
	struct sim_truth_row *rows;
	const struct ws_age *age = &replay->group[event->group].lru.age;

	learn(replay, event);
	if (event->start_ns >= replay->section->duration_ns &&
	    event->start_ns < replay->end_ns + ENDING_NS) {
		replay->result->dumps_skipped++;
		return;
	}
	rows = calloc(event->gens_count + 2 * WS_GENS_MAX, sizeof(*rows));
	if (!rows) {
		replay->result->dumps_over++;
		return;
	}
	fill_rows(replay, &dump, rows);
	dump.numbers_differ = youngest_seq(replay, event) !=
			      age->max_seq + replay->group[event->group].seq_offset;
	dump.over = dump.numbers_differ;
	judge_type(replay, &dump, index, WS_ANON);
	judge_type(replay, &dump, index, WS_FILE);
	judge_ages(replay, &dump);
	add_to_result(replay->result, &dump);
	if (replay->visitor && replay->visitor->dump)
		replay->visitor->dump(replay->visitor->ctx, &dump);
	free(rows);
}
