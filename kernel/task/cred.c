/*
 * kernel/task/cred.c - identities: user, groups, capabilities.
 *
 * MODEL     See cred.h.  Rules of change are Linux's: a task with CAP_SETUID takes any user id, another
 *           only among its real, effective and saved ones; leaving user 0 drops capabilities.
 * LOCKING   None: a cred that a task has does not change, and only the task itself replaces it.
 *           Another task reads t->cred under tasklist_lock or its sighand->lock, for a cred that was
 *           replaced is freed only after both were passed once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/cred.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "lib/sort.h"
#include "lib/string.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"

int suid_dumpable = SUID_DUMP_DISABLE;

struct cred init_cred = {
	.count = ATOMIC_INIT(2),
	.cap_effective = CAP_FULL_SET,
	.cap_permitted = CAP_FULL_SET,
	.cap_bset = CAP_FULL_SET,
	.user = &root_user,
};

/* The supplementary groups stand behind the cred that owns them. */
void put_cred(const struct cred *c)
{
	struct cred *cred = (struct cred *)c;

	if (!atomic_dec_and_test(&cred->count))
		return;
	free_uid(cred->user);
	kfree(cred->groups);
	kfree(cred);
}

const struct cred *get_task_cred(struct task_struct *t)
{
	const struct cred *c;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	c = get_cred(t->cred);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return c;
}

struct cred *prepare_creds(void)
{
	static atomic_long_t last_id;
	const struct cred *old = current_cred();
	struct cred *new = kmalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return NULL;
	*new = *old;
	atomic_set(&new->count, 1);
	new->id = atomic_long_inc_return(&last_id);
	if (old->ngroups) {
		new->groups = kmalloc(old->ngroups * sizeof(gid_t), GFP_KERNEL);
		if (!new->groups) {
			kfree(new);
			return NULL;
		}
		memcpy(new->groups, old->groups, old->ngroups * sizeof(gid_t));
	}
	get_uid(new->user);
	return new;
}

void abort_creds(struct cred *new)
{
	put_cred(new);
}

/* The running task goes over to another user.  Beyond its RLIMIT_NPROC that works; the next execve() will not. */
static void count_task_for(struct user_struct *old, struct user_struct *new)
{
	if (old == new)
		return;
	atomic_inc(&new->processes);
	atomic_dec(&old->processes);
	current->flags &= ~PF_NPROC_EXCEEDED;
	if (nproc_exceeded(new))
		current->flags |= PF_NPROC_EXCEEDED;
}

bool nproc_exceeded(const struct user_struct *u)
{
	return u != &root_user && (unsigned long)atomic_read(&u->processes) > task_rlimit(RLIMIT_NPROC);
}

void commit_creds(struct cred *new)
{
	const struct cred *old = current_cred();
	unsigned long flags;

	if (old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	    old->fsgid != new->fsgid || (new->cap_permitted & ~old->cap_permitted)) {
		if (current->mm)
			set_dumpable(current->mm, suid_dumpable);	/* before the cred: access.c, X3 */
		current->pdeath_signal = 0;
	}
	count_task_for(old->user, new->user);
	write_lock_irqsave(&tasklist_lock, flags);
	spin_lock(&current->sighand->lock);
	current->cred = new;
	spin_unlock(&current->sighand->lock);
	write_unlock_irqrestore(&tasklist_lock, flags);
	put_cred(old);
}

/* ---- questions ------------------------------------------------------------------------------- */

bool cred_capable(const struct cred *c, int cap)
{
	return c->cap_effective >> cap & 1;
}

bool capable(int cap)
{
	if (!cred_capable(current_cred(), cap))
		return false;
	current->flags |= PF_SUPERPRIV;
	return true;
}

static bool groups_search(const struct cred *c, gid_t gid)
{
	int lo = 0, hi = c->ngroups;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (c->groups[mid] == gid)
			return true;
		if (c->groups[mid] < gid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

bool in_group_p(gid_t gid)
{
	return gid == current_fsgid() || groups_search(current_cred(), gid);
}

bool may_restore(void) { return capable(CAP_CHECKPOINT_RESTORE) || capable(CAP_SYS_ADMIN); }

bool in_egroup_p(gid_t gid)
{
	return gid == current_cred()->egid || groups_search(current_cred(), gid);
}

bool kill_ok_by_cred(const struct cred *t)
{
	const struct cred *c = current_cred();

	return c->euid == t->suid || c->euid == t->uid || c->uid == t->suid || c->uid == t->uid ||
	       capable(CAP_KILL);
}

/* ---- changes of user id ---------------------------------------------------------------------- */

#define CAP_FS_SET	(BIT(CAP_CHOWN) | BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE) | \
			 BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | \
			 BIT(CAP_LINUX_IMMUTABLE))

/* What a change of user ids does to capabilities. */
static void setuid_fixup(struct cred *new, const struct cred *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid;

	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && new->uid && new->euid && new->suid) {
		if (!(old->securebits & SECBIT_KEEP_CAPS))
			new->cap_permitted = new->cap_effective = 0;
		new->cap_ambient = 0;
	}
	if (!old->euid && new->euid)
		new->cap_effective = 0;
	if (old->euid && !new->euid)
		new->cap_effective = new->cap_permitted;
}

static int commit_setuid(struct cred *new)
{
	if (new->uid != new->user->uid) {
		struct user_struct *user = alloc_uid(new->uid);

		if (!user) {
			abort_creds(new);
			return -EAGAIN;
		}
		free_uid(new->user);
		new->user = user;
	}
	setuid_fixup(new, current_cred());
	commit_creds(new);
	return 0;
}

SYSCALL_DEFINE1(setuid, uid_t, uid)
{
	const struct cred *old = current_cred();
	struct cred *new;

	if (uid == (uid_t)-1)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (capable(CAP_SETUID)) {
		new->uid = new->suid = uid;
	} else if (uid != old->uid && uid != old->suid) {
		abort_creds(new);
		return -EPERM;
	}
	new->euid = new->fsuid = uid;
	return commit_setuid(new);
}

SYSCALL_DEFINE2(setreuid, uid_t, ruid, uid_t, euid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	const uid_t keep = -1;

	if (!new)
		return -ENOMEM;
	if (ruid != keep) {
		new->uid = ruid;
		if (ruid != old->uid && ruid != old->euid && !capable(CAP_SETUID))
			goto denied;
	}
	if (euid != keep) {
		new->euid = euid;
		if (euid != old->uid && euid != old->euid && euid != old->suid && !capable(CAP_SETUID))
			goto denied;
	}
	if (ruid != keep || (euid != keep && euid != old->uid))
		new->suid = new->euid;
	new->fsuid = new->euid;
	return commit_setuid(new);
denied:
	abort_creds(new);
	return -EPERM;
}

static bool uid_known(uid_t id, const struct cred *c)
{
	return id == (uid_t)-1 || id == c->uid || id == c->euid || id == c->suid;
}

SYSCALL_DEFINE3(setresuid, uid_t, ruid, uid_t, euid, uid_t, suid)
{
	const struct cred *old = current_cred();
	struct cred *new;
	const uid_t keep = -1;

	if (!(uid_known(ruid, old) && uid_known(euid, old) && uid_known(suid, old)) &&
	    !capable(CAP_SETUID))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (ruid != keep)
		new->uid = ruid;
	if (euid != keep)
		new->euid = euid;
	if (suid != keep)
		new->suid = suid;
	new->fsuid = new->euid;
	return commit_setuid(new);
}

SYSCALL_DEFINE3(getresuid, uid_t __user *, r, uid_t __user *, e, uid_t __user *, s)
{
	const struct cred *c = current_cred();
	int rc = put_user(c->uid, r);

	if (!rc)
		rc = put_user(c->euid, e);
	return rc ? rc : put_user(c->suid, s);
}

SYSCALL_DEFINE1(setfsuid, uid_t, uid)
{
	const struct cred *old = current_cred();
	uid_t was = old->fsuid;
	struct cred *new;

	if (uid == was || uid == (uid_t)-1 ||
	    (!(uid_known(uid, old) || uid == old->fsuid) && !capable(CAP_SETUID)))
		return was;
	new = prepare_creds();
	if (!new)
		return was;
	new->fsuid = uid;
	if (!(old->securebits & SECBIT_NO_SETUID_FIXUP)) {
		if (!was && uid)
			new->cap_effective &= ~CAP_FS_SET;
		if (was && !uid)
			new->cap_effective |= new->cap_permitted & CAP_FS_SET;
	}
	commit_creds(new);
	return was;
}

/* ---- group ids ------------------------------------------------------------------------------- */

SYSCALL_DEFINE1(setgid, gid_t, gid)
{
	const struct cred *old = current_cred();
	struct cred *new;

	if (gid == (gid_t)-1)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (capable(CAP_SETGID)) {
		new->gid = new->sgid = gid;
	} else if (gid != old->gid && gid != old->sgid) {
		abort_creds(new);
		return -EPERM;
	}
	new->egid = new->fsgid = gid;
	commit_creds(new);
	return 0;
}

SYSCALL_DEFINE2(setregid, gid_t, rgid, gid_t, egid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	const gid_t keep = -1;

	if (!new)
		return -ENOMEM;
	if (rgid != keep) {
		new->gid = rgid;
		if (rgid != old->gid && rgid != old->egid && !capable(CAP_SETGID))
			goto denied;
	}
	if (egid != keep) {
		new->egid = egid;
		if (egid != old->gid && egid != old->egid && egid != old->sgid && !capable(CAP_SETGID))
			goto denied;
	}
	if (rgid != keep || (egid != keep && egid != old->gid))
		new->sgid = new->egid;
	new->fsgid = new->egid;
	commit_creds(new);
	return 0;
denied:
	abort_creds(new);
	return -EPERM;
}

static bool gid_known(gid_t id, const struct cred *c)
{
	return id == (gid_t)-1 || id == c->gid || id == c->egid || id == c->sgid;
}

SYSCALL_DEFINE3(setresgid, gid_t, rgid, gid_t, egid, gid_t, sgid)
{
	const struct cred *old = current_cred();
	struct cred *new;
	const gid_t keep = -1;

	if (!(gid_known(rgid, old) && gid_known(egid, old) && gid_known(sgid, old)) &&
	    !capable(CAP_SETGID))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (rgid != keep)
		new->gid = rgid;
	if (egid != keep)
		new->egid = egid;
	if (sgid != keep)
		new->sgid = sgid;
	new->fsgid = new->egid;
	commit_creds(new);
	return 0;
}

SYSCALL_DEFINE3(getresgid, gid_t __user *, r, gid_t __user *, e, gid_t __user *, s)
{
	const struct cred *c = current_cred();
	int rc = put_user(c->gid, r);

	if (!rc)
		rc = put_user(c->egid, e);
	return rc ? rc : put_user(c->sgid, s);
}

SYSCALL_DEFINE1(setfsgid, gid_t, gid)
{
	const struct cred *old = current_cred();
	gid_t was = old->fsgid;
	struct cred *new;

	if (gid == was || gid == (gid_t)-1 ||
	    (!(gid_known(gid, old) || gid == old->fsgid) && !capable(CAP_SETGID)))
		return was;
	new = prepare_creds();
	if (!new)
		return was;
	new->fsgid = gid;
	commit_creds(new);
	return was;
}

SYSCALL_DEFINE2(getgroups, int, size, gid_t __user *, list)
{
	const struct cred *c = current_cred();

	if (size < 0)
		return -EINVAL;
	if (size) {
		if (c->ngroups > size)
			return -EINVAL;
		if (copy_to_user(list, c->groups, c->ngroups * sizeof(gid_t)))
			return -EFAULT;
	}
	return c->ngroups;
}

/* May sleep: a user's 65536 take long to sort. */
static int gid_cmp(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	cond_resched();
	return x < y ? -1 : x > y;
}

SYSCALL_DEFINE2(setgroups, int, size, const gid_t __user *, list)
{
	struct cred *new;
	gid_t *groups = NULL;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if ((unsigned)size > NGROUPS_MAX)
		return -EINVAL;
	if (size) {
		groups = kmalloc(size * sizeof(gid_t), GFP_KERNEL);
		if (!groups)
			return -ENOMEM;
		if (copy_from_user(groups, list, size * sizeof(gid_t))) {
			kfree(groups);
			return -EFAULT;
		}
		sort(groups, size, sizeof(gid_t), gid_cmp);
		if (groups[size - 1] == (gid_t)-1) {	/* means "no change" elsewhere: no group has it */
			kfree(groups);
			return -EINVAL;
		}
	}
	new = prepare_creds();
	if (!new) {
		kfree(groups);
		return -ENOMEM;
	}
	kfree(new->groups);
	new->groups = groups;
	new->ngroups = size;
	commit_creds(new);
	return 0;
}

SYSCALL_DEFINE0(getuid) { return current_cred()->uid; }
SYSCALL_DEFINE0(geteuid) { return current_cred()->euid; }
SYSCALL_DEFINE0(getgid) { return current_cred()->gid; }
SYSCALL_DEFINE0(getegid) { return current_cred()->egid; }
