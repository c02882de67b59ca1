/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth_log.c - reading logs of the ground truth; see sim_truth_log.h. */
#include "lab/sim_truth_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 1000000000ull
#define GROWTH_MIN 64u

/* Reading goes on at @at, never past @end. */
struct cursor {
	const char *at, *end;
};

struct parser {
	struct sim_truth_log *log;
	const char *name;
	struct tr_error *error;
	struct sim_truth_section *section; /* the last one */
	u32 lettered;			   /* lines that begin with a letter of ours */
	u32 sections_room, gens_room, events_room;
	bool in_dump;			   /* the line before this was of a dump */
};

/* --- words ---------------------------------------------------------------------------- */

static void skip_blanks(struct cursor *in)
{
	while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\r'))
		in->at++;
}

/* Up to the next blank; empty at the end of the line. */
static struct cursor next_word(struct cursor *in)
{
	struct cursor word;

	skip_blanks(in);
	word.at = in->at;
	while (in->at < in->end && *in->at != ' ' && *in->at != '\t' && *in->at != '\r')
		in->at++;
	word.end = in->at;
	return word;
}

static bool word_is(struct cursor word, const char *text)
{
	size_t length = (size_t)(word.end - word.at);

	return length == strlen(text) && !memcmp(word.at, text, length);
}

/* Is the next character one of @set?  A file may hold zeros. */
static bool comes_one_of(struct cursor in, const char *set)
{
	return in.at < in.end && *in.at && strchr(set, *in.at);
}

/* Digits, at least one, up to @max; stops behind them. */
static bool take_number(struct cursor *in, u64 max, u64 *value)
{
	const char *first = in->at;
	u64 sum = 0;

	for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
		u64 digit = (u64)(*in->at - '0');

		if (digit > max || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return in->at > first;
}

static bool next_number(struct cursor *in, u64 max, u64 *value)
{
	struct cursor word = next_word(in);

	return take_number(&word, max, value) && word.at == word.end;
}

/* [-]seconds[.fraction], to ns; what is finer is cut. */
static bool take_seconds(struct cursor *in, s64 *ns)
{
	bool negative = in->at < in->end && *in->at == '-';
	u64 seconds, sum, unit = 100000000;

	in->at += negative;
	if (!take_number(in, SECONDS_MAX, &seconds))
		return false;
	sum = seconds * 1000000000ull;
	if (in->at < in->end && *in->at == '.')
		for (in->at++; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
			sum += unit * (u64)(*in->at - '0');
			unit /= 10;
		}
	*ns = negative ? -(s64)sum : (s64)sum;
	return true;
}

static bool next_seconds(struct cursor *in, s64 *ns)
{
	struct cursor word = next_word(in);

	return take_seconds(&word, ns) && word.at == word.end;
}

static bool next_is(struct cursor *in, const char *text)
{
	return word_is(next_word(in), text);
}

static bool at_end(struct cursor *in)
{
	skip_blanks(in);
	return in->at == in->end;
}

/* --- growing arrays --------------------------------------------------------------------- */

/* Room for one more; NULL when there is none, and @array stays. */
static void *grow(void *array, u32 count, u32 *room, size_t size)
{
	u32 more = *room ? *room * 2 : GROWTH_MIN;
	void *bigger;

	if (count < *room)
		return array;
	bigger = realloc(array, more * size);
	if (bigger)
		*room = more;
	return bigger;
}

static struct sim_truth_event *new_event(struct parser *parser)
{
	struct sim_truth_section *section = parser->section;
	struct sim_truth_event *events, *event;

	if (section->events_count == SIM_TRUTH_EVENTS_MAX)
		return NULL;
	events = grow(section->events, section->events_count, &parser->events_room, sizeof(*events));
	if (!events)
		return NULL;
	section->events = events;
	event = &events[section->events_count++];
	memset(event, 0, sizeof(*event));
	event->line = parser->log->lines;
	return event;
}

static struct sim_truth_gen *new_gen(struct parser *parser)
{
	struct sim_truth_log *log = parser->log;
	struct sim_truth_gen *gens;

	if (log->gens_count == SIM_TRUTH_EVENTS_MAX)
		return NULL;
	gens = grow(log->gens, log->gens_count, &parser->gens_room, sizeof(*gens));
	if (!gens)
		return NULL;
	log->gens = gens;
	return &gens[log->gens_count++];
}

/* --- the header ---------------------------------------------------------------------------- */

static int fail_line(struct parser *parser, int rc, const char *reason)
{
	return tr_fail(parser->error, rc, "%s: line %u: %s", parser->name, parser->log->lines,
		       reason);
}

static bool is_no_region(char kind)
{
	return kind == 'e' || kind == 'n';
}

/* kind:MiB:period_ms:start_s:end_s[:option]... */
static bool parse_region(struct cursor word, struct sim_truth_region *region)
{
	u64 mib, number;
	u32 i;

	if (!comes_one_of(word, SIM_TRUTH_KINDS))
		return false;
	region->kind = *word.at++;
	if (word.at == word.end || *word.at++ != ':' ||
	    !take_number(&word, SIM_TRUTH_PAGES_MAX / 256, &mib))
		return false;
	region->pages = is_no_region(region->kind) ? 0 : (u32)mib * 256;
	for (i = 0; i < 3; i++) {
		s64 ns;

		/* Period, start and end: the touches tell; here it only has to be numbers. */
		if (word.at == word.end || *word.at++ != ':' || !take_seconds(&word, &ns))
			return false;
	}
	while (word.at < word.end && *word.at == ':') {
		word.at++;
		if (word.end - word.at >= 2 && *word.at == 'c') {
			struct cursor digit = { word.at + 1, word.end };

			if (take_number(&digit, SIM_TRUTH_GROUPS_MAX - 1, &number))
				region->group = (u32)number;
		}
		region->own |= word.end - word.at >= 3 && !memcmp(word.at, "own", 3);
		region->forks |= word.end - word.at >= 4 && !memcmp(word.at, "fork", 4);
		while (word.at < word.end && *word.at != ':')
			word.at++;
	}
	return word.at == word.end;
}

static int parse_regions(struct parser *parser, struct cursor *in)
{
	struct sim_truth_section *section = parser->section;
	u64 pages = 0;

	while (!at_end(in)) {
		struct sim_truth_region region = { .kind = 0 };

		if (!parse_region(next_word(in), &region))
			return fail_line(parser, -EINVAL, "a region cannot be read");
		if (section->regions_count == SIM_TRUTH_REGIONS_MAX)
			return fail_line(parser, -EINVAL, "too many regions");
		pages += region.pages;
		if (pages > SIM_TRUTH_PAGES_MAX)
			return fail_line(parser, -EINVAL, "the regions are too big");
		if (region.group >= section->groups_count)
			section->groups_count = region.group + 1;
		section->region[section->regions_count++] = region;
	}
	if (!pages)
		return fail_line(parser, -EINVAL, "no region");
	return 0;
}

/* # wsgt T0=S SECONDS MS REGION... */
static int parse_section(struct parser *parser, struct cursor *in)
{
	struct sim_truth_log *log = parser->log;
	struct sim_truth_section *sections;
	struct cursor start = next_word(in);
	u64 interval_ms;
	s64 t0;

	sections = grow(log->sections, log->sections_count, &parser->sections_room,
			sizeof(*sections));
	if (!sections)
		return -ENOMEM;
	log->sections = sections;
	parser->section = &sections[log->sections_count++];
	memset(parser->section, 0, sizeof(*sections));
	parser->events_room = 0;
	parser->section->groups_count = 1;
	parser->section->line = log->lines;
	if (start.end - start.at < 3 || memcmp(start.at, "T0=", 3))
		return fail_line(parser, -EINVAL, "no T0 behind wsgt");
	start.at += 3;
	if (!take_seconds(&start, &t0) || !next_seconds(in, &parser->section->duration_ns) ||
	    !next_number(in, SECONDS_MAX, &interval_ms))
		return fail_line(parser, -EINVAL, "the times behind wsgt cannot be read");
	parser->section->interval_ns = interval_ms * WS_NS_PER_MS;
	return parse_regions(parser, in);
}

static int parse_comment(struct parser *parser, struct cursor *in)
{
	struct sim_truth_log *log = parser->log;
	struct cursor word = next_word(in);
	u64 hz;

	if (word_is(word, "wsgt"))
		return parse_section(parser, in);
	if (!next_is(in, "lru_gen"))
		return 0;
	snprintf(log->release, sizeof(log->release), "%.*s", (int)(word.end - word.at), word.at);
	next_word(in);
	if (next_is(in, "hz") && next_number(in, 100000, &hz))
		log->hz = (u32)hz;
	return 0;
}

/* --- what happened ---------------------------------------------------------------------- */

/* start end, in order */
static bool parse_span(struct cursor *in, struct sim_truth_event *event)
{
	return next_seconds(in, &event->start_ns) && next_seconds(in, &event->end_ns) &&
	       event->start_ns <= event->end_ns;
}

static bool parse_advice(struct cursor *in, struct sim_truth_event *event)
{
	static const char *const names[SIM_TRUTH_ADVICES] = { "cold", "pageout", "lock", "unlock" };
	struct cursor word = next_word(in);

	while (event->advice < SIM_TRUTH_ADVICES && !word_is(word, names[event->advice]))
		event->advice++;
	return event->advice < SIM_TRUTH_ADVICES && at_end(in);
}

/* start end rN kind pages [word] */
static bool parse_touch(struct parser *parser, struct cursor *in, struct sim_truth_event *event)
{
	struct sim_truth_section *section = parser->section;
	struct cursor word, kind;
	u64 region, pages;

	if (!parse_span(in, event))
		return false;
	word = next_word(in);
	if (word.at == word.end || *word.at++ != 'r' ||
	    !take_number(&word, section->regions_count - 1, &region) || word.at != word.end)
		return false;
	kind = next_word(in);
	if (kind.end - kind.at != 1 || *kind.at != section->region[region].kind ||
	    is_no_region(*kind.at))
		return false;
	if (!next_number(in, section->region[region].pages, &pages) ||
	    (event->what == SIM_TRUTH_ADVISE ? !parse_advice(in, event) : !at_end(in)))
		return false;
	event->region = (u8)region;
	event->pages = (u32)pages;
	section->touches_count += event->what == SIM_TRUTH_TOUCH;
	return true;
}

static bool parse_age(struct cursor *in, struct sim_truth_event *event)
{
	u64 swappiness = 200;

	if (!parse_span(in, event) || !next_is(in, "seq") ||
	    !next_number(in, ~0ull >> 1, &event->seq))
		return false;
	if (!at_end(in) && (!next_is(in, "swappiness") || !next_number(in, 200, &swappiness)))
		return false;
	event->swappiness = (u32)swappiness;
	return at_end(in);
}

static bool parse_evict(struct cursor *in, struct sim_truth_event *event)
{
	u64 pages, swappiness;

	if (!parse_span(in, event) || !next_is(in, "asked") ||
	    !next_number(in, SIM_TRUTH_PAGES_MAX, &pages) || !next_is(in, "swappiness") ||
	    !next_number(in, 200, &swappiness) || !at_end(in))
		return false;
	event->pages = (u32)pages;
	event->swappiness = (u32)swappiness;
	return true;
}

/* time seq N age_ms N anon N file N: a dump of its own, or one more generation of the last */
static bool parse_dump(struct parser *parser, struct cursor *in, struct sim_truth_event *event,
		       bool *joined)
{
	struct sim_truth_section *section = parser->section;
	struct sim_truth_event *last = event - 1;
	struct sim_truth_gen *gen, got;

	if (!next_seconds(in, &event->start_ns) || !next_is(in, "seq") ||
	    !next_number(in, ~0ull >> 1, &got.seq) || !next_is(in, "age_ms") ||
	    !next_number(in, ~0ull >> 24, &got.age_ms) || !next_is(in, "anon") ||
	    !next_number(in, ~0ull >> 24, &got.pages[WS_ANON]) || !next_is(in, "file") ||
	    !next_number(in, ~0ull >> 24, &got.pages[WS_FILE]) || !at_end(in))
		return false;
	event->end_ns = event->start_ns;
	gen = new_gen(parser);
	if (!gen)
		return false;
	*gen = got;
	if (parser->in_dump && section->events_count > 1 && last->letter == event->letter &&
	    last->group == event->group && last->start_ns == event->start_ns &&
	    last->what == SIM_TRUTH_DUMP && gen[-1].seq + 1 == gen->seq) {
		last->gens_count++;
		*joined = true;
		return true;
	}
	event->first_gen = parser->log->gens_count - 1;
	event->gens_count = 1;
	return true;
}

static bool parse_event(struct parser *parser, struct cursor *in, struct sim_truth_event *event,
			bool *joined)
{
	switch (event->letter) {
	case 'T':
	case 'F':
		event->what = event->letter == 'T' ? SIM_TRUTH_TOUCH : SIM_TRUTH_FREE;
		return parse_touch(parser, in, event);
	case 'M':
		event->what = SIM_TRUTH_ADVISE;
		return parse_touch(parser, in, event);
	case 'A':
		event->what = SIM_TRUTH_AGE;
		return parse_age(in, event);
	case 'E':
		event->what = SIM_TRUTH_EVICT;
		return parse_evict(in, event);
	default:
		event->what = SIM_TRUTH_DUMP;
		return parse_dump(parser, in, event, joined);
	}
}

/* One of our letters alone, or with the number of a cgroup. */
static bool is_lettered(struct cursor word, u32 *group)
{
	*group = 0;
	if (!comes_one_of(word, "TFMABGE"))
		return false;
	if (word.end - word.at == 2 && word.at[1] >= '1' &&
	    word.at[1] < '0' + SIM_TRUTH_GROUPS_MAX && comes_one_of(word, "ABGE")) {
		*group = (u32)(word.at[1] - '0');
		return true;
	}
	return word.end - word.at == 1;
}

static int parse_line(struct parser *parser, struct cursor in)
{
	struct cursor word = next_word(&in);
	struct sim_truth_event *event;
	bool joined = false, good;
	u32 group;

	if (word_is(word, "#")) {
		parser->in_dump = false;
		return parse_comment(parser, &in);
	}
	if (!parser->section || !is_lettered(word, &group))
		return 0;
	event = new_event(parser);
	if (!event)
		return fail_line(parser, -ENOMEM, "no memory for so many events");
	event->letter = *word.at;
	event->group = (u8)group;
	parser->lettered++;
	good = group < parser->section->groups_count && parse_event(parser, &in, event, &joined);
	parser->in_dump = good && event->what == SIM_TRUTH_DUMP;
	if (!good || joined)
		parser->section->events_count--;
	if (!good && !parser->log->unreadable++)
		parser->log->unreadable_line = parser->log->lines;
	return 0;
}

/* --- the whole -------------------------------------------------------------------------- */

static int by_time(const void *left, const void *right)
{
	const struct sim_truth_event *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static int finish(struct parser *parser)
{
	struct sim_truth_log *log = parser->log;
	u32 i;

	if (!log->sections_count)
		return tr_fail(parser->error, -EINVAL,
			       "%s: no line '# wsgt': not a log of a kernel's generations", parser->name);
	if (log->unreadable > parser->lettered / 100)
		return tr_fail(parser->error, -EINVAL,
			       "%s: line %u: cannot be read, as %u of %u lines", parser->name,
			       log->unreadable_line, log->unreadable, parser->lettered);
	for (i = 0; i < log->sections_count; i++)
		if (log->sections[i].events_count)
			qsort(log->sections[i].events, log->sections[i].events_count,
			      sizeof(struct sim_truth_event), by_time);
	return 0;
}

int sim_truth_log_parse(struct sim_truth_log *log, const char *text, size_t size,
			const char *name, struct tr_error *error)
{
	struct parser parser = { .log = log, .name = name, .error = error };
	struct cursor in = { text, text + size };
	int rc = 0;

	memset(log, 0, sizeof(*log));
	while (in.at < in.end && !rc) {
		const char *end = memchr(in.at, '\n', (size_t)(in.end - in.at));
		struct cursor line = { in.at, end ? end : in.end };

		log->lines++;
		rc = parse_line(&parser, line);
		in.at = end ? end + 1 : in.end;
	}
	if (rc == -ENOMEM)
		tr_fail(error, rc, "%s: no memory", name);
	return rc ? rc : finish(&parser);
}

static int read_all(FILE *in, const char *path, char **text, size_t *size, struct tr_error *error)
{
	size_t room = 0, got;

	*text = NULL;
	*size = 0;
	do {
		char *bigger;

		if (*size + 65536 > room) {
			room = room ? room * 2 : 65536;
			bigger = room <= SIM_TRUTH_FILE_MAX ? realloc(*text, room) : NULL;
			if (!bigger)
				return tr_fail(error, -EFBIG, "%s: too big", path);
			*text = bigger;
		}
		got = fread(*text + *size, 1, room - *size, in);
		*size += got;
	} while (got);
	if (ferror(in))
		return tr_fail(error, -EIO, "%s: %s", path, strerror(errno));
	return 0;
}

int sim_truth_log_load(struct sim_truth_log *log, const char *path, struct tr_error *error)
{
	FILE *in = fopen(path, "rb");
	size_t size;
	char *text;
	int rc;

	memset(log, 0, sizeof(*log));
	if (!in)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	rc = read_all(in, path, &text, &size, error);
	if (!rc)
		rc = sim_truth_log_parse(log, text, size, path, error);
	fclose(in);
	free(text);
	return rc;
}

void sim_truth_log_destroy(struct sim_truth_log *log)
{
	u32 i;

	for (i = 0; i < log->sections_count; i++)
		free(log->sections[i].events);
	free(log->sections);
	free(log->gens);
	memset(log, 0, sizeof(*log));
}
