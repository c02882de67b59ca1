/* SPDX-License-Identifier: BSD-2-Clause */
/* test_scenario.c - scenarios: defaults, every error with its path, overrides, the echo. */
#include <criterion/criterion.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own_folder.h"
#include "scenario/sim_json.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"

static char trace_path[96], scenario_path[96];

static void set_up(void)
{
	FILE *trace;

	make_folder();
	snprintf(trace_path, sizeof(trace_path), "%s/a.wst", folder);
	snprintf(scenario_path, sizeof(scenario_path), "%s/s.json", folder);
	trace = fopen(trace_path, "w");
	cr_assert_not_null(trace);
	fclose(trace);
}

TestSuite(scenario, .init = set_up, .fini = remove_folder);

static const char minimal[] = "{\"duration\": \"10m\", \"host\": {\"memory\": \"1GiB\"},\n"
			      " \"vms\": [{\"name\": \"a\", \"memory\": \"1GiB\","
			      " \"workload\": [\"a.wst\"]}]}";

static const char full[] =
	"{\"name\": \"full\", \"seed\": \"0x34f05c64d7ad598f\", \"run\": 3, \"duration\": \"12m\",\n"
	" \"quantum\": \"2500us\", \"sample\": \"500ms\", \"open_loop\": true,\n"
	" \"host\": {\"memory\": \"2GiB\", \"reserved\": \"96MiB\", \"huge_pages\": false,\n"
	"   \"generations\": 8, \"ageing_interval\": \"7s\", \"low\": 0.03, \"high\": 0.07,\n"
	"   \"swap\": {\"device\": \"mine\", \"size\": \"3GiB\", \"tail\": 2.5}},\n"
	" \"link\": {\"delay\": \"1ms\", \"jitter\": \"100us\", \"loss\": 0.1, \"reorder\": 0.3},\n"
	" \"costs\": {\"minor_fault\": \"1us\", \"split_tax\": 0.125},\n"
	" \"devices\": {\"mine\": {\"like\": \"ssd\", \"read\": \"200us\", \"parallel\": 3}},\n"
	" \"defaults\": {\"memory\": \"512MiB\", \"swap\": \"zram\", \"workload\": [\"a.wst\"]},\n"
	" \"vms\": [{\"name\": \"web\", \"count\": 3, \"phase\": \"10s\", \"phase_step\": \"20s\"},\n"
	"  {\"name\": \"db\", \"memory\": \"1GiB\", \"memory_min\": \"256MiB\",\n"
	"   \"kernel\": \"64MiB\", \"vcpus\": 2, \"shares\": 2000, \"start\": \"5s\",\n"
	"   \"stop\": \"11m\", \"reclaim\": {\"engine\": \"clock\", \"generations\": 16,\n"
	"     \"swappiness\": 10, \"ageing_interval\": \"3s\", \"min_ttl\": \"9s\"}, \"swap\": \"none\",\n"
	"   \"disk\": {\"name\": \"tape\", \"read\": \"1s\", \"write\": \"2s\"},\n"
	"   \"deflate_on_oom\": false, \"page_reporting\": true, \"dialect\": \"v4\",\n"
	"   \"memcgs\": [{\"name\": \"app\", \"min\": \"4MiB\", \"max\": \"128MiB\"},\n"
	"                {\"name\": \"log\", \"parent\": \"app\", \"low\": \"8MiB\", \"high\": \"16MiB\"}],\n"
	"   \"workload\": [{\"trace\": \"a.wst\", \"repeat\": 3, \"keep\": \"all\", \"idle\": \"30s\"},\n"
	"                  {\"idle\": \"1m\"}], \"loop\": false, \"phase_jitter\": \"5s\"}],\n"
	" \"disturbances\": [{\"kind\": \"link\", \"at\": \"1m\", \"duration\": \"10s\", \"loss\": 1},\n"
	"   {\"kind\": \"host-memory\", \"at\": \"2m\", \"duration\": \"30s\", \"memory\": \"256MiB\"},\n"
	"   {\"kind\": \"balloon\", \"at\": \"3m\", \"duration\": \"1m\", \"vm\": \"web-2\","
	"    \"factor\": 0},\n"
	"   {\"kind\": \"link\", \"at\": \"4m\", \"duration\": \"1m\", \"vm\": \"db\", \"loss\": 0.5},\n"
	"   {\"kind\": \"device\", \"at\": \"4m\", \"duration\": \"1m\", \"device\": \"disk\","
	"    \"vm\": \"db\", \"factor\": 8, \"latency\": \"20ms\"},\n"
	"   {\"kind\": \"device\", \"at\": \"6m\", \"duration\": \"1m\", \"device\": \"host-swap\","
	"    \"factor\": 3},\n"
	"   {\"kind\": \"reboot\", \"at\": \"7m\", \"duration\": \"40s\", \"vm\": \"web-3\","
	"    \"release\": true}],\n"
	" \"policy\": {\"name\": \"mom\", \"params\": {}}}\n";

static int read_text(struct sim_scenario *s, const char *text, const char *const *sets, u32 count,
		     const char *policy, struct tr_error *error)
{
	return sim_scenario_read_text(s, scenario_path, text, strlen(text), sets, count, policy,
				      error);
}

static void must_read(struct sim_scenario *s, const char *text, const char *set)
{
	struct tr_error error = { "" };

	cr_assert_eq(read_text(s, text, &set, set ? 1 : 0, NULL, &error), 0, "%s", error.text);
}

/* The error for @text with @set applied, without the folder's name. */
static void must_fail(const char *text, const char *set, const char *want)
{
	struct tr_error error = { "" };
	struct sim_scenario s;
	char got[TR_ERROR_MAX] = "", *at;
	size_t prefix = strlen(folder) + 1;
	int rc = read_text(&s, text, &set, set ? 1 : 0, NULL, &error);

	cr_assert_lt(rc, 0, "'%s' was taken", set ? set : text);
	for (char *from = error.text; (at = strstr(from, folder)); from = at)
		memmove(at, at + prefix, strlen(at + prefix) + 1);
	snprintf(got, sizeof(got), "%s", error.text);
	cr_assert_eq(strncmp(got, want, strlen(want)), 0, "with '%s'\n got: %s\nwant: %s",
		     set ? set : text, got, want);
	cr_assert_null(strchr(got, '\n'));
	cr_assert_null(s.vm);
}

Test(scenario, defaults_fill_what_is_not_said)
{
	struct sim_scenario s;

	must_read(&s, minimal, NULL);
	cr_assert_str_eq(s.name, "s");
	cr_assert_eq(s.seed, 1);
	cr_assert_eq(s.duration_ns, 600000000000ull);
	cr_assert_eq(s.quantum_ns, 5000000);
	cr_assert_eq(s.sample_ns, 1000000000);
	cr_assert_eq(s.host.reserved_bytes, 64u << 20);
	cr_assert(s.host.huge_pages);
	cr_assert_str_eq(s.host.swap.name, "nvme");
	cr_assert_eq(s.host.swap_bytes, 1ull << 30);
	cr_assert_eq(s.costs.inflate_page_ns, 4330);
	cr_assert_eq(s.vms_count, 1);
	cr_assert_eq(s.vm[0].kernel_bytes, 32u << 20);
	cr_assert_eq(s.vm[0].memory_min_bytes, 256u << 20);
	cr_assert_eq(s.vm[0].swap_bytes, 1ull << 30);
	cr_assert_eq(s.vm[0].stop_ns, SIM_NONE);
	cr_assert_str_eq(s.vm[0].reclaim, "mglru");
	cr_assert_eq(s.vm[0].generations, 4);
	cr_assert_eq(s.vm[0].memcgs_count, 1);
	cr_assert_eq(s.vm[0].memcg[0].max_bytes, SIM_NONE);
	cr_assert(s.vm[0].loop);
	cr_assert_eq(s.vm[0].segment[0].repeat, 1);
	cr_assert_eq(s.vm[0].segment[0].keep, SIM_KEEP_FILE);
	cr_assert_str_eq(s.vm[0].segment[0].trace, trace_path);
	cr_assert_str_eq(s.policy->name, "static");
	sim_scenario_free(&s);
}

Test(scenario, all_keys_are_taken)
{
	struct sim_scenario s;

	must_read(&s, full, NULL);
	cr_assert_eq(s.seed, 0x34f05c64d7ad598full);
	cr_assert_eq(s.run, 3);
	cr_assert(s.open_loop);
	cr_assert_str_eq(s.host.swap.name, "mine");
	cr_assert_eq(s.host.swap.read_ns, 200000);
	cr_assert_eq(s.host.swap.parallel, 3);
	cr_assert_eq(s.host.swap.cluster_pages, 8); /* from "ssd" */
	cr_assert_eq(s.host.swap.tail, 2.5);
	cr_assert_eq(s.vms_count, 4);
	cr_assert_str_eq(s.vm[2].name, "web-3");
	cr_assert_eq(s.vm[2].phase_ns, 50000000000ull);
	cr_assert_eq(s.vm[2].memory_bytes, 512u << 20);
	cr_assert_str_eq(s.vm[2].swap.name, "zram");
	cr_assert_str_eq(s.vm[3].swap.name, "");
	cr_assert_eq(s.vm[3].swap_bytes, 0);
	cr_assert_str_eq(s.vm[3].disk.name, "tape");
	cr_assert_eq(s.vm[3].disk.parallel, 1);
	cr_assert_eq(s.vm[3].memcgs_count, 3);
	cr_assert_eq(s.vm[3].memcg[1].max_bytes, 128u << 20);
	cr_assert_eq(s.vm[3].memcg[2].max_bytes, SIM_NONE);
	cr_assert_eq(s.vm[3].memcg[1].parent, 0);
	cr_assert_eq(s.vm[3].memcg[2].parent, 1);
	cr_assert_eq(s.vm[3].segments_count, 2);
	cr_assert_eq(s.vm[3].segment[0].keep, SIM_KEEP_ALL);
	cr_assert_str_eq(s.vm[3].segment[1].trace, "");
	cr_assert_eq(s.disturbances_count, 7);
	cr_assert_eq(s.disturbance[0].vm, SIM_ALL_VMS);
	cr_assert_eq(s.disturbance[2].vm, 1);
	cr_assert_eq(s.disturbance[3].vm, 3);
	cr_assert_eq(s.disturbance[4].device, SIM_SLOW_DISK);
	cr_assert_eq(s.disturbance[4].factor, 8);
	cr_assert_eq(s.disturbance[4].latency_ns, 20000000);
	cr_assert_eq(s.disturbance[5].vm, SIM_ALL_VMS);
	cr_assert_eq(s.disturbance[6].vm, 2);
	cr_assert(s.disturbance[6].releases);
	cr_assert_str_eq(s.policy->name, "mom");
	sim_scenario_free(&s);
}

Test(scenario, the_echo_reads_back_as_the_same_scenario)
{
	static const char *const texts[] = { minimal, full };

	for (size_t i = 0; i < 2; i++) {
		struct sim_scenario s, again;
		char *echo, *echo_again;

		must_read(&s, texts[i], NULL);
		echo = sim_scenario_print(&s);
		must_read(&again, echo, NULL);
		echo_again = sim_scenario_print(&again);
		cr_assert_str_eq(echo, echo_again);
		cr_assert_eq(sim_scenario_digest(&s), sim_scenario_digest(&again));
		cr_assert_null(strstr(echo, folder), "the echo depends on where it was run");
		free(echo);
		free(echo_again);
		sim_scenario_free(&again);
		must_read(&again, texts[i], "seed=0x2");
		cr_assert_neq(sim_scenario_digest(&s), sim_scenario_digest(&again));
		sim_scenario_free(&again);
		sim_scenario_free(&s);
	}
}

static const struct {
	const char *set, *error;
} bad[] = {
	{ "nmae=x", "s.json: /nmae: unknown key; known: name, seed, run, duration" },
	{ "host.memroy=4GiB", "s.json: /host/memroy: unknown key; known: memory, reserved" },
	{ "vms.0.Memory=4GiB", "s.json: /vms/0/Memory: unknown key" },
	{ "link.dealy=1s", "s.json: /link/dealy: unknown key" },
	{ "costs.fault=1us", "s.json: /costs/fault: unknown key" },
	{ "duration=0", "s.json: /duration: must be from 1ms to 8760h" },
	{ "duration=5", "s.json: /duration: must be a time with its unit, such as \"250ms\"" },
	{ "duration=true", "s.json: /duration: must be a time with its unit" },
	{ "duration=12 parsecs", "s.json: /duration: must be a time with its unit, such as "
				 "\"250ms\", not \"12 parsecs\"" },
	{ "quantum=2s", "s.json: /quantum: quantum is longer than sample" },
	{ "sample=1us", "s.json: /sample: quantum is longer than sample" },
	{ "seed=-1", "s.json: /seed: must be a whole number" },
	{ "seed=9007199254740993", "s.json: /seed: number not below 2^53" },
	{ "seed=\"0xg\"", "s.json: /seed: must be a 64-bit number as a string" },
	{ "seed=\" 1\"", "s.json: /seed: must be a 64-bit number as a string" },
	{ "seed=\"0x10000000000000000\"", "s.json: /seed: must be a 64-bit number" },
	{ "open_loop=1", "s.json: /open_loop: must be true or false" },
	{ "name=a b", "s.json: /name: must be 1 to 63 letters" },
	{ "host=4", "s.json: /host: must be an object" },
	{ "host.memory=0", "s.json: /host/memory: must be from 4MiB to 64TiB" },
	{ "host.memory=4194305", "s.json: /host/memory: must be a multiple of 4KiB" },
	{ "host.memory=4 gigs", "s.json: /host/memory: must be a size" },
	{ "host.memory=1.5", "s.json: /host/memory: must be a whole number" },
	{ "host.reserved=1GiB", "s.json: /host/reserved: leaves nothing" },
	{ "host.low=0.5", "s.json: /host/low: must be below \"high\"" },
	{ "host.low=NaN", "s.json: /host/low: must be a number" },
	{ "host.low=1e999", "s.json: /host/low: must be a number" },
	{ "host.high=0.6", "s.json: /host/high: must be from 0.001 to 0.5" },
	{ "host.generations=65", "s.json: /host/generations: must be from 3 to 64" },
	{ "host.swap=floppy", "s.json: /host/swap: unknown device \"floppy\"; known: zram, zswap, "
			      "nvme, ssd, hdd" },
	{ "host.swap.device=floppy", "s.json: /host/swap/device: unknown device \"floppy\"" },
	{ "host.swap={\"name\": \"x\", \"read\": \"1us\"}", "s.json: /host/swap: needs the key "
							    "\"write\"" },
	{ "host.swap.size=100", "s.json: /host/swap/size: must be from 4KiB" },
	{ "devices.nvme.like=ssd", "s.json: /devices/nvme: is the name of a built-in" },
	{ "devices.x.read=1us", "s.json: /devices/x: needs the key \"like\"" },
	{ "devices.x.like=tape", "s.json: /devices/x/like: unknown device \"tape\"" },
	{ "link.loss=1.5", "s.json: /link/loss: must be from 0 to 1" },
	{ "costs.split_tax=-1", "s.json: /costs/split_tax: must be from 0 to 10" },
	{ "vms=[]", "s.json: /vms: must be a list of one or more VMs" },
	{ "vms={}", "s.json: /vms: must be a list" },
	{ "vms.0.name=", "s.json: /vms/0/name: must be 1 to 63 letters" },
	{ "defaults.name=x", "s.json: /defaults/name: cannot be the same for all" },
	{ "defaults.vcpus=0", "s.json: /defaults/vcpus: must be from 1 to 1024" },
	{ "vms.0.count=0", "s.json: /vms/0/count: must be from 1 to 1024" },
	{ "vms.0.memory_min=2GiB", "s.json: /vms/0/memory_min: is above \"memory\": the balloon "
				   "would be larger than its guest" },
	{ "vms.0.kernel=1GiB", "s.json: /vms/0/kernel: leaves no frame to programs" },
	{ "vms.0.memory_min=8MiB", "s.json: /vms/0: leaves no frame to programs" },
	{ "vms.0.memory=0", "s.json: /vms/0/memory: must be from 1MiB to 16TiB" },
	{ "vms.0.start=10m", "s.json: /vms/0/start: is not before the end of the run" },
	{ "vms.0.stop=0", "s.json: /vms/0/stop: is not after \"start\"" },
	{ "vms.0.reclaim=random", "s.json: /vms/0/reclaim: random: no such reclaim algorithm; "
				  "known: lru, fifo, clock, mglru, twolist, opt" },
	{ "vms.0.reclaim=mglru:6.13", "s.json: /vms/0/reclaim: mglru:6.13: unknown word \"6.13\"; "
				      "known: a number of generations, base 6.1 6.1.y "
				      "6.12 6.14 6.18 mm-new fg nopid notiers nobloom bloom nolook "
				      "norefault distance ahead-old ahead-young past spread "
				      "swappiness=0..200" },
	{ "vms.0.reclaim.generations=1", "s.json: /vms/0/reclaim/generations: must be from 3 to "
					 "64" },
	{ "vms.0.reclaim.swappiness=201", "s.json: /vms/0/reclaim/swappiness: must be from 0 to "
					  "200" },
	{ "vms.0.dialect=klingon", "s.json: /vms/0/dialect: unknown \"klingon\"; known: rfc2, v4" },
	{ "vms.0.disk=none", "s.json: /vms/0/disk: unknown device \"none\"" },
	{ "vms.0.memcgs=[{}]", "s.json: /vms/0/memcgs/0: needs the key \"name\"" },
	{ "vms.0.memcgs=[{\"name\":\"root\"}]", "s.json: /vms/0/memcgs/0: a memcg \"root\" is" },
	{ "vms.0.memcgs=[{\"name\":\"x\",\"max\":0}]", "s.json: /vms/0/memcgs/0/max: must be" },
	{ "vms.0.memcgs=[{\"name\":\"x\",\"min\":\"8KiB\",\"max\":\"4KiB\"}]",
	  "s.json: /vms/0/memcgs/0: \"min\" is above \"max\"" },
	{ "vms.0.memcgs=[{\"name\":\"x\",\"min\":\"1GiB\"}]", "s.json: /vms/0/memcgs: protect" },
	{ "vms.0.memcgs=[{\"name\":\"x\",\"parent\":\"x\"}]",
	  "s.json: /vms/0/memcgs/0: no memcg \"x\" before it to be below" },
	{ "vms.0.memcgs=[{\"name\":\"x\",\"parent\":\"y\"},{\"name\":\"y\"}]",
	  "s.json: /vms/0/memcgs/0: no memcg \"y\" before it to be below" },
	{ "vms.0.workload=[]", "s.json: /vms/0/workload: must be a list of one or more" },
	{ "vms.0.workload=[{}]", "s.json: /vms/0/workload/0: needs a \"trace\", a "
				   "\"demand\" or an \"idle\"" },
	{ "vms.0.workload=[{\"idle\":\"1s\",\"keep\":\"all\"}]",
	  "s.json: /vms/0/workload/0/keep: says nothing without a trace" },
	{ "vms.0.workload=[{\"trace\":\"a.wst\",\"keep\":\"some\"}]",
	  "s.json: /vms/0/workload/0/keep: unknown \"some\"; known: none, file, all" },
	{ "vms.0.workload=[{\"trace\":\"a.wst\",\"repeat\":0}]",
	  "s.json: /vms/0/workload/0/repeat: must be from 1" },
	{ "vms.0.workload=[\"b.wst\"]", "s.json: /vms/0/workload/0: b.wst: No such file" },
	{ "vms.0.workload=[\"/\"]", "s.json: /vms/0/workload/0: /: not a file" },
	{ "vms.0.workload=[\"\"]", "s.json: /vms/0/workload/0: must name a file" },
	{ "vms.0.workload=[{\"trace\":\"a.wst\",\"demand\":\"a.wst\"}]",
	  "s.json: /vms/0/workload/0: needs a \"trace\" or a \"demand\", and not both" },
	{ "vms.0.workload=[{\"demand\":\"b\"}]", "s.json: /vms/0/workload/0/demand: b: No such" },
	{ "vms.0.workload=[{\"demand\":{}}]",
	  "s.json: /vms/0/workload/0/demand: needs the key \"series\"" },
	{ "vms.0.workload=[{\"demand\":{\"series\":\"a.wst\",\"hot\":0.8}}]",
	  "s.json: /vms/0/workload/0/demand: \"hot\" and \"warm\" are more than all" },
	{ "vms.0.workload=[{\"demand\":{\"series\":\"a.wst\",\"time_scale\":0}}]",
	  "s.json: /vms/0/workload/0/demand/time_scale: must be from 1 to 1000000" },
	{ "vms.0.workload=[{\"demand\":{\"series\":\"a.wst\",\"container\":\"\"}}]",
	  "s.json: /vms/0/workload/0/demand/container: must be 1 to 63 characters" },
	{ "vms.0.workload=[{\"demand\":{\"series\":\"a.wst\",\"format\":\"wst\"}}]",
	  "s.json: /vms/0/workload/0/demand/format: unknown \"wst\"; known: any, gcd" },
	{ "vms.0.workload=[{\"demand\":{\"series\":\"a.wst\",\"format\":\"gcd\"}}]",
	  "s.json: /vms/0/workload/0/demand: a.wst: no samples" },
	{ "trace_folder=elsewhere", "s.json: /vms/0/workload/0: elsewhere/a.wst: No such file" },
	{ "host.swap=none", NULL }, /* fits: 256 MiB at least are needed */
	{ "disturbances=[{\"kind\":\"fire\"}]", "s.json: /disturbances/0/kind: unknown \"fire\"; "
						"known: link, host-memory, balloon, device, reboot" },
	{ "disturbances=[{}]", "s.json: /disturbances/0: needs the key \"kind\"" },
	{ "disturbances=[{\"kind\":\"link\",\"at\":\"1s\"}]",
	  "s.json: /disturbances/0: needs the key \"duration\"" },
	{ "disturbances=[{\"kind\":\"link\",\"at\":\"10m\",\"duration\":\"1s\"}]",
	  "s.json: /disturbances/0/at: is not before the end" },
	{ "disturbances=[{\"kind\":\"host-memory\",\"at\":\"1s\",\"duration\":\"1s\",\"vm\":\"a\"}]",
	  "s.json: /disturbances/0/vm: unknown key" },
	{ "disturbances=[{\"kind\":\"link\",\"at\":\"1s\",\"duration\":\"1s\",\"vm\":\"b\"}]",
	  "s.json: /disturbances/0/vm: no VM is called \"b\"" },
	{ "disturbances=[{\"kind\":\"device\",\"at\":\"1s\",\"duration\":\"1s\",\"factor\":2}]",
	  "s.json: /disturbances/0: needs the key \"device\"" },
	{ "disturbances=[{\"kind\":\"device\",\"at\":\"1s\",\"duration\":\"1s\",\"factor\":2,"
	  "\"device\":\"tape\"}]",
	  "s.json: /disturbances/0/device: unknown \"tape\"; known: swap, disk, host-swap" },
	{ "disturbances=[{\"kind\":\"device\",\"at\":\"1s\",\"duration\":\"1s\",\"device\":\"disk\"}]",
	  "s.json: /disturbances/0: needs a \"factor\" above 1 or a \"latency\"" },
	{ "disturbances=[{\"kind\":\"device\",\"at\":\"1s\",\"duration\":\"1s\",\"device\":\"disk\","
	  "\"factor\":0.5}]", "s.json: /disturbances/0/factor: must be from 1 to 1000000" },
	{ "disturbances=[{\"kind\":\"device\",\"at\":\"1s\",\"duration\":\"1s\",\"device\":\"disk\","
	  "\"latency\":\"2m\"}]", "s.json: /disturbances/0/latency: must be from 0 to 1m" },
	{ "disturbances=[{\"kind\":\"device\",\"at\":\"1s\",\"duration\":\"1s\",\"factor\":2,"
	  "\"device\":\"host-swap\",\"vm\":\"a\"}]",
	  "s.json: /disturbances/0/vm: has no part in the host's swap" },
	{ "disturbances=[{\"kind\":\"reboot\",\"at\":\"1s\",\"duration\":\"1s\"}]",
	  "s.json: /disturbances/0: needs the key \"vm\"" },
	{ "disturbances=[{\"kind\":\"reboot\",\"at\":\"1s\",\"duration\":0,\"vm\":\"a\"}]",
	  "s.json: /disturbances/0/duration: must be from 1ns" },
	{ "disturbances=[{\"kind\":\"reboot\",\"at\":0,\"duration\":\"1s\",\"vm\":\"a\"}]",
	  "s.json: /disturbances/0/at: \"a\" does not run then" },
	{ "disturbances=[{\"kind\":\"reboot\",\"at\":\"9s\",\"duration\":\"1s\",\"vm\":\"a\"},"
	  "{\"kind\":\"reboot\",\"at\":\"7s\",\"duration\":\"2s\",\"vm\":\"a\"}]",
	  "s.json: /disturbances/1/at: \"a\" is rebooting already" },
	{ "disturbances=[{\"kind\":\"balloon\",\"at\":\"1s\",\"duration\":\"1s\",\"vm\":\"b\","
	  "\"factor\":2}]", "s.json: /disturbances/0/vm: no VM is called \"b\"" },
	{ "disturbances=[{\"kind\":\"host-memory\",\"at\":\"1s\",\"duration\":\"1s\","
	  "\"memory\":\"1GiB\"}]", "s.json: /disturbances/0/memory: leaves nothing" },
	{ "policy=best", "s.json: /policy: unknown policy \"best\"; known: static" },
	{ "policy.name=best", "s.json: /policy/name: unknown policy \"best\"" },
	{ "policy={}", "s.json: /policy: needs the key \"name\"" },
	{ "policy={\"name\":\"mom\",\"param\":{}}", "s.json: /policy/param: unknown key" },
	{ "policy={\"name\":\"mom\",\"params\":{\"zeal\":1}}",
	  "s.json: /policy/params/zeal: policy mom has no such parameter; known: " },
	{ "host", "--set host: must be path=value" },
	{ "vms.7.memory=1", "--set vms.7.memory: no element \"7\"; there are 1, from 0" },
	{ "duration.x=1", "--set duration.x: nothing can be at \"x\"" },
	{ "host..x=1", "--set host..x: not a path" },
};

Test(scenario, every_impossible_thing_is_an_error_with_its_path)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sim_scenario s;
		if (bad[i].error) {
			must_fail(minimal, bad[i].set, bad[i].error);
		} else {
			must_read(&s, minimal, bad[i].set);
			sim_scenario_free(&s);
		}
	}
	must_fail(full, "vms.0.swap.sise=1", "s.json: /vms/0/swap/sise: unknown key; known: device");
	must_fail(full, "vms.1.name=web-2", "s.json: /vms/1: a VM \"web-2\" is there already");
	must_fail(full, "vms.0.count=1024", "s.json: /vms/1: more than 1024 VMs");
	must_fail(full, "defaults={\"memory\": \"512MiB\"}", "s.json: /vms/0: needs the key "
							      "\"workload\"");
	must_fail(full, "vms.*.shares=0", "s.json: /vms/0/shares: must be from 1");
	must_fail(full, "disturbances.4.device=swap",
		  "s.json: /disturbances/4/device: there is no swap to slow down");
	must_fail(full, "disturbances.6={\"kind\":\"reboot\",\"at\":\"11m\",\"duration\":\"1s\","
			"\"vm\":\"db\"}", "s.json: /disturbances/6/at: \"db\" does not run then");
	must_fail(full, "host.swap=none",
		  "s.json: /disturbances/5/device: there is no swap to slow down");
}

Test(scenario, missing_keys_are_named)
{
	must_fail("{}", NULL, "s.json: needs the key \"duration\"");
	must_fail("{\"duration\": \"1s\"}", NULL, "s.json: needs the key \"host\"");
	must_fail("{\"duration\": \"1s\", \"host\": {}}", NULL,
		  "s.json: /host: needs the key \"memory\"");
	must_fail("{\"duration\": \"1s\", \"host\": {\"memory\": \"1GiB\"}}", NULL,
		  "s.json: needs the key \"vms\"");
	must_fail("[]", NULL, "s.json: must be an object");
}

Test(scenario, vms_that_cannot_fit_are_refused)
{
	static const char *const sets[] = { "host.swap=none", "vms.0.memory=16GiB",
					    "vms.0.stop=1m" };
	struct tr_error error;
	struct sim_scenario s;

	/* 16 GiB / 4 = 4 GiB that the balloon may not take, on a host of 1 GiB. */
	cr_assert_eq(read_text(&s, minimal, sets, 2, NULL, &error), -EINVAL);
	cr_assert_not_null(strstr(error.text, "/vms: need 4.06 GiB at least"), "%s", error.text);
	/* VMs that run one after the other share the room. */
	must_fail(minimal, "vms=[{\"name\":\"a\",\"memory\":\"4GiB\",\"memory_min\":\"1GiB\","
		  "\"count\":2,\"workload\":[\"a.wst\"]}]", "s.json: /vms: need 2.06 GiB");
	must_read(&s, minimal, "vms=[{\"name\":\"a\",\"memory\":\"4GiB\",\"memory_min\":\"1GiB\","
		  "\"workload\":[\"a.wst\"],\"stop\":\"1m\"},{\"name\":\"b\",\"memory\":\"4GiB\","
		  "\"memory_min\":\"1GiB\",\"workload\":[\"a.wst\"],\"start\":\"1m\"}]");
	sim_scenario_free(&s);
}

Test(scenario, what_is_not_json_is_refused_with_its_line)
{
	must_fail("", NULL, "s.json: line 1: JSON ends too early");
	must_fail("{\"duration\": \"1s\",\n\"host\": {\n", NULL, "s.json: line");
	must_fail("{\n\n\"a\" 1}", NULL, "s.json: line 3: not JSON from");
	must_fail("{} {}", NULL, "s.json: line 1: not JSON from \"{}\" on");
	must_fail("{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2}}", NULL,
		  "s.json: /b: key \"c\" stands twice");
	must_fail("{\"host\": {\"memory\": 1e999}}", NULL, "s.json: /host/memory: number too large");
}

/* Text into the file that traces have the name of. */
static void write_series(const char *text)
{
	FILE *file = fopen(trace_path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static const struct tr_meta *open_trace(struct tr_file **file, const struct sim_segment *segment)
{
	struct tr_error error = { "" };

	cr_assert_eq(tr_file_open(file, segment->trace, &error), 0, "%s", error.text);
	return tr_file_meta(*file);
}

Test(scenario, a_demand_series_becomes_a_trace_of_the_vms_own_size)
{
	static const char *const sets[] = { "vms.0.count=2", "defaults.kernel=16MiB",
		"vms.0.workload=[{\"demand\":{\"series\":\"a.wst\",\"time_scale\":300,\"hot\":0.5}}]" };
	static const char *const longer[] = { sets[0], sets[1], sets[2], "vms.0.memory=512MiB",
					      "duration=2s" };
	struct sim_scenario s, again, other;
	struct tr_error error = { "" };
	struct tr_file *file;
	char *text;

	write_series("50.0 25.0\n50.0 50.0\n50.0 50.0\n50.0 50.0\n50.0 10.0\n50.0 10.0\n");
	cr_assert_eq(read_text(&s, minimal, sets, 3, NULL, &error), 0, "%s", error.text);
	cr_assert_str_eq(s.vm[0].segment->trace, s.vm[1].segment->trace, "made once");
	cr_assert_str_eq(sim_segment_name(s.vm[0].segment), trace_path);
	const struct tr_meta *meta = open_trace(&file, s.vm[0].segment);
	/* Half of what the guest has besides its kernel and what it keeps free. */
	u64 memory = (1ull << 30) - (16 << 20) - (1ull << 30) / 50;
	cr_assert_eq(s.vm[0].segment->demand.memory_bytes, memory);
	cr_assert_eq(meta->pages_touched, memory / 2 / 4096);
	cr_assert_eq(meta->span_ns, 6000000000ull, "%llu: six samples, a second each", meta->span_ns);
	cr_assert(strstr(meta->origin, "0.500000 of memory used every 10s"), "%s", meta->origin);
	tr_file_close(file);

	/* The echo names the series and reads back as the same. */
	text = sim_scenario_print(&s);
	cr_assert(strstr(text, "\"series\": \"a.wst\"") && !strstr(text, "\"trace\""), "%s", text);
	cr_assert_eq(read_text(&again, text, NULL, 0, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(sim_scenario_digest(&again), sim_scenario_digest(&s));
	cr_assert_str_eq(again.vm[0].segment->trace, s.vm[0].segment->trace);

	/* Another size, and an end before the series': another trace, and not all of it. */
	cr_assert_eq(read_text(&other, minimal, longer, 5, NULL, &error), 0, "%s", error.text);
	cr_assert_str_neq(other.vm[0].segment->trace, s.vm[0].segment->trace);
	meta = open_trace(&file, other.vm[0].segment);
	cr_assert_leq(meta->span_ns, 3000000000ull);
	cr_assert_lt(meta->pages_touched, memory / 4 / 4096 + 1);
	tr_file_close(file);
	free(text);
	sim_scenario_free(&s);
	sim_scenario_free(&again);
	sim_scenario_free(&other);
}

Test(scenario, what_is_wrong_in_a_series_is_told_with_its_place_and_line)
{
	static const char set[] = "vms.0.workload=[\"a.wst\",{\"demand\":\"a.wst\"}]";

	write_series("50.0 25.0\n50.0 50.0\n50.0 50.0\n50.0 50.0\n50.0 10.0\n50.0 10.0\n"
		     "50.0 10.0\n50.0 10.0\n50.0 10.0\n50.0 10.0\n50.0 10.0\n50.0 10.0\n"
		     "50.0 10.0\n50.0 10.0\n50.0 10.0\n50.0 10.0\n50.0 10.0\n50.0 10.0\nno\n");
	must_fail(minimal, set, "s.json: /vms/0/workload/1/demand: a.wst: line 19: wanted 'cpu% mem%', "
				"two numbers");
	write_series("no series\n");
	must_fail(minimal, set, "s.json: /vms/0/workload/1/demand: a.wst: byte 0: unknown format");
	write_series("1\n2\n3\n4\n5\n6\n7\n8\n");
	must_fail(minimal, set, "s.json: /vms/0/workload/1/demand: a.wst: is list, not a demand series");
}

Test(scenario, truncated_at_any_byte_it_is_refused)
{
	struct tr_error error;
	struct sim_scenario s;

	for (size_t size = 0; size + 2 < sizeof(full); size++) {
		int rc = sim_scenario_read_text(&s, scenario_path, full, size, NULL, 0, NULL,
						&error);
		cr_assert_lt(rc, 0, "%zu bytes of the scenario were taken for a whole one", size);
		cr_assert_neq(error.text[0], 0);
	}
}

Test(scenario, overrides_reach_short_forms_and_new_objects)
{
	static const char *const sets[] = {
		"host.swap.size=2GiB", "vms.0.swap=zram", "vms.0.swap.size=8MiB",
		"link.delay=3ms",      "vms.*.shares=77", "policy=mom",
		"vms.0.reclaim=clock", "vms.0.reclaim.swappiness=7",
	};
	struct tr_error error = { "" };
	struct sim_scenario s;

	cr_assert_eq(read_text(&s, minimal, sets, 8, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(s.host.swap_bytes, 2ull << 30);
	cr_assert_str_eq(s.vm[0].swap.name, "zram");
	cr_assert_eq(s.vm[0].swap_bytes, 8u << 20);
	cr_assert_eq(s.link.delay_ns, 3000000);
	cr_assert_eq(s.vm[0].shares, 77);
	cr_assert_str_eq(s.vm[0].reclaim, "clock");
	cr_assert_eq(s.vm[0].swappiness, 7);
	cr_assert_str_eq(s.policy->name, "mom");
	sim_scenario_free(&s);
}

Test(scenario, the_policy_can_be_replaced_and_loses_its_parameters_then)
{
	static const char *const set = "policy={\"name\":\"mom\",\"params\":{\"nonsense\":1}}";
	struct tr_error error = { "" };
	struct sim_scenario s;

	cr_assert_eq(read_text(&s, minimal, &set, 1, "equal-share", &error), 0, "%s", error.text);
	cr_assert_str_eq(s.policy->name, "equal-share");
	sim_scenario_free(&s);
	cr_assert_eq(read_text(&s, minimal, &set, 1, "mom", &error), -EINVAL);
	cr_assert_eq(read_text(&s, minimal, NULL, 0, "magic", &error), -EINVAL);
	cr_assert_eq(strstr(error.text, "unknown policy \"magic\"; known: static"), error.text, "%s",
		     error.text);
}

Test(scenario, parameters_that_are_set_are_those_of_the_policy_in_place)
{
	static const char *const set = "policy.params.fraction=0.25";
	static const char *const forms[] = {
		"\"policy\": \"mom\"",
		"\"policy\": { \"name\": \"mom\" }",
		"\"policy\": { \"name\": \"mom\", \"params\": { \"pressure_threshold\": 0.3 } }",
		"\"policy\": \"static\"",
		"\"name\": \"none\"",
	};

	for (u32 i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tr_error error = { "" };
		struct sim_scenario s;
		char text[1024];

		snprintf(text, sizeof(text), "{ %s, %s", forms[i], strchr(minimal, '{') + 1);
		cr_assert_eq(read_text(&s, text, &set, 1, "static", &error), 0, "%s: %s", forms[i],
			     error.text);
		/* `fraction` is all that static has. */
		cr_assert_eq(*(const double *)((const char *)s.policy_state +
					       s.policy->params[0].offset), 0.25, "%s", forms[i]);
		sim_scenario_free(&s);
		cr_assert_eq(read_text(&s, text, &set, 1, "equal-share", &error), -EINVAL, "%s",
			     forms[i]);
		cr_assert(strstr(error.text, "equal-share has no such parameter"), "%s", error.text);
	}
}

Test(scenario, parameters_of_every_policy_take_their_limits_and_are_echoed)
{
	for (u32 i = 0; sim_policies[i]; i++) {
		struct tr_error error = { "" };
		struct sim_scenario s;
		char *echo;

		cr_assert_eq(read_text(&s, minimal, NULL, 0, sim_policies[i]->name, &error), 0);
		echo = sim_scenario_print(&s);
		for (u32 p = 0; p < sim_policies[i]->params_count; p++)
			cr_assert_not_null(strstr(echo, sim_policies[i]->params[p].name));
		sim_scenario_free(&s);
		cr_assert_eq(read_text(&s, echo, NULL, 0, NULL, &error), 0, "%s", error.text);
		free(echo);
		sim_scenario_free(&s);
	}
}

Test(scenario, files_that_are_not_there_or_not_files_are_told)
{
	struct tr_error error;
	struct sim_scenario s;
	FILE *file;

	cr_assert_eq(sim_scenario_read(&s, scenario_path, NULL, 0, NULL, &error), -ENOENT);
	cr_assert_not_null(strstr(error.text, "s.json: No such file"));
	cr_assert_eq(sim_scenario_read(&s, folder, NULL, 0, NULL, &error), -EISDIR);
	file = fopen(scenario_path, "w");
	fputs(minimal, file);
	fclose(file);
	cr_assert_eq(sim_scenario_read(&s, scenario_path, NULL, 0, NULL, &error), 0, "%s",
		     error.text);
	sim_scenario_free(&s);
}

Test(scenario, the_locale_does_not_change_numbers)
{
	struct sim_scenario s;
	char *echo;

	/* Not every machine has one with a decimal comma; then this asserts the plain case. */
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		setlocale(LC_ALL, "C.UTF-8");
	must_read(&s, full, NULL);
	cr_assert_eq(s.link.loss, 0.1);
	echo = sim_scenario_print(&s);
	cr_assert_not_null(strstr(echo, "0.125"));
	free(echo);
	sim_scenario_free(&s);
}

Test(json, doubles_are_written_short_and_read_back_exactly)
{
	char text[SIM_JSON_DOUBLE_TEXT];
	u64 bits = 0x9e3779b97f4a7c15ull;

	cr_assert_str_eq(sim_json_double_text(0.1, text), "0.1");
	cr_assert_str_eq(sim_json_double_text(5, text), "5");
	for (int i = 0; i < 100000; i++) {
		double value;
		memcpy(&value, &bits, sizeof(value));
		bits = bits * 6364136223846793005ull + 1442695040888963407ull;
		if (value != value || value - value != 0)
			continue;
		cr_assert_eq(strtod(sim_json_double_text(value, text), NULL), value, "%s", text);
	}
}
