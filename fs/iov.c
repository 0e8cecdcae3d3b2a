/*
 * fs/iov.c - where a read or write goes: walking the segments of an iov_iter.
 *
 * INVARIANTS
 *   V1  count is the number of bytes from (iov[0], offset) to the end of the segments.
 *   V2  A copy that meets memory it may not touch stops there: count and offset say how far it came.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "fs/file.h"
#include "include/uaccess.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

enum iter_op { ITER_TO, ITER_FROM, ITER_ZERO };

/* Bytes done of [p, p + n), which is one segment's. */
static __always_inline size_t segment_op(enum iter_op op, bool user, char *p, char *k, size_t n)
{
	if (user) {
		if (op == ITER_TO)
			return n - copy_to_user(p, k, n);
		if (op == ITER_FROM)
			return n - copy_from_user(k, p, n);
		return n - clear_user(p, n);
	}
	if (op == ITER_TO)
		memcpy(p, k, n);
	else if (op == ITER_FROM)
		memcpy(k, p, n);
	else
		memset(p, 0, n);
	return n;
}

static __always_inline size_t iter_op(enum iter_op op, char *k, size_t n, struct iov_iter *i)
{
	size_t done = 0;

	n = min(n, i->count);
	while (done < n) {
		char *p;
		size_t len = min(iov_iter_segment(i, &p), n - done);
		size_t got = segment_op(op, i->user, p, k + done, len);

		i->offset += got;
		i->count -= got;	/* V1 */
		done += got;
		if (unlikely(got < len))
			break;		/* V2 */
	}
	return done;
}

size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i)
{
	return iter_op(ITER_TO, (char *)from, n, i);
}

size_t copy_from_iter(void *to, size_t n, struct iov_iter *i)
{
	return iter_op(ITER_FROM, to, n, i);
}

size_t iov_iter_zero(size_t n, struct iov_iter *i)
{
	return iter_op(ITER_ZERO, NULL, n, i);
}

void iov_iter_advance(struct iov_iter *i, size_t n)
{
	n = min(n, i->count);
	i->count -= n;
	while (n) {
		char *p;
		size_t len = min(iov_iter_segment(i, &p), n);

		i->offset += len;
		n -= len;
	}
}

/* One byte of each page of [p, p + n): read it, so that the page is there. */
static int fault_in(const char __user *p, size_t n)
{
	const char *end = p + n;
	__maybe_unused char c;

	while (p < end) {
		if (get_user(c, (char *)p))
			return -EFAULT;
		p = (const char *)(((unsigned long)p & PAGE_MASK) + PAGE_SIZE);
	}
	return 0;
}

int iov_iter_fault_in(struct iov_iter *i, size_t n)
{
	const struct iovec *iov = i->iov;
	size_t off = i->offset;

	if (!i->user)
		return 0;
	for (n = min(n, i->count); n; iov++, off = 0) {
		size_t len = min(iov->iov_len - off, n);

		if (len && fault_in((char *)iov->iov_base + off, len))
			return -EFAULT;
		n -= len;
	}
	return 0;
}

int import_iovec(const struct iovec __user *uvec, unsigned nr, struct iovec *fast, unsigned nr_fast,
		 struct iovec **freed, struct iov_iter *i)
{
	struct iovec *v = fast;
	size_t total = 0;

	*freed = NULL;
	if (nr > UIO_MAXIOV)
		return -EINVAL;
	if (nr > nr_fast) {
		v = kmalloc(nr * sizeof(*v), GFP_KERNEL);
		if (!v)
			return -ENOMEM;
		*freed = v;
	}
	if (copy_from_user(v, uvec, nr * sizeof(*v)))
		return -EFAULT;
	for (unsigned k = 0; k < nr; k++) {
		if ((ssize_t)v[k].iov_len < 0)
			return -EINVAL;
		if (!access_ok(v[k].iov_base, v[k].iov_len))
			return -EFAULT;
		v[k].iov_len = min(v[k].iov_len, (size_t)MAX_RW_COUNT - total);
		total += v[k].iov_len;
	}
	*i = (struct iov_iter){ .iov = v, .nr_segs = nr, .count = total, .user = true };
	return 0;
}
