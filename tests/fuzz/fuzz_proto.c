/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_proto.c - both ends talk while somebody damages, drops, repeats and delays.
 *
 * The input is a script, one byte an event with operands behind it.  Two messages may be
 * on their way in each direction and overtake one another.  The guest's caller answers in
 * one report or several, of one node or several, under pressure, late, stale, by errors,
 * and with edges that were refused; the ends are reset, and made anew in another dialect.
 *
 * What must hold whatever happens: no end gets into a state that its counters contradict,
 * and a message that nobody damaged is understood.  As long as neither end has believed
 * something damaged: a report carries the bytes that were sent; those with sequence numbers
 * come in their order, once; what answers a request there was sent for it, and is whole
 * unless it is said to be partial; edges that are said to match are those last configured.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws_proto.h"

#define DIALECTS 5u
#define ROOM 2u
#define MS WS_NS_PER_MS

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
	const uint8_t *at, *end;
};

struct letter {
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	int length;
	bool damaged, last;
	u32 request_no;	    /* asked, or answered; 0: neither */
	u32 answer_no;	    /* of reports, in order of beginning */
	u32 part;	    /* of that answer */
	u64 sent_bytes;	    /* in all bins */
};

struct box {
	struct letter letter[ROOM];
	u32 count;
};

static struct ws_proto_guest guest;
static struct ws_proto_host host;
static struct ws_hist hist[2];
static struct box down, up;
static struct {
	u32 asked_no;				  /* the host's last request */
	u32 heard_no, begun_no, answer_no, part;  /* the guest's: to be answered; being answered */
	u32 got_no, got_parts;			  /* the answer handed on last, 0 parts: not whole */
} truth;
static bool tainted; /* an end has believed something damaged */
static u64 sequence; /* of the last report handed on */
static u64 now_ns;

static void check(bool good)
{
	if (!good)
		abort();
}

static u32 next(struct script *script)
{
	return script->at < script->end ? *script->at++ : 0;
}

/* Room for a message; the box's older one is lost when there is none. */
static struct letter *room_in(struct box *box)
{
	struct letter *letter;

	if (box->count == ROOM) {
		memmove(&box->letter[0], &box->letter[1], sizeof(box->letter[0]));
		box->count--;
	}
	letter = &box->letter[box->count];
	letter->damaged = letter->last = false;
	letter->request_no = letter->answer_no = letter->part = 0;
	return letter;
}

static void post(struct box *box, int length)
{
	box->letter[box->count].length = length;
	box->count += length > 0;
}

/* The older message or the newer, for this time or for once more. */
static bool take(struct script *script, struct box *box, struct letter *taken)
{
	u32 how = next(script), at = how % ROOM;

	if (at >= box->count)
		return false;
	*taken = box->letter[at];
	if (how & 4)
		return true;
	box->letter[0] = box->letter[!at];
	box->count--;
	return true;
}

/* --- the host speaks --- */

static void host_configures(struct script *script)
{
	struct letter *letter = room_in(&down);
	static struct ws_report_config ask;
	u64 edge_ns = 0;
	int length;

	memset(&ask, 0, sizeof(ask));
	ask.edges_count = host.bins_count - 1;
	if (host.dialect->numbered || host.dialect == &ws_dialect_v4)
		ask.edges_count = 1 + next(script) % ask.edges_count;
	for (u32 i = 0; i < ask.edges_count; i++)
		ask.edge_ns[i] = edge_ns += (1 + next(script)) * MS;
	ask.refresh_interval_ns = next(script) * MS;
	ask.report_threshold_ns = next(script) * MS;
	length = ws_proto_host_config(&host, &ask, next(script) % 2, letter->bytes,
				      sizeof(letter->bytes));
	check(length > 0);
	post(&down, length);
}

static void host_asks(void)
{
	struct letter *letter = room_in(&down);
	int length = ws_proto_host_request(&host, now_ns, letter->bytes, sizeof(letter->bytes));

	check(length > 0 || length == -ENODATA || length == -EBUSY);
	check(length != -EBUSY || now_ns - host.request_ns < host.timeout_ns);
	check(length < 0 || host.expecting);
	if (length > 0)
		letter->request_no = ++truth.asked_no;
	post(&down, length);
}

/* The last configuration again, unless it is known to have arrived. */
static void host_repeats(void)
{
	struct letter *letter = room_in(&down);
	int length = ws_proto_host_repeat(&host, letter->bytes, sizeof(letter->bytes));

	check(length >= 0 && (!length || host.dialect->numbered));
	post(&down, length);
}

/* --- the guest speaks --- */

static bool nodes_differ(const struct ws_proto_report *report)
{
	for (u32 i = 1; i < report->parts_count; i++)
		for (u32 j = 0; j < i; j++)
			if (report->part[i].node == report->part[j].node)
				return false;
	return true;
}

static bool edges_are_configured(void)
{
	if (hist[0].bins_count != guest.config.edges_count + 1)
		return false;
	for (u32 i = 0; i < guest.config.edges_count; i++)
		if (hist[0].edge_ns[i] != guest.config.edge_ns[i])
			return false;
	return true;
}

/* What ws_proto.h says becomes of @report.  Return: a length above 0, here 1, or the errno. */
static int expected(const struct ws_proto_report *report)
{
	bool numbered = guest.dialect->numbered;

	if (!guest.configured && !(numbered && report->error))
		return -ENODATA;
	if (numbered && report->continued && !report->pressure && !guest.answering)
		return -ESTALE;
	if (report->error)
		return numbered || guest.dialect == &ws_dialect_v4 ? 1 : -EINVAL;
	if (report->parts_count > guest.nodes_max || report->parts_count > guest.dialect->nodes_max)
		return -EINVAL;
	return edges_are_configured() && nodes_differ(report) ? 1 : -EINVAL;
}

static u64 fill(struct script *script, struct ws_proto_report *report)
{
	u32 node = next(script), step = node >> 4 & 3;
	u64 bytes = 0;

	for (u32 i = 0; i < 2; i++) {
		u32 bin = next(script) % hist[i].bins_count;

		hist[i].pages[i][bin] = next(script);
	}
	for (u32 i = 0; i < report->parts_count; i++) {
		report->part[i].node = (u16)((node + i * step) % 16);
		report->part[i].stale = node >> 6 & 1;
		report->part[i].hist = &hist[i & 1];
		bytes += (ws_hist_total(&hist[i & 1], WS_ANON) + ws_hist_total(&hist[i & 1], WS_FILE)) *
			 WS_PAGE_BYTES;
	}
	return bytes;
}

static void note(struct letter *letter, const struct ws_proto_report *report)
{
	letter->last = !report->more;
	if (report->pressure)
		return;
	if (!report->continued) {
		truth.begun_no = truth.heard_no;
		truth.answer_no++;
		truth.part = 0;
	}
	letter->request_no = truth.begun_no;
	letter->answer_no = truth.answer_no;
	letter->part = truth.part++;
	if (letter->last)
		truth.heard_no = 0;
}

static void guest_tells(struct script *script, int error)
{
	struct letter *letter = room_in(&up);
	u32 how = next(script);
	struct ws_proto_report report = {
		.error = error, .pressure = how & 1, .more = how & 2, .continued = how & 4,
		.parts_count = how & 8 ? 1 + (how >> 4) % WS_PARTS_MAX : 1, .now_ns = now_ns,
	};
	int length, expects;

	report.made_ns = how & 16 ? now_ns : now_ns / 2;
	if (hist[0].bins_count < 2 && !error)
		return;
	if (error)
		report.pressure = report.more = report.continued = false;
	letter->sent_bytes = error ? 0 : fill(script, &report);
	expects = expected(&report);
	check(ws_proto_guest_send(&guest, &report, letter->bytes, 1) ==
	      (expects < 0 ? expects : -ENOSPC));
	length = ws_proto_guest_send(&guest, &report, letter->bytes, sizeof(letter->bytes));
	check(expects < 0 ? length == expects : length > 0);
	if (length > 0)
		note(letter, &report);
	post(&up, length);
}

/* What the guest has come to, told to the host. */
static void guest_judges(struct script *script)
{
	struct letter *letter = room_in(&up);
	enum ws_status status = next(script) % 8 ? WS_STATUS_OK : WS_STATUS_FAILED;
	bool was_configured = guest.configured;
	int length = ws_proto_guest_verdict(&guest, status, next(script), letter->bytes,
					    sizeof(letter->bytes));

	check(guest.dialect->numbered ? length > 0 : !length);
	check(status || guest.configured == was_configured);
	post(&up, length);
}

static void guest_hears(struct script *script)
{
	static struct letter letter;
	bool was_configured = guest.configured;
	int action;

	if (!take(script, &down, &letter))
		return;
	action = ws_proto_guest_consume(&guest, letter.bytes, (u32)letter.length, now_ns);
	check(action >= 0 || action == -ENODATA || letter.damaged || tainted);
	/* A request is answered, to the id that it seems to have, even where nothing is configured. */
	tainted |= (action >= 0 || action == -ENODATA) && letter.damaged;
	if (action < 0)
		check(guest.configured == was_configured);
	if (action == WS_PROTO_CONFIGURE)
		for (u32 i = 0; i < 2; i++)
			check(!ws_hist_init(&hist[i], guest.msg.config.edge_ns,
					    guest.msg.config.edges_count));
	if (action == WS_PROTO_CONFIGURE || action == WS_PROTO_UNCONFIGURE ||
	    action == WS_PROTO_VERDICT)
		guest_judges(script);
	if (action == WS_PROTO_REPORT || action == -ENODATA)
		truth.heard_no = letter.request_no;
	if (action == -ENODATA && guest.dialect->numbered)
		guest_tells(script, action);
	check(action != WS_PROTO_REPORT || guest.configured);
	if (action == WS_PROTO_REPORT && next(script) & 1)
		guest_tells(script, 0);
}

/* --- the host hears --- */

/* What is said of an answer against what was sent. */
static void check_answer(const struct letter *letter, const struct ws_proto_heard *heard)
{
	if (letter->answer_no && !letter->part) {
		truth.got_no = letter->answer_no;
		truth.got_parts = 1;
	} else if (letter->answer_no) {
		bool follows = letter->answer_no == truth.got_no && letter->part == truth.got_parts;

		truth.got_parts = follows ? truth.got_parts + 1 : 0;
	}
	if (!heard->solicited)
		return;
	check(letter->request_no == truth.asked_no);
	check(!letter->last || heard->partial || truth.got_parts == letter->part + 1);
	check(letter->last || host.expecting);
}

static void check_report(const struct letter *letter, const struct ws_msg *msg,
			 const struct ws_proto_heard *heard)
{
	const struct ws_msg_report *report = &msg->report;
	bool current = !host.dialect->numbered || host.config_id == host.sent_id;
	u64 bytes = 0;

	if (host.dialect->numbered)
		check_answer(letter, heard);
	for (u32 i = 0; i < report->bins_count && !report->error; i++)
		bytes += report->bin[i].anon_bytes + report->bin[i].file_bytes;
	check(report->error || bytes == letter->sent_bytes);
	if (!heard->edges_match || !current)
		return;
	check(report->bins_count == host.config.edges_count + 1);
	for (u32 i = 0; i < host.config.edges_count; i++)
		check(report->bin[i].idle_age_ns == host.config.edge_ns[i]);
}

static void host_hears(struct script *script)
{
	static struct letter letter;
	static struct ws_msg msg;
	struct ws_proto_heard heard;
	bool expected_one = host.expecting;
	u64 further_count = host.further_count;
	int error;

	if (!take(script, &up, &letter))
		return;
	error = ws_proto_host_consume(&host, letter.bytes, (u32)letter.length, now_ns, &msg, &heard);
	tainted |= error >= 0 && letter.damaged;
	check(error >= 0 || error == -ENODATA || error == -ESTALE || letter.damaged || tainted);
	check(host.dialect->numbered || error <= 0);
	if (error) {
		check(host.expecting == expected_one || host.dialect->numbered);
		return;
	}
	check(msg.kind == WS_MSG_REPORT);
	check(!(heard.solicited && heard.pressure));
	check(!heard.solicited || expected_one || host.further_count == further_count + 1);
	if (host.dialect->numbered) {
		check(msg.report.sequence > sequence);
		sequence = msg.report.sequence;
	} else {
		check(!host.expecting && (heard.solicited || !expected_one));
	}
	if (!letter.damaged && !tainted)
		check_report(&letter, &msg, &heard);
}

/* --- what happens besides --- */

static void damage(struct script *script, struct box *box)
{
	u32 at = next(script) * 256;
	struct letter *letter = &box->letter[0];

	if (!box->count)
		return;
	at = (at + next(script)) % (u32)letter->length;
	letter->bytes[at] = (u8)next(script);
	if (next(script) % 8 == 0 && at)
		letter->length = (int)at;
	letter->damaged = true;
}

/* Both ends anew.  Numbered dialects begin their numbers anew: what was on its way is gone. */
static void negotiate(struct script *script)
{
	const struct ws_dialect *dialect = ws_dialects[next(script) % DIALECTS];
	u32 bounds = next(script), bins = dialect->bins_min;

	bins += bounds % (dialect->bins_max - dialect->bins_min + 1u);
	if (dialect->numbered)
		down.count = up.count = 0;
	for (u32 i = 0; i < ROOM; i++)
		down.letter[i].damaged = up.letter[i].damaged = true;
	memset(hist, 0, sizeof(hist));
	memset(&truth, 0, sizeof(truth));
	sequence = 0;
	tainted = false;
	check(!ws_proto_guest_init(&guest, dialect, bins));
	check(!ws_proto_host_init(&host, dialect, bins, 20 * MS));
	guest.refresh_min_ns = bounds >> 5 & 1 ? 100 * MS : 0;
	guest.nodes_max = host.nodes_max = bounds >> 6 ? WS_PARTS_MAX : 2;
}

static void reset(u32 which)
{
	if (which & 1) {
		ws_proto_guest_reset(&guest);
		truth.heard_no = 0;
	}
	if (which & 2) {
		ws_proto_host_reset(&host);
		sequence = 0;
	}
}

static void event(struct script *script)
{
	u32 what = next(script);

	now_ns += what / 16 * MS;
	switch (what % 16) {
	case 0: host_configures(script); break;
	case 1: case 2: case 3: host_asks(); break;
	case 4: case 5: case 6: guest_hears(script); break;
	case 7: case 8: guest_tells(script, 0); break;
	case 9: case 10: case 11: host_hears(script); break;
	case 12: damage(script, &down); break;
	case 13: damage(script, &up); break;
	case 14:
		ws_proto_host_expired(&host, now_ns);
		if (next(script) & 1)
			host_repeats();
		else
			guest_tells(script, -EAGAIN);
		break;
	default:
		what = next(script);
		if (what & 4)
			negotiate(script);
		else
			reset(what);
	}
	check(host.solicited_count + host.expired_count + host.expecting <= host.requests_count);
	check(host.partial_count <= host.solicited_count);
	check(guest.early_count <= guest.requests_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, data + size };

	memset(&down, 0, sizeof(down));
	memset(&up, 0, sizeof(up));
	now_ns = 0;
	negotiate(&script);
	while (script.at < script.end)
		event(&script);
	return 0;
}
