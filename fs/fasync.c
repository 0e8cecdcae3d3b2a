/*
 * fs/fasync.c - signals that tell of files: O_ASYNC, F_SETOWN, F_SETSIG.
 *
 * MODEL     An object that files are of (a pipe's end, a terminal, a socket) has a list of those of its files that
 *           have O_ASYNC, with the descriptor by which it was asked for.  What happens there is told to the
 *           file's owner: a thread, a process or a group, by SIGIO, or by the signal of F_SETSIG with siginfo.
 *           The owner may be gone, and his number another's: a task is known by the time of its birth as well.
 * INVARIANTS
 *   A1  FASYNC is in f_flags while the file is on its object's list, but for an open(2) that said O_ASYNC,
 *       which is noted and means nothing, as on Linux.
 * LOCKING   fasync_lock, interrupts off, over all lists and owners; a terminal's lock may be held outside,
 *           tasklist_lock and signals' are taken inside.
 * COST      Who makes something happen looks at one pointer while nobody asked.
 * TESTS     test/user/t_fasync.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fasync.h"
#include "fs/file.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

struct fasync_struct {
	struct file *file;
	int fd;
	struct fasync_struct *next;
};

struct fown_struct {
	int type;			/* F_OWNER_* */
	pid_t nr;			/* 0: nobody */
	u64 born;			/* start_time of the task called nr; of no meaning for a group */
	uid_t uid, euid;		/* of who made it the owner */
	int signum;			/* F_SETSIG; 0: SIGIO, without siginfo */
};

static DEFINE_SPINLOCK(fasync_lock, RANK_FILES);

/* ---- owners ---------------------------------------------------------------------------------- */

/* @f's, made if it has none yet; NULL: no memory.  It stays as long as the file. */
static struct fown_struct *owner_of(struct file *f)
{
	struct fown_struct *fresh, *o = READ_ONCE(f->f_owner);

	if (o)
		return o;
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return NULL;
	o = cmpxchg(&f->f_owner, NULL, fresh);
	if (!o)
		return fresh;
	kfree(fresh);
	return o;
}

void f_owner_free(struct file *f)
{
	kfree(f->f_owner);
}

/* The task that owns, NULL if it is gone. */
static struct task_struct *owner_task(const struct fown_struct *o) REQUIRES_SHARED(tasklist_lock)
{
	struct task_struct *t = o->nr ? find_task_by_pid(o->nr) : NULL;

	return t && t->start_time == o->born ? t : NULL;
}

/* What @nr names now, with the time of its birth: -ESRCH if it is nobody's number. */
static int find_owner(int type, pid_t nr, u64 *born)
{
	struct task_struct *t;
	unsigned long flags;
	int rc = 0;

	read_lock_irqsave(&tasklist_lock, flags);
	t = find_task_by_pid(nr);
	if (t)
		*born = t->start_time;
	else if (type != F_OWNER_PGRP || !pgrp_first(nr))
		rc = -ESRCH;
	read_unlock_irqrestore(&tasklist_lock, flags);
	return rc;
}

int f_setown(struct file *f, int type, pid_t nr, enum setown how)
{
	struct fown_struct *o;
	unsigned long flags;
	u64 born = 0;
	int rc = nr ? find_owner(type, nr, &born) : 0;

	if (rc)
		return rc;
	o = owner_of(f);
	if (!o)
		return -ENOMEM;
	spin_lock_irqsave(&fasync_lock, flags);
	if (how == SETOWN_ALWAYS || !o->nr) {
		o->type = type;
		o->nr = nr;
		o->born = born;
		o->uid = current_cred()->uid;
		o->euid = current_cred()->euid;
	}
	spin_unlock_irqrestore(&fasync_lock, flags);
	return 0;
}

void f_getown(struct file *f, struct f_owner_ex *res)
{
	struct fown_struct *o = READ_ONCE(f->f_owner);
	unsigned long flags;

	*res = (struct f_owner_ex){ .type = F_OWNER_TID };
	if (!o)
		return;
	spin_lock_irqsave(&fasync_lock, flags);
	read_lock(&tasklist_lock);
	res->type = o->type;
	if (o->type == F_OWNER_PGRP ? o->nr && pgrp_first(o->nr) : owner_task(o) != NULL)
		res->pid = o->nr;
	read_unlock(&tasklist_lock);
	spin_unlock_irqrestore(&fasync_lock, flags);
}

int f_setsig(struct file *f, unsigned long sig)
{
	struct fown_struct *o;

	if (sig > _NSIG)
		return -EINVAL;
	o = owner_of(f);
	if (!o)
		return -ENOMEM;
	WRITE_ONCE(o->signum, sig);
	return 0;
}

int f_getsig(struct file *f)
{
	struct fown_struct *o = READ_ONCE(f->f_owner);

	return o ? READ_ONCE(o->signum) : 0;
}

/* ---- telling --------------------------------------------------------------------------------- */

static const unsigned short band_table[] = {
	[POLL_IN] = EPOLLIN | EPOLLRDNORM,
	[POLL_OUT] = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND,
	[POLL_MSG] = EPOLLIN | EPOLLRDNORM | EPOLLMSG,
	[POLL_ERR] = EPOLLERR,
	[POLL_PRI] = EPOLLPRI | EPOLLRDBAND,
	[POLL_HUP] = EPOLLHUP | EPOLLERR,
};

/* Of these the codes POLL_* would mean something else. */
static bool has_codes_of_its_own(int sig)
{
	return sig == SIGILL || sig == SIGFPE || sig == SIGSEGV || sig == SIGBUS || sig == SIGTRAP ||
	       sig == SIGCHLD || sig == SIGSYS;
}

/* Might he who named @t the owner have sent it a signal? */
static bool may_tell(const struct fown_struct *o, struct task_struct *t) REQUIRES_SHARED(tasklist_lock)
{
	const struct cred *c = t->cred;

	return !o->euid || o->euid == c->suid || o->euid == c->uid || o->uid == c->suid || o->uid == c->uid;
}

static void tell_task(struct fown_struct *o, struct task_struct *t, int fd, int band) REQUIRES_SHARED(tasklist_lock)
{
	bool group = o->type != F_OWNER_TID;
	int sig = READ_ONCE(o->signum);
	siginfo_t info;

	if (!may_tell(o, t))
		return;
	if (sig) {
		memset(&info, 0, sizeof(info));
		info.si_signo = sig;
		info.si_code = has_codes_of_its_own(sig) ? SI_SIGIO : band;
		info.si_band = band_table[band];
		info.si_fd = fd;
		if (!do_send_sig_info(sig, &info, t, group))
			return;
	}
	(void)do_send_sig_info(SIGIO, SEND_SIG_PRIV, t, group);
}

static void send_sigio(struct fown_struct *o, int fd, int band) REQUIRES_SHARED(tasklist_lock)
{
	struct task_struct *t;

	if (o->type != F_OWNER_PGRP) {
		t = owner_task(o);
		if (t)
			tell_task(o, t, fd, band);
		return;
	}
	for_each_process(t)
		if (o->nr && t->signal->pgrp == o->nr)
			tell_task(o, t, fd, band);
}

void __kill_fasync(struct fasync_struct **list, int band)
{
	unsigned long flags;

	spin_lock_irqsave(&fasync_lock, flags);
	read_lock(&tasklist_lock);
	for (struct fasync_struct *a = *list; a; a = a->next)
		if (a->file->f_owner)
			send_sigio(a->file->f_owner, a->fd, band);
	read_unlock(&tasklist_lock);
	spin_unlock_irqrestore(&fasync_lock, flags);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static struct fasync_struct **find_entry(struct fasync_struct **list, const struct file *f) REQUIRES(fasync_lock)
{
	while (*list && (*list)->file != f)
		list = &(*list)->next;
	return list;
}

/* @f is on @list afterwards; @fresh if it was taken for that, else it is given back. */
static struct fasync_struct *insert(struct fasync_struct *fresh, struct fasync_struct **list, int fd, struct file *f)
	REQUIRES(fasync_lock)
{
	struct fasync_struct *old = *find_entry(list, f);

	file_set_flags(f, FASYNC, FASYNC);			/* A1 */
	if (old) {
		old->fd = fd;
		return fresh;
	}
	*fresh = (struct fasync_struct){ f, fd, *list };
	WRITE_ONCE(*list, fresh);
	return NULL;
}

int fasync_helper(int fd, struct file *f, bool on, struct fasync_struct **list)
{
	struct fasync_struct *spare = NULL, **at;
	unsigned long flags;

	if (on) {
		spare = kmalloc(sizeof(*spare), GFP_KERNEL);
		if (!spare)
			return -ENOMEM;
	}
	spin_lock_irqsave(&fasync_lock, flags);
	if (on) {
		spare = insert(spare, list, fd, f);
	} else {
		file_set_flags(f, FASYNC, 0);			/* A1 */
		at = find_entry(list, f);
		spare = *at;
		if (spare)
			WRITE_ONCE(*at, spare->next);
	}
	spin_unlock_irqrestore(&fasync_lock, flags);
	kfree(spare);
	return 0;
}
