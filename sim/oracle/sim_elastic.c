/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_elastic.c - dynamic programming over the depth of an LRU stack that is cut at will. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_stack.h"
#include "oracle/sim_elastic.h"

#define LEVELS SIM_ELASTIC_LEVELS
#define PAGE_BYTES 4096.0
#define STEP_S 0.2 /* the depth is looked at so often at least */
/*
 * Slowdown that is borne for having no memory at all: none that anybody could measure, then
 * from next to none to a thousandfold.
 */
#define PRICE_NONE 1e-9
#define PRICE_LEAST 1e-4
#define PRICE_RATIO 3.4

/* Best way to each depth so far. */
struct course {
	double cost_ns[LEVELS + 1], page_s[LEVELS + 1], page_ins[LEVELS + 1];
};

/* What has happened since the last step, by depth. */
struct step {
	double missed[2][LEVELS + 2]; /* by type: uses from between this depth and the one before */
	double freed[LEVELS + 2];     /* likewise; a page freed there was in memory above it */
	double born, moved;	      /* new pages; changes that may have moved a depth */
	double all;		      /* pages that there are at its end */
	u32 began, now;		      /* quanta */
};

struct elastic_vm {
	struct sim_stack stack;
	const struct sim_vmin_vm *costs;
	double level_pages, quantum_s;
	double floor_pages, spare_pages; /* of a guest that keeps its limits: least, and free */
	u32 quanta;	   /* in a step at most */
	double most_pages; /* that there ever were: no more can be backed */
	double page_price[SIM_ELASTIC_PRICES]; /* of a page-second, in ns of stall */
	struct step step;
	struct course course[SIM_ELASTIC_LIMITS][2][SIM_ELASTIC_PRICES];
};

/* --- one step of one course --- */

/* What it costs to begin a step at each depth, and where it ends. */
struct reach {
	double cost_ns[LEVELS + 1], page_s[LEVELS + 1], page_ins[LEVELS + 1];
	double to[LEVELS + 1], worth[LEVELS + 1];
};

static void reach_from(struct reach *reach, const struct elastic_vm *vm,
		       const struct course *course, enum sim_elastic_limits limits, u32 reads,
		       double price)
{
	const struct step *step = &vm->step;
	double floor = limits == SIM_ELASTIC_LIMITED ? vm->floor_pages : 0;
	double spare = limits == SIM_ELASTIC_LIMITED ? vm->spare_pages : 0;
	double dt = (step->now - step->began) * vm->quantum_s;
	double anon = 0, file = 0, freed = 0;
	const double *cost = vm->costs->cost_ns[reads];

	for (u32 l = 0; l <= LEVELS; l++)
		freed += step->freed[l];
	for (u32 l = LEVELS + 1; l-- > 0;) {
		double size = l * vm->level_pages;

		/* A use from just below the depth misses; @missed[l + 1] is that. */
		anon += step->missed[0][l + 1];
		file += step->missed[1][l + 1];
		reach->page_ins[l] = course->page_ins[l] + anon + file;
		/* What has nowhere to go is not read back: no course may leave it out. */
		reach->cost_ns[l] = course->cost_ns[l] + (anon > 0 ? anon * cost[0] : 0) +
				    (file > 0 ? file * cost[1] : 0);
		size = fmin(size, step->all);
		reach->page_s[l] = course->page_s[l] +
				   fmin(fmax(size, floor) + spare, vm->most_pages) * dt;
		reach->worth[l] = reach->cost_ns[l] + price * reach->page_s[l];
		reach->to[l] = l + (step->born + anon + file - freed) / vm->level_pages;
		/* Deeper than all that there is: as good as any deeper. */
		reach->to[l] = reach->to[l] * vm->level_pages >= step->all ?
				       LEVELS :
				       fmin(fmax(reach->to[l], 0), LEVELS);
		freed -= step->freed[l];
	}
}

struct best {
	double worth[LEVELS + 1];
	struct course course;
};

static void enter(struct best *best, u32 at, const struct reach *reach, u32 l, double part)
{
	u32 up = part > 0 ? l + 1 : l;
	double worth = reach->worth[l] + (reach->worth[up] - reach->worth[l]) * part;

	if (!(worth < best->worth[at]))
		return;
	best->worth[at] = worth;
	best->course.cost_ns[at] =
		reach->cost_ns[l] + (reach->cost_ns[up] - reach->cost_ns[l]) * part;
	best->course.page_s[at] = reach->page_s[l] + (reach->page_s[up] - reach->page_s[l]) * part;
	best->course.page_ins[at] =
		reach->page_ins[l] + (reach->page_ins[up] - reach->page_ins[l]) * part;
}

static void advance(struct course *course, const struct reach *reach)
{
	struct best best;

	for (u32 l = 0; l <= LEVELS; l++)
		best.worth[l] = INFINITY;
	for (u32 l = 0; l <= LEVELS; l++) {
		if (!isfinite(reach->worth[l]))
			continue;
		enter(&best, (u32)reach->to[l], reach, l, 0); /* cut down to the grid */
		if (l == LEVELS || !isfinite(reach->worth[l + 1]))
			continue;
		double a = reach->to[l], b = reach->to[l + 1];
		for (u32 at = (u32)ceil(fmin(a, b)); a != b && at <= fmax(a, b); at++)
			enter(&best, at, reach, l, (at - a) / (b - a));
	}
	/* The balloon may take what it likes at any time. */
	for (u32 l = LEVELS; l-- > 0;) {
		if (best.worth[l] <= best.worth[l + 1])
			continue;
		best.worth[l] = best.worth[l + 1];
		best.course.cost_ns[l] = best.course.cost_ns[l + 1];
		best.course.page_s[l] = best.course.page_s[l + 1];
		best.course.page_ins[l] = best.course.page_ins[l + 1];
	}
	for (u32 l = 0; l <= LEVELS; l++)
		if (!isfinite(best.worth[l]))
			best.course.cost_ns[l] = INFINITY;
	*course = best.course;
}

static void take_step(struct elastic_vm *vm)
{
	struct reach reach;

	vm->step.all = vm->stack.marks;
	vm->most_pages = fmax(vm->most_pages, vm->step.all);
	for (u32 limits = 0; limits < SIM_ELASTIC_LIMITS; limits++)
		for (u32 reads = 0; reads < 2; reads++)
			for (u32 p = 0; p < SIM_ELASTIC_PRICES; p++) {
				struct course *course = &vm->course[limits][reads][p];
				reach_from(&reach, vm, course, limits, reads, vm->page_price[p]);
				advance(course, &reach);
			}
	vm->step = (struct step){ .began = vm->step.now, .now = vm->step.now };
}

/* --- a VM's timeline --- */

static u32 level_of(const struct elastic_vm *vm, u32 distance)
{
	double level = ceil(distance / vm->level_pages);

	return level <= LEVELS ? (u32)level : LEVELS + 1;
}

static void play_use(struct elastic_vm *vm, struct sim_use use)
{
	u32 page = SIM_USE_PAGE(use.entry), level;
	struct sim_stack *stack = &vm->stack;

	vm->step.now = use.quantum;
	if (use.entry & SIM_USE_END) {
		if (stack->last[page] == SIM_STACK_NONE)
			return;
		level = level_of(vm, stack->marks - sim_stack_rank(stack, stack->last[page]) + 1);
		sim_stack_unmark(stack, stack->last[page]);
		stack->last[page] = SIM_STACK_NONE;
		vm->step.freed[level]++;
		vm->step.moved++;
		return;
	}
	if (use.entry & SIM_USE_FIRST && stack->last[page] != SIM_STACK_NONE) {
		sim_stack_unmark(stack, stack->last[page]);
		stack->last[page] = SIM_STACK_NONE;
	}
	u32 distance = sim_stack_access(stack, page);
	if (!distance || use.entry & SIM_USE_FIRST) {
		vm->step.born++;
		vm->step.moved++;
		return;
	}
	level = level_of(vm, distance);
	vm->step.missed[use.entry & SIM_USE_FILE ? 1 : 0][level]++;
	vm->step.moved += level > 1;
}

static int begin_play(void *ctx, u32 pages_count)
{
	struct elastic_vm *vm = ctx;

	return sim_stack_init(&vm->stack, pages_count + 1, pages_count + 1, false);
}

static int take_use(void *ctx, struct sim_use use)
{
	struct elastic_vm *vm = ctx;

	/* A step ends when a depth may have moved by a level, or after a while. */
	if (use.quantum - vm->step.began > vm->quanta) {
		take_step(vm); /* up to the last use */
		vm->step.now = use.quantum;
		take_step(vm); /* nothing happens */
	}
	play_use(vm, use);
	if (vm->step.moved >= vm->level_pages)
		take_step(vm);
	return 0;
}

static u32 quantum_of(const struct elastic_vm *vm, u64 time_ns)
{
	return (u32)((double)time_ns / 1e9 / vm->quantum_s);
}

static int play_vm(struct elastic_vm *vm, const struct sim_scenario *scenario, u32 index,
		   const volatile bool *stop, struct tr_error *error)
{
	struct sim_timeline_sink sink = { begin_play, take_use, vm, stop };
	const struct sim_timeline_sums *known = &vm->costs->sums;
	struct sim_timeline_sums sums;
	int rc;

	vm->quanta = (u32)(STEP_S / vm->quantum_s) + 1;
	vm->step.began = vm->step.now = quantum_of(vm, known->start_ns);
	rc = sim_timeline_play(scenario, index, &sink, &sums, error);
	if (rc)
		return rc;
	vm->step.now = quantum_of(vm, known->end_ns);
	if (vm->step.now < vm->step.began)
		vm->step.now = vm->step.began;
	take_step(vm);
	return 0;
}

/* --- all of them --- */

static double watermark_pages(const struct sim_vm_config *config)
{
	/* min_free_kbytes is 4 * sqrt(KiB); reclaim goes on to half as much above it. */
	return 1.5 * 4 * sqrt((double)config->memory_bytes / 1024) / 4;
}

static void vm_begin(struct elastic_vm *vm, const struct sim_scenario *scenario,
		     const struct sim_vmin *vmin, u32 index)
{
	const struct sim_vm_config *config = &scenario->vm[index];
	const struct sim_timeline_sums *sums = &vmin->vm[index].sums;
	double life_s = (double)(sums->end_ns - sums->start_ns) / 1e9;
	double kernel = (double)config->kernel_bytes / PAGE_BYTES +
			(life_s > 0 ? sums->unevictable_page_s / life_s : 0);
	double size = (double)config->memory_bytes / PAGE_BYTES;
	double price = PRICE_NONE;

	/* It begins with nothing, and may be large at once: depths cost only what is held. */
	memset(vm, 0, sizeof(*vm));
	vm->costs = &vmin->vm[index];
	vm->quantum_s = (double)scenario->quantum_ns / 1e9;
	vm->level_pages = fmax(size - kernel, LEVELS) / LEVELS;
	vm->spare_pages = watermark_pages(config);
	vm->floor_pages = fmax(0, (double)config->memory_min_bytes / PAGE_BYTES - kernel -
					  vm->spare_pages);
	for (u32 p = 0; p < SIM_ELASTIC_PRICES; p++, price = p > 1 ? price * PRICE_RATIO : PRICE_LEAST)
		vm->page_price[p] = price / vmin->nominal_page_s * vm->costs->busy_ns * vmin->vms_count;
}

static void vm_end(struct elastic_vm *vm, struct sim_elastic *elastic)
{
	for (u32 limits = 0; limits < SIM_ELASTIC_LIMITS; limits++)
		for (u32 reads = 0; reads < 2; reads++)
			for (u32 p = 0; p < SIM_ELASTIC_PRICES; p++) {
				/* Depth may be cut to nothing at the end, so nothing is best. */
				const struct course *course = &vm->course[limits][reads][p];

				elastic->point[limits][reads][p] = (struct sim_vmin_point){
					.slowdown = course->cost_ns[0] / vm->costs->busy_ns,
					.saved = course->page_s[0],
					.page_ins = course->page_ins[0],
				};
			}
}

int sim_elastic_vm(struct sim_elastic *part, const struct sim_scenario *scenario,
		   const struct sim_vmin *vmin, u32 index, const volatile bool *stop,
		   struct tr_error *error)
{
	struct elastic_vm *vm;
	int rc;

	memset(part, 0, sizeof(*part));
	if (!(vmin->vm[index].busy_ns > 0))
		return 0;
	vm = malloc(sizeof(*vm));
	if (!vm)
		return tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);
	vm_begin(vm, scenario, vmin, index);
	rc = play_vm(vm, scenario, index, stop, error);
	sim_stack_destroy(&vm->stack);
	vm_end(vm, part);
	free(vm);
	return rc;
}

void sim_elastic_sum(struct sim_elastic *elastic, const struct sim_elastic *part,
		     const struct sim_scenario *scenario, const struct sim_vmin *vmin)
{
	u32 vms = 0;

	memset(elastic, 0, sizeof(*elastic));
	for (u32 i = 0; i < scenario->vms_count; i++)
		vms += vmin->vm[i].busy_ns > 0;
	for (u32 limits = 0; limits < SIM_ELASTIC_LIMITS; limits++)
		for (u32 reads = 0; reads < 2; reads++)
			for (u32 p = 0; p < SIM_ELASTIC_PRICES; p++) {
				struct sim_vmin_point *point = &elastic->point[limits][reads][p];

				for (u32 i = 0; i < scenario->vms_count; i++) {
					const struct sim_vmin_point *one =
						&part[i].point[limits][reads][p];
					point->slowdown += one->slowdown;
					point->saved += one->saved;
					point->page_ins += one->page_ins;
				}
				point->slowdown = vms ? 1 + point->slowdown / vms : 1;
				point->saved = 1 - (point->saved + vmin->held_page_s) /
							   vmin->nominal_page_s;
			}
}

int sim_elastic_make(struct sim_elastic *elastic, const struct sim_scenario *scenario,
		     const struct sim_vmin *vmin, const volatile bool *stop,
		     struct tr_error *error)
{
	struct sim_elastic *part = calloc(scenario->vms_count, sizeof(*part));
	int rc = part ? 0 : tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);

	for (u32 i = 0; i < scenario->vms_count && !rc; i++)
		rc = sim_elastic_vm(&part[i], scenario, vmin, i, stop, error);
	if (!rc)
		sim_elastic_sum(elastic, part, scenario, vmin);
	free(part);
	return rc;
}

double sim_elastic_best(const struct sim_elastic *elastic, enum sim_elastic_limits limits,
			enum sim_vmin_reads reads, double slowdown)
{
	const struct sim_vmin_point *point = elastic->point[limits][reads];
	double best = NAN;

	for (u32 p = 0; p < SIM_ELASTIC_PRICES; p++) {
		if (point[p].slowdown <= slowdown) {
			if (!(best > point[p].saved))
				best = point[p].saved;
			continue;
		}
		if (p && point[p - 1].slowdown <= slowdown && isfinite(point[p].slowdown)) {
			double part = (slowdown - point[p - 1].slowdown) /
				      (point[p].slowdown - point[p - 1].slowdown);
			best = fmax(best, point[p - 1].saved +
						  (point[p].saved - point[p - 1].saved) * part);
		}
	}
	return best;
}
