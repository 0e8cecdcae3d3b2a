/*
 * kernel/task/process_madvise.c - hints about the memory of another process.
 *
 * MODEL     A vector of ranges of the process behind a pidfd, each advised as madvise() would.  Only advice that
 *           changes nothing the process could notice, but for its speed.
 * FAILURE   The first range that fails ends the call: the bytes advised before it, or its error when there
 *           are none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "include/fs.h"
#include "include/syscall.h"
#include "include/uapi/mman.h"
#include "include/uapi/prctl.h"
#include "include/uapi/uio.h"
#include "kernel/task/access.h"
#include "kernel/task/pid.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"

#define NR_FAST_IOV	8

static bool advice_allowed(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED || advice == MADV_COLLAPSE;
}

/* The address space of @t, with a user, that the caller may advise; 0 or -errno. */
static int advised_mm(struct task_struct *t, struct mm_struct **mmp)
{
	struct mm_struct *mm;
	int rc = lock_trace(t, PTRACE_MODE_READ_FSCREDS);

	if (rc)
		return rc;
	mm = get_task_mm(t);
	unlock_trace(t);
	if (!mm)
		return -ESRCH;
	if (mm != current->mm && !capable(CAP_SYS_NICE)) {
		mmput(mm);
		return -EPERM;
	}
	*mmp = mm;
	return 0;
}

static ssize_t advise_ranges(struct mm_struct *mm, const struct iov_iter *i, int advice)
{
	ssize_t done = 0;

	for (unsigned k = 0; k < i->nr_segs; k++) {
		const struct iovec *v = &i->iov[k];
		int rc = do_madvise(mm, (unsigned long)v->iov_base, v->iov_len, advice);

		if (rc)
			return done ? done : rc;
		done += v->iov_len;
	}
	return done;
}

static ssize_t advise_task(unsigned pidfd, const struct iov_iter *i, int advice)
{
	struct task_struct *t = pidfd_get_task(pidfd);
	struct mm_struct *mm;
	ssize_t rc;

	if (!t)
		return -EBADF;
	rc = advice_allowed(advice) ? advised_mm(t, &mm) : -EINVAL;
	put_task_struct(t);
	if (rc)
		return rc;
	rc = advise_ranges(mm, i, advice);
	mmput(mm);
	return rc;
}

SYSCALL_DEFINE5(process_madvise, int, pidfd, const struct iovec __user *, vec, size_t, nr, int, advice,
		unsigned, flags)
{
	struct iovec fast[NR_FAST_IOV], *freed;
	struct iov_iter i;
	ssize_t rc;

	if (flags)
		return -EINVAL;
	rc = import_iovec(vec, min(nr, (size_t)UIO_MAXIOV + 1), fast, NR_FAST_IOV, &freed, &i);
	if (!rc)
		rc = advise_task(pidfd, &i, advice);
	kfree(freed);
	return rc;
}
