/*
 * kernel/task/pid.c - numbers of threads, groups and sessions: given out, found, given back.
 *
 * MODEL     A number lives as long as somebody is called by it: a thread (or its zombie), or a process whose
 *           group or session it names.  pid_uses[nr] counts them; pid_map has a bit for each count that
 *           is not 0.  Numbers are given in rising order and start again at RESERVED_PIDS.
 * INVARIANTS
 *   N1  pid_map bit nr is set exactly when pid_uses[nr] > 0.
 *   N2  A count is at most 1 + 2 * (pid_max - 1): a thread, and all groups and sessions.  It fits u16.
 * LOCKING   pidmap_lock for the numbers.  A task is put into the hash table, and taken out, with tasklist_lock
 *           held for writing and the lock of its chain: either one keeps a task found.
 *           A walk that lets tasklist_lock go keeps its place by its next process, which whoever leaves moves on.
 * COST      alloc_pid: one bit test as a rule.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/pid.h"
#include "include/uapi/errno.h"
#include "kernel/sync/wait.h"

#define PID_HASH	1024
#define PID_LOCKS	64

int pid_max = PID_MAX_DEFAULT;
pid_t last_pid;
static u16 pid_uses[PID_MAX_DEFAULT];
static unsigned long pid_map[PID_MAX_DEFAULT / 64] = { 1 };	/* 0 is never given */
static DEFINE_SPINLOCK(pidmap_lock, RANK_PID);
static struct hlist_head pid_hash[PID_HASH];
static spinlock_t pid_locks[PID_LOCKS] = { [0 ... PID_LOCKS - 1] = SPINLOCK_INIT(RANK_PID) };

static struct hlist_head *pid_chain(pid_t pid) { return &pid_hash[pid & (PID_HASH - 1)]; }
static spinlock_t *pid_lock(pid_t pid) { return &pid_locks[pid & (PID_LOCKS - 1)]; }

static struct task_struct *chain_find(pid_t pid)
{
	struct task_struct *t;

	hlist_for_each_entry(t, pid_chain(pid), pid_link)
		if (t->pid == pid)
			return t;
	return NULL;
}

struct task_struct *find_task_by_pid(pid_t pid)
{
	return chain_find(pid);
}

struct task_struct *find_get_task(pid_t pid)
{
	unsigned long flags;
	struct task_struct *t;

	spin_lock_irqsave(pid_lock(pid), flags);
	t = chain_find(pid);
	if (t)
		get_task_struct(t);
	spin_unlock_irqrestore(pid_lock(pid), flags);
	return t;
}

struct task_struct *find_get_task_from(pid_t pid)
{
	struct task_struct *t = NULL;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	for (pid = max(pid, 1); pid < pid_max && !t; pid++) {
		if (pid % 64 == 0 && !pid_map[pid / 64])
			pid += 63;
		else if (test_bit(pid, pid_map))
			t = find_task_by_pid(pid);
	}
	if (t)
		get_task_struct(t);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return t;
}

void pid_get(pid_t nr)
{
	unsigned long flags;

	if (nr <= 0)
		return;
	spin_lock_irqsave(&pidmap_lock, flags);
	pid_uses[nr]++;
	INV(N2, pid_uses[nr]);		/* no wrap */
	spin_unlock_irqrestore(&pidmap_lock, flags);
}

void pid_put(pid_t nr)
{
	unsigned long flags;

	if (nr <= 0)
		return;
	spin_lock_irqsave(&pidmap_lock, flags);
	if (--pid_uses[nr] == 0)
		clear_bit(nr, pid_map);		/* N1 */
	spin_unlock_irqrestore(&pidmap_lock, flags);
}

/* The first number in [@from, @to) that nobody uses, or 0. */
static pid_t pid_scan(pid_t from, pid_t to)
{
	for (pid_t nr = from; nr < to; nr++) {
		if (nr % 64 == 0 && pid_map[nr / 64] == ~0ul)
			nr += 63;
		else if (!test_bit(nr, pid_map))
			return nr;
	}
	return 0;
}

/* The next number in turn, or 0. */
static pid_t pid_next(void)
{
	pid_t nr = pid_scan(last_pid + 1, pid_max);

	if (!nr)
		nr = pid_scan(min(RESERVED_PIDS, pid_max - 1), min(last_pid + 1, pid_max));
	if (nr)
		last_pid = nr;
	return nr;
}

pid_t alloc_pid(pid_t wanted)
{
	unsigned long flags;
	pid_t nr;

	spin_lock_irqsave(&pidmap_lock, flags);
	nr = wanted ? pid_scan(wanted, wanted + 1) : pid_next();
	if (nr) {
		pid_uses[nr] = 1;
		set_bit(nr, pid_map);
	}
	spin_unlock_irqrestore(&pidmap_lock, flags);
	if (nr)
		return nr;
	return wanted ? -EEXIST : -EAGAIN;
}

void attach_pid(struct task_struct *t)
{
	spin_lock(pid_lock(t->pid));
	hlist_add_head(&t->pid_link, pid_chain(t->pid));
	spin_unlock(pid_lock(t->pid));
}

/* Nobody finds @t any more; its number stays taken. */
static void unhash_pid(struct task_struct *t)
{
	spin_lock(pid_lock(t->pid));
	hlist_del(&t->pid_link);
	spin_unlock(pid_lock(t->pid));
}

void detach_pid(struct task_struct *t)
{
	unhash_pid(t);
	pid_put(t->pid);
}

void exchange_pids(struct task_struct *a, struct task_struct *b)
{
	unhash_pid(a);
	unhash_pid(b);
	swap(a->pid, b->pid);
	attach_pid(a);
	attach_pid(b);
}

/* ---- groups and sessions --------------------------------------------------------------------- */

static struct hlist_head pgrp_hash[PID_HASH];	/* (T) processes, by their group's number */

static struct hlist_head *pgrp_chain(pid_t pgrp) { return &pgrp_hash[pgrp & (PID_HASH - 1)]; }

void attach_pgrp(struct signal_struct *sig, pid_t pgrp)
{
	pid_get(pgrp);
	sig->pgrp = pgrp;
	hlist_add_head(&sig->pgrp_link, pgrp_chain(pgrp));
}

void detach_pgrp(struct signal_struct *sig)
{
	hlist_del(&sig->pgrp_link);
	pid_put(sig->pgrp);
}

void change_pgrp(struct task_struct *leader, pid_t pgrp)
{
	pid_get(pgrp);				/* it may be the old one */
	detach_pgrp(leader->signal);
	attach_pgrp(leader->signal, pgrp);
	pid_put(pgrp);
}

void change_session(struct task_struct *leader, pid_t session)
{
	pid_get(session);
	pid_put(leader->signal->session);
	leader->signal->session = session;
}

/* From @n on, along its chain. */
static struct task_struct *pgrp_find(struct hlist_node *n, pid_t pgrp)
{
	for (; n; n = n->next) {
		struct signal_struct *sig = hlist_entry(n, struct signal_struct, pgrp_link);

		if (sig->pgrp == pgrp)
			return sig->group_leader;
	}
	return NULL;
}

struct task_struct *pgrp_first(pid_t pgrp)
{
	return pgrp_find(pgrp_chain(pgrp)->first, pgrp);
}

struct task_struct *pgrp_next(struct task_struct *p)
{
	return pgrp_find(p->signal->pgrp_link.next, p->signal->pgrp);
}

/* ---- walks that pause ------------------------------------------------------------------------ */

#define WALK_UNITS	2048		/* some 20 us */

static LIST_HEAD(paused_walks);		/* (paused_lock) added to and taken from with tasklist_lock held, too */
static DEFINE_SPINLOCK(paused_lock, RANK_PID);

static struct task_struct *process_after(struct task_struct *p) REQUIRES_SHARED(tasklist_lock)
{
	return list_is_last(&p->tasks, &task_list) ? NULL : list_next_entry(p, tasks);
}

void process_walk_begin(struct process_walk *w, enum walk_how how)
{
	kick_defer();
	read_lock_irqsave(&tasklist_lock, w->irq);
	w->how = how;
	w->left = WALK_UNITS;
	w->next = list_first_entry_or_null(&task_list, struct task_struct, tasks);
}

void process_walk_end(struct process_walk *w)
{
	read_unlock_irqrestore(&tasklist_lock, w->irq);
	kick_flush();
}

/* Let others run.  Meanwhile w->next is moved on by who leaves. */
static void walk_pause(struct process_walk *w) REQUIRES_SHARED(tasklist_lock) NO_LOCK_ANALYSIS
{
	spin_lock(&paused_lock);
	list_add(&w->link, &paused_walks);
	spin_unlock(&paused_lock);
	process_walk_end(w);
	cond_resched();
	kick_defer();
	read_lock_irqsave(&tasklist_lock, w->irq);
	spin_lock(&paused_lock);
	list_del(&w->link);
	spin_unlock(&paused_lock);
	w->left = WALK_UNITS;
}

struct task_struct *process_walk_next(struct process_walk *w)
{
	struct task_struct *p;

	if (unlikely(w->left <= 0) && w->how == WALK_SLEEPS)
		walk_pause(w);
	p = w->next;
	if (p)
		w->next = process_after(p);
	w->left--;
	return p;
}

/* No walk is on its way to or from the list now: both need tasklist_lock. */
void process_walks_leave(struct task_struct *t, struct task_struct *heir)
{
	struct process_walk *w;

	list_for_each_entry(w, &paused_walks, link)
		if (w->next == t)
			w->next = heir ?: process_after(t);
}
