/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_queue.c - the event queue under the hold model.
 *
 * With N events pending, take the first and put it back at a later time, drawn from an
 * exponential distribution: queue.N is how many times a second.  The limit is the least
 * that anybody would do: a 4-ary heap of 16-byte events, inlined into its loop.
 *
 * queue.N.cimba is the same beside cimba's event queue, when a program "cimba-hold" is on
 * PATH: "cimba-hold N HOLDS" does that many holds, with steps of the same kind drawn
 * beforehand, and prints "seconds S", the CPU time of its loop.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "model/sim_queue.h"
#include "model/sim_rng.h"

#define HOLDS 4000000u
#define STEPS 65536u /* drawn beforehand, so that the drawing is not what is measured */
#define MEAN_NS 1000000.0

struct job {
	u32 pending;
	u64 step_ns[STEPS];
	u64 sum;
};

struct small {
	u64 time_ns, what;
};

static void small_put(struct small *heap, u32 at, struct small event)
{
	while (at) {
		u32 parent = (at - 1) / 4;

		if (event.time_ns >= heap[parent].time_ns)
			break;
		heap[at] = heap[parent];
		at = parent;
	}
	heap[at] = event;
}

static struct small small_take(struct small *heap, u32 count)
{
	struct small first = heap[0], last = heap[count - 1];
	u32 at = 0;

	for (count--;;) {
		u32 child = at * 4 + 1, least = child;

		if (child >= count)
			break;
		for (u32 i = child + 1; i < child + 4 && i < count; i++)
			if (heap[i].time_ns < heap[least].time_ns)
				least = i;
		if (last.time_ns <= heap[least].time_ns)
			break;
		heap[at] = heap[least];
		at = least;
	}
	heap[at] = last;
	return first;
}

static int hold_heap(void *ctx)
{
	struct job *job = ctx;
	struct small *heap = malloc(job->pending * sizeof(*heap));
	u32 n = job->pending;

	if (!heap)
		return -ENOMEM;
	for (u32 i = 0; i < n; i++)
		small_put(heap, i, (struct small){ job->step_ns[i % STEPS], i });
	for (u32 i = 0; i < HOLDS; i++) {
		struct small event = small_take(heap, n);

		event.time_ns += job->step_ns[i % STEPS];
		small_put(heap, n - 1, event);
		job->sum += event.what;
	}
	free(heap);
	return 0;
}

static int hold_queue(void *ctx)
{
	struct job *job = ctx;
	struct sim_event event = { .time_ns = 0 };
	struct sim_queue queue;

	sim_queue_init(&queue);
	for (u32 i = 0; i < job->pending; i++) {
		event.time_ns = job->step_ns[i % STEPS];
		event.arg = i;
		sim_queue_put(&queue, event, SIM_CLASS_STREAM);
	}
	for (u32 i = 0; i < HOLDS; i++) {
		sim_queue_take(&queue, &event);
		event.time_ns += job->step_ns[i % STEPS];
		sim_queue_put(&queue, event, SIM_CLASS_STREAM);
		job->sum += event.arg;
	}
	sim_queue_destroy(&queue);
	return 0;
}

static int cell(struct bench_report *report, struct job *job, const char *name, u32 pending,
		double target)
{
	struct bench_line line = { .name = name, .unit = "M events/CPU-s", .target = target,
				   .ratio_target = 1, .limit_name = "bare 4-ary heap" };
	struct bench_work figure = { hold_queue, job, HOLDS / 1e6 };
	struct bench_work limit = { hold_heap, job, HOLDS / 1e6 };
	struct sim_rng rng;

	job->pending = pending;
	sim_rng_init(&rng, 1, 0, "hold");
	for (u32 i = 0; i < STEPS; i++)
		job->step_ns[i] = (u64)(-log(1 - (double)sim_rng_below(&rng, 1 << 30) / (1 << 30)) *
					MEAN_NS);
	int rc = bench_pairs(&line, &figure, &limit);

	if (!rc)
		bench_add(report, &line);
	return rc;
}

/* --- beside cimba --- */

static int cimba_once(u32 pending, double *speed)
{
	char command[64];

	snprintf(command, sizeof(command), "cimba-hold %u %u 2>/dev/null", pending, HOLDS);
	double seconds = bench_peer_seconds(command);

	*speed = HOLDS / 1e6 / seconds;
	return seconds > 0 ? 0 : -EIO;
}

static int beside_cimba(struct bench_report *report, struct job *job, const char *name, u32 pending)
{
	struct bench_line line = { .name = name, .unit = "M events/CPU-s", .ratio_target = 1,
				   .limit_name = "cimba", .unchecked = true };
	int rc = 0;

	job->pending = pending;
	for (u32 i = 0; !rc && i < BENCH_REPEATS; i++) {
		rc = cimba_once(pending, &line.limit_sample[i]);
		double start = bench_cpu_seconds();

		if (!rc)
			rc = hold_queue(job);
		line.sample[i] = HOLDS / 1e6 / (bench_cpu_seconds() - start);
		line.samples_count++;
	}
	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int all_beside_cimba(struct bench_report *report, struct job *job)
{
	if (!bench_on_path("cimba-hold")) {
		bench_note(report, "no cimba-hold on PATH: cimba is not run beside");
		return 0;
	}
	int rc = beside_cimba(report, job, "queue.16.cimba", 16);

	if (!rc)
		rc = beside_cimba(report, job, "queue.256.cimba", 256);
	if (!rc)
		rc = beside_cimba(report, job, "queue.4096.cimba", 4096);
	if (!rc)
		rc = beside_cimba(report, job, "queue.65536.cimba", 65536);
	return rc;
}

static int run(struct bench_report *report)
{
	struct job *job = calloc(1, sizeof(*job));
	int rc = job ? cell(report, job, "queue.16", 16, 15) : -ENOMEM;

	if (!rc)
		rc = cell(report, job, "queue.256", 256, 0);
	if (!rc)
		rc = cell(report, job, "queue.4096", 4096, 15);
	if (!rc)
		rc = cell(report, job, "queue.65536", 65536, 15);
	if (!rc)
		rc = cell(report, job, "queue.1048576", 1048576, 0);
	if (!rc)
		rc = all_beside_cimba(report, job);
	free(job);
	return rc;
}

const struct bench bench_queue = {
	.name = "queue",
	.summary = "event queue, hold model (the target of 15 M is what cimba does)",
	.run = run,
};
