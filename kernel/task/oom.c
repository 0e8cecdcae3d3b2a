/*
 * kernel/task/oom.c - out of memory: kill one process so that the others go on.
 *
 * MODEL     The victim has the largest badness: pages it holds (resident, swapped, page tables), moved by
 *           oom_score_adj thousandths of all memory; -1000 means never.  It gets SIGKILL and PF_OOM_VICTIM,
 *           which lets it use the reserves on its way out.  While a victim is dying nobody else is killed.
 * LOCKING   oom_lock: one killer at a time; tasklist_lock for the choice.
 * FAILURE   Nobody to kill: panic, as nothing could ever go on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "lib/printk.h"
#include "mm/phys/gfp.h"
#include "mm/phys/reclaim.h"
#include "mm/phys/vmstat.h"
#include "mm/space/mm.h"

#define OOM_SCORE_ADJ_MIN	(-1000)

static DEFINE_SPINLOCK(oom_lock, RANK_FILES);

int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks = 1;

static unsigned long task_pages(const struct mm_struct *mm)
{
	return get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS) +
	       (atomic_long_read(&mm->pgtables_bytes) >> PAGE_SHIFT);
}

/* LONG_MIN: not to be killed. */
long oom_badness(struct task_struct *p, unsigned long total_pages)
{
	long adj = p->signal->oom_score_adj;

	if (p->pid == 1 || (p->flags & PF_KTHREAD) || !p->mm || adj == OOM_SCORE_ADJ_MIN)
		return INT64_MIN;
	return (long)task_pages(p->mm) + adj * (long)(total_pages / 1000);
}

/* The caller's own process, counted, when it is to be the victim; else NULL. */
static struct task_struct *allocating_task(void)
{
	struct task_struct *p = current->group_leader;

	if (!sysctl_oom_kill_allocating_task || !current->mm || oom_badness(p, totalram_pages()) == INT64_MIN)
		return NULL;
	get_task_struct(p);
	return p;
}

/* The process to kill, counted; *dying: one is on its way out already. */
static struct task_struct *select_victim(bool *dying)
{
	struct task_struct *p, *best = NULL;
	unsigned long total = totalram_pages();
	long most = INT64_MIN;
	unsigned long irq;

	*dying = false;
	spin_lock_irqsave(&tasklist_lock, irq);
	for_each_process(p) {
		long points;

		if ((p->flags & PF_OOM_VICTIM) && p->mm) {
			*dying = true;
			break;
		}
		points = oom_badness(p, total);
		if (points > most) {
			most = points;
			best = p;
		}
	}
	if (*dying)
		best = NULL;
	if (best)
		get_task_struct(best);
	spin_unlock_irqrestore(&tasklist_lock, irq);
	return best;
}

static void dump_tasks(void)
{
	struct task_struct *p;
	unsigned long irq;

	pr_info("Tasks state (memory values in pages):\n");
	pr_info("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n");
	spin_lock_irqsave(&tasklist_lock, irq);
	for_each_process(p) {
		struct mm_struct *mm = p->mm;

		if (!mm || (p->flags & PF_KTHREAD))
			continue;
		pr_info("[%7d] %5d %5d %8lu %8lu %8ld %8lu         %5d %s\n", p->pid, p->cred->uid, p->tgid,
			mm->total_vm, get_mm_rss(mm), atomic_long_read(&mm->pgtables_bytes),
			get_mm_counter(mm, MM_SWAPENTS), p->signal->oom_score_adj, p->comm);
	}
	spin_unlock_irqrestore(&tasklist_lock, irq);
}

#define K(pages)	((pages) << (PAGE_SHIFT - 10))

/* => tasklist_lock held, which keeps p->mm */
static void report_victim(struct task_struct *p, const struct mm_struct *mm) REQUIRES(tasklist_lock)
{
	pr_err("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%ldkB oom_score_adj:%d\n", p->pid, p->comm,
	       K(mm->total_vm), K(get_mm_counter(mm, MM_ANONPAGES)), K(get_mm_counter(mm, MM_FILEPAGES)),
	       K(get_mm_counter(mm, MM_SHMEMPAGES)), p->cred->uid,
	       atomic_long_read(&mm->pgtables_bytes) >> 10, p->signal->oom_score_adj);
}

static void kill_victim(struct task_struct *victim)
{
	struct task_struct *t;
	unsigned long irq;

	count_vm_event(OOM_KILL);
	spin_lock_irqsave(&tasklist_lock, irq);
	if (victim->mm)
		report_victim(victim, victim->mm);
	if (victim->sighand) {
		do_send_sig_info(SIGKILL, SEND_SIG_PRIV, victim, true);
		for_each_thread(t, victim)
			t->flags |= PF_OOM_VICTIM;
	}
	spin_unlock_irqrestore(&tasklist_lock, irq);
}

/* Give the victim time to go. */
static void oom_pause(void)
{
	set_current_state(TASK_KILLABLE);
	schedule_timeout(1000000);
}

/*
 * No page was found for @gfp and @order.
 * => true: somebody was killed, or is dying, or we are: try again; false: this kind of request must fail
 */
bool out_of_memory(gfp_t gfp, unsigned order)
{
	struct task_struct *victim;
	bool dying;

	if (order > 3 || (gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL)) || !(gfp & __GFP_FS))
		return false;
	if (current->mm && (fatal_signal_pending() || (current->flags & PF_EXITING))) {
		current->flags |= PF_OOM_VICTIM;
		return true;
	}
	if (!spin_trylock(&oom_lock)) {
		oom_pause();
		return true;
	}
	victim = allocating_task();
	dying = false;
	if (!victim)
		victim = select_victim(&dying);
	if (victim) {
		pr_warn("%s invoked oom-killer: gfp_mask=%#x, order=%u, oom_score_adj=%d\n", current->comm, gfp,
			order, current->signal->oom_score_adj);
		show_free_areas();
		if (sysctl_oom_dump_tasks)
			dump_tasks();
		if (sysctl_panic_on_oom)
			panic("Out of memory: %s panic_on_oom is enabled",
			      sysctl_panic_on_oom == 2 ? "compulsory" : "system-wide");
		kill_victim(victim);
		put_task_struct(victim);
	}
	spin_unlock(&oom_lock);
	if (!victim && !dying)
		panic("System is deadlocked on memory");
	if (!victim || victim != current->group_leader)
		oom_pause();
	return true;
}
