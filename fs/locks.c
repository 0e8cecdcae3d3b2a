/*
 * fs/locks.c - advisory locks: flock(2), fcntl(2) records owned by processes or by open files.
 *
 * MODEL     inode->i_flock lists the locks that are held.  A lock has an owner: the descriptor table for
 *           POSIX records, the open file for flock() and OFD records.  Records of one owner never
 *           overlap: a new one cuts or swallows the old ones, and merges with neighbours of its type.
 *           Who must wait sleeps on one queue for all files, and tries again whenever a lock goes.
 *           Before a POSIX waiter sleeps, the chain of who waits for whom is followed: a circle is EDEADLK.
 *           RLIMIT_LOCKS limits nothing, as on Linux, which leaves the memory of locks to cgroups.  Here they may
 *           take LOCKS_SHARE of memory for each user: the rule that epoll has for its items, and as far out of
 *           any program's way, and be LOCKS_MOST; beyond it is ENOLCK, which is what POSIX has for this.
 * INVARIANTS
 *   K1  Two held locks of one kind that overlap, one of them exclusive, have the same owner.
 *   K2  Records of an owner on a file are disjoint; adjacent ones differ in type.  They stand together and in
 *       order, the owners in the order of their first record: so the lock that F_GETLK tells is Linux's.
 *   K3  user->file_locks counts the locks that are held.
 * LOCKING   locks_lock for every list.  Locks that may be needed are allocated before it is taken.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/locks.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/leases.h"
#include "fs/seq_file.h"
#include "include/syscall.h"
#include "kernel/task/cred.h"
#include "mm/phys/gfp.h"
#include "mm/slab/slab.h"

struct file_lock {
	struct lock_head head;
	struct list_head link;		/* inode->i_flock */
	void *owner;
	struct user_struct *user;	/* counted: who pays */
	loff_t start, end;		/* bytes, end inclusive */
};

/* What it takes to change a file's locks, and what is left over. */
struct lock_room {
	struct file_lock *spare[2];	/* to be used */
	struct list_head gone;		/* to be freed */
};

struct lock_waiter {			/* (locks_lock) */
	struct list_head link;
	void *owner, *blocked_by;
};

static DEFINE_SPINLOCK(locks_lock, RANK_FILES);
static DECLARE_WAIT_QUEUE_HEAD(locks_wait);
static LIST_HEAD(lock_waiters);
static LIST_HEAD(all_locks);			/* (locks_lock) of lock_head: /proc/locks */
static struct kmem_cache *lock_cache;
static unsigned long max_user_locks;
#define LOCKS_SHARE	(totalram_pages() / 25 << PAGE_SHIFT)	/* 4 % */
#define LOCKS_MOST	65536ul		/* one call looks at all of a file's */

/* flock() locks do not conflict with records; POSIX and OFD records do with each other. */
static bool same_space(enum lock_kind a, enum lock_kind b)
{
	return (a == LOCK_FLOCK) == (b == LOCK_FLOCK);
}

static bool same_owner(const struct file_lock *a, const struct file_lock *b)
{
	return a->owner == b->owner && a->head.kind == b->head.kind;
}

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* Of two that overlap.  Who asks about F_UNLCK (F_OFD_GETLK) asks for his own. */
static bool in_the_way(const struct file_lock *held, const struct file_lock *want)
{
	if (want->head.type == F_UNLCK)
		return same_owner(held, want);
	return !same_owner(held, want) && (held->head.type == F_WRLCK || want->head.type == F_WRLCK);
}

/* The held lock that keeps @want from being taken, or NULL. */
static struct file_lock *find_conflict(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each_entry(l, &inode->i_flock, link)
		if (same_space(l->head.kind, want->head.kind) && overlaps(l, want) && in_the_way(l, want))
			return l;
	return NULL;
}

static void lock_add(struct inode *inode, struct file_lock *l, struct list_head *after)
{
	l->head.inode = inode;
	get_uid(l->user);
	atomic_long_add(1, &l->user->file_locks);	/* K3 */
	list_add(&l->link, after);
	list_add_tail(&l->head.all, &all_locks);
}

/* Off its lists, on @gone: there may be many, and they are freed without the lock. */
static void lock_drop(struct file_lock *l, struct list_head *gone)
{
	list_move(&l->link, gone);
	list_del(&l->head.all);
}

static void free_locks(struct list_head *gone)
{
	struct file_lock *l, *next;

	list_for_each_entry_safe(l, next, gone, link) {
		atomic_long_sub(1, &l->user->file_locks);	/* K3 */
		free_uid(l->user);
		kmem_cache_free(lock_cache, l);
		cond_resched();
	}
}

/*
 * Make [want->start, want->end] of its owner have want->head.type (F_UNLCK: nothing).  @room->spare are
 * locks to use; those that are used become NULL.  => locks_lock; no conflict
 */
static void apply_record(struct inode *inode, const struct file_lock *want, struct lock_room *room)
{
	struct file_lock new_ = *want, *l, *next;
	struct list_head *after = NULL;		/* where the new one belongs (K2) */

	list_for_each_entry_safe(l, next, &inode->i_flock, link) {
		if (!same_owner(l, want))
			continue;
		if (l->head.type == want->head.type && l->start <= new_.end + (new_.end != INT64_MAX) &&
		    new_.start <= l->end + (l->end != INT64_MAX)) {
			new_.start = min(new_.start, l->start);		/* K2: merge */
			new_.end = max(new_.end, l->end);
		} else if (l->end < want->start) {
			after = &l->link;
			continue;
		} else if (l->start > want->end) {
			after = after ?: l->link.prev;
			continue;
		} else if (l->start < want->start && l->end > want->end) {
			*room->spare[0] = *l;				/* split: the upper part */
			room->spare[0]->start = want->end + 1;
			lock_add(inode, room->spare[0], &l->link);
			room->spare[0] = NULL;
			l->end = want->start - 1;
			after = &l->link;
			continue;
		} else if (l->start < want->start) {
			l->end = want->start - 1;
			after = &l->link;
			continue;
		} else if (l->end > want->end) {
			l->start = want->end + 1;
			after = after ?: l->link.prev;
			continue;
		}
		after = after ?: l->link.prev;
		lock_drop(l, &room->gone);
	}
	if (want->head.type == F_UNLCK)
		return;
	*room->spare[1] = new_;
	lock_add(inode, room->spare[1], after ?: inode->i_flock.prev);
	room->spare[1] = NULL;
}

/* May @want's user have one lock more, if it takes one?  => locks_lock */
static bool lock_allowed(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *l;

	if (likely((unsigned long)atomic_long_read(&want->user->file_locks) < max_user_locks))
		return true;
	if (want->head.type != F_UNLCK)
		return capable(CAP_SYS_RESOURCE);
	list_for_each_entry(l, &inode->i_flock, link)
		if (same_owner(l, want) && l->start < want->start && l->end > want->end)
			return capable(CAP_SYS_RESOURCE);
	return true;
}

/* Would waiting for @blocker's owner close a circle?  => locks_lock */
static bool would_deadlock(void *me, void *blocker)
{
	struct lock_waiter *w;

	for (int hops = 0; hops < 10 && blocker; hops++) {
		void *next = NULL;

		if (blocker == me)
			return true;
		list_for_each_entry(w, &lock_waiters, link)
			if (w->owner == blocker)
				next = w->blocked_by;
		blocker = next;
	}
	return false;
}

/* Try once.  => 0: done; -EAGAIN with *@w on the waiters' list (if @wait); -EDEADLK */
static int try_lock(struct inode *inode, const struct file_lock *want, struct lock_room *room,
		    struct lock_waiter *w, bool wait)
{
	struct file_lock *c = want->head.type == F_UNLCK ? NULL : find_conflict(inode, want);

	if (!c) {
		if (!lock_allowed(inode, want))
			return -ENOLCK;
		apply_record(inode, want, room);	/* K1: nothing conflicts */
		return 0;
	}
	if (wait && want->head.kind == LOCK_POSIX && c->head.kind == LOCK_POSIX &&
	    would_deadlock(want->owner, c->owner))
		return -EDEADLK;
	if (wait) {
		w->owner = want->owner;
		w->blocked_by = c->owner;
		list_add(&w->link, &lock_waiters);
	}
	return -EAGAIN;
}

static int set_lock(struct inode *inode, const struct file_lock *want, bool wait)
{
	struct lock_room room = {
		.spare = { kmem_cache_alloc(lock_cache, GFP_KERNEL), kmem_cache_alloc(lock_cache, GFP_KERNEL) },
		.gone = LIST_HEAD_INIT(room.gone),
	};
	struct lock_waiter w;
	int rc = -ENOLCK;
	DEFINE_WAIT(entry);

	while (room.spare[0] && room.spare[1]) {
		if (wait)
			prepare_to_wait(&locks_wait, &entry, TASK_INTERRUPTIBLE);
		spin_lock(&locks_lock);
		rc = try_lock(inode, want, &room, &w, wait);
		spin_unlock(&locks_lock);
		if (rc != -EAGAIN || !wait)
			break;
		if (signal_pending())
			rc = -ERESTARTSYS;
		else
			schedule();
		spin_lock(&locks_lock);
		list_del(&w.link);
		spin_unlock(&locks_lock);
		if (rc == -ERESTARTSYS)
			break;
	}
	if (wait)
		finish_wait(&locks_wait, &entry);
	for (int i = 0; i < 2; i++)
		if (room.spare[i])
			kmem_cache_free(lock_cache, room.spare[i]);
	free_locks(&room.gone);
	if (!rc && waitqueue_active(&locks_wait))	/* less may be locked now than before */
		wake_up_all(&locks_wait);
	return rc;
}

/* ---- going away ------------------------------------------------------------------------------ */

static void remove_owned(struct inode *inode, enum lock_kind kind, void *owner)
{
	struct file_lock *l, *next;
	LIST_HEAD(gone);

	spin_lock(&locks_lock);
	list_for_each_entry_safe(l, next, &inode->i_flock, link)
		if (l->head.kind == kind && l->owner == owner)
			lock_drop(l, &gone);
	spin_unlock(&locks_lock);
	if (list_empty(&gone))
		return;
	wake_up_all(&locks_wait);
	free_locks(&gone);
}

/* POSIX: any close of the file by the process drops its records. */
void locks_remove_posix(struct file *f, struct files_struct *owner)
{
	remove_owned(f->f_inode, LOCK_POSIX, owner);
}

void locks_remove_file(struct file *f)
{
	remove_owned(f->f_inode, LOCK_FLOCK, f);
	remove_owned(f->f_inode, LOCK_OFD, f);
}

/* ---- system calls ---------------------------------------------------------------------------- */

SYSCALL_DEFINE2(flock, unsigned, fd, unsigned, cmd)
{
	struct file_lock want = { .head.kind = LOCK_FLOCK, .start = 0, .end = INT64_MAX };
	struct fd f;
	int rc;

	if (cmd & LOCK_MAND)		/* was once something else; Linux still takes it and does nothing */
		return 0;
	switch (cmd & ~LOCK_NB) {
	case LOCK_SH: want.head.type = F_RDLCK; break;
	case LOCK_EX: want.head.type = F_WRLCK; break;
	case LOCK_UN: want.head.type = F_UNLCK; break;
	default: return -EINVAL;
	}
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	want.owner = f.file;
	want.user = current_cred()->user;
	want.head.pid = current->tgid;
	rc = want.head.type != F_UNLCK && !(f.file->f_mode & (FMODE_READ | FMODE_WRITE)) ? -EBADF :
		set_lock(f.file->f_inode, &want, !(cmd & LOCK_NB));
	fdput(f);
	return rc;
}

static int flock_start(struct file *f, const struct flock *fl, loff_t *start)
{
	loff_t base;

	switch (fl->l_whence) {
	case SEEK_SET: base = 0; break;
	case SEEK_CUR: base = f->f_pos; break;
	case SEEK_END: base = f->f_inode->i_size; break;
	default: return -EINVAL;
	}
	if (__builtin_add_overflow(base, fl->l_start, start))
		return -EOVERFLOW;
	return *start < 0 ? -EINVAL : 0;
}

static int lock_from_flock(struct file *f, unsigned cmd, const struct flock *fl, struct file_lock *l)
{
	bool ofd = cmd >= F_OFD_GETLK && cmd <= F_OFD_SETLKW;
	loff_t start;
	int rc = flock_start(f, fl, &start);

	if (rc)
		return rc;
	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK && fl->l_type != F_UNLCK)
		return -EINVAL;
	if (ofd && fl->l_pid)
		return -EINVAL;
	*l = (struct file_lock){
		.head = { .kind = ofd ? LOCK_OFD : LOCK_POSIX, .type = fl->l_type, .pid = ofd ? -1 : current->tgid },
		.owner = ofd ? (void *)f : current->files,
		.user = current_cred()->user,
		.start = start,
		.end = INT64_MAX,
	};
	if (fl->l_len > 0) {
		if (__builtin_add_overflow(start, fl->l_len - 1, &l->end))
			return -EOVERFLOW;
	} else if (fl->l_len < 0) {
		if (start + fl->l_len < 0)
			return -EINVAL;
		l->start = start + fl->l_len;
		l->end = start - 1;
	}
	return 0;
}

int fcntl_getlk(struct file *f, unsigned cmd, struct flock *fl)
{
	struct file_lock want, *c;
	int rc;

	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK && !(cmd == F_OFD_GETLK && fl->l_type == F_UNLCK))
		return -EINVAL;
	rc = lock_from_flock(f, cmd, fl, &want);
	if (rc)
		return rc;
	spin_lock(&locks_lock);
	c = find_conflict(f->f_inode, &want);
	fl->l_type = F_UNLCK;
	if (c)
		*fl = (struct flock){
			.l_type = c->head.type,
			.l_whence = SEEK_SET,
			.l_start = c->start,
			.l_len = c->end == INT64_MAX ? 0 : c->end - c->start + 1,
			.l_pid = c->head.pid,
		};
	spin_unlock(&locks_lock);
	return 0;
}

int fcntl_setlk(struct file *f, unsigned cmd, struct flock *fl)
{
	struct file_lock want;
	int rc = lock_from_flock(f, cmd, fl, &want);

	if (rc)
		return rc;
	if ((want.head.type == F_RDLCK && !(f->f_mode & FMODE_READ)) ||
	    (want.head.type == F_WRLCK && !(f->f_mode & FMODE_WRITE)))
		return -EBADF;
	return set_lock(f->f_inode, &want, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

/* ---- /proc/locks ----------------------------------------------------------------------------- */

void lock_head_add(struct lock_head *h)
{
	spin_lock(&locks_lock);
	list_add_tail(&h->all, &all_locks);
	spin_unlock(&locks_lock);
}

void lock_head_del(struct lock_head *h)
{
	spin_lock(&locks_lock);
	list_del(&h->all);
	spin_unlock(&locks_lock);
}

void show_lock_tail(struct seq_file *m, const struct lock_head *h, int type)
{
	static const char *const types[] = { [F_RDLCK] = "READ", [F_WRLCK] = "WRITE", [F_UNLCK] = "UNLCK" };
	dev_t dev = h->inode->i_sb->s_dev;

	seq_printf(m, "%s %d %02x:%02x:%lu ", types[type], h->pid, MAJOR(dev), MINOR(dev),
		   (unsigned long)h->inode->i_ino);
}

static void show_lock(struct seq_file *m, unsigned nr, const struct lock_head *h)
{
	static const char *const kinds[] = {
		[LOCK_FLOCK] = "FLOCK ", [LOCK_POSIX] = "POSIX ", [LOCK_OFD] = "OFDLCK",
	};
	const struct file_lock *l = container_of(h, struct file_lock, head);

	if (h->kind == LOCK_LEASE) {
		show_lease(m, nr, h);
		return;
	}
	seq_printf(m, "%u: %s ADVISORY  ", nr, kinds[h->kind]);
	show_lock_tail(m, h, h->type);
	if (l->end == INT64_MAX)
		seq_printf(m, "%lld EOF\n", (long long)l->start);
	else
		seq_printf(m, "%lld %lld\n", (long long)l->start, (long long)l->end);
}

void show_fd_locks(struct seq_file *m, struct file *f, const struct files_struct *files)
{
	struct file_lock *l;
	unsigned nr = 0;

	spin_lock(&locks_lock);
	list_for_each_entry(l, &f->f_inode->i_flock, link)
		if (l->owner == f || l->owner == files) {
			seq_puts(m, "lock:\t");
			show_lock(m, ++nr, &l->head);
			if (seq_has_overflowed(m))
				break;
		}
	spin_unlock(&locks_lock);
	show_fd_lease(m, f, ++nr);
}

/* One record at a time: between two reads of the file the list may change. */
static void *locks_start(__maybe_unused struct seq_file *m, loff_t *pos) ACQUIRE(locks_lock)
{
	struct lock_head *h;
	loff_t i = *pos;

	spin_lock(&locks_lock);
	list_for_each_entry(h, &all_locks, all)
		if (!i--)
			return h;
	return NULL;
}

static void *locks_next(__maybe_unused struct seq_file *m, void *v, loff_t *pos)
{
	struct lock_head *h = v;

	++*pos;
	return list_is_last(&h->all, &all_locks) ? NULL : list_next_entry(h, all);
}

static void locks_stop(__maybe_unused struct seq_file *m, __maybe_unused void *v) RELEASE(locks_lock)
{
	spin_unlock(&locks_lock);
}

static int locks_show(struct seq_file *m, void *v)
{
	show_lock(m, m->index + 1, v);
	return 0;
}

const struct seq_operations proc_locks_ops = { locks_start, locks_stop, locks_next, locks_show };

void __init locks_init(void)
{
	lock_cache = KMEM_CACHE(file_lock, SLAB_PANIC);
	max_user_locks = min(LOCKS_SHARE / sizeof(struct file_lock), LOCKS_MOST);
}
