/*
 * kernel/ipc/sem.c - semaphore sets of System V: semget, semop, semtimedop, semctl.
 *
 * MODEL     A set has semaphores and a queue of sleepers, oldest first.  A sleeper keeps its operations, which
 *           are done all together or not at all.  Whoever changes a semaphore does, for sleepers, what
 *           they wait to do (update_queue()) and wakes them with the result: nobody wakes up in vain.
 *           SEM_UNDO: a sem_undo per process and set has for each semaphore what is to be added when the
 *           process ends; the processes' lists may be shared (CLONE_SYSVSEM).
 * INVARIANTS
 *   E1  0 <= val <= SEMVMX, unless the lock is held.
 *   E2  No operation in the queue can be done, unless the lock is held.
 *   E3  A sem_undo is on its list and on its set's, or on neither: the set's end frees it.
 * LOCKING   sem_ids.lock for all of it.  A sleeper is on the queue exactly while its status is SLEEPING.
 * COST      A change looks at every sleeper of the set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/proc.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/sem.h"
#include "kernel/task/cred.h"
#include "kernel/sched/sched.h"
#include "kernel/time/time.h"
#include "mm/slab/slab.h"

#define SEMVMX		32767
#define SEMAEM		SEMVMX
#define SEMMSL		32000
#define SEMMNI		32000
#define SEMMNS		(SEMMSL * SEMMNI)
#define SEMOPM		500
#define SLEEPING	1		/* status of who is on a queue */

struct sem {
	int val;
	pid_t pid;			/* of who changed it last */
};

struct sem_set {
	struct kern_ipc_perm perm;
	s64 otime, ctime;		/* seconds */
	struct list_head sleepers;	/* sem_sleeper.link */
	struct list_head undos;		/* sem_undo.set_link */
	unsigned nsems;			/* (I) */
	struct sem sems[];
};

/* All fields but @task by sem_ids.lock. */
struct sem_sleeper {
	struct list_head link;
	struct task_struct *task;	/* (I) */
	const struct sembuf *ops, *blocked;	/* what it wants; the one that cannot be done */
	unsigned nr;
	struct sem_undo *undo;		/* or NULL */
	pid_t pid;
	int status;			/* SLEEPING, 0 or -errno */
};

struct sem_undo {
	struct list_head list_link, set_link;	/* E3 */
	struct sem_set *set;
	s16 adjust[];			/* one per semaphore */
};

struct sem_undo_list {
	atomic_t users;			/* tasks */
	struct list_head undos;
};

/* semmsl, semmns, semopm, semmni: as /proc/sys/kernel/sem shows them */
static int sem_ctls[4] = { SEMMSL, SEMMNS, SEMOPM, SEMMNI };
#define sem_semmsl	sem_ctls[0]
#define sem_semmns	sem_ctls[1]
#define sem_semopm	sem_ctls[2]
#define sem_semmni	sem_ctls[3]
static int sem_used;			/* (sem_ids.lock) semaphores of all sets */

static inline struct sem_set *to_sem(struct kern_ipc_perm *perm)
{
	return container_of(perm, struct sem_set, perm);
}

/* ---- sets ------------------------------------------------------------------------------------------ */

static struct kern_ipc_perm *sem_create(const struct ipc_params *p)
{
	struct sem_set *s;

	if (!p->size)
		return ERR_PTR(-EINVAL);
	s = kvzalloc(sizeof(*s) + p->size * sizeof(struct sem), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	atomic_set(&s->perm.refs, 1);
	INIT_LIST_HEAD(&s->sleepers);
	INIT_LIST_HEAD(&s->undos);
	s->nsems = p->size;
	s->ctime = ipc_now();
	return &s->perm;
}

static void sem_free(struct kern_ipc_perm *perm)
{
	kvfree(to_sem(perm));
}

static int sem_check(const struct kern_ipc_perm *perm, const struct ipc_params *p)
{
	return p->size > container_of(perm, struct sem_set, perm)->nsems ? -EINVAL : 0;
}

static int sem_account(struct kern_ipc_perm *perm, int sign)
{
	int nr = to_sem(perm)->nsems;

	if (sign > 0 && nr > sem_semmns - sem_used)
		return -ENOSPC;
	sem_used += sign * nr;
	return 0;
}

static void sem_show(struct seq_file *m, struct kern_ipc_perm *perm)
{
	struct sem_set *s = to_sem(perm);

	seq_printf(m, "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n", perm->key, perm->id, perm->mode,
		   s->nsems, perm->uid, perm->gid, perm->cuid, perm->cgid, (unsigned long long)s->otime,
		   (unsigned long long)s->ctime);
}

struct ipc_ids sem_ids = {
	IPC_IDS_INIT(sem_ids),
	.limit = &sem_semmni, .create = sem_create, .free = sem_free, .check = sem_check, .account = sem_account,
	.heading = "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n",
	.show = sem_show,
};

SYSCALL_DEFINE3(semget, int, key, int, nsems, int, flags)
{
	struct ipc_params p = { .key = key, .flags = flags, .size = nsems };

	if (nsems < 0 || nsems > sem_semmsl)
		return -EINVAL;
	return ipc_get(&sem_ids, &p);
}

/* ---- operations --------------------------------------------------------------------------------------- */

/* Take back the first @n of @ops. */
static void undo_ops(struct sem_set *s, const struct sembuf *ops, unsigned n, struct sem_undo *undo)
{
	while (n--) {
		s->sems[ops[n].sem_num].val -= ops[n].sem_op;
		if (ops[n].sem_flg & SEM_UNDO)
			undo->adjust[ops[n].sem_num] += ops[n].sem_op;
	}
}

/* One operation: 0, SLEEPING when it cannot be done now, -ERANGE. */
static int do_one(struct sem_set *s, const struct sembuf *op, struct sem_undo *undo)
{
	struct sem *sem = &s->sems[op->sem_num];
	int val = sem->val + op->sem_op;

	if ((!op->sem_op && sem->val) || val < 0)
		return SLEEPING;
	if (val > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		int adjust = undo->adjust[op->sem_num] - op->sem_op;

		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
		undo->adjust[op->sem_num] = adjust;
	}
	sem->val = val;
	return 0;
}

/* All of @q's operations or none.  0, SLEEPING (q->blocked says for which) or -errno.  => lock */
static int try_ops(struct sem_set *s, struct sem_sleeper *q) REQUIRES(sem_ids.lock)
{
	unsigned i;
	int rc = 0;

	for (i = 0; i < q->nr && !rc; i++)
		rc = do_one(s, &q->ops[i], q->undo);
	if (rc) {
		q->blocked = &q->ops[--i];
		undo_ops(s, q->ops, i, q->undo);
		return rc == SLEEPING && (q->blocked->sem_flg & IPC_NOWAIT) ? -EAGAIN : rc;
	}
	while (i--)
		s->sems[q->ops[i].sem_num].pid = q->pid;
	s->otime = ipc_now();
	return 0;
}

static void wake_sleeper(struct sem_sleeper *q, int status) REQUIRES(sem_ids.lock)
{
	list_del(&q->link);
	q->status = status;
	wake_up_process(q->task);	/* it cannot leave before the lock is free */
}

static bool changes(const struct sem_sleeper *q)
{
	for (unsigned i = 0; i < q->nr; i++)
		if (q->ops[i].sem_op)
			return true;
	return false;
}

/* Semaphores have changed: whoever can go on does so.  E2.  => lock */
static void update_queue(struct sem_set *s) REQUIRES(sem_ids.lock)
{
	struct sem_sleeper *q, *next;
	bool again;

	do {
		again = false;
		list_for_each_entry_safe(q, next, &s->sleepers, link) {
			int rc = try_ops(s, q);

			if (rc == SLEEPING)
				continue;
			again |= !rc && changes(q);
			wake_sleeper(q, rc);
			if (again)
				break;		/* the oldest first */
		}
	} while (again);
}

/* ---- undo --------------------------------------------------------------------------------------------- */

/* The running task's list, made if there is none; NULL without memory. */
static struct sem_undo_list *undo_list(void)
{
	struct sem_undo_list *l = current->sysvsem;

	if (!l) {
		l = kmalloc(sizeof(*l), GFP_KERNEL);
		if (l) {
			atomic_set(&l->users, 1);
			INIT_LIST_HEAD(&l->undos);
			current->sysvsem = l;
		}
	}
	return l;
}

/* => lock */
static struct sem_undo *find_undo(struct sem_undo_list *l, const struct sem_set *s) REQUIRES(sem_ids.lock)
{
	struct sem_undo *u;

	list_for_each_entry(u, &l->undos, list_link)
		if (u->set == s)
			return u;
	return NULL;
}

static void drop_undo(struct sem_undo *u) REQUIRES(sem_ids.lock)
{
	list_del(&u->list_link);
	list_del(&u->set_link);
	kvfree(u);
}

/*
 * Does the running task's list @l have a sem_undo for the set @id, or is there no such set?  If neither, *fresh, when
 * it is for a set of that size, becomes it; else *nsems says which size it takes.
 */
static bool undo_is_there(struct sem_undo_list *l, int id, struct sem_undo **fresh, unsigned *nsems)
{
	struct kern_ipc_perm *perm;
	bool there;

	mutex_lock(&sem_ids.lock);
	perm = ipc_find(&sem_ids, id);
	there = !perm || find_undo(l, to_sem(perm));
	if (!there && *fresh && to_sem(perm)->nsems == *nsems) {
		(*fresh)->set = to_sem(perm);
		list_add(&(*fresh)->list_link, &l->undos);
		list_add(&(*fresh)->set_link, &to_sem(perm)->undos);
		*fresh = NULL;
		there = true;
	}
	if (!there)
		*nsems = to_sem(perm)->nsems;
	mutex_unlock(&sem_ids.lock);
	return there;
}

/* The running task's sem_undo for the set @id is there afterwards, if there is the set.  0 or -ENOMEM */
static int make_undo(int id)
{
	struct sem_undo_list *l = undo_list();
	struct sem_undo *fresh = NULL;
	unsigned nsems = 0;
	int rc = l ? 0 : -ENOMEM;

	while (!rc && !undo_is_there(l, id, &fresh, &nsems)) {
		kvfree(fresh);
		fresh = kvzalloc(sizeof(*fresh) + nsems * sizeof(s16), GFP_KERNEL);
		rc = fresh ? 0 : -ENOMEM;
	}
	kvfree(fresh);
	return rc;
}

int copy_semundo(unsigned long clone_flags, struct task_struct *child)
{
	child->sysvsem = NULL;
	if (!(clone_flags & CLONE_SYSVSEM))
		return 0;
	child->sysvsem = undo_list();
	if (!child->sysvsem)
		return -ENOMEM;
	atomic_inc(&child->sysvsem->users);
	return 0;
}

/* => lock */
static void apply_undo(struct sem_undo *u) REQUIRES(sem_ids.lock)
{
	for (unsigned i = 0; i < u->set->nsems; i++) {
		struct sem *sem = &u->set->sems[i];

		if (u->adjust[i]) {
			sem->val = clamp(sem->val + u->adjust[i], 0, SEMVMX);
			sem->pid = current->tgid;
		}
	}
	u->set->otime = ipc_now();
	update_queue(u->set);
}

void exit_sem(struct task_struct *me)
{
	struct sem_undo_list *l = me->sysvsem;
	struct sem_undo *u;

	me->sysvsem = NULL;
	if (!l || !atomic_dec_and_test(&l->users))
		return;
	mutex_lock(&sem_ids.lock);
	while ((u = list_first_entry_or_null(&l->undos, struct sem_undo, list_link))) {
		apply_undo(u);
		drop_undo(u);
		cond_resched();
	}
	mutex_unlock(&sem_ids.lock);
	kfree(l);
}

/* ---- semop --------------------------------------------------------------------------------------------- */

/* => lock held, and again on return; @q is off the queue then.  0 or -errno */
static int sleep_on(struct sem_sleeper *q, u64 timeout_ns) REQUIRES(sem_ids.lock)
{
	long left = 1;

	q->status = SLEEPING;
	while (q->status == SLEEPING && left && !signal_pending()) {
		set_current_state(TASK_INTERRUPTIBLE);
		mutex_unlock(&sem_ids.lock);
		left = schedule_timeout(timeout_ns);
		if (timeout_ns != ~0ull)
			timeout_ns = left;
		mutex_lock(&sem_ids.lock);
	}
	if (q->status == SLEEPING) {
		list_del(&q->link);
		q->status = left ? -EINTR : -EAGAIN;
	}
	return q->status;
}

/* => lock; the set that @q may operate on, or ERR_PTR */
static struct sem_set *sem_enter(int id, const struct sem_sleeper *q) REQUIRES(sem_ids.lock)
{
	struct kern_ipc_perm *perm = ipc_find(&sem_ids, id);

	if (!perm)
		return ERR_PTR(-EINVAL);
	for (unsigned i = 0; i < q->nr; i++)
		if (q->ops[i].sem_num >= to_sem(perm)->nsems)
			return ERR_PTR(-EFBIG);
	return ipc_permits(perm, changes(q) ? S_IWUGO : S_IRUGO) ? to_sem(perm) : ERR_PTR(-EACCES);
}

static long do_ops(int id, struct sem_sleeper *q, bool undo, u64 timeout_ns)
{
	struct sem_set *s;
	long rc = undo ? make_undo(id) : 0;

	if (rc)
		return rc;
	mutex_lock(&sem_ids.lock);
	s = sem_enter(id, q);
	rc = IS_ERR(s) ? PTR_ERR(s) : 0;
	if (!rc && undo) {
		q->undo = find_undo(current->sysvsem, s);
		rc = q->undo ? 0 : -EIDRM;		/* the set went and came anew meanwhile */
	}
	if (!rc)
		rc = try_ops(s, q);
	if (!rc && changes(q))
		update_queue(s);
	if (rc == SLEEPING) {
		list_add_tail(&q->link, &s->sleepers);
		rc = sleep_on(q, timeout_ns);
	}
	mutex_unlock(&sem_ids.lock);
	return rc;
}

static long do_semtimedop(int id, const struct sembuf __user *uops, unsigned nr, u64 timeout_ns)
{
	struct sem_sleeper q = { .task = current, .nr = nr, .pid = current->tgid };
	struct sembuf fast[8], *ops = fast;
	bool undo = false;
	long rc = -EFAULT;

	if (nr < 1 || id < 0)
		return -EINVAL;
	if (nr > (unsigned)sem_semopm)
		return -E2BIG;
	if (nr > ARRAY_SIZE(fast))
		ops = kvmalloc(nr * sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	if (!copy_from_user(ops, uops, nr * sizeof(*ops))) {
		for (unsigned i = 0; i < nr; i++)
			undo |= ops[i].sem_flg & SEM_UNDO;
		q.ops = ops;
		rc = do_ops(id, &q, undo, timeout_ns);
	}
	if (ops != fast)
		kvfree(ops);
	return rc;
}

SYSCALL_DEFINE3(semop, int, id, const struct sembuf __user *, ops, unsigned, nr)
{
	return do_semtimedop(id, ops, nr, ~0ull);
}

SYSCALL_DEFINE4(semtimedop, int, id, const struct sembuf __user *, ops, unsigned, nr,
		const struct __kernel_timespec __user *, utimeout)
{
	struct timespec64 ts;
	u64 ns = ~0ull;

	if (utimeout) {
		if (get_timespec64(&ts, utimeout))
			return -EFAULT;
		if (!timespec64_valid(&ts))
			return -EINVAL;
		ns = timespec64_to_ktime(ts);
	}
	return do_semtimedop(id, ops, nr, ns);
}

/* ---- semctl --------------------------------------------------------------------------------------------- */

static long sem_info(int cmd, void __user *buf)
{
	struct seminfo info = {
		.semmap = SEMMNS, .semmni = sem_semmni, .semmns = sem_semmns, .semmnu = SEMMNS,
		.semmsl = sem_semmsl, .semopm = sem_semopm, .semume = SEMOPM, .semusz = 20, .semvmx = SEMVMX,
		.semaem = SEMAEM,
	};
	int max;

	mutex_lock(&sem_ids.lock);
	if (cmd == SEM_INFO) {
		info.semusz = sem_ids.in_use;
		info.semaem = sem_used;
	}
	max = ipc_max_index(&sem_ids);
	mutex_unlock(&sem_ids.lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max;
}

static long sem_stat(int id, int cmd, void __user *buf)
{
	struct semid64_ds out;
	struct kern_ipc_perm *perm;
	long rc = -EINVAL;

	mutex_lock(&sem_ids.lock);
	perm = cmd == IPC_STAT ? ipc_find(&sem_ids, id) : ipc_find_index(&sem_ids, id);
	if (perm) {
		rc = cmd == SEM_STAT_ANY || ipc_permits(perm, S_IRUGO) ? 0 : -EACCES;
		out = (struct semid64_ds){
			.sem_otime = to_sem(perm)->otime, .sem_ctime = to_sem(perm)->ctime,
			.sem_nsems = to_sem(perm)->nsems,
		};
		ipc_fill_perm(&out.sem_perm, perm);
		if (!rc && cmd != IPC_STAT)
			rc = perm->id;
	}
	mutex_unlock(&sem_ids.lock);
	return rc >= 0 && copy_to_user(buf, &out, sizeof(out)) ? -EFAULT : rc;
}

/* The set goes: sleepers are told, and there is nothing left to undo.  => lock */
static void sem_rmid(struct sem_set *s) REQUIRES(sem_ids.lock)
{
	struct sem_sleeper *q, *next;
	struct sem_undo *u;

	ipc_remove(&sem_ids, &s->perm);
	list_for_each_entry_safe(q, next, &s->sleepers, link) {
		wake_sleeper(q, -EIDRM);
		cond_resched();
	}
	while ((u = list_first_entry_or_null(&s->undos, struct sem_undo, set_link))) {
		drop_undo(u);
		cond_resched();
	}
}

/* IPC_SET and IPC_RMID, the owner's. */
static long sem_change(int id, int cmd, void __user *buf)
{
	struct kern_ipc_perm *perm, *gone = NULL;
	struct semid64_ds in;
	long rc;

	if (cmd == IPC_SET && copy_from_user(&in, buf, sizeof(in)))
		return -EFAULT;
	mutex_lock(&sem_ids.lock);
	perm = ipc_find(&sem_ids, id);
	rc = !perm ? -EINVAL : ipc_owned(perm) ? 0 : -EPERM;
	if (!rc && cmd == IPC_RMID) {
		sem_rmid(to_sem(perm));
		gone = perm;
	}
	if (!rc && cmd == IPC_SET) {
		rc = ipc_set_perm(perm, &in.sem_perm);
		if (!rc)
			to_sem(perm)->ctime = ipc_now();
	}
	mutex_unlock(&sem_ids.lock);
	if (gone)
		ipc_put(&sem_ids, gone);
	return rc;
}

/* How many sleep because semaphore @num is too small (@zero: is not 0).  => lock */
static int count_sleepers(const struct sem_set *s, unsigned num, bool zero) REQUIRES(sem_ids.lock)
{
	const struct sem_sleeper *q;
	int n = 0;

	list_for_each_entry(q, &s->sleepers, link)
		n += q->blocked->sem_num == num && !q->blocked->sem_op == zero;
	return n;
}

/* A value is given from outside: nobody has anything to undo there any more.  => lock */
static void set_val(struct sem_set *s, unsigned num, int val) REQUIRES(sem_ids.lock)
{
	struct sem_undo *u;

	list_for_each_entry(u, &s->undos, set_link)
		u->adjust[num] = 0;
	s->sems[num].val = val;
	s->sems[num].pid = current->tgid;
	s->ctime = ipc_now();
}

/* What looks at, or sets, one semaphore. */
static long sem_one(int id, int num, int cmd, int val)
{
	struct kern_ipc_perm *perm;
	struct sem_set *s;
	long rc;

	if (cmd == SETVAL && (val < 0 || val > SEMVMX))
		return -ERANGE;
	mutex_lock(&sem_ids.lock);
	perm = ipc_find(&sem_ids, id);
	rc = !perm || (unsigned)num >= to_sem(perm)->nsems ? -EINVAL : 0;
	if (!rc && !ipc_permits(perm, cmd == SETVAL ? S_IWUGO : S_IRUGO))
		rc = -EACCES;
	if (rc)
		goto out;
	s = to_sem(perm);
	switch (cmd) {
	case GETVAL:
		rc = s->sems[num].val;
		break;
	case GETPID:
		rc = s->sems[num].pid;
		break;
	case SETVAL:
		set_val(s, num, val);
		update_queue(s);
		break;
	default:
		rc = count_sleepers(s, num, cmd == GETZCNT);
	}
out:
	mutex_unlock(&sem_ids.lock);
	return rc;
}

/* => lock; the set if @access is granted, or ERR_PTR */
static struct sem_set *sem_permitted(int id, unsigned access) REQUIRES(sem_ids.lock)
{
	struct kern_ipc_perm *perm = ipc_find(&sem_ids, id);

	if (!perm)
		return ERR_PTR(-EINVAL);
	return ipc_permits(perm, access) ? to_sem(perm) : ERR_PTR(-EACCES);
}

/* The set of @id, counted, with room in *vals for all its values; ERR_PTR.  A set never changes its size. */
static struct sem_set *hold_with_room(int id, unsigned access, u16 **vals)
{
	struct sem_set *s;

	mutex_lock(&sem_ids.lock);
	s = sem_permitted(id, access);
	if (!IS_ERR(s))
		ipc_hold(&s->perm);
	mutex_unlock(&sem_ids.lock);
	if (IS_ERR(s))
		return s;
	*vals = kvmalloc(s->nsems * sizeof(u16), GFP_KERNEL);
	if (*vals)
		return s;
	ipc_put(&sem_ids, &s->perm);
	return ERR_PTR(-ENOMEM);
}

static int check_vals(const u16 *vals, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (vals[i] > SEMVMX)
			return -ERANGE;
	return 0;
}

static long sem_all(int id, int cmd, u16 __user *uvals)
{
	u16 *vals = NULL;
	struct sem_set *s = hold_with_room(id, cmd == SETALL ? S_IWUGO : S_IRUGO, &vals);
	long rc = 0;

	if (IS_ERR(s))
		return PTR_ERR(s);
	if (cmd == SETALL)
		rc = copy_from_user(vals, uvals, s->nsems * sizeof(u16)) ? -EFAULT : check_vals(vals, s->nsems);
	mutex_lock(&sem_ids.lock);
	if (s->perm.deleted)
		rc = -EIDRM;
	for (unsigned i = 0; !rc && i < s->nsems; i++) {
		if (cmd == SETALL)
			set_val(s, i, vals[i]);
		else
			vals[i] = s->sems[i].val;
	}
	if (!rc && cmd == SETALL)
		update_queue(s);
	mutex_unlock(&sem_ids.lock);
	if (!rc && cmd == GETALL && copy_to_user(uvals, vals, s->nsems * sizeof(u16)))
		rc = -EFAULT;
	kvfree(vals);
	ipc_put(&sem_ids, &s->perm);
	return rc;
}

SYSCALL_DEFINE4(semctl, int, id, int, num, int, cmd, unsigned long, arg)
{
	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return sem_info(cmd, (void __user *)arg);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return sem_stat(id, cmd, (void __user *)arg);
	case IPC_SET:
	case IPC_RMID:
		return sem_change(id, cmd, (void __user *)arg);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
	case SETVAL:
		return sem_one(id, num, cmd, (int)arg);
	case GETALL:
	case SETALL:
		return sem_all(id, cmd, (u16 __user *)arg);
	default:
		return -EINVAL;
	}
}

static const struct ctl_table sem_table[] = {
	{ .name = "sem", .data = sem_ctls, .maxlen = sizeof(sem_ctls), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = INT32_MAX },
	IPC_NEXT_ID("sem_next_id", sem_ids),
};

void __init sem_init(void)
{
	(void)register_sysctl("kernel", sem_table, ARRAY_SIZE(sem_table));
}
