/*
 * test/host/kernel/sync/test_rcu.c - grace periods over simulated harts: never too early, always in the end.
 *
 * MODEL     Each hart is in a reader, in the kernel outside of one, or idle.  A thing that is unhooked notes
 *           which readers run; its callback holds that against those that run then (U1).  An idle hart
 *           moves only when something interrupts it, so a period that forgets to (U4) shows as
 *           callbacks that never come.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/pt/init_mm.c

#include "test/host/tap.h"
#include "kernel/sync/rcu.h"
#include "test/host/arch/host.h"

#define HARTS	5
#define STEPS	200000

enum where { KERNEL, READER, IDLE };

static struct hart {
	enum where where;
	unsigned long reader;		/* number of the reader that runs */
	bool interrupted;
} hart[HARTS];
static unsigned long nr_readers, nr_called, nr_queued, nr_early;

struct thing {
	struct rcu_head rcu;
	unsigned long reader[HARTS];	/* those that ran when it was unhooked; 0: none */
};

void arch_send_reschedule(unsigned h)
{
	hart[h].interrupted = true;
}

static void gone(struct rcu_head *head)
{
	struct thing *t = container_of(head, struct thing, rcu);

	for (unsigned h = 0; h < HARTS; h++)
		if (t->reader[h] && hart[h].where == READER && hart[h].reader == t->reader[h])
			nr_early++;
	nr_called++;
	shim_free(t);
}

static void unhook(void)
{
	struct thing *t = shim_alloc(sizeof(*t));

	for (unsigned h = 0; h < HARTS; h++)
		t->reader[h] = hart[h].where == READER ? hart[h].reader : 0;
	nr_queued++;
	call_rcu(&t->rcu, gone);
}

static void step_kernel(struct hart *me)
{
	switch (rnd_below(8)) {
	case 0:
	case 1:
		rcu_read_lock();
		me->where = READER;
		me->reader = ++nr_readers;
		break;
	case 2:
		rcu_quiet();
		break;
	case 3:
		rcu_idle_quiet();
		if (rcu_idle_enter()) {
			me->where = IDLE;
			me->interrupted = false;
		} else {
			rcu_idle_exit();
		}
		break;
	case 4:
		(void)rcu_tick();
		break;
	case 5:
		if (rnd_one_in(20))
			rcu_hurry();
		break;
	default:
		unhook();
	}
}

static void step(unsigned h)
{
	struct hart *me = &hart[h];

	host_run_on(h);
	if (me->where == KERNEL) {
		step_kernel(me);
	} else if (me->where == READER) {
		if (rnd_one_in(3)) {
			unhook();
		} else if (rnd_one_in(2)) {
			rcu_read_unlock();
			me->where = KERNEL;
		}
	} else if (me->interrupted || rnd_one_in(200)) {
		rcu_idle_exit();
		me->where = KERNEL;
		if (me->interrupted && rcu_tick())	/* scheduler_ipi() */
			rcu_quiet();
	}
}

/* Everybody leaves what he is in; harts then do no more than an idle loop does. */
static void settle(void)
{
	for (unsigned round = 0; round < 200; round++)
		for (unsigned h = 0; h < HARTS; h++) {
			host_run_on(h);
			if (hart[h].where == READER)
				rcu_read_unlock();
			if (hart[h].where == IDLE && !hart[h].interrupted)
				continue;
			if (hart[h].where == IDLE)
				rcu_idle_exit();
			hart[h].interrupted = false;
			rcu_idle_quiet();
			if (rcu_idle_enter()) {
				hart[h].where = IDLE;
			} else {
				rcu_idle_exit();
				hart[h].where = KERNEL;
			}
		}
}

int main(void)
{
	host_arch_init(3, HARTS);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned n = 0; n < STEPS / 20; n++)
			step(rnd_below(HARTS));
		settle();
		CHECK(nr_called == nr_queued);
	}
	ok(true, "every callback is called, also those of harts that went idle (U3, U4)");
	is_int(nr_early, 0, "no callback while a reader runs that could have found the thing (U1)");
	ok(nr_called > STEPS / 20, "and there were some: %lu", nr_called);

	host_run_on(1);
	hart[1].where = KERNEL;
	rcu_idle_exit();
	rcu_read_lock();
	hart[1].where = READER;
	hart[1].reader = ++nr_readers;
	unhook();
	host_run_on(0);
	rcu_idle_exit();
	rcu_hurry();
	for (unsigned n = 0; n < 100; n++)
		rcu_quiet();
	is_int(nr_queued - nr_called, 1, "a reader holds it up for as long as it runs");
	host_run_on(1);
	ok(EXPECT_PANIC(__rcu_quiet()), "a reader that sleeps is caught");
	rcu_read_unlock();
	hart[1].where = KERNEL;
	settle();
	is_int(nr_queued - nr_called, 0, "and no longer");
	is_int(shim_live_allocs(), 0, "nothing leaks");
	return done_testing();
}
