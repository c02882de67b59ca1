/* SPDX-License-Identifier: BSD-2-Clause */
/* test_host_daemon.c - ws-balloond and a guest over real sockets, memory and rings. */
#include "fake_vmm.h"
#include "wsd_state.h"

#define GIVEN 4096u /* pages: 16 MiB */

static void begin(struct fake_daemon *daemon, struct fake_vmm *vmm, const char *dialect, u32 bins)
{
	char keys[64];

	snprintf(keys, sizeof(keys), "dialect=%s", dialect);
	fake_daemon_folder(daemon);
	fake_daemon_start(daemon, keys, NULL, NULL);
	fake_vmm_memory(vmm);
	fake_attach(vmm, daemon->socket, ws_dialect_find(dialect), bins, 0, true);
	fake_expect(daemon, "up", 1);
}

static void finish(struct fake_daemon *daemon, struct fake_vmm *vmm)
{
	fake_vmm_destroy(vmm);
	cr_assert(!fake_daemon_stop(daemon, SIGTERM));
	remove_folder();
}

Test(balloond, inflated_pages_go_back_to_the_host_and_deflated_ones_are_backed_when_touched)
{
	struct ws_balloon_config config;
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u64 before;

	begin(&daemon, &vmm, "wsr1", 32);
	before = fake_backed(&vmm);
	fake_config_changed(&vmm);
	fake_do(&daemon, "target a 48MiB");
	cr_assert(fake_config_changed(&vmm));
	fake_config_read(&vmm, &config);
	cr_assert(config.num_pages == GIVEN, "%u", config.num_pages);

	fake_pages(&vmm, FAKE_PFN, GIVEN, true);
	fake_tell_actual(&vmm);
	cr_assert(fake_backed(&vmm) == before - GIVEN * 4096ull);
	cr_assert(vmm.mem[FAKE_PAGES_AT] == 0 && vmm.mem[FAKE_PAGES_AT + GIVEN * 4096] == 0x5a);
	fake_expect(&daemon, "balloon_pages", GIVEN);
	fake_expect(&daemon, "device.counted_pages", GIVEN);
	fake_expect(&daemon, "device.inflate_messages", GIVEN / 256);
	/* Reading one page above gave it a frame again. */
	fake_expect(&daemon, "backed_bytes", before - GIVEN * 4096ull + 4096);

	fake_pages(&vmm, FAKE_PFN + 100, 1000, false);
	fake_tell_actual(&vmm);
	fake_expect(&daemon, "balloon_pages", GIVEN - 1000);
	fake_expect(&daemon, "device.counted_pages", GIVEN - 1000);
	memset(vmm.mem + FAKE_PAGES_AT + 100 * 4096, 1, 1000 * 4096);
	fake_expect(&daemon, "backed_bytes", before - GIVEN * 4096ull + 1001 * 4096);
	finish(&daemon, &vmm);
}

Test(balloond, a_page_is_in_the_balloon_once_and_only_pages_of_the_guest_are)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u64 before;

	begin(&daemon, &vmm, "wsr1", 32);
	before = fake_backed(&vmm);
	fake_pages(&vmm, FAKE_PFN, 300, true);
	fake_pages(&vmm, FAKE_PFN + 10, 20, true);
	fake_expect(&daemon, "device.counted_pages", 300);
	fake_pages(&vmm, 0, 7, true);			 /* below the memory */
	fake_pages(&vmm, (u32)((FAKE_BASE + FAKE_BYTES) >> 12) - 2, 5, true); /* over its end */
	fake_pages(&vmm, FAKE_PFN + 5000, 2, false);	 /* was never given */
	fake_expect(&daemon, "device.counted_pages", 302);
	fake_expect(&daemon, "device.malformed", 7 + 3 + 2);
	cr_assert(fake_backed(&vmm) == before - 302 * 4096ull);
	finish(&daemon, &vmm);
}

Test(balloond, statistics_of_every_tag_arrive)
{
	struct ws_stats stats = { .present = (1u << WS_STATS) - 1 };
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u32 ring;

	begin(&daemon, &vmm, "wsr1", 32);
	fake_expect(&daemon, "free_bytes", 40 * FAKE_MIB);
	for (u32 i = 0; i < WS_STATS; i++)
		stats.value[i] = (i + 1) * FAKE_MIB;
	fake_do(&daemon, "tick 5s");
	fake_do(&daemon, "stats a");
	ring = (u32)fake_ring(&vmm, WS_VQ_STATS);
	fake_take_used(&vmm, ring);
	fake_put_stats(&vmm, &stats);
	fake_expect(&daemon, "stats_s", 5);
	fake_expect(&daemon, "free_bytes", (WS_STAT_MEMFREE + 1) * FAKE_MIB);
	fake_expect(&daemon, "total_bytes", (WS_STAT_MEMTOT + 1) * FAKE_MIB);
	fake_expect(&daemon, "available_bytes", (WS_STAT_AVAIL + 1) * FAKE_MIB);
	/* A message that is none leaves what was known. */
	fake_do(&daemon, "stats a");
	fake_take_used(&vmm, ring);
	fake_put_desc(&vmm, ring, 0, FAKE_BASE + fake_buffer_at(ring), 13, 0, 0);
	fake_offer(&vmm, ring, 0);
	fake_kick(&vmm, ring);
	fake_expect(&daemon, "device.malformed", 1);
	fake_expect(&daemon, "free_bytes", (WS_STAT_MEMFREE + 1) * FAKE_MIB);
	finish(&daemon, &vmm);
}

static void report_pages(struct fake_vmm *vmm, u32 long_runs)
{
	u32 ring = (u32)fake_ring(vmm, WS_VQ_REPORTING);

	for (u32 i = 0; i < long_runs; i++)
		fake_put_desc(vmm, ring, i, FAKE_BASE + FAKE_PAGES_AT + i * 4 * FAKE_MIB, 2 * FAKE_MIB,
			      2 | (i + 1 < long_runs), i + 1);
	fake_offer(vmm, ring, 0);
	fake_kick(vmm, ring);
	fake_take_used(vmm, ring);
}

Test(balloond, reported_pages_go_back_unless_they_must_keep_their_poison)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	struct ws_balloon_config config;
	u64 before;
	u8 poison[4];

	begin(&daemon, &vmm, "v4", 32);
	before = fake_backed(&vmm);
	report_pages(&vmm, 3);
	cr_assert(fake_backed(&vmm) == before - 6 * FAKE_MIB);
	fake_expect(&daemon, "device.reported_pages", 3 * 512);
	fake_expect(&daemon, "device.counted_pages", 0);
	/* The driver is at work: it is too late for a new value. */
	ws_put_le32(poison, 0xaaaaaaaa);
	fake_config_write(&vmm, WS_CONFIG_POISON_OFFSET, poison, 4);
	fake_config_read(&vmm, &config);
	cr_assert(config.poison_val == 0);
	finish(&daemon, &vmm);

	begin(&daemon, &vmm, "v4", 32);
	before = fake_backed(&vmm);
	memset(vmm.mem + FAKE_PAGES_AT, 0xaa, FAKE_BYTES - FAKE_PAGES_AT);
	fake_config_write(&vmm, WS_CONFIG_POISON_OFFSET, poison, 4);
	report_pages(&vmm, 3);
	cr_assert(fake_backed(&vmm) == before && vmm.mem[FAKE_PAGES_AT] == 0xaa);
	fake_expect(&daemon, "device.kept_pages", 3 * 512);
	ws_put_le32(poison, 0);
	fake_config_write(&vmm, WS_CONFIG_POISON_OFFSET, poison, 4);
	fake_config_read(&vmm, &config);
	cr_assert(config.poison_val == 0xaaaaaaaa);
	finish(&daemon, &vmm);
}

/* The driver hands in 4 MiB, or says @id. */
static void hint(struct fake_vmm *vmm, u32 ring, bool pages, u32 id)
{
	ws_put_le32(vmm->mem + fake_buffer_at(ring), id);
	fake_put_desc(vmm, ring, 0, FAKE_BASE + (pages ? FAKE_PAGES_AT : fake_buffer_at(ring)),
		      pages ? 4 * FAKE_MIB : 4, pages ? 2 : 0, 0);
	fake_offer(vmm, ring, 0);
	fake_kick(vmm, ring);
	fake_take_used(vmm, ring);
}

Test(balloond, hints_are_counted_within_their_series)
{
	struct ws_balloon_config config;
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u32 ring;

	begin(&daemon, &vmm, "wsr1", 32);
	ring = (u32)fake_ring(&vmm, WS_VQ_FREE_PAGE);
	fake_do(&daemon, "hint a");
	fake_config_read(&vmm, &config);
	cr_assert(config.free_page_hint_cmd_id == 2);
	for (u32 step = 0; step < 4; step++) { /* id, pages, stop, pages too late */
		bool pages = step & 1;

		hint(&vmm, ring, pages, step ? WS_HINT_STOP : config.free_page_hint_cmd_id);
	}
	fake_config_read(&vmm, &config);
	cr_assert(config.free_page_hint_cmd_id == WS_HINT_DONE);
	fake_expect(&daemon, "device.hinted_pages", 1024);
	cr_assert(vmm.mem[FAKE_PAGES_AT] == 0x5a); /* hinted pages may be in use again: not taken */
	finish(&daemon, &vmm);
}

Test(balloond, the_end_of_an_older_series_does_not_end_the_newer)
{
	struct ws_balloon_config config;
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u32 ring;

	begin(&daemon, &vmm, "wsr1", 32);
	ring = (u32)fake_ring(&vmm, WS_VQ_FREE_PAGE);
	fake_do(&daemon, "hint a");
	hint(&vmm, ring, false, 2);
	fake_do(&daemon, "hint a"); /* asked for again while the first is under way */
	hint(&vmm, ring, true, 0);
	fake_expect(&daemon, "device.hinted_pages", 0);
	hint(&vmm, ring, false, WS_HINT_STOP);
	fake_config_read(&vmm, &config);
	cr_assert(config.free_page_hint_cmd_id == 3, "%u", config.free_page_hint_cmd_id);
	hint(&vmm, ring, false, 3);
	hint(&vmm, ring, true, 0);
	fake_expect(&daemon, "device.hinted_pages", 1024);
	hint(&vmm, ring, false, WS_HINT_STOP);
	fake_config_read(&vmm, &config);
	cr_assert(config.free_page_hint_cmd_id == WS_HINT_DONE);
	fake_expect(&daemon, "device.malformed", 0);
	hint(&vmm, ring, false, WS_HINT_DONE); /* which is the device's to say */
	hint(&vmm, ring, true, 0);
	fake_expect(&daemon, "device.hinted_pages", 1024);
	fake_expect(&daemon, "device.malformed", 1);
	finish(&daemon, &vmm);
}

Test(balloond, a_guest_that_takes_no_messages_loses_the_oldest_and_is_told_the_last)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	char command[64];

	begin(&daemon, &vmm, "wsr1", 12);
	/* One goes into the guest's only buffer, WSD_OUTBOX wait for the next. */
	for (u32 i = 0; i <= WSD_OUTBOX; i++) {
		snprintf(command, sizeof(command), "configure a 500ms 2s %us", i + 1);
		fake_do(&daemon, command);
		fake_expect(&daemon, "device.lost_messages", 0);
	}
	for (u32 i = 1; i <= 2; i++) {
		snprintf(command, sizeof(command), "configure a 500ms 2s %us", 20 + i);
		fake_do(&daemon, command);
		fake_expect(&daemon, "device.lost_messages", i);
	}
	for (u32 i = 0; i <= WSD_OUTBOX; i++)
		cr_assert(fake_hear(&vmm, i) == WS_PROTO_CONFIGURE, "message %u", i);
	cr_assert(ws_hist_edge(&vmm.hist, 0) == 22000000000ull);
	fake_expect(&daemon, "device.lost_messages", 2);
	finish(&daemon, &vmm);
}

static void exchange_reports(const char *dialect, u32 bins)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	char command[256], path[64];
	u32 edges = bins - 1;
	int length;

	begin(&daemon, &vmm, dialect, bins);
	length = snprintf(command, sizeof(command), "configure a 500ms 2s");
	for (u32 i = 0; i < edges; i++)
		length += snprintf(command + length, sizeof(command) - (size_t)length, " %us", i + 1);
	fake_do(&daemon, command);
	cr_assert(fake_hear(&vmm, 1) == WS_PROTO_CONFIGURE);
	cr_assert(vmm.proto.msg.kind != WS_MSG_CONFIG || vmm.hist.bins_count == bins);
	for (u32 bin = 0; bin < bins; bin++) {
		vmm.hist.pages[WS_ANON][bin] = 100 + bin;
		vmm.hist.pages[WS_FILE][bin] = 7 * bin;
	}
	fake_do(&daemon, "tick 3s");
	fake_do(&daemon, "report a");
	cr_assert(fake_hear(&vmm, 2) == WS_PROTO_REPORT);
	fake_expect(&daemon, "report.number", 1);
	fake_expect(&daemon, "report.arrived_s", 3);
	fake_expect(&daemon, "report.pressure", 0);
	for (u32 bin = 0; bin < bins; bin++) {
		snprintf(path, sizeof(path), "report.bins.%u.anon_bytes", bin);
		fake_expect(&daemon, path, (100 + bin) * 4096);
		snprintf(path, sizeof(path), "report.bins.%u.file_bytes", bin);
		fake_expect(&daemon, path, 7 * bin * 4096);
	}
	/* Under pressure, unasked. */
	vmm.hist.pages[WS_ANON][0] = 9;
	struct ws_proto_report report = {
		.pressure = true, .made_ns = 5, .now_ns = 5, .parts_count = 1,
		.part = { { .node = 0, .hist = &vmm.hist } },
	};
	length = ws_proto_guest_send(&vmm.proto, &report, bytes, sizeof(bytes));
	cr_assert(length > 0);
	fake_put_message(&vmm, bytes, (u32)length);
	fake_expect(&daemon, "report.number", 2);
	fake_expect(&daemon, "report.pressure", 1);
	fake_expect(&daemon, "report.bins.0.anon_bytes", 9 * 4096);
	/* Garbage changes nothing. */
	memset(bytes, 0xff, sizeof(bytes));
	fake_put_message(&vmm, bytes, 333);
	fake_expect(&daemon, "report.number", 2);
	fake_expect(&daemon, "malformed_messages", 1);
	finish(&daemon, &vmm);
}

Test(balloond, reports_in_our_dialect_arrive_bin_by_bin)
{
	exchange_reports("wsr1", 12);
}

/* Eleven edges are asked for, and the driver has said that it can do four bins. */
Test(balloond, a_driver_is_asked_for_no_more_bins_than_it_said)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "dialect=wsr1", NULL, NULL);
	fake_vmm_memory(&vmm);
	vmm.bins_max = 4;
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 4, 0, true);
	fake_expect(&daemon, "up", 1);
	fake_do(&daemon, "configure a 500ms 2s 1s 2s 3s 4s 5s 6s 7s 8s 9s 10s 11s");
	cr_assert(fake_hear(&vmm, 1) == WS_PROTO_CONFIGURE);
	cr_assert_eq(vmm.hist.bins_count, 4);
	cr_assert_eq(ws_hist_edge(&vmm.hist, 2), 11 * 1000 * WS_NS_PER_MS);
	finish(&daemon, &vmm);
}

/* One bin is as good as none: it works with the rest, and is sent no message. */
Test(balloond, a_driver_whose_bounds_are_of_no_use_has_no_reports)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	char answer[1024];

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "dialect=wsr1", NULL, NULL);
	fake_vmm_memory(&vmm);
	vmm.bins_max = 1;
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 4, 0, true);
	fake_expect(&daemon, "up", 0);
	fake_tell_actual(&vmm);
	fake_expect(&daemon, "up", 1);
	fake_command(&daemon, "configure a 500ms 2s 1s", answer, sizeof(answer));
	cr_assert(strstr(answer, "error"), "%s", answer);
	cr_assert_eq(fake_used(&vmm, (u32)fake_ring(&vmm, WS_VQ_NOTIFY)), 0);
	finish(&daemon, &vmm);
}

Test(balloond, reports_in_the_dialect_of_linux_v4_arrive_bin_by_bin)
{
	exchange_reports("v4", 12);
}

Test(balloond, reports_in_the_dialect_of_rfc_v2_arrive_bin_by_bin)
{
	exchange_reports("rfc2", 8);
}

Test(balloond, reports_in_the_dialect_of_rfc_v1_arrive_bin_by_bin)
{
	exchange_reports("rfc1", 8);
}

Test(balloond, reports_in_the_dialect_of_crosvm_arrive_bin_by_bin)
{
	exchange_reports("crosvm", 8);
}

Test(balloond, kicks_by_eventfd_work_as_well)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u64 before;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "", NULL, NULL);
	fake_vmm_memory(&vmm);
	before = fake_backed(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32, 0, false);
	cr_assert(!vmm.inband);
	fake_pages(&vmm, FAKE_PFN, 2 * GIVEN, true);
	cr_assert(fake_backed(&vmm) == before - 2 * GIVEN * 4096ull);
	fake_pages(&vmm, FAKE_PFN, GIVEN, false);
	fake_expect(&daemon, "device.counted_pages", GIVEN);
	finish(&daemon, &vmm);
}

Test(balloond, a_call_file_that_is_full_and_blocks_does_not_stop_the_daemon)
{
	const u64 full = 0xfffffffffffffffeull;
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	int call;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "", NULL, NULL);
	fake_vmm_memory(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32, 0, false);
	call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cr_assert(call >= 0 && write(call, &full, sizeof(full)) == sizeof(full));
	cr_assert(!fake_set_u64(&vmm, 13, (u64)fake_ring(&vmm, WS_VQ_INFLATE), call));
	/* The file's flags are those of both sides. */
	cr_assert(!fcntl(call, F_SETFL, fcntl(call, F_GETFL) & ~O_NONBLOCK));
	fake_put_desc(&vmm, (u32)fake_ring(&vmm, WS_VQ_INFLATE), 0,
		      FAKE_BASE + fake_buffer_at((u32)fake_ring(&vmm, WS_VQ_INFLATE)), 4, 0, 0);
	fake_offer(&vmm, (u32)fake_ring(&vmm, WS_VQ_INFLATE), 0);
	fake_kick(&vmm, (u32)fake_ring(&vmm, WS_VQ_INFLATE));
	fake_expect(&daemon, "device.inflate_messages", 1);
	close(call);
	finish(&daemon, &vmm);
}

Test(balloond, files_that_could_make_it_wait_or_wake_another_are_refused)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u32 inflate;
	u64 called;
	int pair[2];

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "", NULL, NULL);
	fake_vmm_memory(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32, 0, false);
	inflate = (u32)fake_ring(&vmm, WS_VQ_INFLATE);
	cr_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	cr_assert(fake_set_u64(&vmm, 12, inflate, pair[0]), "a socket that kicks");
	cr_assert(fake_set_u64(&vmm, 13, inflate, vmm.memfd), "a file to call on");
	cr_assert(fake_set(&vmm, 21, NULL, 0, vmm.memfd), "a file as the back-end's channel");
	/* User-mode Linux is called on a socket. */
	cr_assert(!fake_set_u64(&vmm, 13, inflate, pair[0]), "a socket to call on");
	close(pair[0]);
	fake_pages(&vmm, FAKE_PFN, GIVEN, true);
	fake_expect(&daemon, "device.counted_pages", GIVEN);
	cr_assert(read(pair[1], &called, sizeof(called)) == sizeof(called), "it is called");
	close(pair[1]);
	finish(&daemon, &vmm);
}

Test(balloond, a_vmm_that_comes_back_at_once_is_let_in)
{
	static const u8 half[] = { 5, 0, 0, 0, 1, 0, 0, 0 };
	struct fake_daemon daemon;
	struct fake_vmm vmm;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "", NULL, NULL);
	memset(&vmm, 0, sizeof(vmm));
	for (u32 i = 0; i < 300; i++) {
		vmm.sock = fake_connect(daemon.socket);
		cr_assert(fake_ask_u64(&vmm, 1));
		/* Its last words and its end arrive together with who comes next. */
		cr_assert(write(vmm.sock, half, sizeof(half)) == sizeof(half));
		close(vmm.sock);
	}
	cr_assert(!fake_daemon_stop(&daemon, SIGTERM));
	remove_folder();
}

/* The state file of a daemon that counted one more message of 256 pages than it told the guest. */
static void count_one_more(const struct fake_daemon *daemon)
{
	struct wsd_state state;

	cr_assert(!wsd_state_read(&state, daemon->socket, 1 << 20));
	cr_assert(state.inflated.used, "no message is counted");
	cr_assert(state.inflated.pages == 256);
	state.inflated.used++;
	state.balloon_pages += 256;
	cr_assert(!wsd_state_write(&state, daemon->socket));
}

static void die_and_go_on(bool counted)
{
	struct ws_balloon_config config;
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u64 before;
	u32 ring;
	u8 *buffer;

	begin(&daemon, &vmm, "wsr1", 32);
	before = fake_backed(&vmm);
	fake_do(&daemon, "target a 48MiB");
	fake_pages(&vmm, FAKE_PFN, 1024, true);
	fake_tell_actual(&vmm);
	kill(daemon.pid, SIGSTOP);
	/* A message that nobody has taken when the daemon dies. */
	ring = (u32)fake_ring(&vmm, WS_VQ_INFLATE);
	buffer = vmm.mem + fake_buffer_at(ring);
	for (u32 i = 0; i < 256; i++)
		ws_put_le32(buffer + 4 * i, FAKE_PFN + 1024 + i);
	fake_put_desc(&vmm, ring, 0, FAKE_BASE + fake_buffer_at(ring), 1024, 0, 0);
	fake_offer(&vmm, ring, 0);
	cr_assert(fake_daemon_stop(&daemon, SIGKILL) == -SIGKILL);
	close(vmm.sock);
	close(vmm.channel);
	if (counted)
		count_one_more(&daemon);

	fake_daemon_start(&daemon, "dialect=wsr1", NULL, NULL);
	fake_negotiate(&vmm, daemon.socket, 0, true);
	fake_config_read(&vmm, &config);
	cr_assert(config.num_pages == GIVEN, "%u: the guest would be told to deflate", config.num_pages);
	fake_rings(&vmm, true);
	fake_take_used(&vmm, ring);
	vmm.actual += 256;
	cr_assert(fake_backed(&vmm) == before - 1280 * 4096ull);
	fake_expect(&daemon, "up", 1);
	fake_expect(&daemon, "target_pages", GIVEN);
	fake_expect(&daemon, "balloon_pages", 1280);
	fake_tell_actual(&vmm);
	/* Both kinds of pages come out: those it saw go in, and those it did not. */
	fake_pages(&vmm, FAKE_PFN, 1280, false);
	fake_expect(&daemon, "device.counted_pages", 0);
	finish(&daemon, &vmm);
}

Test(balloond, killed_in_the_middle_and_started_again_it_goes_on_and_loses_no_page)
{
	die_and_go_on(false);
}

Test(balloond, killed_between_counting_a_message_and_saying_so_it_does_not_count_it_twice)
{
	die_and_go_on(true);
}

Test(balloond, two_daemons_do_not_serve_one_vm_even_when_the_socket_was_removed)
{
	struct fake_daemon daemon, second;
	struct fake_vmm vmm;
	int status;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "dialect=wsr1", NULL, NULL);
	fake_vmm_memory(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32, 0, true);
	fake_expect(&daemon, "up", 1);
	cr_assert(!unlink(daemon.socket));
	second = daemon;
	snprintf(second.control, sizeof(second.control), "%s/control2", folder);
	fake_daemon_start(&second, "dialect=wsr1", NULL, NULL);
	cr_assert(waitpid(second.pid, &status, 0) == second.pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	cr_assert(access(daemon.socket, F_OK), "it left no socket");
	fake_expect(&daemon, "up", 1);
	/* Who was killed holds nothing. */
	fake_daemon_stop(&daemon, SIGKILL);
	cr_assert(!unlink(daemon.control));
	fake_daemon_start(&daemon, "dialect=wsr1", NULL, NULL);
	fake_expect(&daemon, "up", 0);
	cr_assert(!fake_daemon_stop(&daemon, SIGTERM));
	remove_folder();
}

Test(balloond, a_guest_that_boots_anew_has_an_empty_balloon_and_no_target)
{
	struct ws_balloon_config config;
	struct fake_daemon daemon;
	struct fake_vmm vmm;

	begin(&daemon, &vmm, "wsr1", 32);
	fake_do(&daemon, "target a 48MiB");
	fake_pages(&vmm, FAKE_PFN, 1024, true);
	fake_tell_actual(&vmm);
	fake_vmm_destroy(&vmm);
	fake_vmm_memory(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32, 0, true);
	fake_config_read(&vmm, &config);
	cr_assert(!config.num_pages);
	fake_expect(&daemon, "balloon_pages", 0);
	fake_expect(&daemon, "target_pages", 0);
	finish(&daemon, &vmm);
}

Test(balloond, a_host_that_cuts_the_memory_short_ends_its_own_vm_and_nothing_else)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;

	begin(&daemon, &vmm, "wsr1", 32);
	cr_assert(!ftruncate(vmm.memfd, 0)); /* every access of the daemon is a SIGBUS now */
	cr_assert(!fake_set_state(&vmm, 35, (u32)fake_ring(&vmm, WS_VQ_INFLATE), 0));
	fake_expect(&daemon, "/now_s", 0);
	fake_do(&daemon, "stats a");
	close(vmm.sock);
	close(vmm.channel);
	fake_do(&daemon, "advance 2s");
	fake_expect(&daemon, "up", 0);
	cr_assert(!fake_daemon_stop(&daemon, SIGTERM));
	remove_folder();
}

/* What each ring fault looks like, in the inflate queue. */
static void break_ring(struct fake_vmm *vmm, u32 ring, u32 how)
{
	u64 good = FAKE_BASE + fake_buffer_at(ring);
	u8 *avail = vmm->mem + fake_ring_at(ring) + 0x1000;

	switch (how) {
	case 0: /* a chain that bites its tail */
		fake_put_desc(vmm, ring, 0, good, 4, 1, 1);
		fake_put_desc(vmm, ring, 1, good, 4, 1, 0);
		break;
	case 1: /* a next that is no descriptor */
		fake_put_desc(vmm, ring, 0, good, 4, 1, FAKE_RING_SIZE);
		break;
	case 2: /* a buffer that ends behind the memory */
		fake_put_desc(vmm, ring, 0, FAKE_BASE + FAKE_BYTES - 4, 8, 0, 0);
		break;
	case 3: /* one whose end wraps around */
		fake_put_desc(vmm, ring, 0, ~0ull - 2, 8, 0, 0);
		break;
	case 4: /* an indirect descriptor */
		fake_put_desc(vmm, ring, 0, good, 16, 4, 0);
		break;
	case 5: /* a head that is no descriptor */
		fake_offer(vmm, ring, FAKE_RING_SIZE);
		return;
	default: /* more available than the ring has */
		ws_put_le16(avail + 2, (u16)(vmm->avail[ring] + FAKE_RING_SIZE + 1));
		return;
	}
	fake_offer(vmm, ring, 0);
}

Test(balloond, a_broken_ring_rests_until_it_is_set_up_anew_and_the_others_go_on)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	u32 inflate, given = 0;

	begin(&daemon, &vmm, "wsr1", 32);
	inflate = (u32)fake_ring(&vmm, WS_VQ_INFLATE);
	for (u32 how = 0; how < 7; how++) {
		u16 used = fake_used(&vmm, inflate);

		break_ring(&vmm, inflate, how);
		fake_kick(&vmm, inflate);
		cr_assert(fake_used(&vmm, inflate) == used, "case %u", how);
		fake_do(&daemon, "stats a");
		fake_take_used(&vmm, (u32)fake_ring(&vmm, WS_VQ_STATS));
		fake_put_stats(&vmm, &(struct ws_stats){ .present = 1 });
		/* The driver resets its queue and begins where it stands. */
		cr_assert(!fake_set_state(&vmm, 18, inflate, 0));
		vmm.avail[inflate] = vmm.used[inflate] = used;
		ws_put_le16(vmm.mem + fake_ring_at(inflate) + 0x1002, used);
		fake_set_ring(&vmm, inflate, used);
		fake_pages(&vmm, FAKE_PFN + given, 10, true);
		given += 10;
		fake_expect(&daemon, "device.inflate_messages", how + 1);
		fake_expect(&daemon, "up", 1);
	}
	finish(&daemon, &vmm);
}

static void write_results(struct wsd_options *options)
{
	char *slash;

	snprintf(options->output, sizeof(options->output), "%s", options->control);
	slash = strrchr(options->output, '/');
	snprintf(slash, 8, "/out");
}

static bool results_are_whole(const struct fake_daemon *daemon)
{
	static const char *const names[] = {
		"summary.json", "summary.csv", "vms.csv", "timeseries.csv", "host.csv", "ages.csv",
		"histograms.csv", "decisions.csv", "scenario.json", "report.html",
	};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", daemon->output, names[i]);
		if (access(path, R_OK))
			return false;
	}
	return true;
}

/* Run a policy on a guest whose figures are a function of time; its digest. */
static double run_policy(const char *policy, void (*more)(struct wsd_options *options))
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;
	double events;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "dialect=wsr1", policy, more);
	fake_vmm_memory(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32, 0, true);
	fake_expect(&daemon, "added", 1);
	for (u32 second = 1; second <= 120; second++) {
		char tick[32];
		struct ws_balloon_config config;
		struct ws_stats stats = {
			.present = 0xff,
			.value = { [WS_STAT_MEMTOT] = 60 * FAKE_MIB,
				   [WS_STAT_AVAIL] = 45 * FAKE_MIB - vmm.actual * 4096ull },
		};

		stats.value[WS_STAT_MEMFREE] = stats.value[WS_STAT_AVAIL];
		snprintf(tick, sizeof(tick), "tick %us", second);
		fake_do(&daemon, tick);
		while (fake_used(&vmm, (u32)fake_ring(&vmm, WS_VQ_NOTIFY)) !=
		       vmm.used[fake_ring(&vmm, WS_VQ_NOTIFY)]) {
			fake_hear(&vmm, second * 1000000000ull);
			if (!vmm.hist.bins_count)
				continue;
			memset(vmm.hist.pages, 0, sizeof(vmm.hist.pages));
			vmm.hist.pages[WS_ANON][0] = 3000;
			vmm.hist.pages[WS_ANON][vmm.hist.bins_count - 1] = 6000;
		}
		while (fake_used(&vmm, (u32)fake_ring(&vmm, WS_VQ_STATS)) !=
		       vmm.used[fake_ring(&vmm, WS_VQ_STATS)]) {
			fake_take_used(&vmm, (u32)fake_ring(&vmm, WS_VQ_STATS));
			fake_put_stats(&vmm, &stats);
		}
		fake_config_read(&vmm, &config);
		if (config.num_pages > vmm.actual)
			fake_pages(&vmm, FAKE_PFN + vmm.actual, config.num_pages - vmm.actual, true);
		else if (config.num_pages < vmm.actual)
			fake_pages(&vmm, FAKE_PFN + config.num_pages, vmm.actual - config.num_pages,
				   false);
		fake_tell_actual(&vmm);
	}
	events = fake_state(&daemon, "/events") * 1e6 + fake_state(&daemon, "balloon_pages");
	fake_vmm_destroy(&vmm);
	cr_assert(!fake_daemon_stop(&daemon, SIGTERM));
	cr_assert(more != write_results || results_are_whole(&daemon));
	remove_folder();
	return events;
}

Test(balloond, a_policy_of_the_simulator_takes_what_is_idle_and_leaves_whole_results)
{
	double first = run_policy("ws-target", write_results);
	u64 pages = (u64)first % 1000000;

	/* 24 MiB are idle for longer than anything is asked; it takes of those, not more. */
	cr_assert(pages > 1024 && pages < 11264, "%llu pages in the balloon", pages);
	cr_assert(first - run_policy("ws-target", write_results) == 0);
}

static void dry(struct wsd_options *options)
{
	options->dry_run = true;
}

Test(balloond, a_dry_run_moves_no_balloon)
{
	cr_assert((u64)run_policy("ws-target", dry) % 1000000 == 0);
}

Test(balloond, a_driver_without_the_policys_channels_is_left_alone)
{
	struct fake_daemon daemon;
	struct fake_vmm vmm;

	fake_daemon_folder(&daemon);
	fake_daemon_start(&daemon, "", "ws-target", NULL);
	fake_vmm_memory(&vmm);
	fake_attach(&vmm, daemon.socket, &ws_dialect_wsr1, 32,
		    FAKE_BIT(WS_WSR1_FEATURE_BIT), true);
	fake_expect(&daemon, "up", 1);
	fake_expect(&daemon, "added", 0);
	finish(&daemon, &vmm);
}
