/*
 * mm/slab/traces.c - who allocated the objects that are in use: debugfs, slab/CACHE/alloc_traces and free_traces.
 *
 * MODEL     Objects whose tracks have the same calls are one line of the table, counted; those with the most
 *           objects come first.  free_traces tells who had freed the objects before they were allocated again.
 *           A line is: count, caller, age=least/mean/greatest in ticks of 10 ms, harts; then the calls.
 * FAILURE   When the table is full, further stacks are counted together, and the last line says so.
 * LOCKING   The table is the caller's alone; it is filled under slab_mutex and a node's list_lock.
 * TESTS     test/host/mm/slab/test_slub_debug.c, test/boot/leaks.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "include/uapi/time.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/internal.h"

#define MAX_LINES	1024u		/* a power of two */

struct line {
	unsigned long calls[SLAB_TRACK_CALLS];
	unsigned nr_calls;
	unsigned long count;		/* 0: not used, or shown already */
	u64 age_sum, age_min, age_max;	/* ticks of the clock */
	u64 harts;
};

struct table {
	const char *cache;
	bool freed, found;
	u64 now;
	unsigned long others;		/* objects whose stacks found no room */
	struct line lines[MAX_LINES];
};

static unsigned hash_calls(const struct slab_track *t)
{
	u64 h = t->nr_calls;

	for (unsigned i = 0; i < t->nr_calls; i++)
		h = (h ^ t->calls[i]) * 0x9e3779b97f4a7c15ull;
	return (h >> 32) & (MAX_LINES - 1);
}

static struct line *find_line(struct table *tab, const struct slab_track *t)
{
	unsigned first = hash_calls(t);

	for (unsigned i = 0; i < MAX_LINES; i++) {
		struct line *l = &tab->lines[(first + i) & (MAX_LINES - 1)];

		if (!l->count) {
			memcpy(l->calls, t->calls, t->nr_calls * sizeof(*t->calls));
			l->nr_calls = t->nr_calls;
			l->age_min = ~0ull;
			return l;
		}
		if (l->nr_calls == t->nr_calls && !memcmp(l->calls, t->calls, t->nr_calls * sizeof(*t->calls)))
			return l;
	}
	return NULL;
}

static void add_track(const struct slab_track *t, void *data)
{
	struct table *tab = data;
	struct line *l = find_line(tab, t);
	u64 age = tab->now > t->when ? tab->now - t->when : 0;

	if (!l) {
		tab->others++;
		return;
	}
	l->count++;
	l->age_sum += age;
	l->age_min = min(l->age_min, age);
	l->age_max = max(l->age_max, age);
	l->harts |= 1ull << t->hart;
}

static int collect(struct kmem_cache *s, void *data)
{
	struct table *tab = data;

	if (strcmp(kmem_cache_name(s), tab->cache))
		return 0;
	tab->found = true;
	__kmem_cache_for_each_track(s, tab->freed, add_track, tab);
	return 1;
}

static struct line *most(struct table *tab)
{
	struct line *best = tab->lines;

	for (struct line *l = tab->lines; l < tab->lines + MAX_LINES; l++)
		if (l->count > best->count)
			best = l;
	return best->count ? best : NULL;
}

static void show_line(struct seq_file *m, const struct line *l)
{
	u64 tick = arch_time_hz / USER_HZ;

	if (l->nr_calls)
		seq_printf(m, "%7lu %pS", l->count, (void *)l->calls[0]);
	else
		seq_printf(m, "%7lu <not-available>", l->count);
	seq_printf(m, " age=%lu/%lu/%lu cpus=%*pbl\n", (unsigned long)(l->age_min / tick),
		   (unsigned long)(l->age_sum / l->count / tick), (unsigned long)(l->age_max / tick), 64, &l->harts);
	for (unsigned i = 0; i < l->nr_calls; i++)
		seq_printf(m, "        %pS\n", (void *)l->calls[i]);
	seq_printf(m, "\n");
}

int slab_traces_show(struct seq_file *m, const char *cache, bool freed)
{
	struct table *tab = kvzalloc(sizeof(*tab), GFP_KERNEL);
	struct line *l;
	int rc;

	if (!tab)
		return -ENOMEM;
	tab->cache = cache;
	tab->freed = freed;
	tab->now = arch_time_ticks();
	for_each_cache(collect, tab);
	while ((l = most(tab))) {
		show_line(m, l);
		l->count = 0;
	}
	if (tab->others)
		seq_printf(m, "%7lu <other stacks>\n", tab->others);
	rc = tab->found ? 0 : -ENODEV;
	kvfree(tab);
	return rc;
}
