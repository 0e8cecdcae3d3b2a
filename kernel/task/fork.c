/*
 * kernel/task/fork.c - the birth of a task: clone(), clone3(), and what is copied or shared.
 *
 * MODEL     copy_process() makes a task that nobody can see yet, part by part: struct and stack,
 *           credentials, scheduling, files, fs, signal actions, signal state, memory, first registers,
 *           pid.  Each part may fail, and a ladder undoes those before it.  Then, under tasklist_lock
 *           and the group's sighand lock, it becomes visible at once; from there nothing fails.
 *           wake_up_new_task() lets it run.
 *
 *           usage of a new task is 2: one for the lists (release_task drops it), one that it holds on
 *           itself (do_task_dead).
 * INVARIANTS
 *   F1  A child's real_parent is always a group leader (its children list serves all threads).
 *   F2  nr_threads counts the tasks in the pid hash.
 * COST      No copy is larger than the struct itself; mm is where the time goes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/fork.h"
#include "fs/fdtable.h"
#include "fs/fs_struct.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/futex/futex.h"
#include "kernel/ipc/sem.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/sync/completion.h"
#include "kernel/syscall/dispatch.h"
#include "kernel/task/cred.h"
#include "kernel/task/oom.h"
#include "kernel/task/pid.h"
#include "kernel/task/rseq.h"
#include "kernel/time/itimer.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/kmap/stack.h"
#include "mm/slab/slab.h"
#include "mm/policy/mempolicy.h"
#include "mm/space/mm.h"

#define MAX_PID_NS_LEVEL	32	/* most numbers that clone3() takes for one child */
#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
			  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

static struct kmem_cache *task_cache, *signal_cache, *sighand_cache;
unsigned long max_threads;
int nr_threads;
unsigned long total_forks;

/* ---- parts ----------------------------------------------------------------------------------- */

static struct task_struct *dup_task_struct(void)
{
	struct task_struct *p = kmem_cache_alloc(task_cache, GFP_KERNEL);

	if (!p)
		return NULL;
	*p = *current;
	p->stack = alloc_thread_stack(&p->stack_harts);
	if (!p->stack) {
		kmem_cache_free(task_cache, p);
		return NULL;
	}
	p->kernel_sp = (unsigned long)p->stack + THREAD_SIZE;
	atomic_set(&p->usage, 2);
	return p;
}

/* What the copy of current must not have inherited. */
static void reset_task(struct task_struct *p)
{
	p->work = 0;
	p->spin_depth = 0;
	p->lock_ranks = 0;
	p->fault_recovery = NULL;
	spin_lock_init(&p->alloc_lock, RANK_PID);
	p->maj_flt = p->min_flt = 0;
	p->flags = (p->flags & ~(PF_SUPERPRIV | PF_MEMALLOC | PF_MEMALLOC_NOFS | PF_OOM_VICTIM | PF_WQ_WORKER |
				 PF_KTHREAD)) |
		   PF_FORKNOEXEC;
	p->exit_state = 0;
	p->exit_code = 0;
	INIT_LIST_HEAD(&p->children);
	INIT_LIST_HEAD(&p->sibling);
	INIT_LIST_HEAD(&p->wake_entry);
	init_sigpending(&p->pending);
	p->restore_sigmask = false;
	p->jobctl = 0;
	p->pdeath_signal = 0;
	p->restart_block.fn = NULL;
	p->in_execve = p->did_exec = p->shm_made = false;
	p->set_child_tid = p->clear_child_tid = NULL;
	p->vfork_done = NULL;
	futex_init_task(p);
	p->start_time = ktime_get();
	p->utime = p->stime = 0;
	cpu_timer_bases_init(p->cpu_timers);
	clear_syscall_dispatch(p);
	p->nvcsw = p->nivcsw = 0;
	p->kthread_fn = NULL;
	p->icache_ctx = false;
	p->default_timer_slack_ns = p->timer_slack_ns;
}

static int copy_files(u64 flags, struct task_struct *p)
{
	struct files_struct *files;

	if (!p->files)
		return 0;
	if (flags & CLONE_FILES) {
		atomic_inc(&p->files->count);
		return 0;
	}
	files = dup_fd(current->files);
	p->files = IS_ERR(files) ? NULL : files;
	return IS_ERR(files) ? PTR_ERR(files) : 0;
}

static int copy_fs(u64 flags, struct task_struct *p)
{
	if (!p->fs)
		return 0;
	if (flags & CLONE_FS) {
		share_fs_struct(p->fs);
		return 0;
	}
	p->fs = copy_fs_struct(current->fs);
	return p->fs ? 0 : -ENOMEM;
}

static struct sighand_struct *new_sighand(void)
{
	struct sighand_struct *sh = kmem_cache_alloc(sighand_cache, GFP_KERNEL);

	if (!sh)
		return NULL;
	atomic_set(&sh->count, 1);
	spin_lock_init(&sh->lock, RANK_SIGHAND);
	return sh;
}

static int copy_sighand(u64 flags, struct task_struct *p)
{
	struct sighand_struct *sh;
	unsigned long irq;

	if (flags & CLONE_SIGHAND) {
		atomic_inc(&p->sighand->count);
		return 0;
	}
	sh = new_sighand();
	if (!sh)
		return -ENOMEM;
	spin_lock_irqsave(&current->sighand->lock, irq);
	memcpy(sh->action, current->sighand->action, sizeof(sh->action));
	spin_unlock_irqrestore(&current->sighand->lock, irq);
	p->sighand = sh;
	if (flags & CLONE_CLEAR_SIGHAND)
		flush_signal_handlers(p, false);
	return 0;
}

void __cleanup_sighand(struct sighand_struct *sighand)
{
	if (atomic_dec_and_test(&sighand->count))
		kmem_cache_free(sighand_cache, sighand);
}

int unshare_sighand(void)
{
	struct task_struct *me = current;
	struct sighand_struct *old = me->sighand, *new;
	unsigned long irq;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = new_sighand();
	if (!new)
		return -ENOMEM;
	write_lock_irqsave(&tasklist_lock, irq);	/* nobody is on the way to the old lock */
	spin_lock(&old->lock);
	memcpy(new->action, old->action, sizeof(new->action));
	me->sighand = new;
	spin_unlock(&old->lock);
	write_unlock_irqrestore(&tasklist_lock, irq);
	__cleanup_sighand(old);
	return 0;
}

static int copy_signal(u64 flags, struct task_struct *p)
{
	struct signal_struct *old = current->signal, *sig;

	if (flags & CLONE_THREAD)
		return 0;
	sig = kmem_cache_zalloc(signal_cache, GFP_KERNEL);
	if (!sig)
		return -ENOMEM;
	p->signal = sig;
	atomic_set(&sig->count, 1);
	atomic_set(&sig->live, 1);
	sig->nr_threads = 1;
	INIT_LIST_HEAD(&sig->thread_head);
	init_sigpending(&sig->shared_pending);
	init_waitqueue_head(&sig->wait_chldexit);
	init_rwsem(&sig->exec_update_lock, RANK_TASK);
	memcpy(sig->rlim, old->rlim, sizeof(sig->rlim));
	sig->oom_score_adj = old->oom_score_adj;
	sig->oom_score_adj_min = old->oom_score_adj_min;
	posix_timers_init_signal(sig);
	return 0;
}

void put_signal_struct(struct signal_struct *sig)
{
	if (!atomic_dec_and_test(&sig->count))
		return;
	free_itimers(sig);
	if (sig->oom_mm)
		mmdrop(sig->oom_mm);
	kmem_cache_free(signal_cache, sig);
}

static int copy_mm(u64 flags, struct task_struct *p)
{
	struct mm_struct *mm = current->mm;

	p->mm = p->active_mm = NULL;
	p->vma_seen_nr = 0;
	if (!mm)
		return 0;
	if (flags & CLONE_VM) {
		mmget(mm);
	} else {
		mm = dup_mm(mm);
		if (!mm)
			return -ENOMEM;
	}
	p->mm = p->active_mm = mm;
	return 0;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int clone_flags_check(u64 flags)
{
	if ((flags & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS) ||
	    (flags & (CLONE_NEWUSER | CLONE_FS)) == (CLONE_NEWUSER | CLONE_FS))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && (current->signal->flags & SIGNAL_UNKILLABLE))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && (flags & (CLONE_NEWUSER | CLONE_NEWPID)))
		return -EINVAL;
	if ((flags & CLONE_PIDFD) && (flags & CLONE_DETACHED))
		return -EINVAL;
	if (flags & CLONE_NAMESPACES)
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	return 0;
}

/* Counts the new task to its user.  RLIMIT_NPROC holds all but root and the privileged. */
static int charge_user(struct user_struct *u)
{
	atomic_inc(&u->processes);
	if (nproc_exceeded(u) && !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN)) {
		atomic_dec(&u->processes);
		return -EAGAIN;
	}
	current->flags &= ~PF_NPROC_EXCEEDED;
	return 0;
}

/* ---- becoming visible ------------------------------------------------------------------------ */

/* => tasklist_lock and current's sighand lock held */
static void link_task(struct task_struct *p, const struct kernel_clone_args *args) REQUIRES(tasklist_lock)
{
	struct signal_struct *sig = p->signal;

	if (args->flags & (CLONE_PARENT | CLONE_THREAD)) {
		p->real_parent = current->group_leader->real_parent;
		p->parent_exec_id = current->group_leader->parent_exec_id;
	} else {
		p->real_parent = current->group_leader;		/* F1 */
		p->parent_exec_id = current->signal->exec_id;
	}
	p->parent = p->real_parent;

	if (args->flags & CLONE_THREAD) {
		p->exit_signal = -1;
		sig->nr_threads++;
		atomic_inc(&sig->live);
		atomic_inc(&sig->count);
	} else {
		p->exit_signal = args->flags & CLONE_PARENT ? current->group_leader->exit_signal :
							      args->exit_signal;
		p->tgid = p->pid;
		p->group_leader = p;
		sig->group_leader = p;
		if (p->pid == 1)
			sig->flags |= SIGNAL_UNKILLABLE;
		sig->ppid = p->real_parent->tgid;
		sig->tty = current->signal->tty;
		attach_pgrp(sig, current->signal->pgrp);
		sig->session = current->signal->session;
		pid_get(sig->session);
		list_add_tail(&p->sibling, &p->real_parent->children);
		list_add_tail(&p->tasks, &task_list);
	}
	list_add_tail(&p->thread_node, &sig->thread_head);
	attach_pid(p);
	nr_threads++;				/* F2 */
	total_forks++;
}

/* 0, or -ERESTARTNOINTR when a signal came meanwhile: it must find all or none of a group. */
static int publish_task(struct task_struct *p, const struct kernel_clone_args *args)
{
	unsigned long irq;
	int rc = 0;

	write_lock_irqsave(&tasklist_lock, irq);
	spin_lock(&current->sighand->lock);
	if (!(current->flags & PF_KTHREAD) && unlikely(signal_pending()))
		rc = fatal_signal_pending() ? -EINTR : -ERESTARTNOINTR;
	else
		link_task(p, args);				/* commit */
	spin_unlock(&current->sighand->lock);
	write_unlock_irqrestore(&tasklist_lock, irq);
	return rc;
}

static void free_task(struct task_struct *p)
{
	mpol_put(p->mempolicy);
	dl_free(p);
	free_thread_stack(p->stack, p->stack_harts);
	kmem_cache_free(task_cache, p);
}

void put_task_struct(struct task_struct *p)
{
	if (!atomic_dec_and_test(&p->usage))
		return;
	put_cred(p->cred);
	put_signal_struct(p->signal);
	free_task(p);
}

static void set_thread_pointers(struct task_struct *p, const struct kernel_clone_args *args)
{
	if (args->flags & CLONE_CHILD_SETTID)
		p->set_child_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_CLEARTID)
		p->clear_child_tid = args->child_tid;
	/* A new stack, but not the old one's alternate. */
	if ((args->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		sas_ss_reset(p);
	if (args->fn) {
		p->flags |= PF_KTHREAD;
		p->kthread_fn = args->kthread_fn;
		p->kthread_arg = args->fn_arg;
		if (args->name)
			strscpy(p->comm, args->name, sizeof(p->comm));
	}
}

/* The new task, published but not woken; *@rc says why not. */
static struct task_struct *copy_process(const struct kernel_clone_args *args, int *rc)
{
	struct task_struct *p;
	pid_t pid;

	*rc = clone_flags_check(args->flags);
	if (*rc)
		return NULL;
	*rc = -EAGAIN;
	if (READ_ONCE(nr_threads) >= max_threads)
		return NULL;
	*rc = charge_user(current_cred()->user);
	if (*rc)
		return NULL;
	*rc = -ENOMEM;
	p = dup_task_struct();
	if (!p)
		goto undo_charge;
	reset_task(p);
	get_cred(p->cred);
	mpol_get(p->mempolicy);
	*rc = sched_fork(p);
	if (*rc)
		goto undo_struct;
	*rc = copy_semundo(args->flags, p);
	if (*rc)
		goto undo_struct;
	*rc = copy_files(args->flags, p);
	if (*rc)
		goto undo_sem;
	*rc = copy_fs(args->flags, p);
	if (*rc)
		goto undo_files;
	*rc = copy_sighand(args->flags, p);
	if (*rc)
		goto undo_fs;
	*rc = copy_signal(args->flags, p);
	if (*rc)
		goto undo_sighand;
	*rc = copy_mm(args->flags, p);
	if (*rc)
		goto undo_signal;
	rseq_fork(p, args->flags);
	set_thread_pointers(p, args);
	arch_copy_thread(p, args, current_pt_regs());
	pid = alloc_pid(args->set_tid);
	if (pid < 0) {
		*rc = pid;
		goto undo_mm;
	}
	p->pid = pid;
	*rc = publish_task(p, args);
	if (!*rc) {
		copy_oom_score_adj(args->flags, p);
		return p;
	}

	pid_put(pid);
undo_mm:
	if (p->mm)
		mmput(p->mm);
undo_signal:
	if (!(args->flags & CLONE_THREAD))
		put_signal_struct(p->signal);
undo_sighand:
	__cleanup_sighand(p->sighand);
undo_fs:
	exit_fs(p);
undo_files:
	if (p->files)
		put_files_struct(p->files);
undo_sem:
	exit_sem(p);
undo_struct:
	put_cred(p->cred);
	free_task(p);
undo_charge:
	atomic_dec(&current_cred()->user->processes);
	return NULL;
}

/* ---- vfork ----------------------------------------------------------------------------------- */

/*
 * Sleep until the child has left our memory.  Whoever takes the pointer out of vfork_done owns
 * the completion: a parent that is killed takes it, or waits for the child that has it.
 */
static void wait_for_vfork_done(struct task_struct *child, struct completion *vfork)
{
	if (wait_for_completion_killable(vfork) && !xchg(&child->vfork_done, NULL))
		wait_for_completion(vfork);
}

void mm_release(struct task_struct *t)
{
	struct completion *vfork;

	rseq_release(t);
	if (t->clear_child_tid) {
		int __user *tid = t->clear_child_tid;

		t->clear_child_tid = NULL;
		if (atomic_read(&t->mm->mm_users) > 1 && !put_user(0, tid))
			futex_wake_user((u32 __user *)tid, 1);
	}
	if (READ_ONCE(t->vfork_done)) {
		vfork = xchg(&t->vfork_done, NULL);
		if (vfork)
			complete(vfork);
	}
}

/* ---- the calls ------------------------------------------------------------------------------- */

/* The number that the child's pidfd will have, or -1 when none is wanted; in user memory already. */
static int reserve_pidfd(const struct kernel_clone_args *args, int *fd)
{
	*fd = -1;
	if (!(args->flags & CLONE_PIDFD))
		return 0;
	*fd = get_unused_fd_flags(O_CLOEXEC);
	if (*fd < 0)
		return *fd;
	if (put_user(*fd, args->pidfd)) {
		put_unused_fd(*fd);
		return -EFAULT;
	}
	return 0;
}

static void install_pidfd(int fd, struct task_struct *p)
{
	struct file *file = pidfd_file(p, 0);

	if (IS_ERR(file))
		put_unused_fd(fd);
	else
		fd_install(fd, file);
}

pid_t kernel_clone(const struct kernel_clone_args *args)
{
	struct completion vfork;
	struct task_struct *p;
	int rc, pidfd;
	pid_t pid;

	rc = reserve_pidfd(args, &pidfd);
	if (rc)
		return rc;
	p = copy_process(args, &rc);
	if (!p) {
		if (pidfd >= 0)
			put_unused_fd(pidfd);
		return rc;
	}
	if (pidfd >= 0)
		install_pidfd(pidfd, p);
	pid = p->pid;
	if (args->created)
		*args->created = p;
	if (args->flags & CLONE_PARENT_SETTID)
		(void)!put_user(pid, args->parent_tid);
	if (!(args->flags & CLONE_VFORK)) {
		wake_up_new_task(p);
		return pid;
	}
	init_completion(&vfork);
	p->vfork_done = &vfork;
	get_task_struct(p);
	wake_up_new_task(p);
	wait_for_vfork_done(p, &vfork);
	put_task_struct(p);
	return pid;
}

SYSCALL_DEFINE5(clone, unsigned long, flags, unsigned long, newsp, int __user *, parent_tid,
		unsigned long, tls, int __user *, child_tid)
{
	struct kernel_clone_args args = {
		.flags = (u32)flags & ~CSIGNAL,
		.exit_signal = flags & CSIGNAL,
		.stack = newsp,
		.tls = tls,
		.child_tid = child_tid,
		.parent_tid = parent_tid,
		.pidfd = parent_tid,
	};

	if ((args.flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) == (CLONE_PIDFD | CLONE_PARENT_SETTID))
		return -EINVAL;
	return kernel_clone(&args);
}

/* Decode: *@a is what the user's struct of @size bytes says, newer fields must be zero. */
static int clone_args_from_user(struct clone_args *a, const struct clone_args __user *uargs, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	if (copy_from_user(a, uargs, min(size, sizeof(*a))))
		return -EFAULT;
	for (size_t off = sizeof(*a); off < size; off++) {
		char c;

		if (get_user(c, (const char __user *)uargs + off))
			return -EFAULT;
		if (c)
			return -E2BIG;
	}
	return 0;
}

static int clone3_check(const struct clone_args *a)
{
	if (a->set_tid_size > MAX_PID_NS_LEVEL || !a->set_tid != !a->set_tid_size)
		return -EINVAL;
	if ((a->exit_signal & ~CSIGNAL) || !valid_signal(a->exit_signal))
		return -EINVAL;
	if (a->flags & ~(0xfffffffful | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP))
		return -EINVAL;
	if (a->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME) | CLONE_INTO_CGROUP))
		return -EINVAL;
	if ((a->flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) == (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return -EINVAL;
	if (!a->stack != !a->stack_size)
		return -EINVAL;
	if (a->stack && !access_ok((void __user *)a->stack, a->stack_size))
		return -EINVAL;
	return 0;
}

/* The number that the child is to have, of an array with one for each nested space of numbers: there is one here. */
static int copy_set_tid(const struct clone_args *a, pid_t *tid)
{
	pid_t tids[MAX_PID_NS_LEVEL];

	*tid = 0;
	if (!a->set_tid_size)
		return 0;
	if (copy_from_user(tids, (void __user *)a->set_tid, a->set_tid_size * sizeof(pid_t)))
		return -EFAULT;
	if (a->set_tid_size > 1 || tids[0] < 1 || tids[0] >= pid_max)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	*tid = tids[0];
	return 0;
}

SYSCALL_DEFINE2(clone3, struct clone_args __user *, uargs, size_t, size)
{
	struct kernel_clone_args args;
	struct clone_args a;
	int rc = clone_args_from_user(&a, uargs, size);
	pid_t set_tid;

	if (!rc)
		rc = clone3_check(&a);
	if (!rc)
		rc = copy_set_tid(&a, &set_tid);
	if (rc)
		return rc;
	args = (struct kernel_clone_args){
		.flags = a.flags,
		.exit_signal = a.exit_signal,
		.stack = a.stack + a.stack_size,
		.tls = a.tls,
		.child_tid = (int __user *)a.child_tid,
		.parent_tid = (int __user *)a.parent_tid,
		.pidfd = (int __user *)a.pidfd,
		.set_tid = set_tid,
	};
	return kernel_clone(&args);
}

SYSCALL_DEFINE1(set_tid_address, int __user *, tidptr)
{
	current->clear_child_tid = tidptr;
	return current->pid;
}

SYSCALL_DEFINE1(unshare, unsigned long, flags)
{
	const unsigned long known = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VM | CLONE_THREAD |
				    CLONE_SYSVSEM | CLONE_NAMESPACES;
	int rc = 0;

	if (flags & ~known)
		return -EINVAL;
	if (flags & CLONE_NAMESPACES)
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && current->signal->nr_threads > 1)
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) && atomic_read(&current->sighand->count) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && atomic_read(&current->mm->mm_users) > 1)
		return -EINVAL;
	if (flags & CLONE_SYSVSEM)
		exit_sem(current);
	if (flags & CLONE_FS)
		rc = unshare_fs_struct();
	if (!rc && (flags & CLONE_FILES))
		rc = unshare_files();
	return rc;
}

/* ---- start ----------------------------------------------------------------------------------- */

struct task_struct *fork_idle(unsigned hart)
{
	struct task_struct *p = kmem_cache_alloc(task_cache, GFP_KERNEL);

	if (!p)
		return NULL;
	*p = init_task;
	p->stack = alloc_thread_stack(&p->stack_harts);
	if (!p->stack) {
		kmem_cache_free(task_cache, p);
		return NULL;
	}
	reset_task(p);
	p->flags |= PF_KTHREAD;
	p->kernel_sp = (unsigned long)p->stack + THREAD_SIZE;
	p->hart = hart;
	p->hart_off = hart_off[hart];
	p->mm = NULL;
	p->active_mm = &init_mm;
	mmgrab(&init_mm);
	snprintf(p->comm, sizeof(p->comm), "swapper/%u", hart);
	init_idle(p, hart);
	return p;
}

void __init fork_init(void)
{
	task_cache = KMEM_CACHE(task_struct, SLAB_HWCACHE_ALIGN | SLAB_PANIC);
	signal_cache = KMEM_CACHE(signal_struct, SLAB_HWCACHE_ALIGN | SLAB_PANIC);
	sighand_cache = KMEM_CACHE(sighand_struct, SLAB_HWCACHE_ALIGN | SLAB_PANIC);
	max_threads = clamp(totalram_pages() / (8 * THREAD_SIZE / PAGE_SIZE), 20ul, (unsigned long)pid_max);
	init_task.signal->rlim[RLIMIT_NPROC] = (struct rlimit){ max_threads / 2, max_threads / 2 };
	init_task.signal->rlim[RLIMIT_SIGPENDING] = init_task.signal->rlim[RLIMIT_NPROC];
}
