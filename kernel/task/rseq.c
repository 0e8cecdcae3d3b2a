/*
 * kernel/task/rseq.c - rseq(2): sections of user code that begin anew when the thread was disturbed.
 *
 * MODEL     A thread registers an area of its memory.  The kernel keeps in it where the thread runs (hart, node) and
 *           its concurrency id, and the program says there which section it is about to enter (rseq_cs).  A
 *           thread that was preempted, moved or given a signal inside of its section goes on at the section's abort
 *           address.
 *             preempted   schedule() looks whether a section is named    rseq_preempt()      -> WORK_RSEQ
 *             moved       set_task_hart()                                                    -> WORK_RSEQ
 *             a signal    before its frame is made                      rseq_signal_deliver()
 *             membarrier  MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ                              -> WORK_RSEQ
 *           and on the way back rseq_handle_work() writes the area and decides.
 *           Concurrency id: small, and no two threads of an address space that run at the same moment share one.
 *           While there are no more threads than harts each has one of its own, the lowest that was free; when
 *           they become more it is the number of the hart (per_hart).  So switches cost nothing for it.
 * INVARIANTS
 *   Q1  WORK_RSEQ is set from the moment at which the area's numbers are wrong, or a named section was left,
 *       until the thread has looked at both on its way to user space.
 *   Q2  When change_id() lets the lock go no thread runs in user mode with an id of the old kind: each has WORK_RSEQ,
 *       and every hart that may run one was interrupted after that.
 *   Q3  A thread is on its address space's list exactly while it has an area.
 * LOCKING   mm->rseq.lock over the list and the ids; the rest is the thread's own.
 * FAILURE   A section that makes no sense, or an area that cannot be reached: SIGSEGV.
 * COST      A switch of a thread with an area: one user word is read.  Numbers are written if they changed: a
 *           child's page is not copied for nothing.
 * TESTS     test/user/t_rseq.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/rseq.h"
#include "include/arch/arch.h"
#include "include/syscall.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "lib/printk.h"
#include "mm/pt/flush.h"
#include "mm/phys/zone.h"
#include "mm/space/mm.h"

/* ---- concurrency ids ------------------------------------------------------------------------- */

static void hart_passes(void *unused) { (void)unused; }

/* => r->lock held */
static void ids_per_hart(struct mm_rseq *r)
{
	struct task_struct *t;

	r->per_hart = true;
	list_for_each_entry(t, &r->tasks, rseq_link)
		set_task_work(t, WORK_RSEQ);
}

/* The one thread that is left is the first of its kind again.  => r->lock held */
static void ids_per_thread(struct mm_rseq *r)
{
	struct task_struct *t = list_first_entry(&r->tasks, struct task_struct, rseq_link);

	r->per_hart = false;
	r->used = 1;
	t->mm_cid = 0;
	set_task_work(t, WORK_RSEQ);
}

/* Give @t an id, in per-thread order if one is left.  => r->lock held; whether the mode changed */
static bool take_id(struct mm_rseq *r, struct task_struct *t)
{
	u64 unused = ~r->used & (~0ull >> (64 - nr_harts));

	list_add(&t->rseq_link, &r->tasks);			/* Q3 */
	if (r->per_hart)
		return false;
	if (!unused) {
		ids_per_hart(r);
		return true;
	}
	t->mm_cid = __builtin_ctzll(unused);
	r->used |= BIT(t->mm_cid);
	return false;
}

/* => r->lock held; whether the mode changed */
static bool give_id_back(struct mm_rseq *r, struct task_struct *t)
{
	list_del(&t->rseq_link);
	if (!r->per_hart) {
		r->used &= ~BIT(t->mm_cid);
		return false;
	}
	if (list_empty(&r->tasks)) {
		r->per_hart = false;
		r->used = 0;
		return false;
	}
	if (r->tasks.next->next != &r->tasks)
		return false;
	ids_per_thread(r);
	return true;
}

static void change_id(struct task_struct *t, bool (*change)(struct mm_rseq *, struct task_struct *))
{
	struct mm_rseq *r = &t->mm->rseq;

	mutex_lock(&r->lock);
	if (change(r, t))
		arch_call_on(mm_harts(t->mm), hart_passes, NULL);	/* Q2 */
	mutex_unlock(&r->lock);
}

static u32 concurrency_id(const struct task_struct *t)
{
	return READ_ONCE(t->mm->rseq.per_hart) ? t->hart : t->mm_cid;
}

/* ---- the area -------------------------------------------------------------------------------- */

/* *@p becomes @v.  What is right already is not written. */
static int update_word(u32 __user *p, u32 v)
{
	u32 old;

	if (get_user(old, p))
		return -EFAULT;
	return old == v ? 0 : put_user(v, p);
}

static int update_area(struct rseq __user *u, u32 hart, u32 hart_start, u32 node, u32 cid)
{
	return update_word(&u->cpu_id_start, hart_start) || update_word(&u->cpu_id, hart) ||
	       update_word(&u->node_id, node) || update_word(&u->mm_cid, cid) ? -EFAULT : 0;
}

static int clear_section(struct rseq __user *u)
{
	return put_user((u64)0, &u->rseq_cs);
}

/* ---- the section ----------------------------------------------------------------------------- */

static bool section_makes_sense(const struct rseq_cs *cs)
{
	u64 end = cs->start_ip + cs->post_commit_offset;

	return !cs->version && cs->start_ip < task_size && end < task_size && end >= cs->start_ip &&
	       cs->abort_ip < task_size && cs->abort_ip - cs->start_ip >= cs->post_commit_offset;
}

/* A jump to where the program did not say that an abort handler is would be a gift to an attacker. */
static bool signature_matches(const struct rseq_cs *cs)
{
	static struct ratelimit_state limit;
	u32 __user *at = (u32 __user *)(cs->abort_ip - sizeof(u32));
	u32 sig;

	if (get_user(sig, at))
		return false;
	if (sig == current->rseq_sig)
		return true;
	if (__ratelimit(&limit, 10))
		pr_warn("Possible attack attempt. Unexpected rseq signature 0x%x, expecting 0x%x "
			"(pid=%d, addr=%p).\n", sig, current->rseq_sig, current->pid, at);
	return false;
}

/* The section that the area names; one that covers nothing when there is none. */
static int read_section(struct rseq __user *u, struct rseq_cs *cs)
{
	u64 at;

	if (get_user(at, &u->rseq_cs))
		return -EFAULT;
	*cs = (struct rseq_cs){ 0 };
	if (!at)
		return 0;
	if (at >= task_size || copy_from_user(cs, (const void __user *)at, sizeof(*cs)))
		return -EFAULT;
	return section_makes_sense(cs) && signature_matches(cs) ? 0 : -EINVAL;
}

/* The thread was disturbed: out of its section, if it is in one. */
static int fix_up(struct rseq __user *u, struct pt_regs *regs)
{
	struct rseq_cs cs;
	u32 flags;
	int rc = read_section(u, &cs);

	if (rc)
		return rc;
	if (!cs.start_ip && !cs.post_commit_offset)
		return 0;
	if (regs->epc - cs.start_ip >= cs.post_commit_offset)
		return clear_section(u);
	if (cs.flags || get_user(flags, &u->flags) || flags)
		return -EINVAL;
	rc = clear_section(u);
	if (!rc)
		regs->epc = cs.abort_ip;
	return rc;
}

/* => false: the program is to get SIGSEGV */
static bool bring_up_to_date(struct pt_regs *regs)
{
	struct task_struct *t = current;
	u32 hart;

	clear_task_work(t, WORK_RSEQ);		/* before the look: what comes now counts anew (Q1) */
	smp_mb();
	hart = t->hart;
	return !fix_up(t->rseq, regs) &&
	       !update_area(t->rseq, hart, hart, hart_node[hart], concurrency_id(t));
}

void rseq_handle_work(struct pt_regs *regs)
{
	if (!current->rseq)
		clear_task_work(current, WORK_RSEQ);
	else if (!bring_up_to_date(regs))
		force_sig(SIGSEGV);
}

void rseq_signal_deliver(int sig, struct pt_regs *regs)
{
	if (!current->rseq || bring_up_to_date(regs))
		return;
	if (sig == SIGSEGV)
		force_fatal_sig(SIGSEGV);
	else
		force_sig(SIGSEGV);
}

void rseq_preempt(struct task_struct *t)
{
	u64 at;

	pagefault_disable();
	if (get_user(at, &t->rseq->rseq_cs) || at)
		set_task_work(t, WORK_RSEQ);			/* Q1 */
	pagefault_enable();
}

/* ---- life ------------------------------------------------------------------------------------ */

void rseq_fork(struct task_struct *p, u64 clone_flags)
{
	if (!p->rseq)
		return;
	if (clone_flags & CLONE_VM) {
		p->rseq = NULL;
		return;
	}
	(void)take_id(&p->mm->rseq, p);		/* the first: its memory is its own */
	p->work |= WORK_RSEQ;
}

void rseq_release(struct task_struct *t)
{
	if (!t->rseq)
		return;
	t->rseq = NULL;
	change_id(t, give_id_back);			/* Q3 */
}

/* ---- the call -------------------------------------------------------------------------------- */

/* Is it the area that the thread has?  0 or what is wrong with the claim */
static int same_area(const struct rseq __user *u, u32 len, u32 sig)
{
	if (current->rseq != u || current->rseq_len != len)
		return -EINVAL;
	return current->rseq_sig != sig ? -EPERM : 0;
}

static long rseq_unregister(struct rseq __user *u, u32 len, u32 sig)
{
	int rc = current->rseq ? same_area(u, len, sig) : -EINVAL;

	if (!rc)
		rc = update_area(u, RSEQ_CPU_ID_UNINITIALIZED, 0, 0, 0);
	if (!rc)
		rseq_release(current);
	return rc;
}

/* A section that the area names before it is registered is none of this life. */
static int forget_section(struct rseq __user *u)
{
	u64 at;

	if (get_user(at, &u->rseq_cs))
		return -EFAULT;
	return at ? clear_section(u) : 0;
}

SYSCALL_DEFINE4(rseq, struct rseq __user *, u, u32, len, int, flags, u32, sig)
{
	struct task_struct *me = current;
	int rc;

	if (flags == RSEQ_FLAG_UNREGISTER)
		return rseq_unregister(u, len, sig);
	if (flags)
		return -EINVAL;
	if (me->rseq) {
		rc = same_area(u, len, sig);
		return rc ? rc : -EBUSY;
	}
	if (len < RSEQ_ORIG_SIZE || (unsigned long)u % RSEQ_ALIGN)
		return -EINVAL;
	if (!access_ok(u, len) || forget_section(u))
		return -EFAULT;
	me->rseq_len = len;
	me->rseq_sig = sig;
	me->rseq = u;
	change_id(me, take_id);
	set_task_work(me, WORK_RSEQ);			/* Q1 */
	return 0;
}
