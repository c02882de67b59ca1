/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_proto.c - both ends talk while somebody damages, drops, repeats and delays.
 *
 * The input is a script, one byte an event with operands behind it.  What must hold
 * whatever happens: no end gets into a state that its counters contradict, a message
 * that nobody damaged is understood, reports carry the bins that were sent, and those
 * with sequence numbers come in their order, once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws_proto.h"

#define DIALECTS 5u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
	const uint8_t *at, *end;
};

struct wire {
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	int length; /* 0: empty */
	bool damaged;
};

static struct ws_proto_guest guest;
static struct ws_proto_host host;
static struct ws_hist hist;
static struct wire down, up;
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

static void host_speaks(struct script *script, bool config)
{
	static struct ws_report_config ask;
	u64 edge_ns = 0;

	if (config) {
		ask.edges_count = host.bins_count - 1;
		for (u32 i = 0; i < ask.edges_count; i++)
			ask.edge_ns[i] = edge_ns += (1 + next(script)) * WS_NS_PER_MS;
		ask.refresh_interval_ns = next(script) * WS_NS_PER_MS;
		ask.report_threshold_ns = next(script) * WS_NS_PER_MS;
		down.length = ws_proto_host_config(&host, &ask, 0, down.bytes, sizeof(down.bytes));
		check(down.length > 0);
	} else {
		down.length = ws_proto_host_request(&host, now_ns, down.bytes, sizeof(down.bytes));
		check(down.length > 0 || down.length == -ENODATA || down.length == -EBUSY);
		check(down.length != -EBUSY || now_ns - host.request_ns < host.timeout_ns);
	}
	check(config || down.length < 0 || host.expecting);
	down.damaged = false;
	if (down.length < 0)
		down.length = 0;
}

static void guest_speaks(struct script *script)
{
	hist.pages[WS_ANON][next(script) % WS_BINS_MAX] = next(script);
	if (hist.bins_count < 2)
		return;
	up.length = ws_proto_guest_report(&guest, &hist, 0, up.bytes, sizeof(up.bytes));
	check(up.length > 0 || up.length == -ENODATA || up.length == -ERANGE);
	check(up.length != -ENODATA || !guest.configured);
	if (up.length < 0)
		up.length = 0;
	up.damaged = false;
}

/* What the guest has come to, told to the host. */
static void guest_judges(struct script *script)
{
	enum ws_status status = next(script) % 8 ? WS_STATUS_OK : WS_STATUS_FAILED;
	bool was_configured = guest.configured;

	up.length = ws_proto_guest_verdict(&guest, status, next(script), up.bytes, sizeof(up.bytes));
	check(guest.dialect->numbered ? up.length > 0 : !up.length);
	check(status || guest.configured == was_configured);
	up.damaged = false;
}

static void guest_fails(int error)
{
	up.length = ws_proto_guest_report(&guest, NULL, error, up.bytes, sizeof(up.bytes));
	check(up.length > 0);
	up.damaged = false;
}

static void guest_hears(struct script *script)
{
	bool was_configured = guest.configured;
	int action;

	if (!down.length)
		return;
	action = ws_proto_guest_consume(&guest, down.bytes, (u32)down.length, now_ns);
	check(action >= 0 || action == -ENODATA || down.damaged);
	/* A request is answered, to the id that it seems to have, even where nothing is configured. */
	tainted |= (action >= 0 || action == -ENODATA) && down.damaged;
	if (action == -ENODATA && guest.dialect->numbered)
		guest_fails(action);
	if (action < 0)
		check(guest.configured == was_configured);
	if (action == WS_PROTO_CONFIGURE)
		check(!ws_hist_init(&hist, guest.msg.config.edge_ns, guest.msg.config.edges_count));
	if (action == WS_PROTO_CONFIGURE || action == WS_PROTO_UNCONFIGURE ||
	    action == WS_PROTO_VERDICT)
		guest_judges(script);
	if (action == WS_PROTO_REPORT) {
		check(guest.configured);
		guest_speaks(script);
	}
}

static void host_hears(void)
{
	static struct ws_msg msg;
	struct ws_proto_heard heard;
	bool expected = host.expecting;
	int error;

	if (!up.length)
		return;
	error = ws_proto_host_consume(&host, up.bytes, (u32)up.length, now_ns, &msg, &heard);
	tainted |= error >= 0 && up.damaged;
	check(error >= 0 || error == -ENODATA || error == -ESTALE || up.damaged || tainted);
	check(host.dialect->numbered || error <= 0);
	if (error) {
		check(host.expecting == expected || host.dialect->numbered);
		return;
	}
	check(msg.kind == WS_MSG_REPORT && (!heard.solicited || expected));
	check(host.dialect->numbered || (!host.expecting && heard.solicited == expected));
	if (host.dialect->numbered) {
		check(msg.report.sequence > sequence && !(heard.solicited && heard.pressure));
		sequence = msg.report.sequence;
	}
	if (!up.damaged && !tainted && !msg.report.error)
		check(msg.report.bins_count == hist.bins_count || !heard.edges_match ||
		      host.dialect->numbered);
}

static void host_resets(void)
{
	ws_proto_host_reset(&host);
	sequence = 0;
}

/* The last configuration again, unless it is known to have arrived. */
static void host_repeats(void)
{
	int length = ws_proto_host_repeat(&host, down.bytes, sizeof(down.bytes));

	check(length >= 0 && (!length || host.dialect->numbered));
	if (length) {
		down.length = length;
		down.damaged = false;
	}
}

static void damage(struct script *script, struct wire *wire)
{
	u32 at = next(script) * 256;

	if (!wire->length)
		return;
	at = (at + next(script)) % (u32)wire->length;
	wire->bytes[at] = (u8)next(script);
	if (next(script) % 8 == 0)
		wire->length = (int)at;
	wire->damaged = true;
}

static void event(struct script *script)
{
	u32 what = next(script);

	now_ns += what / 16 * WS_NS_PER_MS;
	switch (what % 16) {
	case 0: case 1: host_speaks(script, true); break;
	case 2: case 3: case 4: host_speaks(script, false); break;
	case 5: case 6: case 7: guest_hears(script); break;
	case 8: guest_speaks(script); break;
	case 9: case 10: case 11: host_hears(); break;
	case 12: damage(script, &down); break;
	case 13: damage(script, &up); break;
	case 14:
		ws_proto_host_expired(&host, now_ns);
		if (next(script) & 1)
			host_repeats();
		break;
	default:
		if (next(script) & 1)
			ws_proto_guest_reset(&guest);
		else
			host_resets();
	}
	check(host.solicited_count + host.expired_count + host.expecting <= host.requests_count);
	check(guest.early_count <= guest.requests_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, data + size };
	const struct ws_dialect *dialect = ws_dialects[next(&script) % DIALECTS];
	u32 bins = dialect->bins_min + next(&script) % (dialect->bins_max - dialect->bins_min + 1u);

	memset(&hist, 0, sizeof(hist));
	memset(&down, 0, sizeof(down));
	memset(&up, 0, sizeof(up));
	tainted = false;
	sequence = 0;
	now_ns = 0;
	check(!ws_proto_guest_init(&guest, dialect, bins));
	check(!ws_proto_host_init(&host, dialect, bins, 20 * WS_NS_PER_MS));
	while (script.at < script.end)
		event(&script);
	return 0;
}
