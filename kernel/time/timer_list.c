/*
 * kernel/time/timer_list.c - /proc/timer_list: what every hart's timers wait for.
 *
 * MODEL     One record for each hart, each of its clocks, hard and soft, and each timer, in the layout that Linux
 *           gives them.
 *           A reader holds no lock between two timers: it goes on behind the one that it showed last.
 * COST      A look-up for each timer, and a step for each that is due at the very same moment.
 * TESTS     test/user/t_devices.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/proc.h"
#include "kernel/kallsyms.h"
#include "kernel/sync/mutex.h"
#include "kernel/time/hrtimer.h"

static const struct { const char *get_time; s64 (*offset)(void); } clocks[NR_HRTIMER_CLOCKS] = {
	[HRTIMER_MONOTONIC] = { "ktime_get", NULL },
	[HRTIMER_REALTIME] = { "ktime_get_real", ktime_real_offset },
};

static void show_timer(struct seq_file *m, const struct hrtimer_shown *t, unsigned nr)
{
	const long long left = (long long)(t->expires - t->now);
	unsigned long off;
	const char *name = kallsyms_lookup((unsigned long)t->function, &off);

	seq_printf(m, " #%u: <%016lx>, %s, S:01\n", nr, kptr_shown() ? (unsigned long)t->timer : 0ul,
		   name ? name : "?");
	seq_printf(m, " # expires at %llu-%llu nsecs [in %lld to %lld nsecs]\n", (unsigned long long)t->expires,
		   (unsigned long long)t->expires, left, left);
}

static void show_clock(struct seq_file *m, unsigned hart, enum hrtimer_clock clock)
{
	const unsigned of = clock % NR_HRTIMER_CLOCKS;
	struct hrtimer_shown t = { .expires = 0 };
	unsigned nr = 0;

	seq_printf(m, " clock %u:\n  .index:      %u\n  .resolution: 1 nsecs\n", clock, clock);
	seq_printf(m, "  .get_time:   %s\n  .offset:     %lld nsecs\nactive timers:\n", clocks[of].get_time,
		   clocks[of].offset ? (long long)clocks[of].offset() : 0ll);
	while (!seq_has_overflowed(m) && hrtimer_next_shown(hart, clock, &t))
		show_timer(m, &t, nr++);
}

static void *list_start(struct seq_file *m, loff_t *pos)
{
	(void)m;
	while (*pos < NR_HARTS && !(hart_online_mask.bits & BIT(*pos)))
		++*pos;
	return *pos < NR_HARTS ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	(void)v;
	++*pos;
	return list_start(m, pos);
}

static void list_stop(struct seq_file *m, void *v) { (void)m, (void)v; }

static int list_show(struct seq_file *m, void *v)
{
	unsigned hart = (unsigned long)v - 1;
	ktime_t due;

	if (!hart || !(hart_online_mask.bits & (BIT(hart) - 1)))
		seq_printf(m, "Timer List Version: v0.10\nHRTIMER_MAX_CLOCK_BASES: %u\nnow at %llu nsecs\n",
			   NR_HRTIMER_TREES, (unsigned long long)ktime_get());
	seq_printf(m, "\ncpu: %u\n", hart);
	for (unsigned c = 0; c < NR_HRTIMER_TREES; c++)
		show_clock(m, hart, c);
	due = hrtimer_hart_due(hart);
	seq_printf(m, "  .expires_next   : %llu nsecs\n  .hres_active    : 1\n", (unsigned long long)due);
	return 0;
}

static const struct seq_operations list_ops = {
	.start = list_start, .next = list_next, .stop = list_stop, .show = list_show,
};

void __init timer_list_init(void)
{
	proc_create_seq("timer_list", 0400, NULL, &list_ops);
}
