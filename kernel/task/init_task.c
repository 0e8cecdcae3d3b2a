/*
 * kernel/task/init_task.c - the task that the boot hart is from its first C instruction: pid 0, which
 * becomes the idle task; and the lock over all tasks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/cred.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/table.h"

DEFINE_RWLOCK(tasklist_lock, RANK_TASKLIST);
LIST_HEAD(task_list);

#define LIMIT(r, cur, max)	[r] = { (cur), (max) }
#define UNLIMITED(r)		LIMIT(r, RLIM_INFINITY, RLIM_INFINITY)

static struct signal_struct init_signals = {
	.count = ATOMIC_INIT(1),
	.live = ATOMIC_INIT(1),
	.nr_threads = 1,
	.thread_head = LIST_HEAD_INIT(init_task.thread_node),
	.group_leader = &init_task,
	.shared_pending.list = LIST_HEAD_INIT(init_signals.shared_pending.list),
	.wait_chldexit = WAIT_QUEUE_INIT(init_signals.wait_chldexit),
	.cpu_timers.base = { [0 ... NR_CPU_CLOCKS - 1] = { RB_ROOT, CPU_NEVER } },
	.posix_timers = XARRAY_INIT,
	.exec_update_lock = RWSEM_INIT(init_signals.exec_update_lock, RANK_TASK),
	.rlim = {
		UNLIMITED(RLIMIT_CPU), UNLIMITED(RLIMIT_FSIZE), UNLIMITED(RLIMIT_DATA),
		LIMIT(RLIMIT_STACK, RLIM_STACK_DEFAULT, RLIM_INFINITY),
		LIMIT(RLIMIT_CORE, 0, RLIM_INFINITY), UNLIMITED(RLIMIT_RSS),
		LIMIT(RLIMIT_NPROC, 0, 0),
		LIMIT(RLIMIT_NOFILE, RLIM_NOFILE_DEFAULT, RLIM_NOFILE_MAX),
		LIMIT(RLIMIT_MEMLOCK, RLIM_MEMLOCK_DEFAULT, RLIM_MEMLOCK_DEFAULT),
		UNLIMITED(RLIMIT_AS), UNLIMITED(RLIMIT_LOCKS),
		LIMIT(RLIMIT_SIGPENDING, 0, 0), LIMIT(RLIMIT_MSGQUEUE, 819200, 819200),
		LIMIT(RLIMIT_NICE, 0, 0), LIMIT(RLIMIT_RTPRIO, 0, 0), UNLIMITED(RLIMIT_RTTIME),
	},
};

static struct sighand_struct init_sighand = {
	.count = ATOMIC_INIT(1),
	.lock = SPINLOCK_INIT(RANK_SIGHAND),
};

extern char init_stack[], init_stack_end[];	/* boot/head.S */

struct task_struct init_task = {
	.kernel_sp = (unsigned long)init_stack_end,
	.stack = init_stack,
	.fast_syscalls = NR_SYSCALLS,
	.stack_harts = { ~0ul },		/* part of the image */
	.state = TASK_RUNNING,
	.flags = PF_KTHREAD,
	.active_mm = &init_mm,
	.usage = ATOMIC_INIT(2),
	.cpu_timers = { [0 ... NR_CPU_CLOCKS - 1] = { RB_ROOT, CPU_NEVER } },
	.cpus_allowed = ~0ull,
	.mce_kill = PR_MCE_KILL_DEFAULT,
	.wake_entry = LIST_HEAD_INIT(init_task.wake_entry),
	.comm = "swapper/0",
	.real_parent = &init_task,
	.parent = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.thread_node = LIST_HEAD_INIT(init_signals.thread_head),
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.group_leader = &init_task,
	.signal = &init_signals,
	.sighand = &init_sighand,
	.pending.list = LIST_HEAD_INIT(init_task.pending.list),
	.alloc_lock = SPINLOCK_INIT(RANK_PID),
	.cred = &init_cred,
	.timer_slack_ns = 50000,
	.default_timer_slack_ns = 50000,
};
