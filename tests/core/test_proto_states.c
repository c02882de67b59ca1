/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_proto_states.c - all orders of events between the two ends, to a stated depth.
 *
 * A state is both ends and what is on its way, at most two messages down and two up.
 * From the start every event that is possible is tried, then every event after it, and
 * so on, to a depth of ten events with numbered dialects and of nine with the others; with
 * answers in two reports, of nine after a configuration.  States that were seen at the same
 * depth or before are not entered again (ids and sequence numbers count by their
 * differences, times by "expired or not").
 * Beside the ends runs the truth: which request a report answers, in which order
 * reports were made, which configuration the guest has.  After every event:
 *
 *	counted		no more requests end than were made
 *	no mistake	what is taken for the answer answers the open request
 *	in order	what is handed on was made after what was handed on before
 *	once		no request is answered twice
 *	whole		an answer in two reports of which one was not handed on is said to be
 *			partial
 *	right edges	"edges match" is said of the edges that the host wants
 *	agreement	nothing on its way and nothing open: both mean the same configuration
 *			(a guest that began anew has to be asked before the host knows)
 *	recovery	when messages stop getting lost, a request gets its answer, without
 *			any new configuration (but where a guest that began anew has lost
 *			one that is older than a refused one: the host does not keep it)
 *	wrong lengths	a message that is cut or too long is refused and changes nothing
 *
 * So the events race one another in every order: requests with pressure reports, answers
 * that never come or come late, twice or out of order, refused configurations, a reset of
 * the device, and one that the host end is not told of.
 *
 * All hold for numbered dialects.  For the others the first and the last do (with a new
 * configuration, for a lost one is never noticed), and "no mistake" and "in order" are
 * shown to fail, which proves that the search would see it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "ws_proto.h"

#define MS WS_NS_PER_MS
#define TIMEOUT_NS (10 * MS)
#define ROOM 2u
#define LETTER_BYTES 800u
#define SEEN_BITS 22

enum event {
	EV_CONFIG_A, EV_CONFIG_B, EV_CONFIG_OFF, EV_REPEAT, EV_REQUEST, EV_TIMEOUT,
	EV_DOWN, EV_DOWN_REFUSED, EV_DOWN_SECOND, EV_DOWN_LOST, EV_DOWN_TWICE,
	EV_ANSWER, EV_HALF, EV_REST, EV_PRESSURE,
	EV_UP, EV_UP_SECOND, EV_UP_LOST, EV_UP_TWICE,
	EV_RESET, EV_FORGET,
	EVENTS
};

static const char *const event_name[EVENTS] = {
	"config-a", "config-b", "config-off", "repeat", "request", "timeout",
	"down", "down-refused", "down-second", "down-lost", "down-twice",
	"answer", "half", "rest", "pressure",
	"up", "up-second", "up-lost", "up-twice",
	"reset", "forget",
};

struct letter {
	int length;
	u8 bytes[LETTER_BYTES];
	u32 request_no; /* asked, or answered; 0: neither */
	u32 made_no;	/* reports: in order of making */
	u32 which;	/* configurations: 1 A, 2 B, 3 off; reports: whose edges */
	u32 answer_no;	/* answers: in order of beginning; */
	u32 halves;	/* 1 the first, 2 the second, 3 both in one */
};

struct world {
	struct ws_proto_guest guest;
	struct ws_proto_host host;
	struct letter down[ROOM], up[ROOM];
	u32 down_count, up_count;
	u64 now_ns;
	/* The truth. */
	u32 asked_no, open_no, answering_no, answered_no, made_no, handed_no;
	u32 begun_no;	/* the request whose answer's first half was sent, and not yet its second */
	u32 answer_no;	/* the newest */
	u32 got_no, got_halves; /* the answer handed on last, as far as it was */
	u32 has, wants; /* configuration of the guest; last sent by the host */
	bool forgot; /* the guest began anew and was not configured since */
};

/* What went wrong, first; and how often things that only numbered dialects exclude did. */
struct verdict_of_search {
	const char *broken;
	u64 mistakes, disorders;
	u64 wholes, partials; /* answers in two reports */
};

struct search {
	const struct ws_dialect *dialect;
	u32 bins, depth;
	bool halves; /* answers may come in two reports */
	enum event path[16];
	u64 transitions, states;
	u64 *seen; /* digest with its depth in the low 4 bits */
	struct verdict_of_search found;
};

static struct world world[16];

static void fails(struct search *search, const char *what)
{
	if (!search->found.broken)
		search->found.broken = what;
}

static void config_of(u32 which, u32 bins, struct ws_report_config *config)
{
	memset(config, 0, sizeof(*config));
	config->edges_count = bins - 1;
	for (u32 i = 0; i < bins - 1; i++)
		config->edge_ns[i] = (i + 1) * (which == 2 ? 20 : 10) * MS;
	config->refresh_interval_ns = which == 3 ? 0 : 5 * MS;
}

/* --- events: false when one is not possible --- */

static struct letter *post(struct letter *box, u32 *count, int length)
{
	struct letter *letter = &box[*count];

	if (length <= 0)
		return NULL;
	letter->length = length;
	letter->request_no = letter->made_no = letter->which = 0;
	letter->answer_no = letter->halves = 0;
	++*count;
	return letter;
}

static bool host_configures(struct search *search, struct world *w, u32 which)
{
	struct ws_report_config config;
	struct letter *letter;

	if (w->down_count == ROOM || (which == 3 && !search->dialect->refresh_zero_disables))
		return false;
	config_of(which, search->bins, &config);
	letter = post(w->down, &w->down_count,
		      ws_proto_host_config(&w->host, &config, 0, w->down[w->down_count].bytes,
					   LETTER_BYTES));
	letter->which = w->wants = which;
	return true;
}

static bool host_repeats(struct world *w)
{
	struct letter *letter;

	if (w->down_count == ROOM)
		return false;
	letter = post(w->down, &w->down_count,
		      ws_proto_host_repeat(&w->host, w->down[w->down_count].bytes, LETTER_BYTES));
	if (letter)
		letter->which = w->wants;
	return letter;
}

static bool host_asks(struct world *w)
{
	struct letter *letter;

	if (w->down_count == ROOM)
		return false;
	letter = post(w->down, &w->down_count,
		      ws_proto_host_request(&w->host, w->now_ns, w->down[w->down_count].bytes,
					    LETTER_BYTES));
	if (letter)
		letter->request_no = w->open_no = ++w->asked_no;
	return letter;
}

/* A report of the guest's; @request_no 0: under pressure.  @halves: as in struct letter. */
static bool guest_tells(struct search *search, struct world *w, u32 request_no, u32 halves,
			int error)
{
	struct ws_report_config config;
	struct ws_hist hist;
	struct ws_proto_report report = {
		.error = error, .pressure = !request_no, .made_ns = w->now_ns, .now_ns = w->now_ns,
		.more = halves == 1, .continued = halves == 2,
		.parts_count = 1, .part = { { 0, false, &hist } },
	};
	struct letter *letter;

	if (w->up_count == ROOM)
		return false;
	if (search->dialect->numbered && !w->guest.request_id)
		request_no = 0; /* a newer request was answered: this one is the guest's own */
	config_of(w->has ? w->has : 1, search->bins, &config);
	ws_hist_init(&hist, config.edge_ns, config.edges_count);
	letter = post(w->up, &w->up_count,
		      ws_proto_guest_send(&w->guest, &report, w->up[w->up_count].bytes,
					  LETTER_BYTES));
	if (!letter)
		return false;
	letter->request_no = request_no;
	letter->made_no = ++w->made_no;
	letter->which = w->has;
	if (!request_no)
		return true;
	w->answer_no += halves != 2;
	letter->answer_no = w->answer_no;
	letter->halves = halves;
	if (search->dialect->numbered && request_no <= w->answered_no)
		fails(search, "once");
	if (halves != 1)
		w->answered_no = request_no;
	return true;
}

static void guest_judges(struct world *w, enum ws_status status)
{
	post(w->up, &w->up_count,
	     ws_proto_guest_verdict(&w->guest, status, 0, w->up[w->up_count].bytes, LETTER_BYTES));
}

static bool guest_hears(struct search *search, struct world *w, u32 at, bool refuse)
{
	struct letter letter = w->down[at];
	int action;

	if (w->up_count == ROOM)
		return false; /* so that what it says at once has room */
	action = ws_proto_guest_consume(&w->guest, letter.bytes, (u32)letter.length, w->now_ns);
	if (refuse && action != WS_PROTO_CONFIGURE)
		return false;
	switch (action) {
	case WS_PROTO_CONFIGURE:
	case WS_PROTO_UNCONFIGURE:
		w->forgot = false;
		if (!refuse)
			w->has = action == WS_PROTO_CONFIGURE ? letter.which : 0;
		else if (!search->dialect->numbered)
			w->has = 0;
		guest_judges(w, refuse ? WS_STATUS_FAILED : WS_STATUS_OK);
		return true;
	case WS_PROTO_VERDICT:
		guest_judges(w, WS_STATUS_OK);
		return true;
	case WS_PROTO_REPORT:
		w->answering_no = letter.request_no;
		return true;
	case -ENODATA:
		if (search->dialect->numbered)
			guest_tells(search, w, letter.request_no, 3, -ENODATA);
		return true;
	case WS_PROTO_NOTHING:
		return true;
	default:
		fails(search, "a message that nobody damaged is not understood");
		return true;
	}
}

static bool guest_answers(struct search *search, struct world *w, u32 halves)
{
	u32 request_no = w->answering_no;

	if (!request_no || !guest_tells(search, w, request_no, halves, 0))
		return false;
	w->answering_no = 0;
	w->begun_no = halves == 1 ? request_no : 0;
	return true;
}

/*
 * What is left of an answer: sent, whatever was heard since it was begun.  Where there is
 * nothing to continue it is forgotten, and what is still asked is answered anew.
 */
static bool guest_goes_on(struct search *search, struct world *w)
{
	u32 request_no = w->begun_no;

	if (!request_no || w->up_count == ROOM)
		return false;
	w->begun_no = 0;
	if (!guest_tells(search, w, request_no, 2, 0) && !w->answering_no && w->guest.request_id)
		w->answering_no = request_no;
	return true;
}

static void host_hears(struct search *search, struct world *w, u32 at)
{
	const struct letter *letter = &w->up[at];
	struct ws_proto_heard heard;
	static struct ws_msg msg;
	int got = ws_proto_host_consume(&w->host, letter->bytes, (u32)letter->length, w->now_ns,
					&msg, &heard);
	bool mistaken, disorder, whole;

	if (got && got != -ESTALE && got != -ENODATA && got != WS_PROTO_GOT_ACCEPTED &&
	    got != WS_PROTO_GOT_REFUSED)
		fails(search, "a message that nobody damaged is not understood");
	mistaken = heard.solicited && letter->request_no != w->open_no;
	disorder = !got && letter->made_no <= w->handed_no;
	search->found.mistakes += mistaken;
	search->found.disorders += disorder;
	if (mistaken && search->dialect->numbered)
		fails(search, "no mistake");
	if (disorder && search->dialect->numbered)
		fails(search, "in order");
	if (got)
		return;
	w->handed_no = letter->made_no;
	if (letter->answer_no) {
		w->got_halves = (w->got_no == letter->answer_no ? w->got_halves : 0) | letter->halves;
		w->got_no = letter->answer_no;
	}
	whole = letter->halves == 2 && w->got_halves == 3;
	if (search->dialect->numbered && heard.solicited && letter->halves != 1 && !heard.partial &&
	    w->got_halves != 3)
		fails(search, "whole");
	search->found.wholes += whole && !heard.partial;
	search->found.partials += heard.partial;
	if (heard.edges_match && w->host.config_id == w->host.sent_id && letter->which != w->wants)
		fails(search, "right edges");
}

static bool take(struct letter *box, u32 *count, u32 at)
{
	if (at >= *count)
		return false;
	memmove(&box[at], &box[at + 1], (*count - at - 1) * sizeof(*box));
	--*count;
	return true;
}

static bool again(struct letter *box, u32 *count)
{
	if (!*count || *count == ROOM)
		return false;
	box[*count] = box[0];
	++*count;
	return true;
}

/* Of the device: nothing is on its way any more. */
static bool resets(struct world *w)
{
	ws_proto_guest_reset(&w->guest);
	ws_proto_host_reset(&w->host);
	w->down_count = w->up_count = 0;
	w->has = w->wants = w->answering_no = w->begun_no = w->handed_no = 0;
	w->forgot = false;
	return true;
}

/* The device is reset, thus its queues are empty, but nobody tells the host end. */
static bool forgets(struct world *w)
{
	if (!w->guest.configured && !w->guest.judged_id)
		return false;
	ws_proto_guest_reset(&w->guest);
	w->down_count = w->up_count = 0;
	w->has = w->answering_no = w->begun_no = 0;
	w->forgot = true;
	return true;
}

static bool times_out(struct world *w)
{
	if (!w->host.expecting)
		return false;
	w->now_ns += TIMEOUT_NS;
	ws_proto_host_expired(&w->host, w->now_ns);
	return true;
}

static bool happens(struct search *search, struct world *w, enum event event)
{
	u32 second = event == EV_DOWN_SECOND || event == EV_UP_SECOND;

	switch (event) {
	case EV_CONFIG_A: return host_configures(search, w, 1);
	case EV_CONFIG_B: return host_configures(search, w, 2);
	case EV_CONFIG_OFF: return host_configures(search, w, 3);
	case EV_REPEAT: return host_repeats(w);
	case EV_REQUEST: return host_asks(w);
	case EV_TIMEOUT: return times_out(w);
	case EV_DOWN:
	case EV_DOWN_REFUSED:
	case EV_DOWN_SECOND:
		return second < w->down_count &&
		       guest_hears(search, w, second, event == EV_DOWN_REFUSED) &&
		       take(w->down, &w->down_count, second);
	case EV_DOWN_LOST: return take(w->down, &w->down_count, 0);
	case EV_DOWN_TWICE: return again(w->down, &w->down_count);
	case EV_ANSWER: return guest_answers(search, w, 3);
	case EV_HALF: return search->halves && guest_answers(search, w, 1);
	case EV_REST: return guest_goes_on(search, w);
	case EV_PRESSURE: return guest_tells(search, w, 0, 0, 0);
	case EV_UP:
	case EV_UP_SECOND:
		if (second >= w->up_count)
			return false;
		host_hears(search, w, second);
		return take(w->up, &w->up_count, second);
	case EV_UP_LOST: return take(w->up, &w->up_count, 0);
	case EV_UP_TWICE: return again(w->up, &w->up_count);
	case EV_RESET: return resets(w);
	case EV_FORGET: return forgets(w);
	case EVENTS:
	default: return false;
	}
}

/* --- invariants of a state --- */

static void deliver_all(struct search *search, struct world *w)
{
	while (w->up_count) {
		host_hears(search, w, 0);
		take(w->up, &w->up_count, 0);
	}
	while (w->down_count) {
		guest_hears(search, w, 0, false);
		take(w->down, &w->down_count, 0);
		guest_answers(search, w, 3);
		while (w->up_count) {
			host_hears(search, w, 0);
			take(w->up, &w->up_count, 0);
		}
	}
}

static void check_recovery(struct search *search, const struct world *from)
{
	static struct world w;
	u64 answers;

	w = *from;
	if (!w.host.configured && search->dialect->numbered)
		return;
	deliver_all(search, &w);
	times_out(&w);
	if (!search->dialect->numbered)
		host_configures(search, &w, 1);
	host_repeats(&w);
	deliver_all(search, &w);
	if (!w.host.configured)
		return; /* refused or off, and the host knows */
	host_asks(&w);
	deliver_all(search, &w);
	/*
	 * If the guest has begun anew, the host knows by now and repeats; but not what was in
	 * force before a configuration that was refused.
	 */
	if (search->dialect->numbered && !w.has && !host_repeats(&w) && w.host.configured) {
		if (w.host.config_id == w.host.sent_id)
			fails(search, "recovery by repeating");
		host_configures(search, &w, 1);
	}
	deliver_all(search, &w);
	if (!w.host.configured)
		return;
	answers = w.host.solicited_count;
	host_asks(&w);
	deliver_all(search, &w);
	if (w.host.solicited_count != answers + 1 || !w.has)
		fails(search, "recovery");
}

/* A message that is cut, too long or empty; the state but for the count of such must stay. */
static void check_lengths(struct search *search, const struct world *w)
{
	static struct ws_proto_guest guest;
	static struct ws_proto_host host;
	static struct ws_msg msg;
	struct ws_proto_heard heard;

	for (int more = -1; more <= 1; more++) {
		if (w->down_count) {
			u32 length = more ? (u32)(w->down[0].length + more) : 0;

			guest = w->guest;
			if (ws_proto_guest_consume(&guest, w->down[0].bytes, length, w->now_ns) >= 0)
				fails(search, "wrong lengths, down");
			guest.msg = w->guest.msg;
			guest.malformed_count--;
			if (memcmp(&guest, &w->guest, sizeof(guest)))
				fails(search, "wrong lengths change the guest");
		}
		if (w->up_count) {
			u32 length = more ? (u32)(w->up[0].length + more) : 0;

			host = w->host;
			if (ws_proto_host_consume(&host, w->up[0].bytes, length, w->now_ns, &msg,
						  &heard) >= 0)
				fails(search, "wrong lengths, up");
			host.malformed_count--;
			if (memcmp(&host, &w->host, sizeof(host)))
				fails(search, "wrong lengths change the host");
		}
	}
}

static void check_state(struct search *search, const struct world *w)
{
	const struct ws_proto_host *host = &w->host;

	if (host->solicited_count + host->expired_count + host->expecting > host->requests_count)
		fails(search, "counted");
	if (search->dialect->numbered && !w->down_count && !w->up_count && !host->config_open &&
	    !w->forgot &&
	    (host->configured != w->guest.configured ||
	     (host->configured && host->config_id != w->guest.config_id)))
		fails(search, "agreement");
	check_recovery(search, w);
	check_lengths(search, w);
}

/* --- the search --- */

static u64 mix(u64 digest, u64 word)
{
	digest = (digest ^ word) * 0x9e3779b97f4a7c15ull;
	return digest ^ digest >> 29;
}

/* An id by its distance from the newest, so that histories of different length meet. */
static u32 apart(u32 id, u32 newest)
{
	return id ? newest - id + 1 : 0;
}

static u64 mix_letter(const struct search *search, u64 digest, const struct world *w,
		      const struct letter *letter, bool up)
{
	static struct ws_msg msg;
	const struct ws_dialect *d = search->dialect;
	u32 last = w->host.last_id;

	if (up ? d->decode_to_host(&msg, search->bins, letter->bytes, (u32)letter->length) :
		 d->decode_to_guest(&msg, search->bins, letter->bytes, (u32)letter->length))
		return mix(digest, 99);
	digest = mix(digest, (u64)msg.kind << 32 | apart(msg.id, last));
	if (msg.kind == WS_MSG_VERDICT)
		digest = mix(digest, (u64)msg.verdict.status << 32 |
				     apart(msg.verdict.config_id, last));
	if (msg.kind == WS_MSG_REPORT) {
		digest = mix(digest, (u64)apart(msg.report.config_id, last) << 32 |
				     (u32)(w->guest.sequence - msg.report.sequence));
		digest = mix(digest, (u64)-msg.report.error << 3 | msg.report.pressure |
				     msg.report.more << 1 | msg.report.continued << 2);
		digest = mix(digest, w->made_no - letter->made_no);
		digest = mix(digest, letter->answer_no ? (u64)(w->answer_no - letter->answer_no + 1) <<
							 2 | letter->halves : 0);
	}
	return mix(digest, (u64)letter->which << 32 | (letter->request_no ?
			   w->asked_no - letter->request_no + 1 : 0));
}

static u64 digest_of(const struct search *search, const struct world *w)
{
	const struct ws_proto_host *h = &w->host;
	const struct ws_proto_guest *g = &w->guest;
	u32 last = h->last_id;
	u64 digest = mix(1, h->configured | h->expecting << 1 | h->config_open << 2 |
			    g->configured << 3 | (u64)w->has << 4 | (u64)w->wants << 8 |
			    (u64)w->forgot << 12 | (u64)g->answering << 13 |
			    (u64)h->answer_whole << 14 | (u64)w->got_halves << 15);

	digest = mix(digest, (u64)apart(h->sent_id, last) << 32 | apart(h->config_id, last));
	digest = mix(digest, (u64)apart(h->judged_id, last) << 32 | apart(h->in_force_id, last));
	digest = mix(digest, (u64)apart(h->expecting ? h->request_id : 0, last) << 32 |
			     (h->floor_id ? apart(h->floor_id, last) : 0));
	digest = mix(digest, h->sequence ? g->sequence - h->sequence + 1 : 0);
	digest = mix(digest, h->seen);
	digest = mix(digest, (u64)apart(g->config_id, last) << 32 | apart(g->request_id, last));
	digest = mix(digest, (u64)apart(g->request_heard_id, last) << 32 |
			     apart(g->judged_id, last));
	digest = mix(digest, g->verdict.status);
	digest = mix(digest, w->answering_no ? w->asked_no - w->answering_no + 1 : 0);
	digest = mix(digest, (u64)(w->begun_no ? w->asked_no - w->begun_no + 1 : 0) << 32 |
			     (w->got_no ? w->answer_no - w->got_no + 1 : 0));
	digest = mix(digest, (u64)(w->asked_no - w->open_no) << 32 |
			     (w->asked_no - w->answered_no));
	digest = mix(digest, w->handed_no ? w->made_no - w->handed_no + 1 : 0);
	digest = mix(digest, w->down_count << 8 | w->up_count);
	for (u32 i = 0; i < w->down_count; i++)
		digest = mix_letter(search, digest, w, &w->down[i], false);
	for (u32 i = 0; i < w->up_count; i++)
		digest = mix_letter(search, digest, w, &w->up[i], true);
	return digest;
}

/* Was this state entered with at least as many events still to come? */
static bool was_seen(struct search *search, u64 digest, u32 depth)
{
	u64 mask = (1ull << SEEN_BITS) - 1;

	for (u64 at = digest >> 8 & mask;; at = (at + 1) & mask) {
		u64 *seen = &search->seen[at];

		if (!*seen) {
			cr_assert_lt(search->states, mask - mask / 4, "the table is too small");
			search->states++;
			*seen = (digest & ~15ull) | (depth + 1);
			return false;
		}
		if ((*seen & ~15ull) != (digest & ~15ull))
			continue;
		if ((*seen & 15) <= depth + 1)
			return true;
		*seen = (digest & ~15ull) | (depth + 1);
		return false;
	}
}

static void explore(struct search *search, u32 depth)
{
	if (search->found.broken || depth == search->depth)
		return;
	for (u32 event = 0; event < EVENTS && !search->found.broken; event++) {
		struct world *next = &world[depth + 1];

		*next = world[depth];
		search->path[depth] = event;
		if (!happens(search, next, event))
			continue;
		search->transitions++;
		if (search->found.broken || was_seen(search, digest_of(search, next), depth))
			continue;
		check_state(search, next);
		explore(search, depth + 1);
	}
}

static struct verdict_of_search look(const struct ws_dialect *dialect, u32 depth, bool halves)
{
	struct search search = { .dialect = dialect, .depth = depth, .halves = halves };
	char path[256] = "";

	search.bins = dialect->bins_min > 2 ? dialect->bins_min : 2;
	search.seen = calloc(1u << SEEN_BITS, sizeof(u64));
	memset(&world[0], 0, sizeof(world[0]));
	cr_assert_eq(ws_proto_guest_init(&world[0].guest, dialect, search.bins), 0);
	cr_assert_eq(ws_proto_host_init(&world[0].host, dialect, search.bins, TIMEOUT_NS), 0);
	if (halves) { /* all that they need is a configuration: the events that follow it count */
		happens(&search, &world[0], EV_CONFIG_A);
		deliver_all(&search, &world[0]);
		cr_assert(world[0].guest.configured && !world[0].host.config_open);
	}
	explore(&search, 0);
	for (u32 i = 0; search.found.broken && i < depth; i++) {
		strncat(path, " ", sizeof(path) - strlen(path) - 1);
		strncat(path, event_name[search.path[i]], sizeof(path) - strlen(path) - 1);
	}
	cr_log_info("%s: %llu transitions, %llu states to depth %u", dialect->name,
		    search.transitions, search.states, depth);
	cr_assert_null(search.found.broken, "%s: \"%s\" is broken within:%s", dialect->name,
		       search.found.broken, path);
	cr_assert_gt(search.states, 1000);
	free(search.seen);
	return search.found;
}

Test(proto_states, all_orders_of_ten_events_with_numbers)
{
	struct verdict_of_search found = look(&ws_dialect_wsr1, 10, false);

	cr_assert_eq(found.mistakes, 0);
	cr_assert_eq(found.disorders, 0);
}

/* From a configuration on, as twelve events from nothing would be too many. */
Test(proto_states, all_orders_of_nine_events_with_answers_in_two_reports)
{
	struct verdict_of_search found = look(&ws_dialect_wsr1, 9, true);

	cr_assert_eq(found.mistakes, 0);
	cr_assert_eq(found.disorders, 0);
	cr_assert_gt(found.wholes, 0, "what is whole is not doubted for nothing");
	cr_assert_gt(found.partials, 0);
}

Test(proto_states, all_orders_of_nine_events_without_numbers)
{
	for (u32 i = 0; ws_dialects[i]; i++) {
		struct verdict_of_search found;

		if (ws_dialects[i]->numbered)
			continue;
		found = look(ws_dialects[i], 9, false);
		cr_assert_gt(found.mistakes, 0, "%s cannot tell, and the search shows it",
			     ws_dialects[i]->name);
		cr_assert_gt(found.disorders, 0);
	}
}

/* --- long random walks, for what lies deeper than a search can look ------------------------ */

#define DIALECTS 5u

static const char *walk_run(const u64 *op, u32 count, u32 choice)
{
	static struct search search;
	static struct world w, before;

	memset(&search, 0, sizeof(search));
	memset(&w, 0, sizeof(w));
	search.dialect = ws_dialects[choice % DIALECTS];
	search.halves = search.dialect->numbered;
	search.bins = search.dialect->bins_min > 2 ? search.dialect->bins_min : 2;
	if (ws_proto_guest_init(&w.guest, search.dialect, search.bins) ||
	    ws_proto_host_init(&w.host, search.dialect, search.bins, TIMEOUT_NS))
		return "init";
	if (choice / DIALECTS)
		w.host.last_id = 0xffffff00u; /* so that ids go round */
	for (u32 i = 0; i < count && !search.found.broken; i++) {
		u64 rest = op[i];
		enum event event = diff_pick(&rest, EVENTS);
		bool rare = event == EV_RESET || event == EV_FORGET || event == EV_CONFIG_OFF;

		if (rare && diff_pick(&rest, 8))
			event = EV_DOWN;
		before = w;
		if (!happens(&search, &w, event))
			w = before;
		if (i % 32 == 0 || i + 1 == count)
			check_state(&search, &w);
	}
	return search.found.broken;
}

Test(proto_states, half_a_million_events_at_random_in_every_dialect)
{
	for (u32 choice = 0; choice < 2 * DIALECTS; choice++)
		for (u64 seed = 1; seed <= 5; seed++)
			diff_expect_same(walk_run, seed, choice, 50000);
}
