/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uml_bad_host.c - a balloon device as it should not be, for tests of the driver.
 *
 * usage: uml_bad_host SOCKET MODE [FEATURE,...]
 *	silent	takes no message of any queue, and wants 50 MiB
 *	deaf	lets 50 MiB be inflated, then goes silent, and wants 100
 *	die	lets 50 MiB be inflated, then ends
 *	garbage	messages of random bytes, real ones cut short or changed, absurd targets
 *	restless another target every millisecond
 * Features: stats oom tell reporting ws.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws_vectors.h"
#include "ws_wsr1.h"
#include "wsd_attach.h"

#define PAGES_50_MIB (50u << 8)
#define INTERVAL_NS (1 * WS_NS_PER_MS)

enum mode { SILENT, DEAF, DIE, GARBAGE, RESTLESS, MODES };

static const char *const mode_names[MODES] = { "silent", "deaf", "die", "garbage", "restless" };

struct bad_host {
	struct wsd_loop loop;
	struct wsd_timer timer;
	struct wsd_attach *attach;
	enum mode mode;
	bool up, silenced;
	u64 random;
};

static struct bad_host bad;

static u32 draw(u32 below)
{
	bad.random ^= bad.random << 13;
	bad.random ^= bad.random >> 7;
	bad.random ^= bad.random << 17;
	return (u32)(bad.random >> 20) % below;
}

static void silence(u32 target_pages)
{
	struct wsd_device *device = wsd_attach_device(bad.attach);

	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		wsd_device_ring_stop(device, i);
	bad.silenced = true;
	wsd_device_set_target(device, target_pages);
}

/* Half of them are random throughout; the others began as a message of some dialect. */
static void send_garbage(void)
{
	const struct ws_vector_wire *vector = &ws_vectors_wire[draw(ws_vectors_wire_count)];
	u8 bytes[WS_WIRE_TO_GUEST_MAX];
	u32 length = draw(sizeof(bytes)), changes = draw(4);

	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)draw(256);
	if (draw(2)) {
		length = vector->len < sizeof(bytes) ? vector->len : sizeof(bytes);
		memcpy(bytes, vector->bytes, length);
		length -= draw(4) ? 0 : draw(length);
		for (u32 i = 0; i < changes; i++)
			bytes[draw(sizeof(bytes))] = (u8)draw(256);
	}
	wsd_device_send(wsd_attach_device(bad.attach), bytes, length);
}

static void on_tick(void *ctx)
{
	struct wsd_device *device = wsd_attach_device(bad.attach);
	bool inflated = wsd_device_counted_pages(device) >= PAGES_50_MIB;

	(void)ctx;
	wsd_loop_set(&bad.loop, &bad.timer, wsd_loop_now(&bad.loop) + INTERVAL_NS);
	if (!bad.up || bad.silenced)
		return;
	if (bad.mode == SILENT)
		silence(PAGES_50_MIB);
	if (bad.mode == DEAF && inflated)
		silence(2 * PAGES_50_MIB);
	if (bad.mode == DIE && inflated)
		exit(0);
	if (bad.mode == RESTLESS)
		wsd_device_set_target(device, draw(PAGES_50_MIB));
	if (bad.mode == GARBAGE) {
		send_garbage();
		if (!draw(100))
			wsd_device_set_target(device, draw(4) ? draw(PAGES_50_MIB) : 0xffffffffu);
	}
}

static void on_up(void *ctx)
{
	(void)ctx;
	bad.up = true;
	if (bad.mode == DEAF || bad.mode == DIE)
		wsd_device_set_target(wsd_attach_device(bad.attach), PAGES_50_MIB);
}

static void on_down(void *ctx)
{
	(void)ctx;
	bad.up = false;
}

static void complain(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "uml_bad_host: %s\n", text);
}

static u64 features_of(const char *text)
{
	u64 features = 0;

	if (strstr(text, "stats"))
		features |= 1ull << WS_F_STATS_VQ;
	if (strstr(text, "oom"))
		features |= 1ull << WS_F_DEFLATE_ON_OOM;
	if (strstr(text, "tell"))
		features |= 1ull << WS_F_MUST_TELL_HOST;
	if (strstr(text, "reporting"))
		features |= 1ull << WS_F_PAGE_REPORTING;
	if (strstr(text, "ws"))
		features |= 1ull << WS_WSR1_FEATURE_BIT;
	return features;
}

int main(int argc, char **argv)
{
	static const struct wsd_listener listener = { .up = on_up, .down = on_down };
	struct wsd_attach_setup setup = { .path = argc > 1 ? argv[1] : "" };
	struct tr_error error = { "" };

	while (bad.mode < MODES && argc > 2 && strcmp(argv[2], mode_names[bad.mode]))
		bad.mode++;
	if (argc < 3 || bad.mode == MODES) {
		fputs("usage: uml_bad_host SOCKET MODE [FEATURE,...]\n", stderr);
		return 2;
	}
	setup.device.dialect = &ws_dialect_wsr1;
	setup.device.feature_bit = WS_WSR1_FEATURE_BIT;
	setup.device.rule = WS_VQ_NEGOTIATED;
	setup.device.features = features_of(argc > 3 ? argv[3] : "") | 1ull << WSD_F_VERSION_1 |
				1ull << WSD_F_PROTOCOL_FEATURES;
	setup.device.bins = 4;
	bad.random = 88172645463325252ull;
	bad.timer.fire = on_tick;
	if (wsd_loop_init(&bad.loop, WSD_CLOCK_MONOTONIC) ||
	    wsd_attach_create(&bad.attach, &bad.loop, &setup, &listener, NULL, complain, &error)) {
		complain(NULL, error.text);
		return 1;
	}
	wsd_loop_add_timer(&bad.loop, &bad.timer);
	wsd_loop_set(&bad.loop, &bad.timer, INTERVAL_NS);
	return wsd_loop_run(&bad.loop) ? 1 : 0;
}
