/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_link.c - delay, loss and lateness of messages. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_link.h"

#define LATE_FACTOR 100 /* a reordered message takes so many delays more */

int sim_link_init(struct sim_link *link, struct sim_engine *engine)
{
	const struct sim_scenario *scenario = engine->scenario;

	*link = (struct sim_link){ .engine = engine };
	sim_rng_init(&link->rng, scenario->seed, scenario->run, "link");
	link->last_ns = calloc(scenario->vms_count * SIM_VQS * 2, sizeof(u64));
	link->config_of = calloc(scenario->vms_count, sizeof(*link->config_of));
	if (!link->last_ns || !link->config_of)
		return -ENOMEM;
	for (u32 vm = 0; vm < scenario->vms_count; vm++)
		link->config_of[vm] = scenario->link;
	return 0;
}

void sim_link_destroy(struct sim_link *link)
{
	for (u32 i = 0; i < link->messages_count; i++)
		free(link->message[i]);
	free(link->message);
	free(link->last_ns);
	free(link->config_of);
	*link = (struct sim_link){ 0 };
}

static u32 find_unused(struct sim_link *link)
{
	for (u32 i = 0; i < link->messages_count; i++)
		if (!link->message[i]->used)
			return i;
	u32 index = link->messages_count++;

	link->message = realloc(link->message, link->messages_count * sizeof(*link->message));
	assert(link->message);
	link->message[index] = calloc(1, sizeof(struct sim_message));
	assert(link->message[index]);
	return index;
}

static u64 digest_of(const u8 *bytes, u32 length)
{
	u64 digest = length;

	for (u32 i = 0; i < length; i++)
		digest = sim_mix64(digest ^ bytes[i]);
	return digest;
}

bool sim_link_send(struct sim_link *link, u16 vm, enum sim_queue_name queue, bool to_host,
		   const u8 *bytes, u32 length, const struct sim_report_sample *truth)
{
	struct sim_engine *engine = link->engine;
	const struct sim_link_config *config = &link->config_of[vm];
	bool faulty = queue == SIM_VQ_STATS || queue == SIM_VQ_NOTIFY || queue == SIM_VQ_REPORT;
	bool lost = faulty && config->loss > 0 && sim_rng_chance(&link->rng, config->loss);
	bool late = faulty && config->reorder > 0 && sim_rng_chance(&link->rng, config->reorder);
	u64 delay_ns = config->delay_ns, *last_ns = &link->last_ns[(vm * SIM_VQS + queue) * 2 + to_host];

	assert(length <= sizeof(link->message[0]->bytes));
	if (config->jitter_ns)
		delay_ns += sim_rng_below(&link->rng, config->jitter_ns);
	if (late)
		delay_ns += LATE_FACTOR * (config->delay_ns + config->jitter_ns);
	sim_emit(engine, SIM_EV_MESSAGE, vm,
		 (u32)queue << 16 | (u32)to_host << 2 | (u32)late << 1 | lost, length,
		 digest_of(bytes, length));
	if (lost)
		return false;

	u64 arrives_ns = engine->now_ns + delay_ns;

	if (!late && arrives_ns <= *last_ns)
		arrives_ns = *last_ns + 1;
	if (!late)
		*last_ns = arrives_ns;
	u32 index = find_unused(link);
	struct sim_message *message = link->message[index];

	message->used = true;
	message->forgotten = false;
	message->to_host = to_host;
	message->vm = vm;
	message->queue = queue;
	message->length = length;
	if (length)
		memcpy(message->bytes, bytes, length);
	message->truth.bins_count = 0;
	if (truth)
		message->truth = *truth;
	sim_wake_at(engine, arrives_ns, SIM_CLASS_MESSAGE, SIM_WAKE_MESSAGE, vm, index, 0);
	return true;
}

void sim_link_forget(struct sim_link *link, u16 vm)
{
	for (u32 i = 0; i < link->messages_count; i++)
		if (link->message[i]->vm == vm)
			link->message[i]->forgotten = true;
}

struct sim_message *sim_link_arrived(struct sim_link *link, u32 index)
{
	assert(index < link->messages_count && link->message[index]->used);
	return link->message[index];
}

void sim_link_done(struct sim_message *message)
{
	message->used = false;
}
