/* SPDX-License-Identifier: BSD-2-Clause */
/* test_host_parts.c - small parts of ws-balloond: /proc, frames, sets of pages, state files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel-port/agent/ws_agent_frame.h"
#include "own_folder.h"
#include "wsd_host.h"
#include "wsd_loop.h"
#include "wsd_pageset.h"
#include "wsd_state.h"

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file && fputs(text, file) >= 0 && !fclose(file));
}

Test(balloond_parts, counters_of_the_host_are_read_from_proc)
{
	char path[96];
	struct wsd_host host;
	struct wsd_process process;

	make_folder();
	snprintf(path, sizeof(path), "%s/pressure", folder);
	cr_assert(!mkdir(path, 0700));
	snprintf(path, sizeof(path), "%s/77", folder);
	cr_assert(!mkdir(path, 0700));
	put("meminfo", "MemTotal:  1000 kB\nMemAvailable:\t 300 kB\nSwapTotal: 50 kB\n"
			       "SwapFree: 20 kB\n");
	put("vmstat", "nr_x 5\npswpin 7\npswpout 9\npswpoutx 1\n");
	put("pressure/memory", "some avg10=1.25 avg60=9.00 avg300=0.00 total=123\n"
				       "full avg10=0.09 avg60=0.00 avg300=0.00 total=45\n");
	put("77/status", "Name:\tqemu\nVmRSS:\t  64 kB\nVmSwap:\t 8 kB\n");
	put("77/stat", "77 (q ) (e 1 2 3) S 1 2 3 4 5 6 7 8 9 10 300 20 7 8 20 0");
	/* Code that was translated, the guest's 64 KiB, a file; one grown mapping at the end. */
	put("77/smaps",
	    "7f00000000-7f00100000 rwxp 00000000 00:00 0\nSize: 1024 kB\nRss:   40 kB\n"
	    "7f10000000-7f10010000 rw-p 00000000 00:00 0\nSize:   64 kB\nRss:   48 kB\n"
	    "7f20000000-7f20100000 r--p 00000000 00:00 0 /usr/bin/qemu\nRss:   10 kB\n"
	    "7f30000000-7f30020000 rw-p 00000000 00:00 0\nRss:    6 kB\n");
	wsd_host_read(&host, folder);
	cr_assert(host.memory_bytes == 1000 * 1024 && host.available_bytes == 300 * 1024);
	cr_assert(host.swapped_bytes == 30 * 1024);
	cr_assert(host.swap_in_bytes == 7 * 4096 && host.swap_out_bytes == 9 * 4096);
	cr_assert(host.psi_some_ns == 123000 && host.psi_full_ns == 45000);
	cr_assert(host.psi_some_avg10 == 125 && host.psi_full_avg10 == 9);
	wsd_host_process(&process, folder, 77);
	cr_assert(process.resident_bytes == 64 * 1024 && process.swapped_bytes == 8 * 1024);
	cr_assert_eq(process.cpu_ns * (u64)sysconf(_SC_CLK_TCK), 320 * 1000000000ull);
	cr_assert_eq(wsd_host_beside(folder, 77, 65536), 56 * 1024);
	cr_assert_eq(wsd_host_beside(folder, 77, 1 << 20), 0, "none is as large");
	wsd_host_process(&process, folder, 78);
	cr_assert(!process.resident_bytes && !process.swapped_bytes && !process.cpu_ns);
	cr_assert_eq(wsd_host_beside(folder, 78, 65536), 0);
	remove_folder();
	wsd_host_read(&host, folder); /* a kernel without any of it */
	cr_assert(!host.memory_bytes && !host.psi_some_ns);
}

Test(balloond_parts, frames_are_found_between_garbage_and_never_before_they_are_whole)
{
	u8 bytes[256] = "xxWSA1 WSA";
	u32 at = 0, type, length;

	ws_frame_head(bytes + 30, WS_FRAME_INFO, 20);
	for (u32 size = 0; size < 30 + WS_FRAME_HEAD + 20; size++) {
		at = 0;
		cr_assert(!ws_frame_next(bytes, size, &at, &type, &length), "at %u", size);
		cr_assert(at <= size && at <= 30);
	}
	at = 0;
	cr_assert(ws_frame_next(bytes, 30 + WS_FRAME_HEAD + 20, &at, &type, &length));
	cr_assert(at == 30 && type == WS_FRAME_INFO && length == 20);
}

Test(balloond_parts, a_set_of_pages_knows_each_once)
{
	struct wsd_pageset set = { NULL, 0 };

	cr_assert(wsd_pageset_add(&set, 0) == 1 && wsd_pageset_add(&set, 0) == 0);
	cr_assert(wsd_pageset_add(&set, 0xffffffff) == 1 && set.count == 2);
	cr_assert(!wsd_pageset_remove(&set, 5) && wsd_pageset_remove(&set, 0xffffffff));
	cr_assert(set.count == 1);
	wsd_pageset_clear(&set);
	cr_assert(!set.count && !wsd_pageset_remove(&set, 0));
}

Test(balloond_parts, a_state_file_is_read_back_and_anything_else_is_not)
{
	char path[96], command[160];
	struct wsd_state state = { .target_pages = 7, .balloon_pages = 12345,
				   .poison_val = 0xaaaaaaaa, .driver_bounds = 0x64000420010ull }, back;

	make_folder();
	snprintf(path, sizeof(path), "%s/a.sock", folder);
	cr_assert(wsd_state_read(&back, path, 1 << 20) == -ENOENT);
	cr_assert(!wsd_state_write(&state, path) && !wsd_state_read(&back, path, 1 << 20));
	cr_assert(back.target_pages == 7 && back.balloon_pages == 12345);
	cr_assert(back.poison_val == 0xaaaaaaaa && back.driver_bounds == 0x64000420010ull);
	/* of an older daemon */
	put("a.sock.state", "ws-balloond state 1\ntarget_pages 3\nballoon_pages 4\n");
	cr_assert(!wsd_state_read(&back, path, 1 << 20) && back.balloon_pages == 4 && !back.poison_val);
	put("a.sock.state", "ws-balloond state 1\ntarget_pages nonsense\n");
	cr_assert(wsd_state_read(&back, path, 1 << 20) == -EINVAL);
	put("a.sock.state", "ws-balloond state 1\ntarget_pages 1\nballoon_pages 1048577\n");
	cr_assert(wsd_state_read(&back, path, 1 << 20) == -EINVAL);
	put("a.sock.state", "ws-balloond state 1\ntarget_pages 1048577\nballoon_pages 1\n");
	cr_assert(wsd_state_read(&back, path, 1 << 20) == -EINVAL);
	/* a pipe that nobody writes to */
	snprintf(command, sizeof(command), "cd %s && rm a.sock.state && mkfifo a.sock.state", folder);
	cr_assert(!system(command) && wsd_state_read(&back, path, 1 << 20) == -EINVAL);
	remove_folder();
}

static u64 fired[8];
static u32 fired_count;
static struct wsd_loop fired_loop;

static void fire(void *ctx)
{
	fired[fired_count++ % 8] = wsd_loop_now(&fired_loop) * 10 + *(u32 *)ctx;
}

Test(balloond_parts, guest_time_runs_timers_each_at_its_time_and_in_order)
{
	u32 first = 1, second = 2;
	struct wsd_timer a = { .fire = fire, .ctx = &first }, b = { .fire = fire, .ctx = &second };

	cr_assert(!wsd_loop_init(&fired_loop, WSD_CLOCK_GUEST));
	wsd_loop_add_timer(&fired_loop, &a);
	wsd_loop_add_timer(&fired_loop, &b);
	wsd_loop_set(&fired_loop, &b, 50);
	wsd_loop_set(&fired_loop, &a, 50);
	wsd_loop_advance(&fired_loop, 49);
	cr_assert(!fired_count && wsd_loop_now(&fired_loop) == 49);
	wsd_loop_advance(&fired_loop, 1000);
	cr_assert(fired_count == 2 && fired[0] == 501 && fired[1] == 502);
	wsd_loop_advance(&fired_loop, 10); /* never back */
	cr_assert(wsd_loop_now(&fired_loop) == 1000);
	wsd_loop_destroy(&fired_loop);
}
