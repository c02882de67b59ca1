/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_vhost.c - a VMM and a guest that do anything to the daemon's balloon device.
 *
 * The input is a script: vhost-user messages with payloads from the script, raw bytes
 * as messages, writes anywhere in guest memory (rings and buffers above all), kicks,
 * config space, and the daemon's own calls in between.  What must hold: no crash, no
 * access outside, pages counted are pages of the guest, a broken ring rests until it is
 * set up anew, and nothing is written outside of rings and writable buffers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ws_bytes.h"
#include "wsd_guard.h"
#include "wsd_vhost.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 0x10000000ull
#define BYTES (1u << 20)
#define RINGS 7u
#define RING_SIZE 16u
#define SECRET_AT (BYTES - 4096) /* no ring or buffer of a plain script is there */

struct script {
	const uint8_t *at, *end;
};

static struct wsd_vhost vhost;
static u8 *mem;
static int memfd = -1;
static u64 user;

static void check(bool good)
{
	if (!good)
		abort();
}

static u32 next(struct script *script)
{
	return script->at < script->end ? *script->at++ : 0;
}

static u32 next16(struct script *script)
{
	u32 low = next(script);

	return low | next(script) << 8;
}

static int on_reply(void *ctx, const u8 *bytes, u32 length)
{
	(void)ctx;
	check(length >= WSD_VHOST_HEAD_BYTES && ws_get_le32(bytes + 8) == length - WSD_VHOST_HEAD_BYTES);
	return 0;
}

static int on_watch(void *ctx, u32 ring, int fd)
{
	(void)ctx;
	(void)fd;
	check(ring < WSD_RINGS_MAX);
	return 0;
}

static void on_text(void *ctx, const char *text)
{
	(void)ctx;
	check(*text && strlen(text) < 512);
}

static void on_stats(void *ctx, const struct ws_stats *stats)
{
	(void)ctx;
	check(!(stats->present >> WS_STATS));
}

static void on_message(void *ctx, const u8 *bytes, u32 length)
{
	u8 sum = 0;

	(void)ctx;
	check(length <= WS_WIRE_HEARD_MAX);
	for (u32 i = 0; i < length; i++)
		sum = (u8)(sum + bytes[i]);
	*(volatile u8 *)&sum = sum; /* all of it was read */
}

static const struct wsd_vhost_ops ops = {
	.reply = on_reply, .watch = on_watch, .complain = on_text,
};
static const struct wsd_listener listener = { .stats = on_stats, .message = on_message,
					      .fault = on_text };

static void send(u32 request, const u8 *payload, u32 size, int fd)
{
	u8 bytes[WSD_VHOST_HEAD_BYTES + WSD_VHOST_PAYLOAD_MAX];

	ws_put_le32(bytes, request);
	ws_put_le32(bytes + 4, 1 | 8);
	ws_put_le32(bytes + 8, size);
	if (size)
		memcpy(bytes + WSD_VHOST_HEAD_BYTES, payload, size);
	wsd_vhost_message(&vhost, bytes, WSD_VHOST_HEAD_BYTES + size, &fd, fd >= 0);
}

static void send_u64(u32 request, u64 value, int fd)
{
	u8 bytes[8];

	ws_put_le64(bytes, value);
	send(request, bytes, sizeof(bytes), fd);
}

static void set_memory(void)
{
	u8 table[40] = { 1 };

	ws_put_le64(table + 8, BASE);
	ws_put_le64(table + 16, BYTES);
	ws_put_le64(table + 24, user);
	send(5, table, sizeof(table), dup(memfd));
}

static void set_ring(u32 ring)
{
	u64 at = user + ring * 0x1000;
	u8 bytes[40] = { (u8)ring };

	send_u64(8, ring | (u64)RING_SIZE << 32, -1);
	send_u64(10, ring, -1);
	ws_put_le64(bytes + 8, at);
	ws_put_le64(bytes + 16, at + 0x800);
	ws_put_le64(bytes + 24, at + 0x400);
	send(9, bytes, sizeof(bytes), -1);
	send_u64(18, ring | 1ull << 32, -1);
}

/* As a sane VMM does it, so that scripts get to the rings at once. */
static void begin(u32 how)
{
	static const struct ws_dialect *const dialects[] = { &ws_dialect_wsr1, &ws_dialect_v4,
							     &ws_dialect_crosvm, &ws_dialect_rfc1 };
	struct wsd_device_setup setup = { .dialect = dialects[how % 4] };

	setup.feature_bit = setup.dialect->feature_bit;
	setup.rule = (enum ws_vq_rule)(how / 4 % 3);
	setup.bins = setup.dialect->bins_max;
	setup.features = 0x3f | 1ull << setup.feature_bit | 1ull << 30 | 1ull << 32;
	wsd_vhost_init(&vhost, &setup, &listener, NULL, &ops, NULL);
	vhost.offer_inband = true;
	if (how & 0x80)
		return;
	send_u64(16, 1 << 14 | 1 << 9 | 1 << 5 | 1 << 3, -1);
	send_u64(2, setup.features, -1);
	set_memory();
	for (u32 ring = 0; ring < RINGS; ring++)
		set_ring(ring);
}

static void write_desc(struct script *script)
{
	u8 *desc = mem + next(script) % RINGS * 0x1000 + next(script) % RING_SIZE * 16;
	u32 kind = next(script);

	ws_put_le64(desc, kind & 1 ? BASE + next16(script) * 16 : next16(script) * 0x100000001ull);
	ws_put_le32(desc + 8, kind & 2 ? next16(script) : next16(script) << 16);
	ws_put_le16(desc + 12, (u16)(kind >> 2 & 7));
	ws_put_le16(desc + 14, (u16)(next(script) % (RING_SIZE + 1)));
}

static void offer(struct script *script)
{
	u8 *avail = mem + next(script) % RINGS * 0x1000 + 0x400;
	u16 index = ws_get_le16(avail + 2);

	ws_put_le16(avail + 4 + 2 * (index % RING_SIZE), (u16)(next(script) % (RING_SIZE + 1)));
	ws_put_le16(avail + 2, (u16)(index + 1 + (next(script) == 255 ? 1000 : 0)));
}

/* Numbers of pages, statistics, messages: where buffers are likely to be. */
static void write_bytes(struct script *script)
{
	u32 at = 0x8000 + next16(script), count = next(script) % 64;
	bool pages = next(script) & 1;

	for (u32 i = 0; i < count && at + 4 <= SECRET_AT; i++, at += 4)
		ws_put_le32(mem + at, pages ? (u32)(BASE >> 12) + next(script) : next16(script));
}

static void raw_message(struct script *script)
{
	u8 payload[WSD_VHOST_PAYLOAD_MAX];
	u32 request = next(script) % 48, size = next(script) * 2;
	int fd = next(script) & 1 ? dup(memfd) : eventfd(0, EFD_NONBLOCK);

	for (u32 i = 0; i < size; i++)
		payload[i] = (u8)next(script);
	if (request % 2 && size >= 16)
		ws_put_le64(payload + 8, user + payload[8] * 256);
	send(request, payload, size, fd);
}

static void call(struct script *script)
{
	u8 bytes[64] = { 0 };
	u32 what = next(script);

	switch (what % 5) {
	case 0:
		wsd_device_set_target(&vhost.device, next16(script));
		break;
	case 1:
		wsd_device_request_stats(&vhost.device);
		break;
	case 2:
		wsd_device_send(&vhost.device, bytes, 1 + what / 5);
		break;
	case 3:
		wsd_device_hint(&vhost.device);
		break;
	default:
		wsd_device_config_write(&vhost.device, what, bytes, next(script) % 64);
	}
}

static void event(struct script *script)
{
	u32 what = next(script), ring;

	switch (what % 8) {
	case 0: write_desc(script); break;
	case 1: offer(script); break;
	case 2: write_bytes(script); break;
	case 3: raw_message(script); break;
	case 4: call(script); break;
	case 5:
		if (what & 0x80)
			set_memory();
		else
			set_ring(what / 8 % RINGS);
		break;
	default:
		ring = what / 8 % (RINGS + 1);
		wsd_device_kick_all(&vhost.device, ring);
		check(!vhost.device.ring[ring].fault || !vhost.device.ring[ring].started);
	}
	check(vhost.device.balloon.count <= BYTES / 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, data + size };

	if (memfd < 0) {
		memfd = memfd_create("guest", MFD_CLOEXEC);
		check(memfd >= 0 && !ftruncate(memfd, BYTES) && !wsd_guard_install());
		mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
		check(mem != MAP_FAILED);
		user = 0x7f0000000000ull; /* never an address of this process's own */
	}
	memset(mem, 0, BYTES);
	begin(next(&script));
	while (script.at < script.end)
		event(&script);
	wsd_vhost_destroy(&vhost);
	return 0;
}
