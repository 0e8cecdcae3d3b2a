/*
 * kernel/ipc/ipc.h - what shared memory, semaphores and message queues of System V have in common.
 *
 * MODEL     Each of the three kinds has a struct ipc_ids: its objects by number.  An object begins with a
 *           struct kern_ipc_perm: number, key, owner, mode.  An identifier is seq << 15 | index, so that an
 *           index that is used again gives another identifier.
 * LOCKING   ipc_ids.lock guards the table and everything in the kind's objects but their reference counts.
 *           It is a leaf: user memory is touched and memory is allocated outside it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_IPC_H
#define VELLUM_IPC_H

#include "fs/seq_file.h"
#include "include/uapi/ipc.h"
#include "kernel/sync/mutex.h"
#include "lib/xarray.h"

#define IPCMNI_SHIFT	15
#define IPCMNI		(1 << IPCMNI_SHIFT)

struct kern_ipc_perm {
	atomic_t refs;			/* (A) one of the table; the last put calls ->free() */
	int id;				/* (I) once it is in the table */
	int key;			/* IPC_PRIVATE: found by its identifier only */
	uid_t uid, cuid;
	gid_t gid, cgid;
	unsigned mode;			/* permission bits; SHM_DEST, SHM_LOCKED */
	u16 seq;			/* (I) */
	bool deleted;			/* no longer in the table */
};

struct ipc_params {
	int key, flags;
	size_t size;			/* bytes of memory, or number of semaphores */
};

struct ipc_ids {
	struct mutex lock;
	struct xarray table;
	int in_use, last_index, seq;
	int next_id;			/* what the next new object is to get; -1: what comes */
	int *limit;			/* of in_use */
	/* A new object with one reference, not in the table yet, its perm unset; ERR_PTR. */
	struct kern_ipc_perm *(*create)(const struct ipc_params *p);
	void (*free)(struct kern_ipc_perm *perm);
	/* Is @perm large enough for who asks for it by key?  => lock; 0 or -EINVAL.  May be NULL */
	int (*check)(const struct kern_ipc_perm *perm, const struct ipc_params *p);
	/* The object goes into the table, or out of it: the kind's totals.  => lock; 0 or -ENOSPC.  May be NULL */
	int (*account)(struct kern_ipc_perm *perm, int sign);
	const char *heading;		/* of /proc/sysvipc/NAME */
	void (*show)(struct seq_file *m, struct kern_ipc_perm *perm);
};

#define IPC_IDS_INIT(name) .lock = MUTEX_INIT((name).lock, RANK_SLEEP_LEAF), .last_index = -1, .next_id = -1

/* The value NAME_next_id of a kind, for who restores processes: /proc/sys/kernel. */
#define IPC_NEXT_ID(file, ids) { .name = file, .data = &(ids).next_id, .maxlen = sizeof(int), .mode = 0444, \
	.handler = proc_dointvec, .min = 0, .max = INT32_MAX, .may_write = may_restore }
/* The get calls: the identifier of the object with a key, made if need be; or -errno. */
long ipc_get(struct ipc_ids *ids, const struct ipc_params *p);
/* The object with identifier @id, or NULL.  => lock */
struct kern_ipc_perm *ipc_find(struct ipc_ids *ids, int id) REQUIRES(ids->lock);
/* The object at an index, for the STAT calls of administrators, or NULL.  => lock */
struct kern_ipc_perm *ipc_find_index(struct ipc_ids *ids, int index) REQUIRES(ids->lock);
/* May the running task do to @perm what the bits of @flags ask, in any of the three places?  => lock */
bool ipc_permits(const struct kern_ipc_perm *perm, unsigned flags);
bool ipc_owned(const struct kern_ipc_perm *perm);	/* IPC_SET, IPC_RMID */
/* Out of the table; the caller puts the table's reference after unlocking.  => lock */
void ipc_remove(struct ipc_ids *ids, struct kern_ipc_perm *perm) REQUIRES(ids->lock);
static inline void ipc_hold(struct kern_ipc_perm *perm) { atomic_inc(&perm->refs); }
void ipc_put(struct ipc_ids *ids, struct kern_ipc_perm *perm);
int ipc_max_index(struct ipc_ids *ids) REQUIRES(ids->lock);	/* 0 when there is none */
void ipc_fill_perm(struct ipc64_perm *out, const struct kern_ipc_perm *perm);
__must_check int ipc_set_perm(struct kern_ipc_perm *perm, const struct ipc64_perm *in);
s64 ipc_now(void);					/* seconds */

void exit_shm(struct task_struct *t);			/* what @t made has no creator any more */
void ipc_init(void);
void shm_init(void);
void sem_init(void);
void msg_init(void);
extern struct ipc_ids shm_ids, sem_ids, msg_ids;

#endif
