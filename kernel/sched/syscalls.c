/*
 * kernel/sched/syscalls.c - how user space chooses policy, priority and harts.
 *
 * MODEL     A request becomes a struct sched_attr, is checked against rights and limits as a whole, and is
 *           then applied under the run queue's lock: a task that waits is taken out of the
 *           order and put back by its new weight or priority.
 * FAILURE   Linux's errno values: -EINVAL before -ESRCH before -EPERM.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/futex/futex.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/rq.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "kernel/time/time.h"
#include "lib/string.h"

#define MAX_RT_PRIO	100

static bool policy_valid(int policy)
{
	return policy >= SCHED_NORMAL && policy <= SCHED_DEADLINE && policy != 4;
}

/* Counted task @pid, the running one for 0; NULL when there is none. */
static struct task_struct *get_target(pid_t pid)
{
	if (!pid) {
		get_task_struct(current);
		return current;
	}
	return find_get_task(pid);
}

static bool same_owner(struct task_struct *p)
{
	const struct cred *c = get_task_cred(p);
	bool same = current_euid() == c->euid || current_euid() == c->uid;

	put_cred(c);
	return same;
}

bool can_nice(const struct task_struct *p, int nice)
{
	unsigned long room = NICE_MAX - nice + 1;	/* nice 19..-20 as 1..40 */

	return room <= READ_ONCE(p->signal->rlim[RLIMIT_NICE].rlim_cur) || capable(CAP_SYS_NICE);
}

int task_prio(const struct task_struct *p)
{
	u64 urgency = task_urgency(p);

	if (urgency == URGENCY_FAIR)
		return 20 + p->nice;
	return max((s64)(urgency - URGENCY_RT(99)), -1ll) - 100;
}

/* ---- changing -------------------------------------------------------------------------------- */

struct sched_params { int policy, nice, rt_priority; bool reset_on_fork; const struct sched_attr *dl; };

/* Take @p out of its order.  => rq->lock held, until reorder_end() */
static void reorder_begin(struct rq *rq, struct task_struct *p)
{
	if (rq->curr == p)
		update_curr(rq, ktime_get());
	else if (p->se.on_rq)
		dequeue_waiting(rq, p);
}

/* Put @p where its new parameters belong.  The bit of a hart to kick, or 0 */
static unsigned long reorder_end(struct rq *rq, struct task_struct *p) NO_LOCK_ANALYSIS
{
	unsigned long kick = 0;

	if (p->se.on_rq && !task_is_rt(p))
		place_woken(rq, p);
	if (p->se.on_rq && rq->curr != p) {
		enqueue_waiting(rq, p, false);
		if (should_preempt(rq, p))
			kick = resched_curr(rq);
	} else if (rq->curr == p && rq_has_waiting(rq)) {
		kick = resched_curr(rq);
	}
	spin_unlock(&rq->lock);
	return kick;
}

/* What a change of policy leaves of @p's time. */
static void change_slice(struct task_struct *p, const struct sched_params *s)
{
	bool stays_dl = policy_is_dl(s->policy) && !s->dl;	/* with the parameters that it has */

	if (!stays_dl && (!policy_is_rt(p->policy) || !policy_is_rt(s->policy)))
		p->se.slice_ns = p->se.sum_exec_ns + (s->policy == SCHED_FIFO);
	if (!stays_dl)
		dl_unthrottle(p);
}

/* Give @p what @s says.  0, or from dl_admit(): nothing is changed */
static int apply_params(struct task_struct *p, const struct sched_params *s) NO_LOCK_ANALYSIS
{
	unsigned long flags = arch_irq_save();
	struct rq *rq = task_rq_lock(p);
	unsigned long kick;
	int rc = s->dl ? dl_admit(p, s->dl) : 0;

	if (rc) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return rc;
	}
	reorder_begin(rq, p);						/* commit */
	change_slice(p, s);
	p->policy = s->policy;
	p->nice = s->nice;
	p->rt_priority = s->rt_priority;
	p->sched_reset_on_fork = s->reset_on_fork;
	if (s->dl)
		dl_apply(p, s->dl);
	else if (!policy_is_dl(s->policy))
		dl_leave(p);
	set_load_weight(p);
	kick = reorder_end(rq, p);
	arch_irq_restore(flags);
	kick_harts(kick);
	pi_urgency_changed(p);
	return 0;
}

u64 sched_inherit(struct task_struct *p, u64 urgency) NO_LOCK_ANALYSIS
{
	unsigned long flags, kick;
	struct rq *rq;

	if (READ_ONCE(p->se.inherited) != urgency) {	/* changes under pi_lock only */
		flags = arch_irq_save();
		rq = task_rq_lock(p);
		reorder_begin(rq, p);
		set_inherited(p, urgency);
		if (!task_is_rt(p))
			p->se.slice_ns = p->se.sum_exec_ns;
		kick = reorder_end(rq, p);
		arch_irq_restore(flags);
		kick_harts(kick);
	}
	return task_urgency(p);
}

void set_user_nice(struct task_struct *p, int nice)
{
	struct sched_params s = { p->policy, nice, p->rt_priority, p->sched_reset_on_fork, NULL };

	(void)apply_params(p, &s);
}

/* May current give @p these parameters?  0 or -EPERM */
static int check_rights(struct task_struct *p, const struct sched_params *s)
{
	if (capable(CAP_SYS_NICE))
		return 0;
	if (policy_is_dl(s->policy)) {
		return -EPERM;
	} else if (policy_is_rt(s->policy)) {
		unsigned long limit = p->signal->rlim[RLIMIT_RTPRIO].rlim_cur;

		if (s->policy != p->policy && !limit)
			return -EPERM;
		if (s->rt_priority > p->rt_priority && (unsigned long)s->rt_priority > limit)
			return -EPERM;
	} else if (s->nice < p->nice && !can_nice(p, s->nice)) {
		return -EPERM;
	}
	if (p->policy == SCHED_IDLE && s->policy != SCHED_IDLE && !can_nice(p, p->nice))
		return -EPERM;
	if (!same_owner(p) || (p->sched_reset_on_fork && !s->reset_on_fork))
		return -EPERM;
	return 0;
}

static int check_values(int policy, int prio, int nice, const struct sched_attr *attr)
{
	if (!policy_valid(policy) || (policy_is_dl(policy) && (!attr || !dl_params_valid(attr))))
		return -EINVAL;
	if (policy_is_rt(policy) ? prio < 1 || prio >= MAX_RT_PRIO : prio != 0)
		return -EINVAL;
	return nice < NICE_MIN || nice > NICE_MAX ? -EINVAL : 0;
}

/* @policy < 0: keep it; @nice, @attr: only the attr form changes nice, and has what a deadline needs. */
static int set_scheduler(pid_t pid, int policy, int prio, const int *nice, bool reset_on_fork,
			 struct sched_attr *attr)
{
	struct task_struct *p = get_target(pid);
	struct sched_params s;
	int rc;

	if (!p)
		return -ESRCH;
	s.reset_on_fork = reset_on_fork;
	if (policy < 0) {
		policy = p->policy;
		s.reset_on_fork = p->sched_reset_on_fork;
	}
	s.policy = policy;
	s.rt_priority = prio;
	s.nice = nice && !policy_is_rt(policy) && !policy_is_dl(policy) ? *nice : p->nice;
	if (attr && (attr->sched_flags & SCHED_FLAG_KEEP_PARAMS) && policy_is_dl(p->policy))
		dl_get_params(p, attr);
	s.dl = policy_is_dl(policy) ? attr : NULL;
	rc = check_values(policy, prio, s.nice, attr);
	if (!rc)
		rc = check_rights(p, &s);
	if (!rc && s.dl)
		rc = dl_prepare(p);
	if (!rc)
		rc = apply_params(p, &s);
	put_task_struct(p);
	return rc;
}

static int set_from_user(pid_t pid, int policy, const struct sched_param __user *param)
{
	struct sched_param sp;
	bool reset = policy >= 0 && (policy & SCHED_RESET_ON_FORK);

	if (!param || pid < 0)
		return -EINVAL;
	if (copy_from_user(&sp, param, sizeof(sp)))
		return -EFAULT;
	if (policy >= 0)
		policy &= ~SCHED_RESET_ON_FORK;
	return set_scheduler(pid, policy, sp.sched_priority, NULL, reset, NULL);
}

SYSCALL_DEFINE3(sched_setscheduler, pid_t, pid, int, policy, struct sched_param __user *, param)
{
	return policy < 0 ? -EINVAL : set_from_user(pid, policy, param);
}

SYSCALL_DEFINE2(sched_setparam, pid_t, pid, struct sched_param __user *, param)
{
	return set_from_user(pid, -1, param);
}

SYSCALL_DEFINE1(sched_getscheduler, pid_t, pid)
{
	struct task_struct *p;
	int policy;

	if (pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	policy = p->policy | (p->sched_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	put_task_struct(p);
	return policy;
}

SYSCALL_DEFINE2(sched_getparam, pid_t, pid, struct sched_param __user *, param)
{
	struct sched_param sp;
	struct task_struct *p;

	if (!param || pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	sp.sched_priority = p->rt_priority;
	put_task_struct(p);
	return copy_to_user(param, &sp, sizeof(sp)) ? -EFAULT : 0;
}

/* A sched_attr of whatever size user space knows: what we do not know has to be zero. */
static int copy_attr(struct sched_attr *attr, struct sched_attr __user *uattr)
{
	u32 size;
	u8 rest;

	memset(attr, 0, sizeof(*attr));
	if (get_user(size, &uattr->size))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		goto too_big;
	for (u32 i = sizeof(*attr); i < size; i++) {
		if (get_user(rest, (u8 __user *)uattr + i))
			return -EFAULT;
		if (rest)
			goto too_big;
	}
	if (copy_from_user(attr, uattr, min_t(u32, size, sizeof(*attr))))
		return -EFAULT;
	attr->size = size;
	return 0;
too_big:
	return put_user((u32)sizeof(*attr), &uattr->size) ? -EFAULT : -E2BIG;
}

SYSCALL_DEFINE3(sched_setattr, pid_t, pid, struct sched_attr __user *, uattr, unsigned, flags)
{
	struct sched_attr attr;
	int rc, nice, policy;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	rc = copy_attr(&attr, uattr);
	if (rc)
		return rc;
	if ((int)attr.sched_policy < 0 || (attr.sched_flags & ~(u64)SCHED_FLAG_ALL))
		return -EINVAL;
	if (attr.sched_flags & (SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG_UTIL_CLAMP_MAX))
		return -EOPNOTSUPP;
	nice = clamp(attr.sched_nice, NICE_MIN, NICE_MAX);
	policy = attr.sched_flags & SCHED_FLAG_KEEP_POLICY ? -1 : (int)attr.sched_policy;
	return set_scheduler(pid, policy, attr.sched_priority,
			     attr.sched_flags & SCHED_FLAG_KEEP_PARAMS ? NULL : &nice,
			     attr.sched_flags & SCHED_FLAG_RESET_ON_FORK, &attr);
}

SYSCALL_DEFINE4(sched_getattr, pid_t, pid, struct sched_attr __user *, uattr, unsigned, usize, unsigned, flags)
{
	struct sched_attr attr = { 0 };
	struct task_struct *p;

	if (!uattr || pid < 0 || usize > PAGE_SIZE || usize < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	attr.size = min_t(u32, usize, sizeof(attr));
	attr.sched_policy = p->policy;
	attr.sched_flags = p->sched_reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	if (policy_is_dl(p->policy))
		dl_get_params(p, &attr);
	else if (policy_is_rt(p->policy))
		attr.sched_priority = p->rt_priority;
	else
		attr.sched_nice = p->nice;
	attr.sched_util_max = 1024;
	put_task_struct(p);
	return copy_to_user(uattr, &attr, attr.size) ? -EFAULT : 0;
}

/* ---- harts ----------------------------------------------------------------------------------- */

/* 0, or -EBUSY for a task whose deadline was admitted to all harts */
static int set_allowed(struct task_struct *p, u64 mask)
{
	unsigned long flags = arch_irq_save();
	struct rq *rq = task_rq_lock(p);
	unsigned long kick = 0;
	bool misplaced;

	spin_assert_held(&rq->lock);
	if (policy_is_dl(p->policy) && (~mask & hart_online_mask.bits)) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return -EBUSY;
	}
	p->cpus_allowed = mask;
	misplaced = p->se.on_rq && !(mask & BIT(rq->hart));
	if (misplaced && rq->curr != p) {
		deactivate_task(rq, p);
		p->se.vruntime -= rq->min_vruntime;
		set_task_hart(p, select_hart(p, rq->hart));
		spin_unlock(&rq->lock);
		kick = activate_carried(p);
		arch_irq_restore(flags);
		kick_harts(kick);
		return 0;
	}
	if (misplaced)
		kick = resched_curr(rq);	/* its schedule() sends it away */
	spin_unlock_irqrestore(&rq->lock, flags);
	kick_harts(kick);
	if (misplaced && p == current)
		schedule();
	return 0;
}

/* A kernel thread keeps to @harts from now on. */
void set_current_harts(u64 harts)
{
	(void)set_allowed(current, harts);
}

SYSCALL_DEFINE3(sched_setaffinity, pid_t, pid, unsigned, len, const unsigned long __user *, umask)
{
	struct task_struct *p;
	u64 mask = 0;
	int rc = 0;

	if (copy_from_user(&mask, umask, min_t(unsigned, len, sizeof(mask))))
		return -EFAULT;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	mask &= ~0ull >> (64 - nr_harts);		/* one that is late as well */
	if (p->flags & PF_KTHREAD)
		rc = -EINVAL;
	else if (!same_owner(p) && !capable(CAP_SYS_NICE))
		rc = -EPERM;
	else if (!(mask & hart_online_mask.bits))
		rc = -EINVAL;
	else
		rc = set_allowed(p, mask);
	put_task_struct(p);
	return rc;
}

SYSCALL_DEFINE3(sched_getaffinity, pid_t, pid, unsigned, len, unsigned long __user *, umask)
{
	struct task_struct *p;
	u64 mask;

	if (len * 8ul < nr_harts || (len & (sizeof(long) - 1)))
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	mask = p->cpus_allowed & hart_online_mask.bits;
	put_task_struct(p);
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

SYSCALL_DEFINE0(sched_yield)
{
	yield();
	return 0;
}

/* Those that nobody can be given here have a range of priorities all the same. */
static bool policy_known(int policy)
{
	return policy_valid(policy) || policy == SCHED_EXT;
}

SYSCALL_DEFINE1(sched_get_priority_max, int, policy)
{
	if (!policy_known(policy))
		return -EINVAL;
	return policy_is_rt(policy) ? MAX_RT_PRIO - 1 : 0;
}

SYSCALL_DEFINE1(sched_get_priority_min, int, policy)
{
	if (!policy_known(policy))
		return -EINVAL;
	return policy_is_rt(policy) ? 1 : 0;
}

SYSCALL_DEFINE2(sched_rr_get_interval, pid_t, pid, struct __kernel_timespec __user *, interval)
{
	struct timespec64 ts;
	struct task_struct *p;

	if (pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	if (p->policy == SCHED_RR)
		ts = ns_to_timespec64(rr_slice_ns());
	else
		ts = ns_to_timespec64(p->policy == SCHED_FIFO || policy_is_dl(p->policy) ? 0 : SLICE_NS);
	put_task_struct(p);
	return put_timespec64(&ts, interval);
}

/* ---- nice ------------------------------------------------------------------------------------ */

static int set_one_prio(struct task_struct *p, int nice, int error)
{
	if (current_euid() != p->cred->uid && current_euid() != p->cred->euid && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (nice < p->nice && !can_nice(p, nice))
		return -EACCES;
	set_user_nice(p, nice);
	return error == -ESRCH ? 0 : error;
}

static int prio_of_one(pid_t pid, int (*fn)(struct task_struct *, int, int), int arg, int rc)
{
	struct task_struct *t;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	t = pid ? find_task_by_pid(pid) : current;
	if (t)
		rc = fn(t, arg, rc);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return rc;
}

int for_each_prio_target(int which, int who, int (*fn)(struct task_struct *, int, int), int arg, int rc)
{
	pid_t pgrp = who ? who : READ_ONCE(current->signal->pgrp);
	uid_t uid = who ? (uid_t)who : current_uid();
	struct task_struct *p, *t;
	struct process_walk w;

	if (which == PRIO_PROCESS)
		return prio_of_one(who, fn, arg, rc);
	process_walk_begin(&w, WALK_SLEEPS);
	while ((p = process_walk_next(&w))) {
		if (which == PRIO_PGRP && p->signal->pgrp != pgrp)
			continue;
		process_walk_charge(&w, 8 * p->signal->nr_threads);
		for_each_thread(t, p)
			if (which == PRIO_PGRP || t->cred->uid == uid)
				rc = fn(t, arg, rc);
	}
	process_walk_end(&w);
	return rc;
}

SYSCALL_DEFINE3(setpriority, int, which, int, who, int, nice)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return for_each_prio_target(which, who, set_one_prio, clamp(nice, NICE_MIN, NICE_MAX), -ESRCH);
}

/* 1..40 for nice 19..-20: no value looks like an error. */
static int get_one_prio(struct task_struct *p, __maybe_unused int arg, int best)
{
	return max(best, 20 - p->nice);
}

SYSCALL_DEFINE2(getpriority, int, which, int, who)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return for_each_prio_target(which, who, get_one_prio, 0, -ESRCH);
}
