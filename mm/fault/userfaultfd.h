/*
 * mm/fault/userfaultfd.h - entries that a program fills in the place of the kernel: userfaultfd's requests.
 *
 * MODEL     A request is for the address space of a context, which is mostly another task's or the caller's own.
 *           It does as much as it can, and tells how many bytes; only if that is nothing, why.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_FAULT_USERFAULTFD_H
#define VELLUM_MM_FAULT_USERFAULTFD_H

#include "include/userfaultfd_k.h"

enum mfill_mode {
	MFILL_COPY,			/* a page with the bytes at src */
	MFILL_ZEROPAGE,
	MFILL_CONTINUE,			/* the page that the file has */
	MFILL_POISON,			/* none: who accesses it gets SIGBUS */
};

struct mfill {
	enum mfill_mode mode;
	bool wp;			/* what is shown is marked for uffd-wp */
	unsigned long dst, src, len;	/* bytes, whole pages; src: of the caller, COPY only */
};

/*
 * Fill entries of ctx->mm, which has a user.  Bytes, or -errno: EEXIST (something is there), ENOENT (no watched
 * region), EINVAL (not of its kind), EFAULT (src; beyond the file; CONTINUE of a hole), EAGAIN (regions change),
 * ENOMEM, EINTR.  => no lock held
 */
__must_check long mfill_atomic(struct userfaultfd_ctx *ctx, const struct mfill *r);
/*
 * Set or clear uffd-wp in [start, start + len) of ctx->mm, all of which is watched for it.
 * 0, -ENOENT, -EAGAIN, -ENOMEM
 */
__must_check int mwriteprotect_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len,
				     bool enable_wp);
/*
 * Move the pages of [src, src + len) to [dst, dst + len), both of the running task; @holes: where there is none in
 * src, nothing is moved.  Bytes, or -errno: as above, and EBUSY (a page that others share).
 */
__must_check long uffd_move_pages(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src,
				  unsigned long len, bool holes);

#endif
