/*
 * kernel/panic_print.c - panic_print=: what else a panic tells, for who has nothing but the console afterwards.
 *
 * MODEL     Linux's bits, on the command line and in kernel.panic_print: 1 every task, 2 memory, 128 the tasks that
 *           cannot be interrupted.  The others (timers, locks that lockdep knows, ftrace, the log once
 *           more, every hart's backtrace) are taken and print nothing, as in a Linux without these.
 * LOCKING   None is taken: who holds one may be stopped, or have panicked.  The other harts stand still;
 *           one may have stopped in the middle of a change of the lists, so no more than TASKS_MAX are followed.
 * TESTS     test/boot/bad_input.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/kallsyms.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "lib/cmdline.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "mm/phys/show_mem.h"

#define PANIC_PRINT_TASK_INFO		(1ul << 0)
#define PANIC_PRINT_MEM_INFO		(1ul << 1)
#define PANIC_PRINT_BLOCKED_TASKS	(1ul << 7)

#define TASKS_MAX	100000u

unsigned long panic_print;

static int __init set_panic_print(const char *value)
{
	return kstrtoul(value, 0, &panic_print);
}
PARAM("panic_print", set_panic_print);

static char state_letter(const struct task_struct *t)
{
	if (t->exit_state)
		return t->exit_state & EXIT_ZOMBIE ? 'Z' : 'X';
	if (t->state & TASK_UNINTERRUPTIBLE)
		return 'D';
	if (t->state & TASK_INTERRUPTIBLE)
		return 'S';
	return t->state == TASK_RUNNING ? 'R' : 'T';
}

/* One task, and the calls that it sleeps in. */
static void show_task(struct task_struct *t)
{
	unsigned long calls[16];
	unsigned n = stack_trace_save_task(t, calls, ARRAY_SIZE(calls));

	pr_info("task:%s state:%c pid:%d tgid:%d ppid:%d\n", t->comm, state_letter(t), t->pid, t->tgid,
		t->real_parent ? t->real_parent->tgid : 0);
	if (n)
		pr_info("Call Trace:\n");
	for (unsigned i = 0; i < n; i++) {
		unsigned long off = 0;
		const char *name = kallsyms_lookup(calls[i] - 1, &off);

		pr_info("[<%016lx>] %s+0x%lx\n", calls[i], name ? name : "?", off);
	}
}

static void show_tasks(bool blocked_only)
{
	struct task_struct *leader, *t;
	unsigned nr = 0;

	list_for_each_entry(leader, &task_list, tasks)
		list_for_each_entry(t, &leader->signal->thread_head, thread_node) {
			if (++nr > TASKS_MAX)
				return;
			if (!blocked_only || state_letter(t) == 'D')
				show_task(t);
		}
}

void panic_print_sys_info(void)
{
	if (panic_print & (PANIC_PRINT_TASK_INFO | PANIC_PRINT_BLOCKED_TASKS))
		show_tasks(!(panic_print & PANIC_PRINT_TASK_INFO));
	if (panic_print & PANIC_PRINT_MEM_INFO)
		show_mem();
}
