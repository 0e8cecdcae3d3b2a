/*
 * kernel/task/cred.h - who a task acts as.
 *
 * MODEL     A cred is never changed once a task has it: a change makes a copy with prepare_creds(), edits
 *           it, and puts it in place with commit_creds().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_CRED_H
#define VELLUM_TASK_CRED_H

#include "include/uapi/prctl.h"
#include "kernel/task/task.h"
#include "kernel/task/user.h"

#define NGROUPS_MAX	65536
#define SECBIT_NOROOT			BIT(0)
#define SECBIT_NO_SETUID_FIXUP		BIT(2)
#define SECBIT_KEEP_CAPS		BIT(4)
#define SECBIT_NO_CAP_AMBIENT_RAISE	BIT(6)
#define SECURE_ALL_BITS			0x55u
#define SECURE_ALL_LOCKS		0xaau

extern struct cred init_cred;

static inline const struct cred *current_cred(void) { return current->cred; }
#define current_uid()	(current_cred()->uid)
#define current_euid()	(current_cred()->euid)
#define current_fsuid()	(current_cred()->fsuid)
#define current_fsgid()	(current_cred()->fsgid)

static inline const struct cred *get_cred(const struct cred *c)
{
	atomic_inc(&((struct cred *)c)->count);
	return c;
}
void put_cred(const struct cred *c);
/* The cred of any task, counted.  Takes tasklist_lock. */
const struct cred *get_task_cred(struct task_struct *t);
/* A copy of the running task's cred to edit, or NULL. */
struct cred *prepare_creds(void);
/* Make @new, which is consumed, the running task's cred. */
void commit_creds(struct cred *new);
void abort_creds(struct cred *new);

/* Has @u more tasks than the running one's RLIMIT_NPROC?  Root never. */
bool nproc_exceeded(const struct user_struct *u);

bool cred_capable(const struct cred *c, int cap);
bool may_restore(void);			/* CAP_CHECKPOINT_RESTORE, which CAP_SYS_ADMIN includes */
bool in_group_p(gid_t gid);		/* fsgid or a supplementary group of the running task */
bool in_egroup_p(gid_t gid);
/* Whether the running task may signal a task with cred @target. */
bool kill_ok_by_cred(const struct cred *target);
extern int suid_dumpable;		/* fs.suid_dumpable: of a program that changed its identity */
/* New identity of a program file with mode @mode owned by @uid, @gid.  Edits @new. */
#define LSM_UNSAFE_SHARE		1	/* another process shares its root and working directory */
#define LSM_UNSAFE_NO_NEW_PRIVS		4	/* it asked never to gain anything */
bool cred_apply_exec(struct cred *new, umode_t mode, uid_t uid, gid_t gid, unsigned unsafe);

#endif
