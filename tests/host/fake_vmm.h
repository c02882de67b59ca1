/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_vmm.h - a VMM and a guest's balloon driver in one, for tests of ws-balloond.
 *
 * Speaks vhost-user over a real socket, with memory in a memfd and real rings in it; the
 * guest's end of working-set reporting is the core's.  With kicks in band every call
 * returns when the daemon has done what it had to, so nothing waits for a clock.
 */
#ifndef FAKE_VMM_H
#define FAKE_VMM_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_folder.h"
#include "scenario/sim_json.h"
#include "ws_bytes.h"
#include "ws_proto.h"
#include "ws_vq.h"
#include "ws_wsr1.h"
#include "wsd_run.h"
#include "wsd_vhost.h"

#define FAKE_BASE 0x40000000ull /* guest-physical address of the memory */
#define FAKE_MIB (1ull << 20)
#define FAKE_BYTES (64 * FAKE_MIB)
#define FAKE_PAGES_AT (2 * FAKE_MIB) /* below are rings and buffers */
#define FAKE_RING_SIZE 64u
#define FAKE_PFN ((u32)((FAKE_BASE + FAKE_PAGES_AT) >> 12)) /* the first page to give away */
#define FAKE_WAIT_MS 10000
#define FAKE_BIT(bit) (1ull << (bit))

struct fake_vmm {
	int sock, memfd, channel; /* the end of the daemon's own channel */
	u8 *mem;
	u64 offered, features;
	u32 feature_bit;
	bool inband;
	int kick[WS_VQS], call[WS_VQS];
	u16 avail[WS_VQS], used[WS_VQS];
	u32 actual, bins_max; /* bins_max: that the driver says, 0: 32 */
	struct ws_proto_guest proto;
	struct ws_hist hist;
};

/* --- the daemon, in a process of its own --- */

struct fake_daemon {
	pid_t pid;
	char socket[96], control[96], output[96];
};

static inline void fake_say(const char *vm, const char *text)
{
	(void)vm;
	if (getenv("FAKE_LOUD"))
		fprintf(stderr, "daemon: %s: %s\n", vm ? vm : "", text);
}

/* @vm: further keys of the VM "a"; @policy: NULL for one that does nothing unless the host is short. */
static inline void fake_daemon_start(struct fake_daemon *daemon, const char *vm, const char *policy,
				     void (*more)(struct wsd_options *options))
{
	struct wsd_options options;
	struct tr_error error = { "" };
	char text[512];

	daemon->pid = fork();
	cr_assert(daemon->pid >= 0);
	if (daemon->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wsd_options_default(&options);
	snprintf(text, sizeof(text), "name=a,vhost-user=%s,size=64MiB,min=8MiB%s%s", daemon->socket,
		 *vm ? "," : "", vm);
	options.clock = WSD_CLOCK_GUEST;
	options.host_bytes = 128 * FAKE_MIB;
	snprintf(options.policy, sizeof(options.policy), "%s", policy ? policy : "auto-balloon");
	snprintf(options.control, sizeof(options.control), "%s", daemon->control);
	options.no_plots = true;
	struct wsd_run run = { .options = &options, .say = fake_say };
	int rc = wsd_options_add_vm(&options, text, &error);

	if (more)
		more(&options);
	if (!rc)
		rc = wsd_options_check(&options, &error);
	if (!rc)
		rc = wsd_run(&run, &error);
	if (rc)
		fprintf(stderr, "daemon: %s\n", error.text);
	_exit(rc ? 1 : 0);
}

static inline void fake_daemon_folder(struct fake_daemon *daemon)
{
	make_folder();
	snprintf(daemon->socket, sizeof(daemon->socket), "%s/a.sock", folder);
	snprintf(daemon->control, sizeof(daemon->control), "%s/control", folder);
	snprintf(daemon->output, sizeof(daemon->output), "%s/out", folder);
}

static inline int fake_connect(const char *path)
{
	for (u32 i = 0; i < FAKE_WAIT_MS / 5; i++) {
		int fd = wsd_socket_connect(path);

		if (fd >= 0) {
			fcntl(fd, F_SETFL, 0); /* tests wait */
			return fd;
		}
		usleep(5000);
	}
	cr_assert_fail("nobody answers at %s", path);
	return -1;
}

/* Send @line and take the answer to its last line.  Return: @answer. */
static inline char *fake_command(const struct fake_daemon *daemon, const char *line, char *answer,
				 size_t size)
{
	int fd = fake_connect(daemon->control);
	size_t length = 0;

	cr_assert(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
	cr_assert(write(fd, "\n", 1) == 1);
	answer[0] = '\0';
	while (length + 1 < size) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t got = poll(&ready, 1, FAKE_WAIT_MS) == 1 ?
				      read(fd, answer + length, size - 1 - length) : -1;
		const char *last;

		cr_assert(got > 0, "no answer to: %s", line);
		length += (size_t)got;
		answer[length] = '\0';
		if (answer[length - 1] != '\n')
			continue;
		last = answer + length - 1;
		while (last > answer && last[-1] != '\n')
			last--;
		if (!strncmp(last, "ok", 2) || !strncmp(last, "error", 5))
			break;
	}
	close(fd);
	return answer;
}

static inline void fake_do(const struct fake_daemon *daemon, const char *line)
{
	char answer[65536];

	fake_command(daemon, line, answer, sizeof(answer));
	cr_assert(!strncmp(answer, "ok", 2), "%s: %s", line, answer);
}

/* A number of the first VM's state, as in "device.counted_pages". */
static inline double fake_state(const struct fake_daemon *daemon, const char *path)
{
	char answer[65536], part[64];
	struct sim_json_in in, next;
	struct sim_json *json;
	struct tr_error error;
	double number = -1;
	bool flag;
	char *end;

	fake_command(daemon, "state", answer, sizeof(answer));
	end = strstr(answer, "\nok\n");
	cr_assert(end);
	cr_assert(!sim_json_parse(&json, "state", answer, (size_t)(end - answer), &error), "%s",
		  error.text);
	in = sim_json_top(json, "state");
	if (*path == '/') {
		path++;
	} else {
		cr_assert(sim_json_find(&in, "vms", &next));
		cr_assert(sim_json_first(&next, &in));
	}
	while (*path) {
		size_t length = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)length, path);
		path += length + (path[length] == '.');
		if (sim_json_kind(&in) == SIM_JSON_ARRAY) {
			u32 index = (u32)strtoul(part, NULL, 10);

			cr_assert(sim_json_first(&in, &next));
			while (index--)
				cr_assert(sim_json_next(&next), "no element %s", part);
		} else {
			cr_assert(sim_json_find(&in, part, &next), "no %s", part);
		}
		in = next;
	}
	if (sim_json_kind(&in) == SIM_JSON_BOOL) {
		cr_assert(!sim_json_get_bool(&in, &flag, NULL));
		number = flag;
	} else {
		cr_assert(!sim_json_get_double(&in, &number, NULL));
	}
	sim_json_free(json);
	return number;
}

#define fake_expect(daemon, path, want)                                                            \
	do {                                                                                       \
		double got_ = fake_state(daemon, path), want_ = (double)(want);                    \
		cr_assert(got_ - want_ == 0, "%s is %.0f, not %.0f", path, got_, want_);           \
	} while (0)

/* Where the daemon hears of it by another socket: within ten seconds. */
#define fake_await(daemon, path, want)                                                             \
	do {                                                                                       \
		for (u32 i_ = 0; i_ < 500 && fake_state(daemon, path) - (double)(want) != 0; i_++) \
			usleep(20000);                                                             \
		fake_expect(daemon, path, want);                                                   \
	} while (0)

/* Return: its exit status. */
static inline int fake_daemon_stop(struct fake_daemon *daemon, int signal_number)
{
	int status;

	kill(daemon->pid, signal_number);
	cr_assert(waitpid(daemon->pid, &status, 0) == daemon->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- vhost-user --- */

static inline void fake_send(struct fake_vmm *vmm, u32 request, u32 flags, const u8 *payload,
			     u32 size, int fd)
{
	u8 bytes[WSD_VHOST_HEAD_BYTES + WSD_VHOST_PAYLOAD_MAX];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec piece = { .iov_base = bytes, .iov_len = WSD_VHOST_HEAD_BYTES + size };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	ws_put_le32(bytes, request);
	ws_put_le32(bytes + 4, 1 | flags);
	ws_put_le32(bytes + 8, size);
	if (size)
		memcpy(bytes + WSD_VHOST_HEAD_BYTES, payload, size);
	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
	}
	cr_assert(sendmsg(vmm->sock, &message, MSG_NOSIGNAL) == (ssize_t)piece.iov_len);
}

/* Return: length of the payload. */
static inline u32 fake_receive(struct fake_vmm *vmm, u32 request, u8 *payload, u32 size)
{
	u8 head[WSD_VHOST_HEAD_BYTES];
	u32 length;

	cr_assert(recv(vmm->sock, head, sizeof(head), MSG_WAITALL) == sizeof(head), "no reply to %u",
		  request);
	length = ws_get_le32(head + 8);
	cr_assert(ws_get_le32(head) == request && ws_get_le32(head + 4) == 5 && length <= size);
	if (length)
		cr_assert(recv(vmm->sock, payload, length, MSG_WAITALL) == (ssize_t)length);
	return length;
}

static inline u64 fake_ask_u64(struct fake_vmm *vmm, u32 request)
{
	u8 bytes[8];

	fake_send(vmm, request, 0, NULL, 0, -1);
	cr_assert(fake_receive(vmm, request, bytes, 8) == 8);
	return ws_get_le64(bytes);
}

/* A request that is confirmed.  Return: 0 when it was granted. */
static inline u64 fake_set(struct fake_vmm *vmm, u32 request, const u8 *payload, u32 size, int fd)
{
	u8 bytes[8];

	fake_send(vmm, request, 8, payload, size, fd);
	cr_assert(fake_receive(vmm, request, bytes, 8) == 8);
	return ws_get_le64(bytes);
}

static inline u64 fake_set_u64(struct fake_vmm *vmm, u32 request, u64 value, int fd)
{
	u8 bytes[8];

	ws_put_le64(bytes, value);
	return fake_set(vmm, request, bytes, 8, fd);
}

static inline u64 fake_set_state(struct fake_vmm *vmm, u32 request, u32 ring, u32 number)
{
	return fake_set_u64(vmm, request, ring | (u64)number << 32, -1);
}

static inline u32 fake_ring_at(u32 ring)
{
	return ring * 0x4000;
}

static inline u32 fake_buffer_at(u32 ring)
{
	return 0x80000 + ring * 0x10000;
}

static inline u64 fake_user(const struct fake_vmm *vmm, u64 at)
{
	return (u64)(unsigned long)(vmm->mem + at);
}

static inline int fake_ring(const struct fake_vmm *vmm, enum ws_vq queue)
{
	return ws_vq_index(WS_VQ_NEGOTIATED, vmm->offered & 0xffffff, vmm->features & 0xffffff,
			   vmm->feature_bit, queue);
}

static inline void fake_set_memory(struct fake_vmm *vmm)
{
	u8 table[40] = { 0 };

	ws_put_le32(table, 1);
	ws_put_le64(table + 8, FAKE_BASE);
	ws_put_le64(table + 16, FAKE_BYTES);
	ws_put_le64(table + 24, fake_user(vmm, 0));
	cr_assert(!fake_set(vmm, 5, table, sizeof(table), vmm->memfd));
}

/* A driver that waited for a device before this one is called as soon as there is a file for it. */
static inline void fake_take_first_call(const struct fake_vmm *vmm, u32 ring)
{
	struct pollfd ready = { .fd = vmm->call[ring], .events = POLLIN };
	u64 calls;

	cr_assert_eq(poll(&ready, 1, FAKE_WAIT_MS), 1, "ring %u is not called", ring);
	cr_assert_eq(read(vmm->call[ring], &calls, sizeof(calls)), sizeof(calls));
}

static inline void fake_set_ring(struct fake_vmm *vmm, u32 ring, u32 base)
{
	u64 at = fake_user(vmm, fake_ring_at(ring));
	u8 addresses[40] = { 0 };

	cr_assert(!fake_set_state(vmm, 8, ring, FAKE_RING_SIZE));
	cr_assert(!fake_set_state(vmm, 10, ring, base));
	ws_put_le32(addresses, ring);
	ws_put_le64(addresses + 8, at);
	ws_put_le64(addresses + 16, at + 0x2000);
	ws_put_le64(addresses + 24, at + 0x1000);
	cr_assert(!fake_set(vmm, 9, addresses, sizeof(addresses), -1));
	if (!vmm->inband) {
		vmm->kick[ring] = eventfd(0, EFD_CLOEXEC);
		vmm->call[ring] = eventfd(0, EFD_CLOEXEC);
		cr_assert(!fake_set_u64(vmm, 13, ring, vmm->call[ring]));
		fake_take_first_call(vmm, ring);
		cr_assert(!fake_set_u64(vmm, 12, ring, vmm->kick[ring]));
	}
	cr_assert(!fake_set_state(vmm, 18, ring, 1));
}

/* --- rings --- */

static inline u8 *fake_desc(const struct fake_vmm *vmm, u32 ring, u32 i)
{
	return vmm->mem + fake_ring_at(ring) + i * 16;
}

static inline void fake_put_desc(const struct fake_vmm *vmm, u32 ring, u32 i, u64 addr, u32 length,
				 u32 flags, u32 next)
{
	u8 *desc = fake_desc(vmm, ring, i);

	ws_put_le64(desc, addr);
	ws_put_le32(desc + 8, length);
	ws_put_le16(desc + 12, (u16)flags);
	ws_put_le16(desc + 14, (u16)next);
}

static inline u16 fake_used(const struct fake_vmm *vmm, u32 ring)
{
	u16 index;

	memcpy(&index, vmm->mem + fake_ring_at(ring) + 0x2002, 2);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return index;
}

/* Offer the chain that begins with descriptor @head. */
static inline void fake_offer(struct fake_vmm *vmm, u32 ring, u16 head)
{
	u8 *avail = vmm->mem + fake_ring_at(ring) + 0x1000;

	ws_put_le16(avail + 4 + 2 * (vmm->avail[ring] % FAKE_RING_SIZE), head);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ws_put_le16(avail + 2, ++vmm->avail[ring]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void fake_kick(struct fake_vmm *vmm, u32 ring)
{
	u64 one = 1;

	if (vmm->inband)
		cr_assert(!fake_set_state(vmm, 35, ring, 0));
	else
		cr_assert(write(vmm->kick[ring], &one, 8) == 8);
}

/* The daemon has given a buffer back.  Return: how many bytes it wrote there. */
static inline u32 fake_take_used(struct fake_vmm *vmm, u32 ring)
{
	u8 *entry = vmm->mem + fake_ring_at(ring) + 0x2004 + 8 * (vmm->used[ring] % FAKE_RING_SIZE);

	for (u32 i = 0; i < FAKE_WAIT_MS && fake_used(vmm, ring) == vmm->used[ring]; i++) {
		cr_assert(!vmm->inband, "ring %u: nothing came back", ring);
		usleep(1000);
	}
	cr_assert(fake_used(vmm, ring) != vmm->used[ring], "ring %u: nothing came back in time", ring);
	vmm->used[ring]++;
	return ws_get_le32(entry + 4);
}

/* --- config space --- */

static inline void fake_config_read(struct fake_vmm *vmm, struct ws_balloon_config *config)
{
	u8 bytes[12 + WSD_CONFIG_BYTES] = { 0 };

	ws_put_le32(bytes + 4, WSD_CONFIG_BYTES);
	fake_send(vmm, 24, 0, bytes, sizeof(bytes), -1);
	cr_assert(fake_receive(vmm, 24, bytes, sizeof(bytes)) == sizeof(bytes));
	cr_assert(!ws_wire_config_decode(config, &ws_dialect_rfc2, bytes + 12, WS_CONFIG_BYTES));
}

static inline void fake_config_write(struct fake_vmm *vmm, u32 offset, const u8 *from, u32 size)
{
	u8 bytes[12 + WSD_CONFIG_BYTES] = { 0 };

	ws_put_le32(bytes, offset);
	ws_put_le32(bytes + 4, size);
	memcpy(bytes + 12, from, size);
	cr_assert(!fake_set(vmm, 25, bytes, 12 + size, -1));
}

static inline void fake_tell_actual(struct fake_vmm *vmm)
{
	u8 bytes[4];

	ws_put_le32(bytes, vmm->actual);
	fake_config_write(vmm, WS_CONFIG_ACTUAL_OFFSET, bytes, sizeof(bytes));
}

/* Has the daemon told of a change of config space (or called, in band)?  Takes all of it. */
static inline bool fake_config_changed(const struct fake_vmm *vmm)
{
	u8 head[12], rest[8];
	bool changed = false;

	while (read(vmm->channel, head, sizeof(head)) == sizeof(head)) {
		changed |= ws_get_le32(head) == 2;
		if (ws_get_le32(head + 8) == 8)
			cr_assert(read(vmm->channel, rest, 8) == 8);
	}
	return changed;
}

/* --- what a driver does --- */

static inline void fake_pages(struct fake_vmm *vmm, u32 first, u32 count, bool inflate)
{
	u32 ring = (u32)fake_ring(vmm, inflate ? WS_VQ_INFLATE : WS_VQ_DEFLATE);
	u8 *buffer = vmm->mem + fake_buffer_at(ring);

	for (u32 done = 0; done < count;) {
		u32 part = count - done < WS_PFNS_MAX ? count - done : WS_PFNS_MAX;

		for (u32 i = 0; i < part; i++)
			ws_put_le32(buffer + 4 * i, first + done + i);
		fake_put_desc(vmm, ring, 0, FAKE_BASE + fake_buffer_at(ring), part * 4, 0, 0);
		fake_offer(vmm, ring, 0);
		fake_kick(vmm, ring);
		fake_take_used(vmm, ring);
		done += part;
	}
	vmm->actual += inflate ? count : -count;
}

/* Statistics into the buffer that the daemon keeps. */
static inline void fake_put_stats(struct fake_vmm *vmm, const struct ws_stats *stats)
{
	u32 ring = (u32)fake_ring(vmm, WS_VQ_STATS);
	int length = ws_wire_stats_encode(stats, vmm->mem + fake_buffer_at(ring), WS_STATS_BYTES_MAX);

	cr_assert(length > 0);
	fake_put_desc(vmm, ring, 0, FAKE_BASE + fake_buffer_at(ring), (u32)length, 0, 0);
	fake_offer(vmm, ring, 0);
	fake_kick(vmm, ring);
}

static inline void fake_prime_notify(struct fake_vmm *vmm)
{
	u32 ring = (u32)fake_ring(vmm, WS_VQ_NOTIFY);

	fake_put_desc(vmm, ring, 0, FAKE_BASE + fake_buffer_at(ring), WS_WIRE_TO_GUEST_MAX, 2, 0);
	fake_offer(vmm, ring, 0);
	fake_kick(vmm, ring);
}

static inline void fake_put_message(struct fake_vmm *vmm, const u8 *bytes, u32 length)
{
	u32 ring = (u32)fake_ring(vmm, WS_VQ_WORKING_SET);

	memcpy(vmm->mem + fake_buffer_at(ring), bytes, length);
	fake_put_desc(vmm, ring, 0, FAKE_BASE + fake_buffer_at(ring), length, 0, 0);
	fake_offer(vmm, ring, 0);
	fake_kick(vmm, ring);
	fake_take_used(vmm, ring);
}

/* --- life --- */

static inline void fake_vmm_memory(struct fake_vmm *vmm)
{
	memset(vmm, 0, sizeof(*vmm));
	vmm->memfd = memfd_create("guest", MFD_CLOEXEC);
	cr_assert(vmm->memfd >= 0 && !ftruncate(vmm->memfd, FAKE_BYTES));
	vmm->mem = mmap(NULL, FAKE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, vmm->memfd, 0);
	cr_assert(vmm->mem != MAP_FAILED);
	/* All of it backed, so that what comes back can be counted. */
	memset(vmm->mem + FAKE_PAGES_AT, 0x5a, FAKE_BYTES - FAKE_PAGES_AT);
	memset(vmm->mem, 0, FAKE_PAGES_AT);
}

static inline u64 fake_backed(const struct fake_vmm *vmm)
{
	struct stat st;

	cr_assert(!fstat(vmm->memfd, &st));
	return (u64)st.st_blocks * 512;
}

static inline void fake_negotiate(struct fake_vmm *vmm, const char *path, u64 refuse, bool inband)
{
	int channel[2];

	vmm->sock = fake_connect(path);
	vmm->offered = fake_ask_u64(vmm, 1);
	vmm->features = vmm->offered & ~refuse;
	u64 protocol = fake_ask_u64(vmm, 15) & (FAKE_BIT(3) | FAKE_BIT(5) | FAKE_BIT(9) |
						(inband ? FAKE_BIT(14) : 0));
	u8 bytes[8];

	vmm->inband = protocol >> 14 & 1;
	ws_put_le64(bytes, protocol);
	fake_send(vmm, 16, 0, bytes, 8, -1);
	cr_assert(!fake_set_u64(vmm, 2, vmm->features, -1));
	cr_assert(!fake_set(vmm, 3, NULL, 0, -1));
	cr_assert(!pipe2(channel, O_CLOEXEC | O_NONBLOCK));
	vmm->channel = channel[0];
	cr_assert(!fake_set(vmm, 21, NULL, 0, channel[1]));
	close(channel[1]);
	fake_set_memory(vmm);
}

/* Rings of all queues; @resume: where the used indices stand, as QEMU does it. */
static inline void fake_rings(struct fake_vmm *vmm, bool resume)
{
	for (u32 queue = 0; queue < WS_VQS; queue++) {
		int ring = fake_ring(vmm, (enum ws_vq)queue);

		if (ring >= 0)
			fake_set_ring(vmm, (u32)ring, resume ? fake_used(vmm, (u32)ring) : 0);
	}
}

static inline void fake_say_bounds(struct fake_vmm *vmm)
{
	const struct ws_wsr1_bounds bounds = {
		.version = 1, .bins_max = (u8)(vmm->bins_max ? vmm->bins_max : 32), .nodes_max = 4,
		.refresh_min_ms = 100,
	};
	u8 bytes[WS_WSR1_BOUNDS_BYTES];

	cr_assert(ws_wsr1_bounds_encode(&bounds, &bounds, bytes, sizeof(bytes)) > 0);
	fake_config_write(vmm, WS_WSR1_BOUNDS_OFFSET + 4, bytes + 4, WS_WSR1_BOUNDS_BYTES - 4);
}

/* All that a driver does before it works.  The proto end has @bins bins. */
static inline void fake_attach(struct fake_vmm *vmm, const char *path,
			       const struct ws_dialect *dialect, u32 bins, u64 refuse, bool inband)
{
	const struct ws_stats stats = {
		.present = 1u << WS_STAT_MEMFREE | 1u << WS_STAT_MEMTOT,
		.value = { [WS_STAT_MEMFREE] = 40 * FAKE_MIB, [WS_STAT_MEMTOT] = 60 * FAKE_MIB },
	};

	vmm->feature_bit = dialect->feature_bit;
	fake_negotiate(vmm, path, refuse, inband);
	/* Where the dialect fixes the number of bins, a message may still have fewer. */
	cr_assert(!ws_proto_guest_init(&vmm->proto, dialect,
				       bins < dialect->bins_min ? dialect->bins_min : bins));
	fake_rings(vmm, false);
	if (dialect == &ws_dialect_wsr1)
		fake_say_bounds(vmm);
	if (vmm->features >> WS_F_STATS_VQ & 1)
		fake_put_stats(vmm, &stats);
	if (vmm->features >> vmm->feature_bit & 1)
		fake_prime_notify(vmm);
}

static inline void fake_vmm_destroy(struct fake_vmm *vmm)
{
	close(vmm->sock);
	close(vmm->channel);
	for (u32 i = 0; i < WS_VQS; i++) {
		if (vmm->kick[i] > 0)
			close(vmm->kick[i]);
		if (vmm->call[i] > 0)
			close(vmm->call[i]);
	}
	munmap(vmm->mem, FAKE_BYTES);
	close(vmm->memfd);
}

/*
 * The guest's end hears what the daemon put into the notification queue, and says what is
 * to be said.  Return: enum ws_proto_action.
 */
static inline int fake_hear(struct fake_vmm *vmm, u64 now_ns)
{
	u32 ring = (u32)fake_ring(vmm, WS_VQ_NOTIFY);
	u32 length = fake_take_used(vmm, ring);
	u8 answer[WS_WIRE_TO_HOST_MAX];
	int action, written = 0;

	action = ws_proto_guest_consume(&vmm->proto, vmm->mem + fake_buffer_at(ring), length, now_ns);
	cr_assert(action >= 0, "the daemon's message: %d", action);
	if (action == WS_PROTO_CONFIGURE) {
		cr_assert(!ws_hist_init(&vmm->hist, vmm->proto.msg.config.edge_ns,
					vmm->proto.msg.config.edges_count));
		written = ws_proto_guest_verdict(&vmm->proto, WS_STATUS_OK, 0, answer, sizeof(answer));
	} else if (action == WS_PROTO_VERDICT) {
		written = ws_proto_guest_verdict(&vmm->proto, WS_STATUS_OK, 0, answer, sizeof(answer));
	} else if (action == WS_PROTO_REPORT) {
		written = ws_proto_guest_report(&vmm->proto, &vmm->hist, 0, answer, sizeof(answer));
		cr_assert(written > 0);
	}
	cr_assert(written >= 0);
	if (written)
		fake_put_message(vmm, answer, (u32)written);
	fake_prime_notify(vmm);
	return action;
}

#endif /* FAKE_VMM_H */
