/*
 * mm/cache/high_copy.c - between programs and pages that the direct map does not show.
 *
 * MODEL     Most copies find the program's page there: a window of this hart serves, with faults disabled,
 *           for who has a window open may not sleep.  What is left after a fault goes through kmap(),
 *           which may be held while the fault is served.
 *           An iterator with a segment that is shorter than the copy, or kernel memory, always takes kmap().
 * INVARIANTS
 *   C1  A copy ends within its page, and moves the iterator on by what was copied.
 * SEE       mm/kmap/highmem.c
 * TESTS     user tests with directmap=128M
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/filemap.h"
#include "mm/kmap/highmem.h"

static void iter_advance(struct iov_iter *i, size_t n)
{
	INV(C1, n <= i->count);
	i->offset += n;
	i->count -= n;
}

static bool one_user_segment(const struct iov_iter *i, size_t n)
{
	return i->user && n <= i->iov->iov_len - i->offset;
}

size_t copy_high_page_to_iter(struct page *page, size_t off, size_t n, struct iov_iter *to)
{
	size_t done = 0;
	char *kaddr;

	INV(C1, off + n <= PAGE_SIZE);
	if (likely(one_user_segment(to, n))) {
		pagefault_disable();
		kaddr = kmap_atomic(page);
		done = n - copy_to_user((char *)to->iov->iov_base + to->offset, kaddr + off, n);
		kunmap_atomic(kaddr);
		pagefault_enable();
		iter_advance(to, done);
	}
	if (unlikely(done < n)) {
		kaddr = kmap(page);
		done += copy_to_iter(kaddr + off + done, n - done, to);
		kunmap(page);
	}
	return done;
}

size_t copy_high_page_from_iter(struct page *page, size_t off, size_t n, struct iov_iter *from)
{
	size_t done = 0;
	char *kaddr;

	INV(C1, off + n <= PAGE_SIZE);
	if (likely(one_user_segment(from, n))) {
		pagefault_disable();
		kaddr = kmap_atomic(page);
		done = n - copy_from_user(kaddr + off, (char *)from->iov->iov_base + from->offset, n);
		kunmap_atomic(kaddr);
		pagefault_enable();
		iter_advance(from, done);
	}
	if (unlikely(done < n)) {
		kaddr = kmap(page);
		done += copy_from_iter(kaddr + off + done, n - done, from);
		kunmap(page);
	}
	return done;
}
