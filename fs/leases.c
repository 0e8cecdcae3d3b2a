/*
 * fs/leases.c - leases of files: who holds one is told before others open or cut the file, and has time to go.
 *
 * MODEL     F_SETLEASE on an open regular file: a read lease while nobody writes, a write lease while nobody else has
 *           it open at all.  An open or a truncation that is in its way breaks it: the holder gets SIGIO (POLL_MSG),
 *           as of O_ASYNC (fasync.c), and who breaks it waits.  The holder gives it up, or takes less, or
 *           is too late: after lease-break-time seconds it is taken from him.
 *
 *               held --a writer comes--> to go ----given up, closed, or late--> gone
 *                 `-----a reader comes--> to shrink (a write lease) --> a read lease
 *
 *           An open counts in i_writecount or i_readcount first and looks for leases then; who takes a lease puts
 *           it on the list first and looks at the counts then.  So one of two that meet sees the other.
 * INVARIANTS
 *   L1  A write lease is the only lease of its file.
 *   L2  In a file's list those that are to go come last, and the one that goes first comes first among them.
 *   L3  A lease is its open file's, at most one for each, and goes with it.
 * LOCKING   list->lock, inside it locks_lock for /proc/locks.  The holder is told with neither held.
 * FAILURE   No memory: -ENOMEM to who asks for a lease, and nothing is left.  To break one takes none.
 * COST      An open of a file that never had a lease looks at one pointer.  Of many leases the first is looked at.
 * TESTS     test/user/t_leases.c; LTP fcntl23 to fcntl27, fcntl32, fcntl33
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/leases.h"
#include "fs/fasync.h"
#include "fs/file.h"
#include "fs/locks.h"
#include "fs/seq_file.h"
#include "include/uapi/poll.h"
#include "kernel/task/cred.h"
#include "kernel/time/time.h"
#include "mm/slab/slab.h"

int sysctl_leases_enable = 1, sysctl_lease_break_time = 45;

struct lease_list {
	spinlock_t lock;		/* rank files */
	struct list_head leases;	/* (lock) L2 */
	wait_queue_head_t wait;		/* who waits for them to go */
};

struct file_lease {
	struct lock_head head;		/* F_RDLCK or F_WRLCK: (lock) */
	struct list_head link;		/* (lock) list->leases */
	struct file *file;		/* (I) L3 */
	int fd;				/* (lock) by which it was asked for */
	bool to_go, to_shrink;		/* (lock) */
	u64 go_at, shrink_at;		/* (lock) ns; 0: not by the clock */
};

enum breaker { BREAK_TO_READ, BREAK_TO_WRITE };
#define EXPIRE_AT_ONCE	64

/* ---- one lease ------------------------------------------------------------------------------- */

/* What it is going to be: F_GETLEASE and /proc/locks tell that. */
static int target_type(const struct file_lease *l)
{
	if (READ_ONCE(l->to_go))
		return F_UNLCK;
	return READ_ONCE(l->to_shrink) ? F_RDLCK : READ_ONCE(l->head.type);
}

static void lease_add(struct lease_list *list, struct file_lease *l) REQUIRES(list->lock)
{
	list_add(&l->link, &list->leases);		/* L2 */
	*f_lease(l->file) = l;
	lock_head_add(&l->head);
}

static void lease_drop(struct file_lease *l)
{
	list_del(&l->link);
	*f_lease(l->file) = NULL;
	f_disown(l->file);
	lock_head_del(&l->head);
	kfree(l);
}

/* It becomes @type, which the holder wants or the clock. */
static void lease_change(struct lease_list *list, struct file_lease *l, int type) REQUIRES(list->lock)
{
	if (type == F_UNLCK) {
		lease_drop(l);
	} else {
		l->head.type = type;
		if (type == F_RDLCK) {
			l->to_shrink = false;
			l->shrink_at = 0;
		}
	}
	wake_up_all(&list->wait);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static u64 break_deadline(void)
{
	int s = READ_ONCE(sysctl_lease_break_time);

	return s > 0 ? ktime_get() + s * 1000000000ull : 0;
}

static bool late(u64 at, u64 now) { return at && now >= at; }

static struct file_lease *first_lease(struct lease_list *list) REQUIRES(list->lock)
{
	return list_first_entry_or_null(&list->leases, struct file_lease, link);
}

/* Take leases whose time is over.  True: there may be more. */
static bool expire_some(struct lease_list *list) REQUIRES(list->lock)
{
	u64 now = ktime_get();
	struct file_lease *l;

	for (int nr = 0; nr < EXPIRE_AT_ONCE; nr++) {
		l = first_lease(list);
		if (l && late(l->go_at, now))
			lease_change(list, l, F_UNLCK);
		else if (l && late(l->shrink_at, now))
			lease_change(list, l, F_RDLCK);
		else
			return false;
	}
	return true;
}

/* Lock @list, with nothing on it that is over, as far as that is in anybody's way. */
static void lock_current(struct lease_list *list) ACQUIRE(list->lock)
{
	spin_lock(&list->lock);
	while (expire_some(list))
		(void)cond_resched_lock(&list->lock);
}

/* ---- breaking -------------------------------------------------------------------------------- */

/* A lease that is in the way, or NULL: the first, as L1 has it. */
static struct file_lease *conflicting(struct lease_list *list, enum breaker how) REQUIRES(list->lock)
{
	struct file_lease *l = first_lease(list);

	return l && (how == BREAK_TO_WRITE || l->head.type == F_WRLCK) ? l : NULL;
}

/* One that is in the way and whose holder does not know; L2. */
static struct file_lease *unaware(struct lease_list *list, enum breaker how) REQUIRES(list->lock)
{
	struct file_lease *l = conflicting(list, how);

	if (!l || l->to_go || (how == BREAK_TO_READ && l->to_shrink))
		return NULL;
	return l;
}

static void mark(struct lease_list *list, struct file_lease *l, enum breaker how) REQUIRES(list->lock)
{
	if (how == BREAK_TO_READ) {
		l->to_shrink = true;
		l->shrink_at = break_deadline();
		return;
	}
	l->to_go = true;
	l->go_at = break_deadline();
	list_move_tail(&l->link, &list->leases);	/* L2 */
}

/* How long to wait for @l, in ns. */
static u64 time_left(const struct file_lease *l)
{
	u64 at = l->to_go ? l->go_at : l->shrink_at, now = ktime_get();

	if (l->to_go && l->to_shrink && l->shrink_at)
		at = at ? min(at, l->shrink_at) : l->shrink_at;
	if (!at)
		return ~0ull;
	return at > now ? at - now : 1;
}

/* Sleep once, unless nothing is in the way.  => 0: nothing is; -EAGAIN: look again; -ERESTARTSYS */
static int wait_once(struct lease_list *list, enum breaker how)
{
	struct file_lease *l;
	int rc = -EAGAIN;
	u64 left = 0;
	DEFINE_WAIT(w);

	prepare_to_wait(&list->wait, &w, TASK_INTERRUPTIBLE);
	spin_lock(&list->lock);
	l = conflicting(list, how);
	if (l)
		left = time_left(l);
	spin_unlock(&list->lock);
	if (!l)
		rc = 0;
	else if (signal_pending())
		rc = -ERESTARTSYS;
	else
		schedule_timeout(left);
	finish_wait(&list->wait, &w);
	return rc;
}

static int wait_until_gone(struct lease_list *list, enum breaker how)
{
	int rc;

	do {
		lock_current(list);
		spin_unlock(&list->lock);
		rc = wait_once(list, how);
	} while (rc == -EAGAIN);
	return rc;
}

int __break_lease(struct lease_list *list, unsigned flags)
{
	enum breaker how = (flags & O_ACCMODE) == O_RDONLY ? BREAK_TO_READ : BREAK_TO_WRITE;
	struct file_lease *l;
	struct file_owner o;
	bool busy;
	int fd;

	lock_current(list);
	while ((l = unaware(list, how))) {
		mark(list, l, how);
		fd = l->fd;
		f_owner_now(l->file, &o);
		spin_unlock(&list->lock);
		tell_owner(&o, fd, POLL_MSG);
		cond_resched();
		spin_lock(&list->lock);
	}
	busy = conflicting(list, how);
	spin_unlock(&list->lock);
	if (!busy)
		return 0;
	return flags & O_NONBLOCK ? -EWOULDBLOCK : wait_until_gone(list, how);
}

/* Outside: the list of an inode that never had a lease is looked at by every open. */
bool leases_held(struct lease_list *list)
{
	return READ_ONCE(list->leases.next) != &list->leases;
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* Has the file an open that a lease of @type on @f does not go with?  0 or -EAGAIN */
static int check_opens(const struct file *f, int type)
{
	struct inode *inode = f->f_inode;
	bool writer = f->f_mode & FMODE_WRITE, reader = !writer && (f->f_mode & FMODE_READ);

	if (type == F_RDLCK)
		return atomic_read(&inode->i_writecount) > 0 ? -EAGAIN : 0;
	if (atomic_read(&inode->i_writecount) != writer || atomic_read(&inode->i_readcount) != reader)
		return -EAGAIN;
	return 0;
}

/* Has it leases besides @mine (or NULL) that this one does not go with? */
static int check_leases(struct lease_list *list, const struct file_lease *mine, int type) REQUIRES(list->lock)
{
	struct file_lease *l;

	list_for_each_entry_reverse(l, &list->leases, link) {
		if (l != mine)
			return type == F_WRLCK || l->to_go ? -EAGAIN : 0;	/* L2: the last is like all */
	}
	return 0;
}

/* Who is told: who asked, if nobody else was named.  What f_setown() allocates is there. */
static void lease_set_owner(struct file_lease *l)
{
	file_set_flags(l->file, FASYNC, FASYNC);
	(void)f_setown(l->file, F_OWNER_PID, current->tgid, SETOWN_IF_NONE);
}

/* *@fresh is NULL afterwards if it was taken. */
static int try_lease(struct lease_list *list, struct file *f, int type, struct file_lease **fresh)
	REQUIRES(list->lock)
{
	struct file_lease *l, *mine = *f_lease(f);
	int rc = check_opens(f, type);

	if (!rc)
		rc = check_leases(list, mine, type);
	if (rc)
		return rc;
	if (mine) {
		mine->fd = (*fresh)->fd;
		lease_change(list, mine, type);
		lease_set_owner(mine);
		return 0;
	}
	if (!sysctl_leases_enable)
		return -EINVAL;
	l = *fresh;
	*fresh = NULL;
	lease_add(list, l);
	smp_mb();		/* the list before the counts: pairs with break_lease() */
	rc = check_opens(f, type);
	if (rc)
		lease_drop(l);
	else
		lease_set_owner(l);
	return rc;
}

static struct lease_list *lease_list_of(struct inode *inode)
{
	struct lease_list *fresh, *list = READ_ONCE(inode->i_leases);

	if (list)
		return list;
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return NULL;
	spin_lock_init(&fresh->lock, RANK_FILES);
	INIT_LIST_HEAD(&fresh->leases);
	init_waitqueue_head(&fresh->wait);
	list = cmpxchg(&inode->i_leases, NULL, fresh);
	if (!list)
		return fresh;
	kfree(fresh);
	return list;
}

static struct file_lease *lease_alloc(unsigned fd, struct file *f, int type)
{
	struct file_lease *l = kzalloc(sizeof(*l), GFP_KERNEL);

	if (!l)
		return NULL;
	l->head = (struct lock_head){ .inode = f->f_inode, .kind = LOCK_LEASE, .type = type, .pid = current->tgid };
	l->file = f;
	l->fd = fd;
	return l;
}

static int add_lease(unsigned fd, struct file *f, int type)
{
	struct lease_list *list = lease_list_of(f->f_inode);
	struct file_lease *fresh;
	int rc;

	if (!list || !f_lease_room(f))
		return -ENOMEM;
	fresh = lease_alloc(fd, f, type);
	if (!fresh)
		return -ENOMEM;
	lock_current(list);
	rc = try_lease(list, f, type, &fresh);
	spin_unlock(&list->lock);
	kfree(fresh);
	return rc;
}

/* 0, or -EAGAIN: there was none. */
static int remove_lease(struct file *f)
{
	struct lease_list *list = READ_ONCE(f->f_inode->i_leases);
	struct file_lease **mine = f_lease(f);
	int rc = -EAGAIN;

	if (!list || !mine)
		return rc;
	spin_lock(&list->lock);
	if (*mine) {
		lease_change(list, *mine, F_UNLCK);
		rc = 0;
	}
	spin_unlock(&list->lock);
	return rc;
}

void leases_remove_file(struct file *f) { (void)remove_lease(f); }

void leases_free(struct inode *inode) { kfree(inode->i_leases); }

/* ---- fcntl(2), /proc ------------------------------------------------------------------------- */

int fcntl_setlease(unsigned fd, struct file *f, int type)
{
	if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
		return -EINVAL;
	if (f->f_inode->i_uid != current_fsuid() && !capable(CAP_LEASE))
		return -EACCES;
	if (!S_ISREG(f->f_inode->i_mode))
		return -EINVAL;
	return type == F_UNLCK ? remove_lease(f) : add_lease(fd, f, type);
}

int fcntl_getlease(struct file *f)
{
	struct lease_list *list = READ_ONCE(f->f_inode->i_leases);
	struct file_lease **mine = f_lease(f);
	int type = F_UNLCK;

	if (!list || !mine)
		return type;
	lock_current(list);
	if (*mine)
		type = target_type(*mine);
	spin_unlock(&list->lock);
	return type;
}

/* => locks_lock, which keeps it */
void show_lease(struct seq_file *m, unsigned nr, const struct lock_head *h)
{
	const struct file_lease *l = container_of(h, struct file_lease, head);
	bool breaking = READ_ONCE(l->to_go) || READ_ONCE(l->to_shrink);

	seq_printf(m, "%u: LEASE  %s", nr, breaking ? "BREAKING  " : "ACTIVE    ");
	show_lock_tail(m, h, target_type(l));
	seq_puts(m, "0 EOF\n");
}

void show_fd_lease(struct seq_file *m, struct file *f, unsigned nr)
{
	struct lease_list *list = READ_ONCE(f->f_inode->i_leases);
	struct file_lease **mine = f_lease(f);

	if (!list || !mine)
		return;
	spin_lock(&list->lock);
	if (*mine) {
		seq_puts(m, "lock:\t");
		show_lease(m, nr, &(*mine)->head);
	}
	spin_unlock(&list->lock);
}
