/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_vmin.c - gaps between uses, and the price of memory at which they are worth holding. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "model/sim_rng.h"
#include "oracle/sim_vmin.h"

#define NEVER 0xffffffffu
#define BINS_MAX (1u << 20)
#define READAHEAD_PAGES 32 /* of file reads: 128 KiB */
#define PAGE_BYTES 4096.0

/* A page's share of the cheapest read that brings it. */
static double page_in_ns(const struct sim_device_config *device, u32 pages, u64 minor_ns)
{
	if (!*device->name)
		return INFINITY; /* nowhere to go: it stays */
	return (double)minor_ns +
	       (double)device->read_ns / (device->compressed || !pages ? 1 : pages);
}

/* A page's last use, while its VM is played. */
struct last {
	u32 quantum; /* NEVER: it does not live */
	bool file;
};

struct counting {
	struct last *last;
	u64 *count[2]; /* anon, file: gaps between uses, by length in bins */
	u64 *tail[2];  /* from the last use to the end of the page's life, or of the run */
	u32 pages_count;
	double bin_quanta;
};

static int begin_count(void *ctx, u32 pages_count)
{
	struct counting *counting = ctx;

	counting->pages_count = pages_count;
	counting->last = malloc(((u64)pages_count + 1) * sizeof(*counting->last));
	for (u32 page = 0; counting->last && page < pages_count; page++)
		counting->last[page].quantum = NEVER;
	return counting->last ? 0 : -ENOMEM;
}

static u32 bin_of(const struct counting *counting, u32 from, u32 to)
{
	return (u32)((to - from) / counting->bin_quanta);
}

static int count_use(void *ctx, struct sim_use use)
{
	struct counting *counting = ctx;
	struct last *page = &counting->last[SIM_USE_PAGE(use.entry)];

	if (use.entry & SIM_USE_END) {
		counting->tail[page->file][bin_of(counting, page->quantum, use.quantum)]++;
		page->quantum = NEVER;
		return 0;
	}
	page->file = use.entry & SIM_USE_FILE;
	if (!(use.entry & SIM_USE_FIRST))
		counting->count[page->file][bin_of(counting, page->quantum, use.quantum)]++;
	page->quantum = use.quantum;
	return 0;
}

/* What lives when the VM ends. */
static void count_rest(struct counting *counting, u32 end)
{
	for (u32 page = 0; page < counting->pages_count; page++) {
		struct last *last = &counting->last[page];
		if (last->quantum != NEVER && last->quantum <= end)
			counting->tail[last->file][bin_of(counting, last->quantum, end)]++;
	}
}

/* Each gap is held through if it is no longer than so many bins. */
static struct sim_vmin_sums *sum_ahead(const u64 *count, u32 bins, double bin_s)
{
	struct sim_vmin_sums *ahead = malloc((bins + 1ull) * sizeof(*ahead)), now = { 0, 0 };

	for (u32 bin = 0; ahead && bin < bins; bin++)
		now.page_ins += (double)count[bin];
	for (u32 bin = 0; ahead && bin < bins; bin++) {
		now.page_ins -= (double)count[bin];
		now.held_page_s += (double)count[bin] * bin * bin_s;
		ahead[bin] = now;
	}
	return ahead;
}

/* Left of the line from @a to @c, or on it: no price of memory makes it better than both. */
static bool is_useless(const struct sim_vmin_sums *a, const struct sim_vmin_sums *b,
		       const struct sim_vmin_sums *c)
{
	return (b->held_page_s - a->held_page_s) * (b->page_ins - c->page_ins) >=
	       (c->held_page_s - b->held_page_s) * (a->page_ins - b->page_ins);
}

/* Every gap is held through for up to one time; of those times the lower convex hull. */
static struct sim_vmin_sums *sum_back(const u64 *count, const u64 *tail, u32 bins, double bin_s,
				      u32 *hull_count)
{
	struct sim_vmin_sums *hull = malloc((bins + 1ull) * sizeof(*hull)), now = { 0, 0 };
	double open = 0;
	u32 points = 0;

	if (!hull)
		return NULL;
	/* What is used again in the same quantum is held in any case. */
	for (u32 bin = 1; bin < bins; bin++) {
		now.page_ins += (double)count[bin];
		open += (double)(count[bin] + tail[bin]);
	}
	hull[points++] = now;
	for (u32 bin = 1; bin < bins; bin++) {
		now.held_page_s += open * bin_s;
		now.page_ins -= (double)count[bin];
		open -= (double)(count[bin] + tail[bin]);
		if (!count[bin])
			continue; /* longer, for nothing */
		while (points > 1 && is_useless(&hull[points - 2], &hull[points - 1], &now))
			points--;
		hull[points++] = now;
	}
	*hull_count = points;
	return hull;
}

static int sum_up(struct sim_vmin *vmin, struct sim_vmin_vm *vm, const struct counting *counting)
{
	for (u32 type = 0; type < 2; type++) {
		vm->ahead[type] = sum_ahead(counting->count[type], vmin->bins, vmin->bin_s);
		vm->back[type] = sum_back(counting->count[type], counting->tail[type], vmin->bins,
					  vmin->bin_s, &vm->back_count[type]);
		if (!vm->ahead[type] || !vm->back[type])
			return -ENOMEM;
	}
	return 0;
}

static int count_gaps(struct sim_vmin *vmin, const struct sim_scenario *scenario, u32 index,
		      struct counting *counting, const volatile bool *stop,
		      struct tr_error *error)
{
	struct sim_timeline_sink sink = { begin_count, count_use, counting, stop };
	struct sim_vmin_vm *vm = &vmin->vm[index];
	int rc = 0;

	for (u32 type = 0; type < 2; type++) {
		counting->count[type] = calloc(vmin->bins, sizeof(u64));
		counting->tail[type] = calloc(vmin->bins, sizeof(u64));
		if (!counting->count[type] || !counting->tail[type])
			rc = -ENOMEM;
	}
	if (!rc) {
		rc = sim_timeline_play(scenario, index, &sink, &vm->sums, error);
		if (rc)
			return rc;
		count_rest(counting, (u32)(vm->sums.end_ns / scenario->quantum_ns));
		rc = sum_up(vmin, vm, counting);
	}
	return rc ? tr_fail(error, rc, "%s: out of memory", scenario->vm[index].name) : 0;
}

static int count_vm(struct sim_vmin *vmin, const struct sim_scenario *scenario, u32 index,
		    double bin_quanta, double time_per_work, const volatile bool *stop,
		    struct tr_error *error)
{
	const struct sim_vm_config *config = &scenario->vm[index];
	struct sim_vmin_vm *vm = &vmin->vm[index];
	struct counting counting = { .bin_quanta = bin_quanta };
	int rc = count_gaps(vmin, scenario, index, &counting, stop, error);

	free(counting.last);
	for (u32 type = 0; type < 2; type++) {
		free(counting.count[type]);
		free(counting.tail[type]);
	}
	double life_s = (double)(vm->sums.end_ns - vm->sums.start_ns) / 1e9;

	vm->busy_ns = (double)vm->sums.compute_ns * time_per_work;
	vmin->held_page_s += vm->sums.unevictable_page_s +
			     (double)config->kernel_bytes / PAGE_BYTES * life_s;
	vmin->nominal_page_s += (double)config->memory_bytes / PAGE_BYTES * life_s;
	return rc;
}

static void set_costs(struct sim_vmin_vm *vm, const struct sim_scenario *scenario, u32 index)
{
	const struct sim_device_config *swap = &scenario->vm[index].swap;
	const struct sim_device_config *disk = &scenario->vm[index].disk;
	const struct sim_device_config *host = &scenario->host.swap;
	u64 minor_ns = scenario->costs.minor_fault_ns;

	for (u32 reads = 0; reads < 2; reads++) {
		bool whole = reads == SIM_VMIN_CLUSTERS;
		/* The host's swap is a way for anonymous pages, too. */
		vm->cost_ns[reads][0] =
			fmin(page_in_ns(swap, whole ? swap->cluster_pages : 1, minor_ns),
			     page_in_ns(host, whole ? host->cluster_pages : 1, minor_ns));
		vm->cost_ns[reads][1] = page_in_ns(disk, whole ? READAHEAD_PAGES : 1, minor_ns);
	}
}

int sim_vmin_make(struct sim_vmin *vmin, const struct sim_scenario *scenario,
		  const double *time_per_work, const volatile bool *stop, struct tr_error *error)
{
	double quanta = (double)scenario->duration_ns / (double)scenario->quantum_ns + 1;
	double bin_quanta = quanta < BINS_MAX ? 1 : ceil(quanta / BINS_MAX);
	int rc = 0;

	*vmin = (struct sim_vmin){
		.vms_count = scenario->vms_count,
		.bins = (u32)(quanta / bin_quanta) + 2,
		.bin_s = bin_quanta * (double)scenario->quantum_ns / 1e9,
		.vm = calloc(scenario->vms_count, sizeof(*vmin->vm)),
	};
	if (!vmin->vm)
		return tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);
	for (u32 i = 0; i < scenario->vms_count && !rc; i++) {
		set_costs(&vmin->vm[i], scenario, i);
		rc = count_vm(vmin, scenario, i, bin_quanta, time_per_work ? time_per_work[i] : 1,
			      stop, error);
	}
	return rc;
}

void sim_vmin_destroy(struct sim_vmin *vmin)
{
	for (u32 i = 0; vmin->vm && i < vmin->vms_count; i++) {
		for (u32 type = 0; type < 2; type++) {
			free(vmin->vm[i].ahead[type]);
			free(vmin->vm[i].back[type]);
		}
	}
	free(vmin->vm);
}

/* A gap is held through if that is worth a fault: no longer than @worth_s. */
static struct sim_vmin_sums look_ahead(const struct sim_vmin *vmin,
				       const struct sim_vmin_sums *ahead, double worth_s)
{
	double bin = worth_s / vmin->bin_s;

	return ahead[bin < vmin->bins - 1 ? (u32)bin : vmin->bins - 1];
}

/* The idle time with the least sum of costs: where the hull becomes steeper than the price. */
static struct sim_vmin_sums look_back(const struct sim_vmin_sums *back, u32 count, double worth_s)
{
	u32 low = 0, high = count - 1;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (back[middle + 1].held_page_s - back[middle].held_page_s <
		    (back[middle].page_ins - back[middle + 1].page_ins) * worth_s)
			low = middle + 1;
		else
			high = middle;
	}
	return back[low];
}

struct sim_vmin_point sim_vmin_at(const struct sim_vmin *vmin, enum sim_vmin_knows knows,
				  enum sim_vmin_reads reads, double price)
{
	struct sim_vmin_point point = { .slowdown = 0 };
	double held_page_s = vmin->held_page_s;
	u32 vms = 0;

	for (u32 i = 0; i < vmin->vms_count; i++) {
		const struct sim_vmin_vm *vm = &vmin->vm[i];
		double stall_ns = 0;
		if (!(vm->busy_ns > 0))
			continue;
		for (u32 type = 0; type < 2; type++) {
			/* Slowdown that one fault adds to the mean, in seconds of holding. */
			double worth_s = vm->cost_ns[reads][type] / (vm->busy_ns * vmin->vms_count) / price;
			struct sim_vmin_sums out =
				knows == SIM_VMIN_FUTURE ?
					look_ahead(vmin, vm->ahead[type], worth_s) :
					look_back(vm->back[type], vm->back_count[type], worth_s);
			held_page_s += out.held_page_s;
			point.page_ins += out.page_ins;
			if (out.page_ins > 0)
				stall_ns += out.page_ins * vm->cost_ns[reads][type];
		}
		point.slowdown += 1 + stall_ns / vm->busy_ns;
		vms++;
	}
	point.slowdown = vms ? point.slowdown / vms : 1;
	point.saved = vmin->nominal_page_s > 0 ? 1 - held_page_s / vmin->nominal_page_s : NAN;
	return point;
}

struct sim_vmin_point sim_vmin_best(const struct sim_vmin *vmin, enum sim_vmin_knows knows,
				    enum sim_vmin_reads reads, double slowdown)
{
	/* From "memory is free" to "only what is in use"; the curve is a staircase. */
	double low = 1e-15, high = 1e3;

	for (u32 i = 0; i < 50; i++) {
		double middle = sqrt(low * high);
		if (sim_vmin_at(vmin, knows, reads, middle).slowdown <= slowdown)
			low = middle;
		else
			high = middle;
	}
	return sim_vmin_at(vmin, knows, reads, low);
}
