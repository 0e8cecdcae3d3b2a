/*
 * kernel/task/kthread.c - kernel threads.
 *
 * MODEL     kthreadd (pid 2) makes them all, so that each starts with clean files, signals and parent,
 *           whoever asked: the asker puts a request on a list and waits for its completion.
 *           A kernel thread ignores all signals and ends by returning from its function.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/kthread.h"
#include "include/uapi/sched.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/sync/completion.h"
#include "lib/printk.h"
#include "lib/string.h"

struct kthread_request {
	struct list_head link;			/* (kthread_lock) */
	void (*fn)(void *);
	void *arg;
	char name[TASK_COMM_LEN];
	struct task_struct *task;		/* result: counted, or NULL */
	struct completion done;
};

static DEFINE_SPINLOCK(kthread_lock, RANK_FILES);
static LIST_HEAD(kthread_list);
static DECLARE_WAIT_QUEUE_HEAD(kthread_wait);

static void kthread_main(void *arg)
{
	current->kthread_fn(arg);
	do_exit(0);
}

static void kthread_make(struct kthread_request *r)
{
	struct kernel_clone_args args = {
		.flags = CLONE_FS | CLONE_FILES,
		.exit_signal = SIGCHLD,
		.fn = kthread_main,
		.fn_arg = r->arg,
		.name = r->name,
		.kthread_fn = r->fn,
		.created = &r->task,
	};
	pid_t pid = kernel_clone(&args);

	if (pid < 0) {
		pr_err("kthread %s: error %d\n", r->name, pid);
		r->task = NULL;
	}
	complete(&r->done);
}

static struct kthread_request *next_request(void)
{
	struct kthread_request *r;

	spin_lock(&kthread_lock);
	r = list_first_entry_or_null(&kthread_list, struct kthread_request, link);
	if (r)
		list_del(&r->link);
	spin_unlock(&kthread_lock);
	return r;
}

void kthreadd(void *unused)
{
	struct kthread_request *r;

	(void)unused;
	spin_lock_irq(&current->sighand->lock);
	for (int i = 0; i < _NSIG; i++)
		current->sighand->action[i].sa.sa_handler = SIG_IGN;
	spin_unlock_irq(&current->sighand->lock);
	for (;;) {
		/* Interruptible is no load; no signal comes. */
		(void)wait_event_interruptible(kthread_wait, !list_empty(&kthread_list));
		while ((r = next_request()))
			kthread_make(r);
	}
}

struct task_struct *kthread_run(void (*fn)(void *), void *arg, const char *fmt, ...)
{
	struct kthread_request r = { .fn = fn, .arg = arg };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r.name, sizeof(r.name), fmt, ap);
	va_end(ap);
	init_completion(&r.done);
	spin_lock(&kthread_lock);
	list_add_tail(&r.link, &kthread_list);
	spin_unlock(&kthread_lock);
	wake_up(&kthread_wait);
	wait_for_completion(&r.done);
	return r.task;
}
