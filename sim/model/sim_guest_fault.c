/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_guest_fault.c - an access that the access loop could not finish.
 *
 * Two levels may have to act: the guest finds or makes the page, then the host backs
 * the frame.  What has to be waited for is told as a time; the stream comes back then.
 */
#include <assert.h>

#include "model/sim_guest.h"

struct fault {
	struct sim_guest *guest;
	struct sim_stream *stream;
	u32 page;
	bool write;
	u8 kind;
	u64 ready_ns; /* data are there */
	u64 cpu_ns;
	struct sim_fault_result *result;
};

/* Is a frame to be had?  If not, the result says when to come back. */
static u32 get_frame(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	u32 memcg = guest->memcg[fault->page] & SIM_PAGE_MEMCG;
	u64 now_ns = guest->engine->now_ns;
	struct sim_alloc alloc;

	sim_guest_alloc(guest, memcg, false, &alloc);
	fault->cpu_ns += alloc.cpu_ns;
	guest->counters.reclaim_ns += alloc.cpu_ns;
	fault->result->memory_stall |= alloc.stalled;
	if (alloc.frame != SIM_NO_FRAME)
		return alloc.frame;
	fault->result->retry = true;
	fault->result->memory_stall = true;
	if (!alloc.retry_ns) {
		sim_guest_oom(guest, alloc.memcg_full);
		alloc.retry_ns = now_ns + SIM_MS;
	}
	fault->result->resume_ns = alloc.retry_ns;
	guest->counters.reclaim_ns += alloc.retry_ns - now_ns;
	return SIM_NO_FRAME;
}

/*
 * Bring in a page that came with the one that was asked for; it is not mapped yet.
 * Return: false when there is no room for it, for readahead does not reclaim.
 */
static bool bring_neighbour(struct sim_guest *guest, u32 page, enum ws_enter how)
{
	if (guest->frames.free_count <= guest->watermark.low)
		return false;
	for (u32 memcg = guest->memcg[page] & SIM_PAGE_MEMCG; memcg;
	     memcg = guest->memcg_of[memcg].parent)
		if (guest->memcg_of[memcg].usage_pages + 1 >= guest->memcg_of[memcg].max_pages)
			return false;
	u32 frame = sim_frames_take(&guest->frames);

	if (frame == SIM_NO_FRAME)
		return false;
	sim_page_install(guest, page, frame, how, false);
	/* The device wrote into the frame; the host sees that. */
	if (!sim_frame_is_backed(guest, frame))
		sim_host_touch(guest->host, guest, frame);
	return true;
}

static void readahead_file(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	u32 first = fault->page & ~(SIM_READAHEAD_PAGES - 1), pages = 1;

	for (u32 page = first; page < first + SIM_READAHEAD_PAGES && guest->dropped_pages; page++) {
		if (page == fault->page || !sim_page_is_dropped(guest, page))
			continue;
		pages += bring_neighbour(guest, page,
					 fault->kind == TR_MAPPED ? WS_ENTER_AHEAD : WS_ENTER_READ);
	}
	guest->counters.file_in_pages += pages;
}

/* File contents from the disk; sequential readers find their window already in flight. */
static void read_file(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	struct sim_stream *stream = fault->stream;
	u64 now_ns = guest->engine->now_ns;
	u32 window_end = (fault->page | (SIM_READAHEAD_PAGES - 1)) + 1;

	if (fault->page >= stream->readahead && stream->readahead &&
	    fault->page < ((stream->readahead | (SIM_READAHEAD_PAGES - 1)) + 1) &&
	    fault->page < window_end) {
		/* Part of a window that was already asked for: only its transfer remains. */
		u64 bps = guest->config->disk.read_bps;

		fault->ready_ns = now_ns + (bps ? SIM_PAGE_BYTES * SIM_SECOND / bps : 0);
		guest->counters.file_in_pages++;
	} else {
		fault->ready_ns = sim_device_submit(&guest->disk, now_ns, false, SIM_READAHEAD_PAGES);
		readahead_file(fault);
	}
	stream->readahead = fault->page + 1;
}

static void readahead_swap(struct sim_guest *guest, u32 slot)
{
	const struct sim_device_config *config = guest->swap.device.config;
	u32 cluster = config->cluster_pages, first = (slot - 1) / cluster * cluster;

	for (u32 i = first; i < first + cluster && i < guest->swap.slots_count; i++) {
		u32 page = guest->swap.page_of[i] - 1;

		if (!guest->swap.page_of[i] || i + 1 == slot ||
		    guest->hot[page] & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK))
			continue;
		guest->counters.swap_in_pages += bring_neighbour(guest, page, WS_ENTER_SWAPCACHE);
	}
}

static void read_swap(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	struct sim_device *device = &guest->swap.device;
	u64 now_ns = guest->engine->now_ns;
	u32 slot = sim_page_slot(guest, fault->page);

	guest->counters.swap_in_pages++;
	if (guest->swap_compressed) {
		u64 read_ns = sim_device_submit(device, now_ns, false, 1) - now_ns;

		fault->cpu_ns += read_ns;
		guest->counters.io_ns += read_ns;
		return;
	}
	fault->ready_ns = sim_device_submit(device, now_ns, false, device->config->cluster_pages);
	if (device->config->cluster_pages > 1)
		readahead_swap(guest, slot);
}

/* Not resident: find out what it is, and get it. Return: false when there was no frame. */
static bool make_resident(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	u32 page = fault->page, shadow = guest->frame[page];
	bool file = sim_page_type(guest, page) == WS_FILE &&
		    !(guest->memcg[page] & SIM_PAGE_UNEVICTABLE);
	bool descriptor = fault->kind == TR_DESCRIPTOR;
	u32 frame = get_frame(fault);

	if (frame == SIM_NO_FRAME)
		return false;
	bool clean = true;

	if (sim_page_slot(guest, page)) {
		fault->result->fault = SIM_FAULT_SWAPIN;
		read_swap(fault);
		fault->result->memory_stall = true; /* however fast the device */
		clean = !guest->swap_compressed;
	} else if (file && descriptor && fault->write && !shadow) {
		fault->result->fault = SIM_FAULT_MINOR; /* a new page of a file is not read first */
	} else if (file) {
		fault->result->fault = shadow ? SIM_FAULT_REFAULT : SIM_FAULT_FILE;
		read_file(fault);
	} else {
		fault->result->fault = SIM_FAULT_MINOR;
		clean = false;
	}
	enum ws_enter how = file && fault->kind != TR_MAPPED ? WS_ENTER_READ : WS_ENTER_FAULT;

	/* A refault of the working set is what the kernel counts as a memory stall. */
	if (sim_page_install(guest, page, frame, how, true) && fault->ready_ns)
		fault->result->memory_stall = true;
	if (!clean) {
		sim_page_forget_copy(guest, page); /* compressed memory keeps no second one */
		guest->hot[page] |= SIM_HOT_DIRTY_GUEST | SIM_HOT_DIRTY_HOST;
	}
	return true;
}

/* Being written out: take it back. */
static void cancel_writeback(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	u32 page = fault->page;
	struct sim_reclaim *lruvec = guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG].lruvec;

	guest->memcg[page] &= (u8)~SIM_PAGE_PROACTIVE; /* it has not gone */
	guest->hot[page] = (u8)((guest->hot[page] & ~SIM_HOT_WRITEBACK) | SIM_HOT_PRESENT |
				SIM_HOT_MAPPED);
	lruvec->ops->insert(lruvec, page, sim_page_type(guest, page), WS_ENTER_FAULT, 0);
	fault->result->fault = SIM_FAULT_SWAPCACHE;
}

/* The host's part.  Return: false when it has no memory either. */
static bool have_backed(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	u32 frame = guest->frame[fault->page] - 1;

	if (sim_frame_is_backed(guest, frame))
		return true;
	struct sim_touch touch = sim_host_touch(guest->host, guest, frame);

	if (fault->result->fault == SIM_FAULTS)
		fault->result->fault = touch.fault;
	if (!touch.retry) /* else it is counted when it succeeds */
		guest->counters.faults[touch.fault]++;
	fault->cpu_ns += touch.cpu_ns;
	guest->counters.host_stall_ns += touch.cpu_ns;
	u64 from_ns = guest->engine->now_ns > fault->ready_ns ? guest->engine->now_ns : fault->ready_ns;

	if (touch.ready_ns > from_ns) {
		guest->counters.host_stall_ns += touch.ready_ns - from_ns;
		fault->result->host_stall = true;
		fault->ready_ns = touch.ready_ns;
	}
	fault->result->retry = touch.retry;
	return !touch.retry;
}

/* do_swap_page(): a page that is written, or any when half of swap is used, gives its slot back. */
static void free_swap(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;

	if (!(guest->memcg[fault->page] & SIM_PAGE_FILE) &&
	    (fault->write || sim_swap_is_half_full(&guest->swap)))
		sim_page_forget_copy(guest, fault->page);
}

static void set_bits(struct fault *fault)
{
	struct sim_guest *guest = fault->guest;
	u32 page = fault->page;
	u8 hot = SIM_HOT_ACCESSED_HOST;

	if (fault->kind == TR_MAPPED)
		hot |= SIM_HOT_ACCESSED_GUEST;
	if (fault->write)
		hot |= SIM_HOT_DIRTY_GUEST | SIM_HOT_DIRTY_HOST;
	guest->hot[page] |= hot;
	if (fault->result->fault == SIM_FAULT_SWAPIN || fault->result->fault == SIM_FAULT_SWAPCACHE)
		free_swap(fault);
	if (sim_page_is_tracked(page))
		sim_page_note(guest, page, guest->engine->now_ns, fault->kind);
	if (fault->kind == TR_DESCRIPTOR && !(guest->memcg[page] & SIM_PAGE_UNEVICTABLE)) {
		struct sim_reclaim *lruvec = guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG].lruvec;

		if (lruvec->ops->descriptor)
			lruvec->ops->descriptor(lruvec, page);
	}
	sim_page_open(guest, page);
}

void sim_guest_fault(struct sim_guest *guest, struct sim_stream *stream, u32 page, bool write,
		     u8 kind, struct sim_fault_result *result)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct fault fault = {
		.guest = guest, .stream = stream, .page = page, .write = write, .kind = kind,
		.result = result,
	};
	u8 hot = guest->hot[page];
	u64 now_ns = guest->engine->now_ns;

	*result = (struct sim_fault_result){ .fault = SIM_FAULTS };
	__builtin_prefetch(&guest->frame[page], 1);
	__builtin_prefetch(&guest->memcg[page], 1);
	__builtin_prefetch(&guest->space.entry[page], 1);
	if (hot & SIM_HOT_WRITEBACK)
		cancel_writeback(&fault);
	else if (!(hot & SIM_HOT_PRESENT) && !make_resident(&fault))
		return;
	else if (hot & SIM_HOT_PRESENT && !(hot & SIM_HOT_MAPPED))
		result->fault = SIM_FAULT_SWAPCACHE;
	if (result->fault != SIM_FAULTS) {
		fault.cpu_ns += costs->minor_fault_ns;
		guest->counters.fault_ns += costs->minor_fault_ns;
		guest->counters.faults[result->fault]++;
	}
	if (!(guest->hot[page] & SIM_HOT_MAPPED))
		guest->hot[page] |= SIM_HOT_MAPPED;
	/* What the host adds to the wait is host_stall_ns, and not counted twice. */
	if (fault.ready_ns > now_ns)
		guest->counters.io_ns += fault.ready_ns - now_ns;
	if (have_backed(&fault))
		set_bits(&fault);
	result->resume_ns = (fault.ready_ns > now_ns ? fault.ready_ns : now_ns) + fault.cpu_ns;
	if (result->fault != SIM_FAULTS)
		sim_emit(guest->engine, SIM_EV_FAULT, guest->id,
			 (u32)(stream - guest->workload.stream) << 8 | result->fault, page,
			 result->resume_ns - now_ns);
}
