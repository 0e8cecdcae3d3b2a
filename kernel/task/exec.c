/*
 * kernel/task/exec.c - execve(): another program in the same process.
 *
 * MODEL     A linux_binprm collects the new program beside the old one: file, credentials, and an address
 *           space that has only a stack, on which the strings are laid down from the top:
 *
 *             top | 8 zero bytes | filename | environment | arguments | <- bprm->p
 *
 *           The bytes go from the caller's memory straight into the pages of that stack.  Then a loader
 *           looks at the file's first bytes.  Until begin_new_exec() every failure returns to the old
 *           program; from there (point_of_no_return) it kills the task.
 *           What the old program shares with other processes (files, signal actions) is left to them before
 *           the new one gets its identity; a shared root or working directory keeps it from getting one.
 * LOCKING   signal->exec_update_lock, held for writing from the moment the new address space can be seen
 *           until its credentials and dumpable are set: see access.c.
 * COST      One stack page as a rule; no copy in between.
 * TESTS     test/user/t_exec.c, test/user/t_access.c
 * SEE       binfmt_elf.c, binfmt_script.c, access.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/exec.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/futex/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/dispatch.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "kernel/time/itimer.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/fault/fault.h"
#include "mm/kmap/highmem.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

#define STACK_EXPAND	(128 * 1024ul)	/* room below the arguments that every program starts with */
#define MAX_INTERP	5

/* argv or envp: an array of user pointers, or of kernel pointers for a kernel thread's exec. */
struct arg_ptr {
	const char __user *const __user *user;
	const char *const *kernel;
};

/* ---- laying down strings --------------------------------------------------------------------- */

static void arg_page_put(struct linux_binprm *bprm)
{
	if (!bprm->arg_page)
		return;
	kunmap(bprm->arg_page);
	put_page(bprm->arg_page);
	bprm->arg_page = NULL;
}

/* The page of the new stack that holds @va, writable; NULL: -E2BIG as the limit was reached, or no memory. */
static void *arg_page_get(struct linux_binprm *bprm, unsigned long va)
{
	unsigned long base = va & PAGE_MASK;
	struct page *page;
	long got;

	if (bprm->arg_page && bprm->arg_va == base)
		return bprm->arg_kaddr + (va - base);
	mmap_write_lock(bprm->mm);
	if (base < bprm->vma->vm_start && expand_stack(bprm->vma, base)) {
		mmap_write_unlock(bprm->mm);
		return NULL;
	}
	got = get_user_pages_remote(bprm->mm, base, 1, FOLL_WRITE | FOLL_FORCE, &page);
	mmap_write_unlock(bprm->mm);
	if (got != 1)
		return NULL;
	arg_page_put(bprm);
	bprm->arg_page = page;
	bprm->arg_kaddr = kmap(page);
	bprm->arg_va = base;
	return bprm->arg_kaddr + (va - base);
}

/* Copy @n bytes below bprm->p, the end first: strings follow each other downwards. */
static int copy_down(struct linux_binprm *bprm, const char *src, size_t n, bool user)
{
	unsigned long to = bprm->p;

	if (bprm->p < bprm->argmin || n > bprm->p - bprm->argmin)
		return -E2BIG;
	bprm->p -= n;
	src += n;
	while (n) {
		size_t chunk = min(n, ((to - 1) & ~PAGE_MASK) + 1);
		char *kaddr;

		if (cond_resched_killable() && user)
			return -ERESTARTNOHAND;
		to -= chunk;
		src -= chunk;
		n -= chunk;
		kaddr = arg_page_get(bprm, to);
		if (!kaddr)
			return -E2BIG;
		if (!user)
			memcpy(kaddr, src, chunk);
		else if (copy_from_user(kaddr, (const char __user *)src, chunk))
			return -EFAULT;
	}
	return 0;
}

int copy_string_kernel(const char *src, struct linux_binprm *bprm)
{
	size_t n = strlen(src) + 1;

	return n > MAX_ARG_STRLEN ? -E2BIG : copy_down(bprm, src, n, false);
}

static int copy_string_user(const char __user *src, struct linux_binprm *bprm)
{
	long n = strnlen_user(src, MAX_ARG_STRLEN);

	if (!n)
		return -EFAULT;
	return n > MAX_ARG_STRLEN ? -E2BIG : copy_down(bprm, (const char *)src, n, true);
}

/* The i-th pointer of an argument array; 0 or -EFAULT. */
static int arg_get(const struct arg_ptr *a, int i, const char **out)
{
	if (a->kernel) {
		*out = a->kernel[i];
		return 0;
	}
	return get_user(*out, (const char **)a->user + i);
}

/* How many strings there are, or -errno. */
static int count_args(const struct arg_ptr *a)
{
	const char *s;
	int n = 0;

	if (!a->user && !a->kernel)
		return 0;
	for (;; n++) {
		if (arg_get(a, n, &s))
			return -EFAULT;
		if (!s)
			return n;
		if (n >= MAX_ARG_STRINGS)
			return -E2BIG;
		if (cond_resched_killable())
			return -ERESTARTNOHAND;
	}
}

static int copy_strings(int n, const struct arg_ptr *a, struct linux_binprm *bprm)
{
	while (n-- > 0) {
		const char *s;
		int rc = arg_get(a, n, &s);

		if (!rc)
			rc = a->kernel ? copy_string_kernel(s, bprm) : copy_string_user(s, bprm);
		if (rc)
			return rc;
	}
	return 0;
}

/* A script's argv[0] gives way to the interpreter's arguments. */
int remove_arg_zero(struct linux_binprm *bprm)
{
	if (!bprm->argc)
		return 0;
	for (;;) {
		const char *kaddr = arg_page_get(bprm, bprm->p);

		if (!kaddr)
			return -EFAULT;
		bprm->p++;
		if (!*kaddr)
			break;
	}
	bprm->argc--;
	return 0;
}

/* How far down strings and their pointers may reach. */
static int set_arg_limit(struct linux_binprm *bprm)
{
	unsigned long limit = min(RLIM_STACK_DEFAULT / 4 * 3, task_rlimit(RLIMIT_STACK) / 4);
	unsigned long pointers = (max(bprm->argc, 1) + (unsigned long)bprm->envc) * sizeof(void *);

	limit = max(limit, ARG_MAX);
	if (limit <= pointers)
		return -E2BIG;
	bprm->argmin = bprm->p - (limit - pointers);
	return 0;
}

/* ---- the program's parts --------------------------------------------------------------------- */

static int bprm_mm_init(struct linux_binprm *bprm)
{
	unsigned long top;
	int rc;

	bprm->mm = mm_alloc();
	if (!bprm->mm)
		return -ENOMEM;
	bprm->mm->coredump_filter = current->mm ? READ_ONCE(current->mm->coredump_filter) : COREDUMP_FILTER_DEFAULT;
	top = (STACK_TOP - stack_rnd()) & PAGE_MASK;
	rc = mm_insert_stack(bprm->mm, top, PAGE_SIZE, 0, &bprm->vma);
	bprm->p = top - sizeof(void *);
	return rc;
}

void bprm_set_file(struct linux_binprm *bprm, struct file *file)
{
	if (bprm->file) {
		allow_write_access(bprm->file);
		fput(bprm->file);
	}
	bprm->file = file;
}

static void free_bprm(struct linux_binprm *bprm)
{
	arg_page_put(bprm);
	if (bprm->mm)
		mmput(bprm->mm);
	if (bprm->cred)
		abort_creds(bprm->cred);
	bprm_set_file(bprm, NULL);
	kfree(bprm->interp_buf);
	kfree(bprm);
}

static int prepare_binprm(struct linux_binprm *bprm)
{
	loff_t pos = 0;
	ssize_t n;

	memset(bprm->buf, 0, sizeof(bprm->buf));
	n = kernel_read(bprm->file, bprm->buf, sizeof(bprm->buf), &pos);
	return n < 0 ? n : 0;
}

/* ---- the point of no return ------------------------------------------------------------------ */

/* Wait until the other threads are gone but for @left.  => 0, or -EAGAIN when we are killed too */
static int wait_for_threads(struct signal_struct *sig, int left)
{
	while (READ_ONCE(sig->nr_threads) > left) {
		set_current_state(TASK_KILLABLE);
		if (READ_ONCE(sig->nr_threads) > left)
			schedule();
		__set_current_state(TASK_RUNNING);
		if (fatal_signal_pending())
			return -EAGAIN;
	}
	return 0;
}

/* The running thread takes the place, and the number, of its leader, which is a zombie by now. */
static void take_leadership(struct task_struct *me, struct task_struct *leader)
{
	struct task_struct *child;
	unsigned long irq;

	write_lock_irqsave(&tasklist_lock, irq);
	exchange_pids(me, leader);
	me->start_time = leader->start_time;
	process_walks_leave(leader, me);
	list_replace_init(&leader->tasks, &me->tasks);
	list_replace_init(&leader->sibling, &me->sibling);
	list_splice_init(&leader->children, &me->children);
	list_for_each_entry(child, &me->children, sibling)
		child->real_parent = child->parent = me;
	me->real_parent = leader->real_parent;		/* signal->ppid stays */
	me->parent = leader->parent;
	me->group_leader = leader->group_leader = me;
	me->signal->group_leader = me;
	me->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	leader->exit_state = EXIT_DEAD;				/* claimed */
	write_unlock_irqrestore(&tasklist_lock, irq);
	release_task(leader);
}

static int wait_for_leader(struct task_struct *leader)
{
	while (READ_ONCE(leader->exit_state) != EXIT_ZOMBIE) {
		set_current_state(TASK_KILLABLE);
		if (READ_ONCE(leader->exit_state) != EXIT_ZOMBIE)
			schedule();
		__set_current_state(TASK_RUNNING);
		if (fatal_signal_pending())
			return -EAGAIN;
	}
	return 0;
}

/* Become the only thread of the process. */
static int de_thread(struct task_struct *me)
{
	struct signal_struct *sig = me->signal;
	struct task_struct *leader = me->group_leader;
	int rc = 0;

	if (sig->nr_threads == 1 && me == leader)
		return 0;
	spin_lock_irq(&me->sighand->lock);
	if ((sig->flags & SIGNAL_GROUP_EXIT) || sig->group_exit_task) {
		spin_unlock_irq(&me->sighand->lock);
		return -EAGAIN;
	}
	sig->group_exit_task = me;
	zap_other_threads(me);
	spin_unlock_irq(&me->sighand->lock);
	rc = wait_for_threads(sig, me == leader ? 1 : 2);
	if (!rc && me != leader) {
		rc = wait_for_leader(leader);
		if (!rc)
			take_leadership(me, leader);
	}
	sig->group_exit_task = NULL;
	return rc;
}

static void set_comm(struct task_struct *t, const char *filename)
{
	const char *slash = strrchr(filename, '/');

	strscpy(t->comm, slash ? slash + 1 : filename, sizeof(t->comm));
}

void would_dump(struct linux_binprm *bprm, const struct file *file)
{
	if (inode_permission(file->f_inode, MAY_READ))
		bprm->enforce_nondump = true;
}

/*
 * Mode and owner of the program file, of one moment: a chown() that takes the set-id bits away must not be
 * seen by half.
 */
static void program_owner(const struct file *file, umode_t *mode, uid_t *uid, gid_t *gid)
{
	struct inode *inode = file->f_inode;

	down_read(&inode->i_rwsem);
	*mode = inode->i_mode;
	*uid = inode->i_uid;
	*gid = inode->i_gid;
	up_read(&inode->i_rwsem);
	if (file->f_path.mnt && (file->f_path.mnt->mnt_flags & MNT_NOSUID))
		*mode &= ~(S_ISUID | S_ISGID);
}

/* => we are the only thread: who shares our fs is another process, and nobody comes to share it */
static void exec_identity(struct linux_binprm *bprm)
{
	unsigned unsafe = current->no_new_privs ? LSM_UNSAFE_NO_NEW_PRIVS : 0;
	umode_t mode;
	uid_t uid;
	gid_t gid;

	if (fs_struct_shared(current->fs))
		unsafe |= LSM_UNSAFE_SHARE;
	program_owner(bprm->file, &mode, &uid, &gid);
	bprm->secure = cred_apply_exec(bprm->cred, mode, uid, gid, unsafe);
}

/* The old program's last acts in its memory, which vfork's parent and robust futexes wait for. */
static void leave_old_mm(struct task_struct *me)
{
	struct mm_struct *mm = me->mm;

	if (!mm)
		return;
	futex_exec_release(me);
	mm_release(me);
	update_hiwater_rss(mm);
	me->signal->maxrss = max(me->signal->maxrss, mm->hiwater_rss);
}

/* Go over to @mm, whose user we become.  => the space that was left, for mmput(), or NULL */
static struct mm_struct *exec_mmap(struct mm_struct *mm)
{
	struct task_struct *me = current;
	struct mm_struct *old = me->mm, *active = me->active_mm;
	unsigned long irq;

	task_lock_irqsave(me, irq);
	me->mm = me->active_mm = mm;
	me->vma_seen_nr = 0;
	arch_switch_mm(active, mm);
	task_unlock_irqrestore(me, irq);
	if (!old && active)
		mmdrop(active);			/* a kernel thread's borrowed tables */
	return old;
}

static void reset_for_exec(struct task_struct *me, const char *filename)
{
	exec_itimers(me->signal);
	flush_signal_handlers(me, false);
	sas_ss_reset(me);
	clear_syscall_dispatch(me);
	me->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD | PF_RANDOMIZE);
	me->clear_child_tid = me->set_child_tid = NULL;
	me->did_exec = true;
	me->exit_signal = SIGCHLD;
	me->signal->exec_id++;
	me->restart_block.fn = NULL;
	set_comm(me, filename);
}

/* Whether others may look in: asked of who we were; what we become is commit_creds()'s to judge. */
static void set_exec_dumpable(const struct linux_binprm *bprm)
{
	const struct cred *old = current_cred();
	bool hidden = bprm->enforce_nondump || old->euid != old->uid || old->egid != old->gid;

	set_dumpable(current->mm, hidden ? suid_dumpable : SUID_DUMP_USER);
}

int begin_new_exec(struct linux_binprm *bprm)
{
	struct task_struct *me = current;
	struct rw_semaphore *guard = &me->signal->exec_update_lock;
	struct mm_struct *old;
	int rc;

	would_dump(bprm, bprm->file);
	rc = unshare_files();
	if (rc)
		return rc;
	bprm->point_of_no_return = true;
	rc = de_thread(me);
	if (!rc)
		rc = unshare_sighand();
	if (rc)
		return rc;
	exec_identity(bprm);
	set_mm_exe_file(bprm->mm, bprm->file);
	leave_old_mm(me);
	arg_page_put(bprm);
	do_close_on_exec(me->files);		/* closing may take locks that rank before the guard */
	if (down_write_killable(guard))
		return -EINTR;

	/* commit: whoever looks sees the old program, or all of the new one (access.c, X1) */
	old = exec_mmap(bprm->mm);
	bprm->mm = NULL;
	reset_for_exec(me, bprm->filename);
	set_exec_dumpable(bprm);
	if (bprm->secure)
		me->pdeath_signal = 0;
	commit_creds(bprm->cred);
	bprm->cred = NULL;
	up_write(guard);
	if (old)
		mmput(old);
	return 0;
}

int setup_arg_pages(struct linux_binprm *bprm, bool exec_stack)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = bprm->vma;
	unsigned long room = STACK_EXPAND, limit = task_rlimit(RLIMIT_STACK) & PAGE_MASK;
	unsigned long have = vma->vm_end - vma->vm_start;
	int rc = 0;

	mmap_write_lock(mm);
	if (exec_stack) {
		vm_flags_set(vma, VM_EXEC);
		vma_set_page_prot(vma);
		change_protection(vma, vma->vm_start, vma->vm_end, vma->vm_page_prot);
	}
	if (have + room > limit)
		room = limit > have ? limit - have : 0;
	mm->start_stack = bprm->p;
	if (room)
		rc = expand_stack(vma, vma->vm_start - room);
	mmap_write_unlock(mm);
	return rc ? -EFAULT : 0;
}

/* ---- running the loaders --------------------------------------------------------------------- */

static int exec_binprm(struct linux_binprm *bprm)
{
	for (int depth = 0;; depth++) {
		int rc;

		if (depth > MAX_INTERP)
			return -ELOOP;
		rc = prepare_binprm(bprm);
		if (rc)
			return rc;
		rc = load_script(bprm);
		if (rc == -ENOEXEC)
			return load_elf_binary(bprm);
		if (rc)
			return rc;
	}
}

static int bprm_fill(struct linux_binprm *bprm, const struct arg_ptr *argv, const struct arg_ptr *envp)
{
	int rc = bprm_mm_init(bprm);

	if (rc)
		return rc;
	bprm->argc = count_args(argv);
	if (bprm->argc < 0)
		return bprm->argc;
	bprm->envc = count_args(envp);
	if (bprm->envc < 0)
		return bprm->envc;
	rc = set_arg_limit(bprm);
	if (!rc)
		rc = copy_string_kernel(bprm->filename, bprm);
	if (rc)
		return rc;
	bprm->exec = bprm->p;
	rc = copy_strings(bprm->envc, envp, bprm);
	if (!rc)
		rc = copy_strings(bprm->argc, argv, bprm);
	if (rc || bprm->argc)
		return rc;
	bprm->argc = 1;				/* a program has a name, even an empty one */
	return copy_string_kernel("", bprm);
}

/*
 * Run @filename, opened as @file (whose reference is consumed); @via: the descriptor that the name leads
 * through, or -1.
 */
static int do_execve_file(struct file *file, const char *filename, int via, const struct arg_ptr *argv,
			  const struct arg_ptr *envp)
{
	struct linux_binprm *bprm = kmalloc(sizeof(*bprm), GFP_KERNEL);
	int rc = -ENOMEM;

	if (!bprm) {
		allow_write_access(file);
		fput(file);
		return rc;
	}
	memset((char *)bprm + sizeof(bprm->buf), 0, sizeof(*bprm) - sizeof(bprm->buf));
	bprm->file = file;
	bprm->filename = bprm->interp = filename;
	bprm->path_inaccessible = via >= 0 && get_close_on_exec(via);
	bprm->cred = prepare_creds();
	if (bprm->cred) {
		current->in_execve = true;
		rc = bprm_fill(bprm, argv, envp);
		if (!rc)
			rc = exec_binprm(bprm);
		current->in_execve = false;
	}
	if (rc && bprm->point_of_no_return && !fatal_signal_pending())
		force_fatal_sig(SIGSEGV);
	free_bprm(bprm);
	return rc;
}

static int do_execve_at(int dfd, char *name, const struct arg_ptr *argv, const struct arg_ptr *envp,
			unsigned flags)
{
	char fdname[32 + NAME_MAX + 1];
	const char *filename = name;
	struct file *file;
	int via = -1;

	/* set*uid() goes beyond RLIMIT_NPROC; a new program does not, unless others have ended since. */
	if ((current->flags & PF_NPROC_EXCEEDED) && nproc_exceeded(current_cred()->user))
		return -EAGAIN;
	current->flags &= ~PF_NPROC_EXCEEDED;
	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	file = open_exec_at(dfd, name, flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	sched_exec();
	if (dfd != AT_FDCWD && name[0] != '/') {
		if (name[0])
			snprintf(fdname, sizeof(fdname), "/dev/fd/%d/%s", dfd, name);
		else
			snprintf(fdname, sizeof(fdname), "/dev/fd/%d", dfd);
		filename = fdname;
		via = dfd;
	}
	return do_execve_file(file, filename, via, argv, envp);
}

int kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	struct arg_ptr a = { .kernel = argv }, e = { .kernel = envp };
	struct file *file = open_exec(filename);

	return IS_ERR(file) ? PTR_ERR(file) : do_execve_file(file, filename, -1, &a, &e);
}

static long execve_user(int dfd, const char __user *uname, const char __user *const __user *argv,
			const char __user *const __user *envp, unsigned flags)
{
	struct arg_ptr a = { .user = argv }, e = { .user = envp };
	char *name = getname_flags(uname, flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	int rc;

	if (IS_ERR(name))
		return PTR_ERR(name);
	rc = do_execve_at(dfd, name, &a, &e, flags);
	putname(name);
	return rc;
}

SYSCALL_DEFINE3(execve, const char __user *, name, const char __user *const __user *, argv,
		const char __user *const __user *, envp)
{
	return execve_user(AT_FDCWD, name, argv, envp, 0);
}

SYSCALL_DEFINE5(execveat, int, dfd, const char __user *, name, const char __user *const __user *, argv,
		const char __user *const __user *, envp, int, flags)
{
	return execve_user(dfd, name, argv, envp, flags);
}
