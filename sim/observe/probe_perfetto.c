/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_perfetto.c - counters and instants in Chrome's trace format. */
#include <stdlib.h>

#include "observe/probe_perfetto.h"
#include "observe/sim_results.h"
#include "tr_units.h"

#define HOST_PID 1
#define VM_PID(vm) ((vm) + 2)

struct probe_perfetto {
	struct sim_file file; /* first, for sim_file_make() */
	bool filled;
};

static void put_text(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20)
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

/* The start of an event, up to where its own members follow. */
static FILE *begin(struct probe_perfetto *perfetto, char phase, u32 pid, u64 time_ns,
		   const char *name)
{
	FILE *to = perfetto->file.stream;

	fputs(perfetto->filled ? ",\n" : "[\n", to);
	perfetto->filled = true;
	fprintf(to, "{\"ph\":\"%c\",\"pid\":%u,\"tid\":0,\"ts\":%llu.%03u,\"name\":", phase, pid,
		time_ns / 1000, (unsigned)(time_ns % 1000));
	put_text(to, name);
	return to;
}

static void name_process(struct probe_perfetto *perfetto, u32 pid, const char *name)
{
	FILE *to = begin(perfetto, 'M', pid, 0, "process_name");

	fputs(",\"args\":{\"name\":", to);
	put_text(to, name);
	fputs("}}", to);
}

static void counter(struct probe_perfetto *perfetto, u32 pid, u64 now_ns, const char *name,
		    const char *const *keys, const u64 *values, u32 count)
{
	FILE *to = begin(perfetto, 'C', pid, now_ns, name);

	for (u32 i = 0; i < count; i++)
		fprintf(to, "%s\"%s\":%llu", i ? "," : ",\"args\":{", keys[i], values[i]);
	fputs("}}", to);
}

static u64 mib(u64 pages)
{
	return pages * TR_PAGE_SIZE >> 20;
}

static void on_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		      const struct sim_vm_sample *vm, u32 vms_count)
{
	static const char *const memory_keys[] = { "anon", "file", "kernel", "free", "balloon",
						   "swapped" };
	static const char *const target_keys[] = { "target", "actual", "backed" };
	static const char *const psi_keys[] = { "some" };
	static const char *const host_keys[] = { "free", "backed", "compressed", "swapped" };
	struct probe_perfetto *perfetto = ctx;
	const u64 host_values[] = { mib(host->free_pages), mib(host->backed_pages),
				    mib(host->compressed_pages), mib(host->swapped_pages) };

	counter(perfetto, HOST_PID, now_ns, "host MiB", host_keys, host_values, 4);
	for (u32 i = 0; i < vms_count; i++) {
		if (!vm[i].running)
			continue;
		const u64 memory[] = { mib(vm[i].anon_pages), mib(vm[i].file_pages),
				       mib(vm[i].kernel_pages), mib(vm[i].free_pages),
				       mib(vm[i].balloon_pages), mib(vm[i].swapped_pages) };
		const u64 target[] = { mib(vm[i].target_pages),
				       mib(vm[i].nominal_pages - vm[i].balloon_pages),
				       mib(vm[i].backed_pages) };
		const u64 psi[] = { vm[i].psi_some_avg10 / 100 };
		counter(perfetto, VM_PID(i), now_ns, "memory MiB", memory_keys, memory, 6);
		counter(perfetto, VM_PID(i), now_ns, "size MiB", target_keys, target, 3);
		counter(perfetto, VM_PID(i), now_ns, "PSI some %", psi_keys, psi, 1);
	}
}

static const char *instant_name(u16 kind)
{
	switch (kind) {
	case SIM_EV_START:
		return "start";
	case SIM_EV_STOP:
		return "stop";
	case SIM_EV_SEGMENT:
		return "segment";
	case SIM_EV_TARGET:
		return "target";
	case SIM_EV_REPORT:
		return "report";
	case SIM_EV_PUFF:
		return "out of puff";
	case SIM_EV_OOM:
		return "OOM kill";
	case SIM_EV_HOST_OOM:
		return "host OOM";
	case SIM_EV_PRESSURE:
		return "host pressure";
	case SIM_EV_DISTURB:
		return "disturbance";
	default:
		return NULL;
	}
}

static void on_event(void *ctx, const struct sim_event_record *record)
{
	struct probe_perfetto *perfetto = ctx;
	const char *name = instant_name(record->kind);
	u32 pid = record->vm == 0xffff ? HOST_PID : VM_PID(record->vm);

	if (!name)
		return;
	FILE *to = begin(perfetto, 'i', pid, record->time_ns, name);
	fprintf(to, ",\"s\":\"p\",\"args\":{\"arg\":%u,\"a\":%llu,\"b\":%llu}}", record->arg,
		record->a, record->b);
}

int probe_perfetto_create(struct probe_perfetto **perfetto, const char *dir, const char *name,
			  const struct sim_scenario *scenario, struct tr_error *error)
{
	struct probe_perfetto *made;
	int rc;

	made = sim_file_make(sizeof(*made), dir, name, &rc, error);
	if (rc)
		return rc;
	name_process(made, HOST_PID, "host");
	for (u32 i = 0; i < scenario->vms_count; i++)
		name_process(made, VM_PID(i), scenario->vm[i].name);
	*perfetto = made;
	return 0;
}

struct sim_probe probe_perfetto_probe(struct probe_perfetto *perfetto)
{
	return (struct sim_probe){ .ctx = perfetto, .event = on_event, .sample = on_sample };
}

int probe_perfetto_close(struct probe_perfetto *perfetto, struct tr_error *error)
{
	int rc;

	if (!perfetto)
		return 0;
	fputs("\n]\n", perfetto->file.stream);
	rc = sim_file_close(&perfetto->file, error);
	free(perfetto);
	return rc;
}
