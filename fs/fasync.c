/*
 * fs/fasync.c - signals that tell of files: O_ASYNC, F_SETOWN, F_SETSIG.
 *
 * MODEL     An object that files are of (a pipe's end, a terminal, a socket) has a list of those of its files that
 *           have O_ASYNC, with the descriptor by which it was asked for.  What happens there is told to the
 *           file's owner: a thread, a process or a group, by SIGIO, or by the signal of F_SETSIG with siginfo.
 *           The owner may be gone, and his number another's: a task is known by the time of its birth as well.
 *           A list may be as long as its user likes, and a group as large.  So who tells has an entry of his
 *           own in the list, the cursor, which says how far he is: for each file he copies what he has to
 *           know, lets the lock go, and tells.  What joins the list meanwhile does so before the cursor.
 * INVARIANTS
 *   A1  FASYNC is in f_flags while the file is on its object's list, but for an open(2) that said O_ASYNC,
 *       which is noted and means nothing, as on Linux.  A file that can be on two lists, a FIFO's open to read
 *       and to write, is on both or none: its object keeps those who change that apart.
 *   A2  A file is on a list by an entry in its fown_struct, which lives as long as the file.
 * LOCKING   list->lock, interrupts off, for the list; a terminal's lock may be held outside.  fown->lock inside it,
 *           for who the owner is.  tasklist_lock and signals' are taken with neither.
 * COST      Who makes something happen looks at one pointer while nobody asked.
 * FAILURE   The fown_struct, made when it is first needed, is all the memory that is needed.
 * TESTS     test/user/t_fasync.c, t_hoglists.c
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

struct fasync_entry {
	struct list_head link;		/* (list->lock) */
	struct fasync_list *list;	/* (list->lock) that it is on, or NULL */
	struct fown_struct *own;	/* (I) NULL: a cursor */
	int fd;				/* (list->lock) */
};

struct fown_struct {
	spinlock_t lock;		/* rank files, irqs off */
	struct file_owner who;		/* (lock) */
	struct fasync_entry at[2];	/* a FIFO has two ends (A2) */
	struct file_lease *lease;	/* (the lock of its list: leases.c) */
};

#define TELL_AT_ONCE	16		/* files, or groups where there are few tasks */

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
	spin_lock_init(&fresh->lock, RANK_FILES);
	for (unsigned i = 0; i < ARRAY_SIZE(fresh->at); i++)
		fresh->at[i].own = fresh;
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
static struct task_struct *owner_task(const struct file_owner *o) REQUIRES_SHARED(tasklist_lock)
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
	spin_lock_irqsave(&o->lock, flags);
	if (how == SETOWN_ALWAYS || !o->who.nr) {
		o->who.type = type;
		o->who.nr = nr;
		o->who.born = born;
		o->who.uid = current_cred()->uid;
		o->who.euid = current_cred()->euid;
	}
	spin_unlock_irqrestore(&o->lock, flags);
	return 0;
}

/* Who owns, as it is now; nobody if the file has no owner. */
static struct file_owner owner_now(struct fown_struct *f)
{
	struct file_owner o = { .type = F_OWNER_TID };
	unsigned long flags;

	if (!f)
		return o;
	spin_lock_irqsave(&f->lock, flags);
	o = f->who;
	spin_unlock_irqrestore(&f->lock, flags);
	return o;
}

void f_owner_now(struct file *f, struct file_owner *o) { *o = owner_now(READ_ONCE(f->f_owner)); }

void f_disown(struct file *f)
{
	struct fown_struct *o = READ_ONCE(f->f_owner);
	unsigned long flags;

	file_set_flags(f, FASYNC, 0);
	if (!o)
		return;
	spin_lock_irqsave(&o->lock, flags);
	o->who = (struct file_owner){ 0 };
	spin_unlock_irqrestore(&o->lock, flags);
}

struct file_lease **f_lease(struct file *f)
{
	struct fown_struct *o = READ_ONCE(f->f_owner);

	return o ? &o->lease : NULL;
}

bool f_lease_room(struct file *f) { return owner_of(f); }

void f_getown(struct file *f, struct f_owner_ex *res)
{
	struct file_owner o = owner_now(READ_ONCE(f->f_owner));
	unsigned long flags;

	*res = (struct f_owner_ex){ .type = o.type };
	read_lock_irqsave(&tasklist_lock, flags);
	if (o.type == F_OWNER_PGRP ? o.nr && pgrp_first(o.nr) : owner_task(&o) != NULL)
		res->pid = o.nr;
	read_unlock_irqrestore(&tasklist_lock, flags);
}

int f_setown_nr(struct file *f, int who)
{
	if (who == INT32_MIN)
		return -EINVAL;
	if (who < 0)
		return f_setown(f, F_OWNER_PGRP, -who, SETOWN_ALWAYS);
	return f_setown(f, F_OWNER_PID, who, SETOWN_ALWAYS);
}

int f_getown_nr(struct file *f)
{
	struct f_owner_ex o;

	f_getown(f, &o);
	return o.type == F_OWNER_PGRP ? -o.pid : o.pid;
}

int f_setsig(struct file *f, unsigned long sig)
{
	struct fown_struct *o;

	if (sig > _NSIG)
		return -EINVAL;
	o = owner_of(f);
	if (!o)
		return -ENOMEM;
	WRITE_ONCE(o->who.signum, sig);
	return 0;
}

int f_getsig(struct file *f)
{
	struct fown_struct *o = READ_ONCE(f->f_owner);

	return o ? READ_ONCE(o->who.signum) : 0;
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
static bool may_tell(const struct file_owner *o, struct task_struct *t) REQUIRES_SHARED(tasklist_lock)
{
	const struct cred *c = t->cred;

	return !o->euid || o->euid == c->suid || o->euid == c->uid || o->uid == c->suid || o->uid == c->uid;
}

static void tell_task(const struct file_owner *o, struct task_struct *t, int fd, int band)
	REQUIRES_SHARED(tasklist_lock)
{
	bool group = o->type != F_OWNER_TID;
	int sig = o->signum;
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

static void tell_one(const struct file_owner *o, int fd, int band)
{
	struct task_struct *t;
	unsigned long flags;

	kick_defer();
	read_lock_irqsave(&tasklist_lock, flags);
	t = owner_task(o);
	if (t)
		tell_task(o, t, fd, band);
	read_unlock_irqrestore(&tasklist_lock, flags);
	kick_flush();
}

static void tell_group(const struct file_owner *o, int fd, int band, enum walk_how how)
{
	struct process_walk w;
	struct task_struct *p;

	process_walk_begin(&w, how);
	while ((p = process_walk_next(&w)))
		if (p->signal->pgrp == o->nr) {
			tell_task(o, p, fd, band);
			process_walk_charge(&w, WALK_SIGNAL);
		}
	process_walk_end(&w);
}

static void send_sigio(const struct file_owner *o, int fd, int band, enum walk_how how)
{
	if (!o->nr)
		return;
	if (o->type == F_OWNER_PGRP)
		tell_group(o, fd, band, how);
	else
		tell_one(o, fd, band);
}

void tell_owner(const struct file_owner *o, int fd, int band) { send_sigio(o, fd, band, WALK_SLEEPS); }

/* ---- all files of a list --------------------------------------------------------------------- */

void fasync_list_init(struct fasync_list *l)
{
	spin_lock_init(&l->lock, RANK_FILES);
	INIT_LIST_HEAD(&l->files);
}

/* The next file after the cursor @at: who owns it.  False at the end, and the cursor is off the list. */
static bool next_listener(struct fasync_list *l, struct fasync_entry *at, struct file_owner *o, int *fd)
{
	struct fasync_entry *a = at;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry_continue(a, &l->files, link)
		if (a->own) {
			found = true;
			break;
		}
	list_del(&at->link);
	if (found) {
		list_add(&at->link, &a->link);
		*fd = a->fd;
		*o = owner_now(a->own);
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return found;
}

static void tell_all(struct fasync_list *l, int band, enum walk_how how)
{
	struct fasync_entry cursor = { 0 };
	unsigned long flags;
	struct file_owner o;
	int fd;

	spin_lock_irqsave(&l->lock, flags);
	list_add(&cursor.link, &l->files);
	spin_unlock_irqrestore(&l->lock, flags);
	while (next_listener(l, &cursor, &o, &fd)) {
		send_sigio(&o, fd, band, how);
		if (how == WALK_SLEEPS)
			cond_resched();
	}
}

void __kill_fasync(struct fasync_list *l, int band)
{
	tell_all(l, band, WALK_SLEEPS);
}

/* Are few files on @l, and are their owners few tasks? */
static bool few_listeners(struct fasync_list *l)
{
	struct fasync_entry *a;
	unsigned long flags;
	unsigned nr = 0;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(a, &l->files, link) {
		nr++;
		if (a->own && owner_now(a->own).type == F_OWNER_PGRP)
			nr += READ_ONCE(nr_threads) / 64;
		if (nr > TELL_AT_ONCE)
			break;
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return nr <= TELL_AT_ONCE;
}

bool __kill_fasync_few(struct fasync_list *l, int band)
{
	if (!few_listeners(l))
		return false;
	tell_all(l, band, WALK_ATOMIC);
	return true;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* The entry by which @o's file is on @l, or may come on it.  There are as many as a file has lists. */
static struct fasync_entry *entry_for(struct fown_struct *o, const struct fasync_list *l)
{
	struct fasync_entry *free = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(o->at); i++) {
		if (o->at[i].list == l)
			return &o->at[i];
		if (!o->at[i].list)
			free = &o->at[i];
	}
	return free;
}

int fasync_helper(int fd, struct file *f, bool on, struct fasync_list *l)
{
	struct fown_struct *o = on ? owner_of(f) : READ_ONCE(f->f_owner);
	struct fasync_entry *a;
	unsigned long flags;

	if (!o)
		return on ? -ENOMEM : 0;
	spin_lock_irqsave(&l->lock, flags);
	a = entry_for(o, l);
	if (on) {
		a->fd = fd;
		if (!a->list)
			list_add(&a->link, &l->files);
		a->list = l;
	} else if (a && a->list) {
		list_del(&a->link);
		a->list = NULL;
	}
	file_set_flags(f, FASYNC, on ? FASYNC : 0);		/* A1 */
	spin_unlock_irqrestore(&l->lock, flags);
	return 0;
}
