/*
 * include/current.h - the running task and the running hart, as every layer sees them.
 *
 * MODEL     `tp` points at the running task in the kernel.  What layers below kernel/task need
 *           of it stands in `struct task_base`, the first part of `struct task_struct`.
 *           A hart has a small logical number, 0 .. nr_harts-1 (0 is the boot hart); its SBI
 *           hart id may be any number.  Kernel code is not preempted: between two points where
 *           it may sleep it stays on its hart.  An interrupt handler runs on the same hart, so
 *           per-hart data that handlers touch is used with interrupts off.
 *           A per-hart variable is defined with DEFINE_PER_HART, starts as zeros, and is reached
 *           by this_hart_ptr(&v) and per_hart_ptr(&v, hart).  The boot hart uses the section
 *           itself, the others have copies at hart_off[hart] bytes from it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_CURRENT_H
#define VELLUM_CURRENT_H

#include "include/hartmask.h"
#include "include/types.h"

#define NR_HARTS	64		/* most harts that one kernel drives */

struct mm_struct;
struct vm_area_struct;
struct reclaim_state { unsigned long reclaimed; };	/* pages */

/* Reasons to leave the fast way back to user space (task_base.work); also set by other harts. */
#define WORK_RESCHED	BIT(0)		/* the run queue wants this hart back */
#define WORK_SIGNAL	BIT(1)		/* a signal may be deliverable */
#define WORK_TRACE	BIT(2)		/* syscall tracing */
#define WORK_NOTIFY	BIT(3)		/* restored sigmask, task work */
#define WORK_RSEQ	BIT(4)		/* its rseq area or section wants a look (rseq.c) */

/* What a task read and wrote: /proc/PID/io. */
struct task_io {
	u64 rchar, wchar;		/* bytes that calls moved */
	u64 syscr, syscw;		/* how many calls there were */
	u64 read_bytes;			/* that it had read from a device */
	u64 write_bytes;		/* that it made dirty, or wrote to a device itself */
	u64 cancelled_write_bytes;	/* dirty ones that it cut off before they were written */
};

struct task_base {
	unsigned long kernel_sp;	/* (I) top of the kernel stack; entry.S, offset 0 */
	unsigned long user_sp;		/* entry.S scratch, offset 8 */
	unsigned long work;		/* (A) WORK_*, offset 16 */
	unsigned long hart_off;		/* per-hart offset of the hart it runs on; offset 24 */
	unsigned long fast_syscalls;	/* own thread only: calls below it are looked up by entry.S, offset 32 */
	unsigned int hart;		/* logical number of the hart it runs on */
	unsigned int spin_depth;	/* debug: spin locks held; sleeping needs 0 */
	struct mm_struct *mm;		/* user address space; NULL for kernel threads */
	struct mm_struct *active_mm;	/* whose page tables this hart walks */
	unsigned long flags;		/* PF_* */
	unsigned long maj_flt, min_flt;	/* own thread only */
	void *fault_recovery;		/* uaccess and probes: reserved to arch */
	unsigned long lock_ranks;	/* debug: bitmap of the ranks held */
	unsigned long kicks;		/* (A) harts to interrupt at kick_flush() */
	unsigned int kick_depth;	/* own thread, and handlers on top of it */
	int state;			/* (A) TASK_*: kernel/sync/wait.h */
	struct mempolicy *mempolicy;	/* set_mempolicy(2): own thread, or mempolicy_lock */
	unsigned il_prev;		/* own thread only: the node that interleaving used last */
	unsigned int pagefault_off;	/* depth of pagefault_disable() */
	struct blk_plug *plug;		/* own thread only: bios that it holds back (block/queue.c) */
	struct reclaim_state *reclaim_state;	/* own thread only: counts what shrinkers free */
	struct vm_area_struct *vma_seen;	/* own thread only: the region of mm that it found last, */
	unsigned long vma_seen_nr;	/* good while mm->nr_detached is this; 0: never */
	struct task_io io;		/* own thread only writes */
	unsigned rcu_depth;		/* debug: own thread, and handlers on top of it */
	u8 lock_count[32];		/* debug: how many of each rank */
	bool counts_locks;		/* debug: it is in a page fault (kernel/sync/lockstat.h) */
	u8 make_it_fail;		/* debug: injected failures may hit it and its children */
};

#define PF_KTHREAD	BIT(0)
#define PF_EXITING	BIT(1)
#define PF_MEMALLOC	BIT(2)		/* reclaiming: may use the reserves */
#define PF_WQ_WORKER	BIT(3)
#define PF_FORKNOEXEC	BIT(4)
#define PF_SUPERPRIV	BIT(5)
#define PF_OOM_VICTIM	BIT(6)
#define PF_NOFREEZE	BIT(7)
#define PF_KSWAPD	BIT(8)		/* a node's kswapd */
#define PF_MEMALLOC_NOFS BIT(11)	/* holds locks of a file system: reclaim keeps away from those */
#define PF_NPROC_EXCEEDED BIT(10)	/* set*uid() brought its user over RLIMIT_NPROC */
#define PF_RANDOMIZE	BIT(9)		/* its program was laid out by chance */
#define PF_MEMALLOC_NOIO BIT(12)	/* its allocations start no I/O and enter no file system */
#define PF_LOCAL_THROTTLE BIT(13)	/* may dirty more than others before it waits: it cleans for them */

#include <asm/current.h>		/* current_base() */

#define this_hart()	(current_base()->hart)

#ifdef VELLUM_HOST
#define DEFINE_PER_HART(type, name)	__typeof__(type) name[NR_HARTS]
#define DECLARE_PER_HART(type, name)	extern __typeof__(type) name[NR_HARTS]
#define per_hart_ptr(var, h)		(&(*(var))[h])
#define this_hart_ptr(var)		per_hart_ptr(var, this_hart())
#else
#define DEFINE_PER_HART(type, name)	__section(".bss.per_hart") __typeof__(type) name
#define DECLARE_PER_HART(type, name)	extern __typeof__(type) name
extern unsigned long hart_off[NR_HARTS];
#define per_hart_ptr(var, h)	((__typeof__(var))((char *)(var) + hart_off[h]))
#define this_hart_ptr(var)	((__typeof__(var))((char *)(var) + current_base()->hart_off))
#endif

/* Harts that exist, and those that run; fixed after smp_init() until hot-plug comes. */
extern unsigned nr_harts;
extern hartmask_t hart_online_mask;

#define for_each_hart(h)	for (unsigned h = 0; h < nr_harts; h++)

/* Up-calls: what the memory manager asks of the running task.  Implemented by kernel/task. */
unsigned long task_rlimit(unsigned resource);	/* current's soft limit, RLIM_INFINITY = ~0ul */
bool signal_pending(void);			/* any deliverable signal */
bool fatal_signal_pending(void);		/* one that will kill: give up at once */
bool capable(int cap);				/* uid 0, or the CAP_ bit */
const char *task_name(void);			/* comm of the running task */
int task_pid(void);				/* and its number */
int task_tgid(void);				/* that of its process */
unsigned task_personality(void);			/* personality(2) of the running task */
void set_current_harts(u64 harts);		/* run on these only, from now on: kernel/sched */
struct task_struct;
int send_sig(int sig, struct task_struct *t, int priv);		/* to one thread: kernel/signal */
/* A kernel thread that runs @fn(@arg), or ERR_PTR: kernel/task/kthread.c */
struct task_struct *kthread_run(void (*fn)(void *), void *arg, const char *fmt, ...);

#endif
