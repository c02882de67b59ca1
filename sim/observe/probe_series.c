/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_series.c - csv rows from samples and reports. */
#include <assert.h>
#include <stdlib.h>

#include "observe/probe_series.h"
#include "observe/sim_results.h"
#include "tr_units.h"

enum { VMS, HOST, AGES, REACCESS, HISTOGRAMS, MEMCGS, DECISIONS, FILES };

static const struct {
	const char *name, *columns;
} files[FILES] = {
	[VMS] = { "timeseries.csv",
		  "time_s,vm,running,nominal_bytes,target_bytes,balloon_bytes,free_bytes,anon_bytes,"
		  "file_bytes,kernel_bytes,compressed_bytes,available_bytes,swapped_bytes,"
		  "dropped_bytes,backed_bytes,host_swapped_bytes,huge_regions,split_regions,"
		  "psi_some_avg10_percent,psi_full_avg10_percent,work_s,busy_s,idle_s,"
		  "psi_some_s,psi_full_s,guest_swap_in_bytes,guest_swap_out_bytes,"
		  "host_swap_in_bytes,host_swap_out_bytes,file_in_bytes,refault_anon_bytes,"
		  "refault_file_bytes,oom_kills" },
	[HOST] = { "host.csv",
		   "time_s,memory_bytes,free_bytes,backed_bytes,compressed_bytes,swapped_bytes,"
		   "swap_in_bytes,swap_out_bytes,psi_some_s,psi_full_s,low_s,critical_s,cpu_s" },
	[AGES] = { "ages.csv", "time_s,vm,generation,idle_age_s,anon_bytes,file_bytes" },
	[REACCESS] = { "reaccess.csv", "time_s,vm,bin,idle_age_max_s,anon_bytes,file_bytes" },
	[HISTOGRAMS] = { "histograms.csv",
			 "made_s,arrived_s,vm,pressure,bin,idle_age_max_s,anon_bytes,file_bytes,"
			 "true_anon_bytes,true_file_bytes,report_wrong_bytes,report_cost_s" },
	[MEMCGS] = { "memcgs.csv", "made_s,vm,memcg,bin,idle_age_max_s,anon_bytes,file_bytes" },
	[DECISIONS] = { "decisions.csv", "time_s,vm,text" },
};

struct probe_series {
	const struct sim_scenario *scenario;
	struct sim_file file[FILES];
	u64 *reaccess_told; /* pages in the last row of each VM and bin, the unknown age included */
};

int probe_series_create(struct probe_series **series, const char *dir,
			const struct sim_scenario *scenario, struct tr_error *error)
{
	struct probe_series *made = calloc(1, sizeof(*made));
	int rc;

	assert(made);
	made->scenario = scenario;
	made->reaccess_told = calloc((u64)scenario->vms_count * (SIM_REACCESS_EDGES + 2), sizeof(u64));
	assert(made->reaccess_told || !scenario->vms_count);
	for (u32 i = 0; i < FILES; i++) {
		rc = sim_file_create(&made->file[i], dir, files[i].name, error);
		if (rc) {
			probe_series_close(made, NULL);
			return rc;
		}
		fprintf(made->file[i].stream, "%s\n", files[i].columns);
	}
	*series = made;
	return 0;
}

int probe_series_close(struct probe_series *series, struct tr_error *error)
{
	int rc = 0;

	if (!series)
		return 0;
	for (u32 i = 0; i < FILES; i++) {
		int closed = sim_file_close(&series->file[i], rc ? NULL : error);
		if (!rc)
			rc = closed;
	}
	free(series->reaccess_told);
	free(series);
	return rc;
}

/* Seconds, exactly, without trailing zeros beyond the millisecond. */
static void put_s(FILE *to, u64 ns)
{
	if (ns % 1000000)
		fprintf(to, "%llu.%09llu", ns / 1000000000, ns % 1000000000);
	else
		fprintf(to, "%llu.%03llu", ns / 1000000000, ns / 1000000 % 1000);
}

static void put_times(FILE *to, const u64 *ns, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		fputc(',', to);
		put_s(to, ns[i]);
	}
}

static void put_pages(FILE *to, const u64 *pages, u32 count)
{
	for (u32 i = 0; i < count; i++)
		fprintf(to, ",%llu", pages[i] * TR_PAGE_SIZE);
}

#define COUNT(array) ((u32)(sizeof(array) / sizeof(*(array))))

static void put_vm(FILE *to, u64 now_ns, const char *name, const struct sim_vm_sample *vm)
{
	const struct sim_vm_counters *c = &vm->counters;
	const u64 sizes[] = {
		vm->nominal_pages,   vm->target_pages,	vm->balloon_pages,    vm->free_pages,
		vm->anon_pages,	     vm->file_pages,	vm->kernel_pages,     vm->compressed_pages,
		vm->available_pages, vm->swapped_pages, vm->dropped_pages,    vm->backed_pages,
		vm->host_swapped_pages,
	};
	const u64 times[] = { c->compute_ns, c->busy_ns, c->idle_ns, c->psi_some_ns,
			      c->psi_full_ns };
	const u64 totals[] = {
		c->swap_in_pages, c->swap_out_pages, c->host_swap_in_pages, c->host_swap_out_pages,
		c->file_in_pages, c->refault[0],     c->refault[1],
	};

	put_s(to, now_ns);
	fputc(',', to);
	sim_csv_text(to, name);
	fprintf(to, ",%d", vm->running);
	put_pages(to, sizes, COUNT(sizes));
	fprintf(to, ",%llu,%llu,%u.%02u,%u.%02u", vm->huge_regions, vm->split_regions,
		vm->psi_some_avg10 / 100, vm->psi_some_avg10 % 100, vm->psi_full_avg10 / 100,
		vm->psi_full_avg10 % 100);
	put_times(to, times, COUNT(times));
	put_pages(to, totals, COUNT(totals));
	fprintf(to, ",%llu\n", c->oom_kills);
}

static void put_ages(FILE *to, u64 now_ns, const char *name, const struct sim_vm_sample *vm)
{
	for (u32 i = 0; i < vm->generations_count; i++) {
		put_s(to, now_ns);
		fputc(',', to);
		sim_csv_text(to, name);
		fprintf(to, ",%u,", i);
		put_s(to, vm->generation[i].age_ns);
		put_pages(to, &vm->generation[i].anon_pages, 1);
		put_pages(to, &vm->generation[i].file_pages, 1);
		fputc('\n', to);
	}
}

static void put_reaccess(FILE *to, u64 now_ns, const char *name, const struct sim_vm_sample *vm,
			 u64 *told)
{
	u32 bins = vm->reaccess_bins_count;

	for (u32 i = 0; bins && i <= bins; i++) {
		bool known = i < bins;
		u64 anon = known ? vm->reaccess[i].anon_pages : vm->reaccess_older_pages[0];
		u64 file = known ? vm->reaccess[i].file_pages : vm->reaccess_older_pages[1];

		if (anon + file == told[i])
			continue;
		told[i] = anon + file;
		put_s(to, now_ns);
		fputc(',', to);
		sim_csv_text(to, name);
		/* The last bin has no upper edge; an age that is not known has no bin. */
		if (known)
			fprintf(to, ",%u,", i);
		else
			fputs(",unknown,", to);
		if (i + 1 < bins)
			put_s(to, 1000000000ull << i);
		put_pages(to, &anon, 1);
		put_pages(to, &file, 1);
		fputc('\n', to);
	}
}

static void put_host(FILE *to, u64 now_ns, const struct sim_host_sample *host)
{
	const u64 sizes[] = { host->memory_pages,     host->free_pages,	   host->backed_pages,
			      host->compressed_pages, host->swapped_pages, host->swap_in_pages,
			      host->swap_out_pages };
	const u64 times[] = { host->psi_some_ns, host->psi_full_ns, host->low_ns,
			      host->critical_ns, host->cpu_ns };

	put_s(to, now_ns);
	put_pages(to, sizes, COUNT(sizes));
	put_times(to, times, COUNT(times));
	fputc('\n', to);
}

static void on_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		      const struct sim_vm_sample *vm, u32 vms_count)
{
	struct probe_series *series = ctx;

	put_host(series->file[HOST].stream, now_ns, host);
	for (u32 i = 0; i < vms_count; i++) {
		const char *name = series->scenario->vm[i].name;
		put_vm(series->file[VMS].stream, now_ns, name, &vm[i]);
		put_ages(series->file[AGES].stream, now_ns, name, &vm[i]);
		put_reaccess(series->file[REACCESS].stream, now_ns, name, &vm[i],
			     series->reaccess_told + (u64)i * (SIM_REACCESS_EDGES + 2));
	}
}

static void on_report(void *ctx, const struct sim_report_sample *report)
{
	struct probe_series *series = ctx;
	FILE *to = series->file[HISTOGRAMS].stream;

	for (u32 i = 0; i < report->bins_count; i++) {
		put_s(to, report->made_ns);
		fputc(',', to);
		put_s(to, report->arrived_ns);
		fputc(',', to);
		sim_csv_text(to, series->scenario->vm[report->vm].name);
		fprintf(to, ",%d,%u,", report->pressure, i);
		/* The last bin has no upper edge. */
		if (report->edge_ns[i] != SIM_NONE)
			put_s(to, report->edge_ns[i]);
		fprintf(to, ",%llu,%llu,%llu,%llu,%llu,", report->anon_bytes[i],
			report->file_bytes[i], report->true_anon_bytes[i],
			report->true_file_bytes[i], report->wrong_bytes);
		put_s(to, report->cost_ns);
		fputc('\n', to);
	}
}

static void on_memcgs(void *ctx, const struct sim_memcgs_sample *memcgs)
{
	struct probe_series *series = ctx;
	const struct sim_vm_config *vm = &series->scenario->vm[memcgs->vm];
	u64 page_bytes = (u64)TR_PAGE_SIZE * series->scenario->sample_one_in;
	FILE *to = series->file[MEMCGS].stream;

	for (u32 i = 0; i < vm->memcgs_count * memcgs->hist->bins_count; i++) {
		const struct ws_hist *hist = &memcgs->hist[i / memcgs->hist->bins_count];
		u32 bin = i % hist->bins_count;

		put_s(to, memcgs->made_ns);
		fputc(',', to);
		sim_csv_text(to, vm->name);
		fputc(',', to);
		sim_csv_text(to, vm->memcg[i / hist->bins_count].name);
		fprintf(to, ",%u,", bin);
		/* The last bin has no upper edge. */
		if (bin + 1 < hist->bins_count)
			put_s(to, ws_hist_edge(hist, bin));
		fprintf(to, ",%llu,%llu\n", hist->pages[WS_ANON][bin] * page_bytes,
			hist->pages[WS_FILE][bin] * page_bytes);
	}
}

static void on_explain(void *ctx, u64 now_ns, u32 vm, const char *text)
{
	struct probe_series *series = ctx;
	FILE *to = series->file[DECISIONS].stream;

	put_s(to, now_ns);
	fputc(',', to);
	sim_csv_text(to, vm < series->scenario->vms_count ? series->scenario->vm[vm].name : "host");
	fputc(',', to);
	sim_csv_text(to, text);
	fputc('\n', to);
}

struct sim_probe probe_series_probe(struct probe_series *series)
{
	return (struct sim_probe){
		.ctx = series,
		.sample = on_sample,
		.report = on_report,
		.memcgs = on_memcgs,
		.explain = on_explain,
	};
}
