/*
 * kernel/time/cpu_timer.c - what the tick does about CPU time: POSIX timers, ITIMER_VIRTUAL and _PROF, RLIMIT_CPU.
 *
 * MODEL     signal->utime and ->stime are what all threads of a process have used, as far as it was charged: a
 *           thread's time is charged in its ticks, when somebody asks for it, and, while a timer waits for the
 *           clock (counting), when the thread goes to sleep.  So a tick compares two words with two others,
 *           without a lock, however many threads there are; what the threads on other harts had since their own
 *           last tick it does not see, and a timer is late by that, never early.
 * INVARIANTS
 *   P1  base->next is at most the expiry of any timer of the base, and of any interval timer or limit on its
 *       clock.
 *   P2  One hart at a time fires the timers of a process (busy).  The others go on: what is due stays due, and the
 *       next tick of any of them finds it.  So ticks never queue up for sighand->lock, which would make the
 *       harts of a busy process wait for each other each time; where harts outnumber the cores of a host, for
 *       good.
 *   P3  A tick fires FIRE_AT_ONCE timers of a base; more that are due wait for the next one.
 * LOCKING   sighand->lock; the first look takes none.
 * COST      A tick of a process without CPU timers: five loads.
 * TESTS     test/user/t_time.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/time/cpu_timer.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/time/posix_timer.h"
#include "kernel/time/time.h"

#define FIRE_AT_ONCE	16

/* ---- the timers of a base -------------------------------------------------------------------- */

static struct cpu_timer *first_timer(const struct cpu_timer_base *base)
{
	return rb_entry_safe(rb_first(&base->tree), struct cpu_timer, node);
}

static u64 first_expiry(const struct cpu_timer_base *base)
{
	const struct cpu_timer *t = first_timer(base);

	return t ? t->expires : CPU_NEVER;
}

static u64 itimer_expiry(const struct itimer_state *it)
{
	return it->value_ns ? it->value_ns : CPU_NEVER;
}

/* In ns; a limit of no seconds is reached with the first tick. */
static u64 limit_expiry(const struct signal_struct *sig)
{
	u64 seconds = READ_ONCE(sig->rlim[RLIMIT_CPU].rlim_cur);

	return seconds < CPU_NEVER / NSEC_PER_SEC ? seconds * NSEC_PER_SEC : CPU_NEVER;
}

/* => sighand->lock held, or nobody sees @sig yet */
void cpu_timers_changed(struct signal_struct *sig)
{
	struct cpu_timers *ct = &sig->cpu_timers;
	u64 user = min(first_expiry(&ct->base[CPU_USER]), itimer_expiry(&sig->it_virt));
	u64 total = min(first_expiry(&ct->base[CPU_TOTAL]), itimer_expiry(&sig->it_prof));

	total = min(total, limit_expiry(sig));
	WRITE_ONCE(ct->base[CPU_USER].next, user);		/* P1 */
	WRITE_ONCE(ct->base[CPU_TOTAL].next, total);
	WRITE_ONCE(ct->counting, user != CPU_NEVER || total != CPU_NEVER);
}

void cpu_limit_changed(struct task_struct *t)
{
	unsigned long flags;
	struct sighand_struct *sighand = lock_task_sighand(t, &flags);

	if (!sighand)
		return;
	spin_assert_held(&sighand->lock);
	cpu_timers_changed(t->signal);
	spin_unlock_irqrestore(&sighand->lock, flags);
}

static void enqueue(struct cpu_timer *t)
{
	struct rb_node **link = &t->base->tree.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = t->expires < rb_entry(parent, struct cpu_timer, node)->expires ?
			&parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&t->node, parent, link);
	rb_insert_color(&t->node, &t->base->tree);
	t->queued = true;
}

static void dequeue(struct cpu_timer *t)
{
	if (t->queued)
		rb_erase(&t->node, &t->base->tree);
	t->queued = false;
}

/* The base's timers changed; that of a process has more to wait for than those. */
static void base_changed(struct cpu_timer_base *base)
{
	struct signal_struct *sig = current->signal;

	if (base == &sig->cpu_timers.base[CPU_USER] || base == &sig->cpu_timers.base[CPU_TOTAL])
		cpu_timers_changed(sig);
	else
		WRITE_ONCE(base->next, first_expiry(base));
}

void cpu_timer_start(struct cpu_timer *t, u64 expires)
{
	dequeue(t);
	t->expires = expires;
	enqueue(t);
	base_changed(t->base);
}

void cpu_timer_cancel(struct cpu_timer *t)
{
	if (!t->queued)
		return;
	dequeue(t);
	base_changed(t->base);
}

void cpu_timer_bases_init(struct cpu_timer_base base[NR_CPU_CLOCKS])
{
	for (int i = 0; i < NR_CPU_CLOCKS; i++)
		base[i] = (struct cpu_timer_base){ RB_ROOT, CPU_NEVER };
}

void cpu_timers_init(struct signal_struct *sig)
{
	struct cpu_timers *ct = &sig->cpu_timers;

	cpu_timer_bases_init(ct->base);
	ct->base[CPU_TOTAL].next = limit_expiry(sig);		/* P1: it has no timers */
	ct->counting = ct->base[CPU_TOTAL].next != CPU_NEVER;
}

/* ---- the tick -------------------------------------------------------------------------------- */

static void fire_timers(struct cpu_timer_base *base, u64 now)
{
	struct cpu_timer *t;

	for (int n = 0; n < FIRE_AT_ONCE && (t = first_timer(base)) && t->expires <= now; n++) {
		dequeue(t);
		if (posix_cpu_timer_fire(t, now))
			enqueue(t);
	}
}

static void check_itimer(struct itimer_state *it, u64 now, int sig, struct task_struct *t)
{
	if (!it->value_ns || now < it->value_ns)
		return;
	it->value_ns = it->interval_ns ? max(it->value_ns + it->interval_ns, now) : 0;
	send_signal_locked(sig, SEND_SIG_PRIV, t, true);
}

static void check_limit(struct task_struct *t, u64 total)
{
	struct rlimit *limit = &t->signal->rlim[RLIMIT_CPU];
	u64 seconds = total / NSEC_PER_SEC;

	if (seconds < limit->rlim_cur)
		return;
	if (seconds >= limit->rlim_max) {
		send_signal_locked(SIGKILL, SEND_SIG_PRIV, t, true);
	} else {
		send_signal_locked(SIGXCPU, SEND_SIG_PRIV, t, true);
		limit->rlim_cur++;		/* the next one in a second */
	}
}

static u64 user_time(const struct signal_struct *sig)
{
	return __atomic_load_n(&sig->utime, __ATOMIC_RELAXED);
}

static u64 total_time(const struct signal_struct *sig)
{
	return user_time(sig) + __atomic_load_n(&sig->stime, __ATOMIC_RELAXED);
}

/* Without a lock: is there something to do in this tick of @t?  (P1) */
static bool due(const struct task_struct *t)
{
	const struct signal_struct *sig = t->signal;

	return user_time(sig) >= READ_ONCE(sig->cpu_timers.base[CPU_USER].next) ||
	       total_time(sig) >= READ_ONCE(sig->cpu_timers.base[CPU_TOTAL].next) ||
	       t->utime >= READ_ONCE(t->cpu_timers[CPU_USER].next) ||
	       t->se.sum_exec_ns >= READ_ONCE(t->cpu_timers[CPU_TOTAL].next);
}

/* => sighand->lock held, t is current */
static void fire_due(struct task_struct *t)
{
	struct signal_struct *sig = t->signal;
	u64 user = user_time(sig), total = total_time(sig);

	fire_timers(&t->cpu_timers[CPU_USER], t->utime);
	fire_timers(&t->cpu_timers[CPU_TOTAL], t->se.sum_exec_ns);
	base_changed(&t->cpu_timers[CPU_USER]);
	base_changed(&t->cpu_timers[CPU_TOTAL]);
	fire_timers(&sig->cpu_timers.base[CPU_USER], user);
	fire_timers(&sig->cpu_timers.base[CPU_TOTAL], total);
	check_itimer(&sig->it_virt, user, SIGVTALRM, t);
	check_itimer(&sig->it_prof, total, SIGPROF, t);
	check_limit(t, total);
	cpu_timers_changed(sig);
}

void run_cpu_timers(struct task_struct *t)
{
	struct sighand_struct *sighand;
	unsigned long flags;

	if (likely(!due(t)) || (t->flags & PF_KTHREAD) || t->exit_state)
		return;
	if (__atomic_exchange_n(&t->signal->cpu_timers.busy, true, __ATOMIC_ACQUIRE))
		return;						/* P2 */
	kick_defer();
	sighand = lock_task_sighand(t, &flags);
	if (sighand) {
		spin_assert_held(&sighand->lock);
		fire_due(t);
		spin_unlock_irqrestore(&sighand->lock, flags);
	}
	__atomic_store_n(&t->signal->cpu_timers.busy, false, __ATOMIC_RELEASE);
	kick_flush();
}
