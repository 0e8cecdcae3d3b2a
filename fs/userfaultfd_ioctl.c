/*
 * fs/userfaultfd_ioctl.c - userfaultfd: the requests, checked in the order and with the answers of Linux.
 *
 * MODEL     Each copies its structure in but for the last field, the result; checks ranges and mode; does the work in
 *           the context's address space, which must have a user still; writes the result, bytes or -errno; wakes
 *           who waits for what was done.  Less than asked for is -EAGAIN, the result says how much.
 * LOCKING   none of its own.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/userfaultfd.h"
#include "include/fs.h"
#include "include/mm_ref.h"
#include "include/uaccess.h"
#include "include/uapi/errno.h"
#include "lib/string.h"
#include "mm/fault/userfaultfd.h"
#include "mm/space/userfaultfd.h"

#define CAP_SYS_PTRACE	19

static int check_unaligned(const struct userfaultfd_ctx *ctx, u64 start, u64 len)
{
	u64 end = ctx->mm->task_size;

	if (!len || len & ~PAGE_MASK || start >= end || len > end - start)
		return -EINVAL;
	return 0;
}

static int check_range(const struct userfaultfd_ctx *ctx, u64 start, u64 len)
{
	return start & ~PAGE_MASK ? -EINVAL : check_unaligned(ctx, start, len);
}

/* ---- API --------------------------------------------------------------------------------------------- */

/* What @api asks for, if it can be had; the answer in its place.  0 or -errno */
static int negotiate(struct uffdio_api *api, unsigned *features)
{
	u64 want = api->features;

	if (api->api != UFFD_API || want & ~UFFD_API_FEATURES)
		return -EINVAL;
	if (want & UFFD_FEATURE_EVENT_FORK && !capable(CAP_SYS_PTRACE))
		return -EPERM;		/* the reader gets a hold on the child */
	if (want & UFFD_FEATURE_WP_ASYNC)
		want |= UFFD_FEATURE_WP_UNPOPULATED;
	*features = want | UFFD_FEATURE_INITIALIZED;
	api->features = UFFD_API_FEATURES;
	api->ioctls = UFFD_API_IOCTLS;
	return 0;
}

static long uffd_api(struct userfaultfd_ctx *ctx, void __user *arg)
{
	unsigned features, none = 0;
	struct uffdio_api api;
	int rc;

	if (copy_from_user(&api, arg, sizeof(api)))
		return -EFAULT;
	rc = negotiate(&api, &features);
	if (!rc && copy_to_user(arg, &api, sizeof(api)))
		return -EFAULT;
	if (!rc && !__atomic_compare_exchange_n(&ctx->features, &none, features, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
		rc = -EINVAL;		/* once */
	if (rc) {
		memset(&api, 0, sizeof(api));
		if (copy_to_user(arg, &api, sizeof(api)))
			return -EFAULT;
	}
	return rc;
}

/* ---- regions ----------------------------------------------------------------------------------------- */

static unsigned long mode_flags(u64 mode)
{
	return (mode & UFFDIO_REGISTER_MODE_MISSING ? VM_UFFD_MISSING : 0) |
	       (mode & UFFDIO_REGISTER_MODE_WP ? VM_UFFD_WP : 0) |
	       (mode & UFFDIO_REGISTER_MODE_MINOR ? VM_UFFD_MINOR : 0);
}

static long uffd_register(struct userfaultfd_ctx *ctx, struct uffdio_register __user *arg)
{
	u64 ioctls = UFFD_API_RANGE_IOCTLS;
	struct uffdio_register r;
	int rc;

	if (copy_from_user(&r, arg, offsetof(struct uffdio_register, ioctls)))
		return -EFAULT;
	if (!r.mode || r.mode & ~UFFDIO_REGISTER_MODES)
		return -EINVAL;
	rc = check_range(ctx, r.range.start, r.range.len);
	if (!rc)
		rc = userfaultfd_register_range(ctx, r.range.start, r.range.start + r.range.len,
						mode_flags(r.mode));
	if (rc)
		return rc;
	if (!(r.mode & UFFDIO_REGISTER_MODE_WP))
		ioctls &= ~UFFD_IOCTL_WRITEPROTECT;
	if (!(r.mode & UFFDIO_REGISTER_MODE_MINOR))
		ioctls &= ~UFFD_IOCTL_CONTINUE;
	return put_user(ioctls, &arg->ioctls) ? -EFAULT : 0;
}

/* UNREGISTER and WAKE: a range, and no answer. */
static int get_range(struct userfaultfd_ctx *ctx, const void __user *arg, struct uffdio_range *r)
{
	if (copy_from_user(r, arg, sizeof(*r)))
		return -EFAULT;
	return check_range(ctx, r->start, r->len);
}

static long uffd_unregister(struct userfaultfd_ctx *ctx, const void __user *arg)
{
	struct uffdio_range r;
	int rc = get_range(ctx, arg, &r);

	return rc ? rc : userfaultfd_unregister_range(ctx, r.start, r.start + r.len);
}

static long uffd_wake(struct userfaultfd_ctx *ctx, const void __user *arg)
{
	struct uffdio_range r;
	int rc = get_range(ctx, arg, &r);

	if (!rc)
		wake_userfault(ctx, r.start, r.len);
	return rc;
}

/* ---- filling ----------------------------------------------------------------------------------------- */

/*
 * A request's structure but for its result, the last 8 of its @size bytes, to @r.  0, -EFAULT; -EAGAIN, which is the
 * result as well: regions are changing
 */
static int get_request(struct userfaultfd_ctx *ctx, void *r, void __user *arg, size_t size)
{
	s64 __user *result = (s64 __user *)((char __user *)arg + size - sizeof(s64));

	if (atomic_read(&ctx->mmap_changing))
		return put_user((s64)-EAGAIN, result) ? -EFAULT : -EAGAIN;
	return copy_from_user(r, arg, size - sizeof(s64)) ? -EFAULT : 0;
}

/* @done bytes, or -errno, of @len at @dst: tell, and wake unless @mode says not to. */
static long put_result(struct userfaultfd_ctx *ctx, long done, u64 dst, u64 len, u64 mode, s64 __user *result)
{
	if (put_user((s64)done, result))
		return -EFAULT;
	if (done < 0)
		return done;
	if (!(mode & UFFDIO_MODE_DONTWAKE))
		wake_userfault(ctx, dst, done);
	return (u64)done == len ? 0 : -EAGAIN;
}

static long fill(struct userfaultfd_ctx *ctx, const struct mfill *m, u64 mode, s64 __user *result)
{
	long done;

	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	done = mfill_atomic(ctx, m);
	mmput(ctx->mm);
	return put_result(ctx, done, m->dst, m->len, mode, result);
}

static long uffd_copy(struct userfaultfd_ctx *ctx, struct uffdio_copy __user *arg)
{
	struct uffdio_copy r;
	struct mfill m = { .mode = MFILL_COPY };
	int rc = get_request(ctx, &r, arg, sizeof(r));

	if (!rc)
		rc = check_unaligned(ctx, r.src, r.len);
	if (!rc)
		rc = check_range(ctx, r.dst, r.len);
	if (!rc && r.mode & ~(UFFDIO_MODE_DONTWAKE | UFFDIO_MODE_WP))
		rc = -EINVAL;
	if (rc)
		return rc;
	m.dst = r.dst;
	m.src = r.src;
	m.len = r.len;
	m.wp = r.mode & UFFDIO_MODE_WP;
	return fill(ctx, &m, r.mode, &arg->copy);
}

/* ZEROPAGE, CONTINUE and POISON are of one shape. */
BUILD_ASSERT(sizeof(struct uffdio_zeropage) == sizeof(struct uffdio_continue) &&
	     sizeof(struct uffdio_zeropage) == sizeof(struct uffdio_poison));

static long uffd_fill(struct userfaultfd_ctx *ctx, struct uffdio_zeropage __user *arg, enum mfill_mode mode,
		      u64 modes)
{
	struct uffdio_zeropage r;
	struct mfill m = { .mode = mode };
	int rc = get_request(ctx, &r, arg, sizeof(r));

	if (!rc)
		rc = check_range(ctx, r.range.start, r.range.len);
	if (!rc && r.mode & ~modes)
		rc = -EINVAL;
	if (rc)
		return rc;
	m.dst = r.range.start;
	m.len = r.range.len;
	m.wp = r.mode & UFFDIO_MODE_WP;
	return fill(ctx, &m, r.mode, &arg->zeropage);
}

static long uffd_move(struct userfaultfd_ctx *ctx, struct uffdio_move __user *arg)
{
	struct uffdio_move r;
	long done;
	int rc = get_request(ctx, &r, arg, sizeof(r));

	if (rc)
		return rc;
	if (ctx->mm != current_base()->mm)
		return -EINVAL;
	rc = check_range(ctx, r.dst, r.len);
	if (!rc)
		rc = check_range(ctx, r.src, r.len);
	if (!rc && r.mode & ~(UFFDIO_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES))
		rc = -EINVAL;
	if (rc)
		return rc;
	done = uffd_move_pages(ctx, r.dst, r.src, r.len, r.mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	return put_result(ctx, done, r.dst, r.len, r.mode, &arg->move);
}

static long uffd_writeprotect(struct userfaultfd_ctx *ctx, const void __user *arg)
{
	struct uffdio_writeprotect r;
	bool wp, dontwake;
	int rc;

	if (atomic_read(&ctx->mmap_changing))
		return -EAGAIN;
	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	rc = check_range(ctx, r.range.start, r.range.len);
	if (rc)
		return rc;
	wp = r.mode & UFFDIO_WRITEPROTECT_MODE_WP;
	dontwake = r.mode & UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
	if (r.mode & ~(UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE) || (wp && dontwake))
		return -EINVAL;
	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	rc = mwriteprotect_range(ctx, r.range.start, r.range.len, wp);
	mmput(ctx->mm);
	if (!rc && !wp && !dontwake)
		wake_userfault(ctx, r.range.start, r.range.len);
	return rc;
}

long userfaultfd_ioctl(struct file *file, unsigned cmd, unsigned long addr)
{
	struct userfaultfd_ctx *ctx = file->private_data;
	void __user *arg = (void __user *)addr;

	if (cmd != UFFDIO_API && !userfaultfd_initialized(ctx))
		return -EINVAL;
	switch (cmd) {
	case UFFDIO_API:
		return uffd_api(ctx, arg);
	case UFFDIO_REGISTER:
		return uffd_register(ctx, arg);
	case UFFDIO_UNREGISTER:
		return uffd_unregister(ctx, arg);
	case UFFDIO_WAKE:
		return uffd_wake(ctx, arg);
	case UFFDIO_COPY:
		return uffd_copy(ctx, arg);
	case UFFDIO_ZEROPAGE:
		return uffd_fill(ctx, arg, MFILL_ZEROPAGE, UFFDIO_MODE_DONTWAKE);
	case UFFDIO_CONTINUE:
		return uffd_fill(ctx, arg, MFILL_CONTINUE, UFFDIO_MODE_DONTWAKE | UFFDIO_MODE_WP);
	case UFFDIO_POISON:
		return uffd_fill(ctx, arg, MFILL_POISON, UFFDIO_MODE_DONTWAKE);
	case UFFDIO_MOVE:
		return uffd_move(ctx, arg);
	case UFFDIO_WRITEPROTECT:
		return uffd_writeprotect(ctx, arg);
	default:
		return -EINVAL;
	}
}
