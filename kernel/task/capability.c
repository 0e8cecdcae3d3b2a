/*
 * kernel/task/capability.c - capget(), capset(), and what a program file's identity does to a cred.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"

struct cap_header { u32 version; int pid; };
struct cap_data { u32 effective, permitted, inheritable; };

/* Words per set that the header's version has; -EINVAL after writing the version we prefer. */
static int cap_validate(struct cap_header __user *header)
{
	u32 version;

	if (get_user(version, &header->version))
		return -EFAULT;
	if (version == _LINUX_CAPABILITY_VERSION_1)
		return 1;
	if (version == _LINUX_CAPABILITY_VERSION_2 || version == _LINUX_CAPABILITY_VERSION_3)
		return 2;
	if (put_user((u32)_LINUX_CAPABILITY_VERSION_3, &header->version))
		return -EFAULT;
	return -EINVAL;
}

SYSCALL_DEFINE2(capget, struct cap_header __user *, header, struct cap_data __user *, dataptr)
{
	int words = cap_validate(header);
	struct cap_data data[2];
	const struct cred *c;
	struct task_struct *t;
	u64 e, p, i;
	pid_t pid;

	if (words < 0)
		return !dataptr && words == -EINVAL ? 0 : words;
	if (!dataptr)
		return 0;
	if (get_user(pid, &header->pid))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	t = find_get_task(pid ? pid : current->pid);
	if (!t)
		return -ESRCH;
	c = get_task_cred(t);
	put_task_struct(t);
	e = c->cap_effective;
	p = c->cap_permitted;
	i = c->cap_inheritable;
	put_cred(c);
	for (int w = 0; w < 2; w++)
		data[w] = (struct cap_data){ e >> 32 * w, p >> 32 * w, i >> 32 * w };
	return copy_to_user(dataptr, data, words * sizeof(data[0])) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(capset, struct cap_header __user *, header, const struct cap_data __user *, dataptr)
{
	const struct cred *old = current_cred();
	int words = cap_validate(header);
	struct cap_data data[2] = { 0 };
	u64 e, p, i;
	struct cred *new;
	pid_t pid;

	if (words < 0)
		return words;
	if (get_user(pid, &header->pid))
		return -EFAULT;
	if (pid && pid != current->pid)
		return -EPERM;
	if (copy_from_user(data, dataptr, words * sizeof(data[0])))
		return -EFAULT;
	e = (data[0].effective | (u64)data[1].effective << 32) & CAP_FULL_SET;
	p = (data[0].permitted | (u64)data[1].permitted << 32) & CAP_FULL_SET;
	i = (data[0].inheritable | (u64)data[1].inheritable << 32) & CAP_FULL_SET;
	if (!cred_capable(old, CAP_SETPCAP) && (i & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	if ((i & ~(old->cap_inheritable | old->cap_bset)) || (p & ~old->cap_permitted) || (e & ~p))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->cap_effective = e;
	new->cap_permitted = p;
	new->cap_inheritable = i;
	new->cap_ambient &= p & i;
	commit_creds(new);
	return 0;
}

/*
 * Give @new the identity that a program with @mode, owned by @uid and @gid, confers.  Where it is @unsafe to
 * (LSM_UNSAFE_*), the program gets no more than its caller had.
 * => true when the program runs with more than its caller had (AT_SECURE)
 */
bool cred_apply_exec(struct cred *new, umode_t mode, uid_t uid, gid_t gid, unsigned unsafe)
{
	const struct cred *old = current_cred();
	bool root_counts = !(new->securebits & SECBIT_NOROOT), setid, effective;
	u64 permitted;

	if (!(unsafe & LSM_UNSAFE_NO_NEW_PRIVS)) {
		if (mode & S_ISUID)
			new->euid = uid;
		if ((mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
			new->egid = gid;
	}
	permitted = root_counts && (!new->euid || !new->uid) ? old->cap_bset | old->cap_inheritable : 0;
	effective = root_counts && !new->euid;
	setid = new->euid != old->uid || new->egid != old->gid;
	if (unsafe && (setid || (permitted & ~old->cap_permitted))) {
		if ((unsafe & LSM_UNSAFE_NO_NEW_PRIVS) || !capable(CAP_SETUID)) {
			new->euid = new->uid;
			new->egid = new->gid;
		}
		permitted &= old->cap_permitted;
	}
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	if (setid)
		new->cap_ambient = 0;
	new->cap_permitted = permitted | new->cap_ambient;
	new->cap_effective = effective ? new->cap_permitted : new->cap_ambient;
	new->securebits &= ~SECBIT_KEEP_CAPS;
	return setid || (new->uid && (effective || (new->cap_permitted & ~new->cap_ambient)));
}
