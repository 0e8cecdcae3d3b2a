/*
 * kernel/ipc/ipc.c - identifiers, keys and permissions of System V IPC; /proc/sysvipc.
 *
 * MODEL     A new object gets the next index after the last one given, below a bound that keeps the table
 *           small: 1.5 times what is in use, at least 64.  When indices begin anew, so does the sequence.
 * INVARIANTS
 *   I1  An object is in the table exactly while it is not deleted, and the table has a reference.
 *   I2  At most one object in the table has a given key other than IPC_PRIVATE.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/ipc/ipc.h"
#include "fs/libfs.h"
#include "fs/proc/proc.h"
#include "kernel/task/cred.h"
#include "kernel/time/time.h"

#define MIN_CYCLE	64		/* indices that are given before any is given again */

s64 ipc_now(void)
{
	return ktime_get_real_seconds();
}

/* ---- the table -------------------------------------------------------------------------------- */

static struct kern_ipc_perm *find_key(struct ipc_ids *ids, int key) REQUIRES(ids->lock)
{
	struct kern_ipc_perm *perm;
	unsigned long i;

	xa_for_each(&ids->table, i, perm)
		if (perm->key == key)
			return perm;
	return NULL;
}

struct kern_ipc_perm *ipc_find_index(struct ipc_ids *ids, int index)
{
	return index < 0 ? NULL : xa_load(&ids->table, index & (IPCMNI - 1));
}

struct kern_ipc_perm *ipc_find(struct ipc_ids *ids, int id)
{
	struct kern_ipc_perm *perm = ipc_find_index(ids, id);

	return perm && perm->id == id ? perm : NULL;
}

int ipc_max_index(struct ipc_ids *ids)
{
	struct kern_ipc_perm *perm;
	unsigned long i, max = 0;

	xa_for_each(&ids->table, i, perm)
		max = i;
	return max;
}

/* The index of the next object.  => fewer than IPCMNI are in use */
static int next_index(struct ipc_ids *ids) REQUIRES(ids->lock)
{
	int end = min(max(ids->in_use * 3 / 2, MIN_CYCLE), IPCMNI);
	unsigned long i = ids->last_index + 1 < end ? ids->last_index + 1 : 0;

	i = xa_find_hole(&ids->table, i, end - 1);
	return i < (unsigned long)end ? i : xa_find_hole(&ids->table, 0, end - 1);
}

/* The index that identifier @id has, or the next free one: who asked for it sees that it got another.  -1: none */
static int wanted_index(struct ipc_ids *ids, int id) REQUIRES(ids->lock)
{
	unsigned long i = xa_find_hole(&ids->table, id & (IPCMNI - 1), IPCMNI - 1);

	return i < IPCMNI ? (int)i : -1;
}

/* => lock, @r has nodes for any index; the identifier or -errno */
static int ipc_add(struct ipc_ids *ids, struct kern_ipc_perm *perm, const struct ipc_params *p, struct xa_reserve *r)
	REQUIRES(ids->lock)
{
	int index, seq = ids->seq, wanted = ids->next_id;

	if (ids->in_use >= min(*ids->limit, IPCMNI))
		return -ENOSPC;
	ids->next_id = -1;
	index = wanted < 0 ? next_index(ids) : wanted_index(ids, wanted);
	if (index < 0)
		return -ENOSPC;
	if (wanted >= 0)
		seq = wanted >> IPCMNI_SHIFT;
	else if (index <= ids->last_index)
		seq = seq == (INT32_MAX >> IPCMNI_SHIFT) ? 0 : seq + 1;
	perm->id = seq << IPCMNI_SHIFT | index;
	if (ids->account && ids->account(perm, 1))
		return -ENOSPC;
	/* commit */
	if (wanted < 0) {
		ids->last_index = index;
		ids->seq = seq;
	}
	perm->key = p->key;
	perm->mode = p->flags & S_IRWXUGO;
	perm->cuid = perm->uid = current_euid();
	perm->cgid = perm->gid = current_cred()->egid;
	perm->seq = seq;
	xa_store_reserved(&ids->table, index, perm, r);
	ids->in_use++;
	return perm->id;
}

void ipc_remove(struct ipc_ids *ids, struct kern_ipc_perm *perm)
{
	xa_erase(&ids->table, perm->id & (IPCMNI - 1));
	perm->deleted = true;
	perm->key = IPC_PRIVATE;
	ids->in_use--;
	if (ids->account)
		(void)ids->account(perm, -1);
}

void ipc_put(struct ipc_ids *ids, struct kern_ipc_perm *perm)
{
	if (atomic_dec_and_test(&perm->refs))
		ids->free(perm);
}

/* ---- by key ------------------------------------------------------------------------------------ */

/* The identifier for @p's key if an object has it; -ENOENT: nothing has.  => lock */
static long get_present(struct ipc_ids *ids, const struct ipc_params *p) REQUIRES(ids->lock)
{
	struct kern_ipc_perm *perm = p->key == IPC_PRIVATE ? NULL : find_key(ids, p->key);
	int rc;

	if (!perm)
		return -ENOENT;
	if ((p->flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	rc = ids->check ? ids->check(perm, p) : 0;
	if (rc)
		return rc;
	return ipc_permits(perm, p->flags) ? perm->id : -EACCES;
}

/* An object is made with the lock free, so another with the key may come first: then that is taken. */
static long get_new(struct ipc_ids *ids, const struct ipc_params *p)
{
	struct kern_ipc_perm *perm = ids->create(p);
	struct xa_reserve r = XA_RESERVE_INIT;
	long id;

	if (IS_ERR(perm))
		return PTR_ERR(perm);
	id = xa_reserve(&r, IPCMNI - 1);
	if (!id) {
		mutex_lock(&ids->lock);
		id = get_present(ids, p);
		if (id == -ENOENT) {
			id = ipc_add(ids, perm, p, &r);
			if (id >= 0)
				perm = NULL;
		}
		mutex_unlock(&ids->lock);
	}
	xa_unreserve(&r);
	if (perm)
		ipc_put(ids, perm);
	return id;
}

long ipc_get(struct ipc_ids *ids, const struct ipc_params *p)
{
	long id;

	mutex_lock(&ids->lock);
	id = get_present(ids, p);
	mutex_unlock(&ids->lock);
	if (id == -ENOENT && (p->key == IPC_PRIVATE || (p->flags & IPC_CREAT)))
		id = get_new(ids, p);
	return id;
}

/* ---- permissions ------------------------------------------------------------------------------- */

bool ipc_permits(const struct kern_ipc_perm *perm, unsigned flags)
{
	unsigned wanted = (flags >> 6 | flags >> 3 | flags) & S_IRWXO, granted = perm->mode;
	uid_t euid = current_euid();

	if (euid == perm->uid || euid == perm->cuid)
		granted >>= 6;
	else if (in_egroup_p(perm->cgid) || in_egroup_p(perm->gid))
		granted >>= 3;
	return !(wanted & ~granted) || capable(CAP_IPC_OWNER);
}

bool ipc_owned(const struct kern_ipc_perm *perm)
{
	uid_t euid = current_euid();

	return euid == perm->uid || euid == perm->cuid || capable(CAP_SYS_ADMIN);
}

void ipc_fill_perm(struct ipc64_perm *out, const struct kern_ipc_perm *perm)
{
	*out = (struct ipc64_perm){
		.key = perm->key, .uid = perm->uid, .gid = perm->gid, .cuid = perm->cuid, .cgid = perm->cgid,
		.mode = perm->mode, .seq = perm->seq,
	};
}

int ipc_set_perm(struct kern_ipc_perm *perm, const struct ipc64_perm *in)
{
	if (in->uid == (uid_t)-1 || in->gid == (gid_t)-1)
		return -EINVAL;
	perm->uid = in->uid;
	perm->gid = in->gid;
	perm->mode = (perm->mode & ~S_IRWXUGO) | (in->mode & S_IRWXUGO);
	return 0;
}

/* ---- /proc/sysvipc ------------------------------------------------------------------------------- */

static struct ipc_ids *seq_ids(struct seq_file *m)
{
	return PDE(m->file->f_inode)->data;
}

/* Record 0 is the heading, record 1 + i the object at index i or the next one there is. */
static void *find_record(struct seq_file *m, loff_t *pos)
{
	unsigned long i = *pos - 1;
	void *perm;

	if (!*pos)
		return SEQ_START_TOKEN;
	if (*pos > IPCMNI)
		return NULL;
	perm = xa_find(&seq_ids(m)->table, &i, IPCMNI - 1);
	*pos = i + 1;
	return perm;
}

static NO_LOCK_ANALYSIS void *sysvipc_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&seq_ids(m)->lock);
	return find_record(m, pos);
}

static void *sysvipc_next(struct seq_file *m, __maybe_unused void *v, loff_t *pos)
{
	++*pos;
	return find_record(m, pos);
}

static NO_LOCK_ANALYSIS void sysvipc_stop(struct seq_file *m, __maybe_unused void *v)
{
	mutex_unlock(&seq_ids(m)->lock);
}

static int sysvipc_show(struct seq_file *m, void *v)
{
	if (v == SEQ_START_TOKEN)
		seq_puts(m, seq_ids(m)->heading);
	else
		seq_ids(m)->show(m, v);
	return 0;
}

static const struct seq_operations sysvipc_ops = {
	.start = sysvipc_start, .next = sysvipc_next, .stop = sysvipc_stop, .show = sysvipc_show,
};

void __init ipc_init(void)
{
	static const struct { const char *name; struct ipc_ids *ids; } kinds[] = {
		{ "msg", &msg_ids }, { "sem", &sem_ids }, { "shm", &shm_ids },
	};
	struct proc_dir_entry *dir = proc_mkdir("sysvipc", NULL);

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct proc_dir_entry *p = proc_create_seq(kinds[i].name, 0444, dir, &sysvipc_ops);

		if (p)
			p->data = kinds[i].ids;
		proc_forbid_splice(p);
	}
	shm_init();
	sem_init();
	msg_init();
}
