/*
 * kernel/task/oom.c - out of memory: kill one process so that the others go on.
 *
 * MODEL     The victim has the largest badness: pages it holds (resident, swapped, page tables), moved by
 *           oom_score_adj thousandths of all memory; -1000 means never.  Everyone in its address space
 *           gets SIGKILL; MMF_OOM_VICTIM lets its threads use the reserves on their way out.  While a
 *           victim is dying nobody else is killed: until its memory is free (signal->oom_mm).
 *           When only some nodes would do (MPOL_BIND), tasks bound to others are spared: their death
 *           would be of no use.
 *           A victim that is stuck, waiting for a lock whose owner waits for memory, is helped: the
 *           reaper (oom_reap.c) takes its private pages away, and then it is nobody's victim any more
 *           (MMF_OOM_SKIP).
 * LOCKING   oom_lock: one killer at a time, and signal->oom_mm; tasklist_lock for the choice, which lets it go now
 *           and then, as there may be many tasks; task_lock() keeps a task's mm.  The report is printed with
 *           neither of the two.
 * FAILURE   Nobody to kill: panic, as nothing could ever go on.
 * TESTS     test/user/t_oom.c, test/user/t_pressure.c, test/user/t_reclaim.c, test/boot/pressure.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/oom.h"
#include "kernel/task/pid.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"
#include "mm/phys/show_mem.h"
#include "mm/phys/vmstat.h"
#include "mm/policy/mempolicy.h"
#include "mm/pt/pgalloc.h"
#include "mm/space/mm.h"

static DEFINE_MUTEX(oom_lock, RANK_SLEEP_LEAF);	/* only tried */

int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks = 1;

/* ---- whom ------------------------------------------------------------------------------------ */

static unsigned long space_pages(const struct mm_struct *mm)
{
	return get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS) +
	       (mm_pgtables_bytes(mm) >> PAGE_SHIFT);
}

struct task_struct *find_lock_task_mm(struct task_struct *p) NO_LOCK_ANALYSIS
{
	struct task_struct *t;

	for_each_thread(t, p) {
		task_lock(t);
		if (t->mm)
			return t;
		task_unlock(t);
	}
	return NULL;
}

/* Is @t on loan in its parent's memory?  It would take the parent along.  => tasklist_lock, task_lock(@t) held */
static bool in_vfork(struct task_struct *t)
{
	struct task_struct *p;

	if (!READ_ONCE(t->vfork_done))
		return false;
	for_each_thread(p, t->real_parent)
		if (READ_ONCE(p->mm) == t->mm)		/* compared, not followed */
			return true;
	return false;
}

/* => tasklist_lock held */
static long badness(struct task_struct *p, unsigned long total_pages) NO_LOCK_ANALYSIS
{
	long adj = p->signal->oom_score_adj, points = INT64_MIN;
	struct task_struct *t;

	if (p->pid == 1 || (p->flags & PF_KTHREAD) || adj == OOM_SCORE_ADJ_MIN)
		return INT64_MIN;
	t = find_lock_task_mm(p);
	if (!t)
		return INT64_MIN;
	if (!(READ_ONCE(t->mm->oom_flags) & MMF_OOM_SKIP) && !in_vfork(t))
		points = (long)space_pages(t->mm) + adj * (long)(total_pages / 1000);
	task_unlock(t);
	return points;
}

long oom_badness(struct task_struct *p, unsigned long total_pages)
{
	unsigned long irq;
	long points;

	read_lock_irqsave(&tasklist_lock, irq);
	points = badness(p, total_pages);
	read_unlock_irqrestore(&tasklist_lock, irq);
	return points;
}

/* Is @p a victim whose memory is still to come, even if none of its threads has it any more?  => oom_lock held */
static bool still_dying(const struct task_struct *p)
{
	const struct mm_struct *mm = p->signal->oom_mm;

	return mm && !(READ_ONCE(mm->oom_flags) & MMF_OOM_SKIP);
}

/* Do only some of the nodes that have memory serve the request? */
static bool constrained(const struct alloc_context *ac)
{
	return ac->nodemask && node_memory_map.bits & ~ac->nodemask->bits;
}

/* May process @p hold memory that the request could use?  => tasklist_lock held */
static bool in_domain(struct task_struct *p, const struct alloc_context *ac)
{
	struct task_struct *t;

	if (!constrained(ac))
		return true;
	for_each_thread(t, p)
		if (mempolicy_in_oom_domain((struct task_base *)t, ac->nodemask))
			return true;
	return false;
}

/* Pages of the nodes that serve the request: the measure of oom_score_adj. */
static unsigned long domain_pages(const struct alloc_context *ac)
{
	unsigned long pages = 0;

	if (!constrained(ac))
		return totalram_pages();
	for_each_online_node(nid)
		if (ac->nodemask->bits >> nid & 1)
			pages += NODE_DATA(nid)->node_present_pages;
	return pages;
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

/* Both counted, or NULL. */
static void victim_replace(struct task_struct **best, struct task_struct *p)
{
	if (p)
		get_task_struct(p);
	if (*best)
		put_task_struct(*best);
	*best = p;
}

/* What a look at @p costs: its threads may be many. */
static void charge_look(struct process_walk *w, const struct task_struct *p) REQUIRES_SHARED(tasklist_lock)
{
	process_walk_charge(w, 16 + p->signal->nr_threads);
}

/* The process to kill, counted; *dying: one is on its way out already. */
static struct task_struct *select_victim(const struct alloc_context *ac, bool *dying)
{
	struct task_struct *p, *best = NULL;
	unsigned long total = domain_pages(ac);
	long most = INT64_MIN;
	struct process_walk w;

	*dying = false;
	process_walk_begin(&w, WALK_SLEEPS);
	while ((p = process_walk_next(&w))) {
		long points;

		charge_look(&w, p);
		if (!in_domain(p, ac))
			continue;
		if (still_dying(p)) {
			*dying = true;
			break;
		}
		points = badness(p, total);
		if (points > most) {
			most = points;
			victim_replace(&best, p);
		}
	}
	process_walk_end(&w);
	if (*dying)
		victim_replace(&best, NULL);
	return best;
}

/* ---- the report ------------------------------------------------------------------------------ */

/* What the report says of a process, taken under the locks and printed without. */
struct oom_figures {
	pid_t pid, tgid;
	uid_t uid;
	int adj;
	unsigned long total_vm, anon, file, shmem, swapents;
	long pgtables_bytes;
	char comm[TASK_COMM_LEN];
};

/* => tasklist_lock, task_lock() of a thread of @p held, whose address space is @mm */
static void figures_of(struct task_struct *p, const struct mm_struct *mm, struct oom_figures *f)
	REQUIRES_SHARED(tasklist_lock)
{
	*f = (struct oom_figures){
		.pid = p->pid, .tgid = p->tgid, .uid = p->cred->uid, .adj = p->signal->oom_score_adj,
		.total_vm = mm->total_vm, .anon = get_mm_counter(mm, MM_ANONPAGES),
		.file = get_mm_counter(mm, MM_FILEPAGES), .shmem = get_mm_counter(mm, MM_SHMEMPAGES),
		.swapents = get_mm_counter(mm, MM_SWAPENTS),
		.pgtables_bytes = mm_pgtables_bytes(mm),
	};
	memcpy(f->comm, p->comm, sizeof(f->comm));
}

/* False: @p is no process that the killer would look at. */
static bool collect_figures(struct task_struct *p, struct oom_figures *f) NO_LOCK_ANALYSIS
{
	struct task_struct *t = NULL;
	unsigned long irq;

	read_lock_irqsave(&tasklist_lock, irq);
	if (p == p->group_leader && p->pid != 1 && !(p->flags & PF_KTHREAD))
		t = find_lock_task_mm(p);
	if (t) {
		figures_of(p, t->mm, f);
		task_unlock(t);
	}
	read_unlock_irqrestore(&tasklist_lock, irq);
	return t;
}

/* By number, with no lock held while a line is printed: there may be many, and the console is slow. */
static void dump_tasks(void)
{
	struct task_struct *p;
	struct oom_figures f;

	pr_info("Tasks state (memory values in pages):\n");
	pr_info("[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "
		"oom_score_adj name\n");
	for (pid_t pid = 1; (p = find_get_task_from(pid)); ) {
		bool wanted = collect_figures(p, &f);

		pid = p->pid + 1;
		put_task_struct(p);
		if (wanted)
			pr_info("[%7d] %5d %5d %8lu %8lu %8lu %8lu %9lu %8ld %8lu         %5d %s\n", f.pid, f.uid,
				f.tgid, f.total_vm, f.anon + f.file + f.shmem, f.anon, f.file, f.shmem,
				f.pgtables_bytes, f.swapents, f.adj, f.comm);
		cond_resched();
	}
}

static void dump_header(gfp_t gfp, unsigned order, const struct alloc_context *ac, struct task_struct *victim)
{
	char flags[128], nodes[32] = "(null)";
	const struct cred *c = get_task_cred(victim);

	gfp_to_str(flags, sizeof(flags), gfp);
	pr_warn("%s invoked oom-killer: gfp_mask=%#x(%s), order=%u, oom_score_adj=%d\n", current->comm, gfp, flags,
		order, current->signal->oom_score_adj);
	dump_stack();
	show_mem();
	if (sysctl_oom_dump_tasks)
		dump_tasks();
	if (ac->nodemask)
		snprintf(nodes, sizeof(nodes), "%*pbl", MAX_NUMNODES, ac->nodemask);
	pr_info("oom-kill:constraint=%s,nodemask=%s,task=%s,pid=%d,uid=%u\n",
		constrained(ac) ? "CONSTRAINT_MEMORY_POLICY" : "CONSTRAINT_NONE", nodes, victim->comm, victim->pid,
		c->uid);
	put_cred(c);
}

#define K(pages)	((pages) << (PAGE_SHIFT - 10))

static void report_victim(const struct oom_figures *f)
{
	pr_err("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%ldkB oom_score_adj:%d\n", f->pid, f->comm, K(f->total_vm),
	       K(f->anon), K(f->file), K(f->shmem), f->uid, f->pgtables_bytes >> 10, f->adj);
}

/* ---- the deed -------------------------------------------------------------------------------- */

bool process_shares_mm(struct task_struct *p, const struct mm_struct *mm) NO_LOCK_ANALYSIS
{
	struct task_struct *t = find_lock_task_mm(p);
	bool same;

	if (!t)
		return false;
	same = t->mm == mm;
	task_unlock(t);
	return same;
}

/*
 * Other processes in the same address space hold its memory as well, and die with the victim.  Not so process 1:
 * then there is nothing to be had.
 * => whether all of them are killed, so that the memory may be taken
 */
static bool kill_sharers(const struct task_struct *victim, struct mm_struct *mm)
{
	struct task_struct *p;
	struct process_walk w;
	bool all = true;

	process_walk_begin(&w, WALK_SLEEPS);
	while ((p = process_walk_next(&w))) {
		charge_look(&w, p);
		if (p->signal == victim->signal || (p->flags & PF_KTHREAD) || !process_shares_mm(p, mm))
			continue;
		if (p->pid == 1) {
			__atomic_fetch_or(&mm->oom_flags, MMF_OOM_SKIP, __ATOMIC_RELAXED);
			all = false;
		} else {
			do_send_sig_info(SIGKILL, SEND_SIG_PRIV, p, true);
		}
	}
	process_walk_end(&w);
	return all;
}

/* Note what is to come of @victim, and who it was.  => its address space, counted; NULL: it has none any more */
static struct mm_struct *mark_victim(struct task_struct *victim, struct oom_figures *f)
	REQUIRES_SHARED(tasklist_lock) NO_LOCK_ANALYSIS
{
	struct task_struct *t = find_lock_task_mm(victim);
	struct mm_struct *mm;

	if (!t)
		return NULL;
	mm = t->mm;
	mmgrab(mm);
	figures_of(victim, mm, f);
	task_unlock(t);
	__atomic_fetch_or(&mm->oom_flags, MMF_OOM_VICTIM, __ATOMIC_RELAXED);
	if (!victim->signal->oom_mm) {
		mmgrab(mm);
		victim->signal->oom_mm = mm;
	}
	return mm;
}

static void kill_victim(struct task_struct *victim)
{
	struct oom_figures f;
	struct mm_struct *mm;
	bool reap;
	unsigned long irq;

	kick_defer();
	read_lock_irqsave(&tasklist_lock, irq);
	mm = mark_victim(victim, &f);
	if (mm) {
		count_vm_event(OOM_KILL);
		do_send_sig_info(SIGKILL, SEND_SIG_PRIV, victim, true);
	}			/* else it is gone by itself */
	read_unlock_irqrestore(&tasklist_lock, irq);
	kick_flush();
	if (!mm)
		return;
	reap = kill_sharers(victim, mm);
	report_victim(&f);
	if (reap)
		oom_reap_later(mm);
	else
		mmdrop(mm);
}

/* Give the victim time to go. */
static void oom_pause(void)
{
	set_current_state(TASK_KILLABLE);
	schedule_timeout(1000000);
}

/*
 * No page was found for @gfp and @order: kill somebody, or wait for one who is dying.
 * => a page that came free meanwhile; NULL: try again
 */
struct page *out_of_memory(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	struct task_struct *victim;
	struct page *page;
	bool dying;

	if (current->mm && (fatal_signal_pending() || (current->flags & PF_EXITING))) {
		current->flags |= PF_OOM_VICTIM;
		return NULL;
	}
	/* Who may not wait for files may be what the victim waits for: others have to kill. */
	if (!(gfp & __GFP_FS) || !mutex_trylock(&oom_lock)) {
		oom_pause();
		return NULL;
	}
	/* A victim may have gone since we looked.  The high mark: what one kill gave is not to cost another. */
	page = get_page_from_freelist(gfp, order, ALLOC_WMARK_HIGH, ac);
	if (page) {
		mutex_unlock(&oom_lock);
		return page;
	}
	victim = allocating_task();
	dying = false;
	if (!victim)
		victim = select_victim(ac, &dying);
	if (victim) {
		dump_header(gfp, order, ac, victim);
		if (sysctl_panic_on_oom == 2 || (sysctl_panic_on_oom && !constrained(ac)))
			panic("Out of memory: %s panic_on_oom is enabled",
			      sysctl_panic_on_oom == 2 ? "compulsory" : "system-wide");
		kill_victim(victim);
		put_task_struct(victim);
	}
	mutex_unlock(&oom_lock);
	if (!victim && !dying)
		panic("System is deadlocked on memory");
	if (!victim || victim != current->group_leader)
		oom_pause();
	return NULL;
}
