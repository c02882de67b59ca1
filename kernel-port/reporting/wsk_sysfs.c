/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_sysfs.c - the files: those of the posted series (v4), and two of our own.
 *
 *	/sys/kernel/ws/source		mglru or scan; the one in use in brackets
 *	/sys/kernel/ws/stats		what it cost, "key value" a line
 *	/sys/kernel/ws/nodeN/		page_age, page_age_intervals, refresh_interval,
 *					report_threshold
 *	/sys/kernel/ws/memcg/A/B/	memory.workingset.page_age, .refresh_interval,
 *					.report_threshold of the cgroup /A/B
 */
#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "wsk_source.h"

static struct wsk_node *to_node(struct kobject *kobj)
{
	return container_of(kobj, struct wsk_node, kobj);
}

static struct wsk_view *to_view(struct kobject *kobj)
{
	return &wsk_group_root->view[to_node(kobj) - wsk_nodes];
}

static struct wsk_group *to_group(struct kobject *kobj)
{
	return container_of(kobj, struct wsk_group, kobj);
}

/* --- nodeN ---------------------------------------------------------------------------- */

/*
 * Without edges there is nothing to print, and -EINVAL says so (the series' third
 * version); without a refresh interval the report is empty (its fourth).
 */
static ssize_t print_view(struct wsk_view *view, char *buf, size_t size, size_t at)
{
	int error;

	if (!view->node->edges_count)
		return -EINVAL;
	if (!view->refresh_ms)
		return at;
	error = wsk_view_refresh(view, ktime_get_ns());
	return error ? error : (ssize_t)wsk_view_print(view, buf, size, at);
}

static ssize_t page_age_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	ssize_t length = mutex_lock_interruptible(&wsk_lock);

	if (length)
		return length;
	length = print_view(to_view(kobj), buf, PAGE_SIZE, 0);
	mutex_unlock(&wsk_lock);
	return length;
}

static ssize_t page_age_intervals_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct wsk_node *node = to_node(kobj);
	int at = 0;
	u32 i;

	mutex_lock(&wsk_lock);
	for (i = 0; i < node->edges_count; i++)
		at += sysfs_emit_at(buf, at, "%s%u", i ? "," : "", node->edge_ms[i]);
	mutex_unlock(&wsk_lock);
	return at + sysfs_emit_at(buf, at, "\n");
}

/* Number of edges, or the error of the posted series. */
static int parse_intervals(char *text, u32 edge_ms[WS_EDGES_MAX])
{
	char *item, *next = strim(text);
	u32 ms, count = 0;
	int error;

	if (!*next)
		return 0;
	while ((item = strsep(&next, ","))) {
		error = kstrtouint(item, 0, &ms);
		if (error)
			return error;
		if (ms <= (count ? edge_ms[count - 1] : 0))
			return -EINVAL;
		if (count == WS_EDGES_MAX)
			return -ERANGE;
		edge_ms[count++] = ms;
	}
	return count;
}

static ssize_t page_age_intervals_store(struct kobject *kobj, struct kobj_attribute *attr,
					const char *text, size_t length)
{
	struct wsk_node *node = to_node(kobj);
	u32 edge_ms[WS_EDGES_MAX] = {};
	struct wsk_group *group;
	char *copy;
	int count;

	copy = kstrndup(text, length, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	count = parse_intervals(copy, edge_ms);
	kfree(copy);
	if (count < 0)
		return count;
	mutex_lock(&wsk_lock);
	memcpy(node->edge_ms, edge_ms, sizeof(edge_ms));
	node->edges_count = count;
	list_for_each_entry(group, &wsk_groups, link)
		wsk_view_configure(&group->view[node - wsk_nodes]);
	mutex_unlock(&wsk_lock);
	wsk_aging_kick();
	return length;
}

static ssize_t refresh_interval_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_view(kobj)->refresh_ms));
}

static ssize_t report_threshold_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_view(kobj)->threshold_ms));
}

static ssize_t store_ms(struct kobject *kobj, const char *text, size_t length,
			void (*set)(struct wsk_view *view, u32 ms))
{
	u32 ms;
	int error = kstrtouint(text, 0, &ms);

	if (error)
		return error;
	mutex_lock(&wsk_lock);
	set(to_view(kobj), ms);
	mutex_unlock(&wsk_lock);
	return length;
}

static ssize_t refresh_interval_store(struct kobject *kobj, struct kobj_attribute *attr,
				      const char *text, size_t length)
{
	return store_ms(kobj, text, length, wsk_view_set_refresh);
}

static ssize_t report_threshold_store(struct kobject *kobj, struct kobj_attribute *attr,
				      const char *text, size_t length)
{
	return store_ms(kobj, text, length, wsk_view_set_threshold);
}

static struct kobj_attribute page_age_attr = __ATTR_RO(page_age);
static struct kobj_attribute page_age_intervals_attr = __ATTR_RW(page_age_intervals);
static struct kobj_attribute refresh_interval_attr = __ATTR_RW(refresh_interval);
static struct kobj_attribute report_threshold_attr = __ATTR_RW(report_threshold);

static struct attribute *node_attrs[] = {
	&page_age_attr.attr,
	&page_age_intervals_attr.attr,
	&refresh_interval_attr.attr,
	&report_threshold_attr.attr,
	NULL,
};

const struct attribute_group wsk_node_group = { .attrs = node_attrs };

/* --- memcg/... -------------------------------------------------------------------------- */

/*
 * A report of many nodes is longer than the page that a file of sysfs can have, and the
 * series' own file, a seq_file, has no such limit: so this one is a binary attribute, read in
 * pieces.  A reader gets the report as it was when the reader began.  What one read() takes
 * whole is not kept; a longer text is, until its last piece is read, and the reader's open file
 * says which one it is.  sysfs does not tell when a file is closed, so a text that nobody reads
 * to its end stays until WSK_TEXTS newer ones need the room; its reader then gets -ESTALE.
 */
#define LINE_BYTES (3 * 20 + sizeof(" anon= file=\n"))
#define NODE_BYTES (sizeof("N1023\n") + (WS_EDGES_MAX + 1) * LINE_BYTES)

static ssize_t print_group(struct wsk_group *group, char *buf, size_t size)
{
	ssize_t at = 0;
	int i;

	for (i = 0; i < wsk_nodes_count && at >= 0; i++) {
		if (!group->view[i].refresh_ms)
			continue;
		at += scnprintf(buf + at, size - at, "N%d\n", wsk_nodes[i].nid);
		at = print_view(&group->view[i], buf, size, at);
	}
	return at;
}

static int make_text(struct wsk_group *group, struct wsk_text *text)
{
	static unsigned long number; /* under wsk_lock */
	size_t size = wsk_nodes_count * NODE_BYTES + 1;
	char *bytes = kvmalloc(size, GFP_KERNEL);
	ssize_t length = bytes ? print_group(group, bytes, size) : -ENOMEM;

	if (length < 0) {
		kvfree(bytes);
		return length;
	}
	*text = (struct wsk_text){ bytes, length, ++number };
	return 0;
}

static void drop_text(struct wsk_text *text)
{
	kvfree(text->bytes);
	text->bytes = NULL;
}

static struct wsk_text *find_text(struct wsk_group *group, unsigned long number)
{
	int i;

	for (i = 0; i < WSK_TEXTS; i++)
		if (group->text[i].bytes && group->text[i].number == number)
			return &group->text[i];
	return NULL;
}

/* A free place, or that of the oldest text. */
static struct wsk_text *find_place(struct wsk_group *group)
{
	struct wsk_text *oldest = &group->text[0];
	int i;

	for (i = 0; i < WSK_TEXTS; i++) {
		if (!group->text[i].bytes)
			return &group->text[i];
		if (group->text[i].number < oldest->number)
			oldest = &group->text[i];
	}
	return oldest;
}

/*
 * What an open file remembers: of a text that is being read its number, of one that was read
 * to the end its length, for the read() that asks whether there is more.
 */
#define READ_WHOLE 1ul
#define READING(number) ((void *)((number) << 1))
#define ENDED_AT(length) ((void *)((length) << 1 | READ_WHOLE))

static ssize_t read_on(struct wsk_group *group, void **state, char *buf, loff_t from, size_t count)
{
	unsigned long known = (unsigned long)*state;
	struct wsk_text *text;
	ssize_t result;

	if (known & READ_WHOLE && from >= known >> 1)
		return 0;
	text = known & READ_WHOLE ? NULL : find_text(group, known >> 1);
	if (!text)
		return -ESTALE;
	result = memory_read_from_buffer(buf, count, &from, text->bytes, text->length);
	if (from >= text->length) {
		*state = ENDED_AT(text->length);
		drop_text(text);
	}
	return result;
}

static ssize_t read_first(struct wsk_group *group, void **state, char *buf, size_t count)
{
	struct wsk_text text, *place;
	int error = make_text(group, &text);

	if (error)
		return error;
	if (text.length <= count) {
		*state = ENDED_AT(text.length);
		memcpy(buf, text.bytes, text.length);
		drop_text(&text);
		return text.length;
	}
	*state = READING(text.number);
	memcpy(buf, text.bytes, count);
	place = find_place(group);
	drop_text(place);
	*place = text;
	return count;
}

static ssize_t group_page_age_read(struct file *file, struct kobject *kobj,
				   struct bin_attribute *attr, char *buf, loff_t from, size_t count)
{
	struct kernfs_open_file *of = ((struct seq_file *)file->private_data)->private;
	struct wsk_group *group = to_group(kobj);
	ssize_t result = mutex_lock_interruptible(&wsk_lock);

	if (result)
		return result;
	result = from ? read_on(group, &of->priv, buf, from, count)
		      : read_first(group, &of->priv, buf, count);
	mutex_unlock(&wsk_lock);
	return result;
}

static ssize_t group_refresh_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	int at = 0, i;

	for (i = 0; i < wsk_nodes_count; i++)
		at += sysfs_emit_at(buf, at, "N%d=%u ", wsk_nodes[i].nid,
				    READ_ONCE(to_group(kobj)->view[i].refresh_ms));
	return at + sysfs_emit_at(buf, at, "\n");
}

static ssize_t group_threshold_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	int at = 0, i;

	for (i = 0; i < wsk_nodes_count; i++)
		at += sysfs_emit_at(buf, at, "N%d=%u ", wsk_nodes[i].nid,
				    READ_ONCE(to_group(kobj)->view[i].threshold_ms));
	return at + sysfs_emit_at(buf, at, "\n");
}

/* "N0=1000" */
static int parse_node_ms(char *text, int *index, u32 *ms)
{
	char *value = strim(text), *node = strsep(&value, "=");
	u32 nid;
	int error;

	if (*node != 'N' || !value)
		return -EINVAL;
	error = kstrtouint(node + 1, 0, &nid);
	if (error)
		return error;
	*index = nid < MAX_NUMNODES ? wsk_node_index(nid) : -1;
	if (*index < 0)
		return -EINVAL;
	return kstrtouint(value, 0, ms);
}

static ssize_t group_store_ms(struct kobject *kobj, const char *text, size_t length,
			      void (*set)(struct wsk_view *view, u32 ms))
{
	char *copy = kstrndup(text, length, GFP_KERNEL);
	int error, index;
	u32 ms;

	if (!copy)
		return -ENOMEM;
	error = parse_node_ms(copy, &index, &ms);
	kfree(copy);
	if (error)
		return error;
	mutex_lock(&wsk_lock);
	/* a memcg that has gone would leave its threshold counted */
	if (!list_empty(&to_group(kobj)->link))
		set(&to_group(kobj)->view[index], ms);
	else
		error = -ENODEV;
	mutex_unlock(&wsk_lock);
	return error ? error : length;
}

static ssize_t group_refresh_store(struct kobject *kobj, struct kobj_attribute *attr,
				   const char *text, size_t length)
{
	return group_store_ms(kobj, text, length, wsk_view_set_refresh);
}

static ssize_t group_threshold_store(struct kobject *kobj, struct kobj_attribute *attr,
				     const char *text, size_t length)
{
	return group_store_ms(kobj, text, length, wsk_view_set_threshold);
}

static struct bin_attribute group_page_age_attr = {
	.attr = { .name = "memory.workingset.page_age", .mode = 0444 },
	.read = group_page_age_read,
};
static struct kobj_attribute group_refresh_attr =
	__ATTR(memory.workingset.refresh_interval, 0644, group_refresh_show, group_refresh_store);
static struct kobj_attribute group_threshold_attr =
	__ATTR(memory.workingset.report_threshold, 0644, group_threshold_show,
	       group_threshold_store);

static struct attribute *group_attrs[] = {
	&group_refresh_attr.attr,
	&group_threshold_attr.attr,
	NULL,
};
static struct bin_attribute *group_bin_attrs[] = { &group_page_age_attr, NULL };
static const struct attribute_group group_attr_group = {
	.attrs = group_attrs, .bin_attrs = group_bin_attrs,
};
const struct attribute_group *wsk_group_files[] = { &group_attr_group, NULL };

/* --- the top ---------------------------------------------------------------------------- */

static ssize_t source_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	bool scan = READ_ONCE(wsk_source_now) == &wsk_source_scan;

	return sysfs_emit(buf, "%s\n", scan ? "mglru [scan]" : "[mglru] scan");
}

static ssize_t source_store(struct kobject *kobj, struct kobj_attribute *attr, const char *text,
			    size_t length)
{
	char name[8];
	int error;

	if (strscpy(name, text, sizeof(name)) < 0)
		return -EINVAL;
	mutex_lock(&wsk_lock);
	error = wsk_source_select(strim(name));
	mutex_unlock(&wsk_lock);
	return error ? error : length;
}

static ssize_t stats_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	int at = mutex_lock_interruptible(&wsk_lock);
	struct wsk_group *group;
	u64 count[4] = {};
	int i;

	if (at)
		return at;
	list_for_each_entry(group, &wsk_groups, link)
		for (i = 0; i < wsk_nodes_count; i++) {
			const struct ws_report *report = &group->view[i].report;

			count[0] += report->ageings_count;
			count[1] += report->collections_count;
			count[2] += report->cached_count;
			count[3] += report->announced_count;
		}
	at += sysfs_emit_at(buf, at, "reports_ageing %llu\nreports_made %llu\nreports_cached %llu\n"
			    "reports_announced %llu\n", count[0], count[1], count[2], count[3]);
	at = wsk_source_now->stats(buf, at);
	mutex_unlock(&wsk_lock);
	return at;
}

static struct kobj_attribute source_attr = __ATTR_RW(source);
static struct kobj_attribute stats_attr = __ATTR_RO(stats);

static struct attribute *top_attrs[] = { &source_attr.attr, &stats_attr.attr, NULL };

const struct attribute_group wsk_top_group = { .attrs = top_attrs };
