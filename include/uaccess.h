/*
 * include/uaccess.h - the only way to touch user memory.
 *
 * MODEL     A user pointer is any 64-bit number that user space chose.  Every function here checks
 *           that the range lies below task_size, then copies with the exception table armed: an
 *           access that no region allows ends the copy instead of the kernel.
 *           copy_* return the number of bytes NOT copied; the others return 0 or -EFAULT.
 * LOCKING   May sleep (the page may have to come first): no spin lock is held.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UACCESS_H
#define VELLUM_UACCESS_H

#include "include/arch/arch.h"
#include "include/kasan.h"
#include "include/uapi/errno.h"

static inline bool access_ok(const void __user *p, unsigned long n)
{
	return n <= task_size && (unsigned long)p <= task_size - n;
}

static inline __must_check unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	kasan_check_write(to, n);
	return access_ok(from, n) ? arch_copy_user(to, from, n) : n;
}

static inline __must_check unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	kasan_check_read(from, n);
	return access_ok(to, n) ? arch_copy_user(to, from, n) : n;
}

static inline __must_check unsigned long clear_user(void __user *to, unsigned long n)
{
	return access_ok(to, n) ? arch_clear_user(to, n) : n;
}

/*
 * A struct of @usize bytes of user memory into one of @ksize: what an older program does not have is 0, and what
 * we do not know must be.  0, -EFAULT or -E2BIG; the caller bounds @usize
 */
static inline __must_check int copy_struct_from_user(void *to, size_t ksize, const void __user *from, size_t usize)
{
	size_t n = ksize < usize ? ksize : usize;

	for (size_t i = n; i < usize; i++) {
		char c;

		if (copy_from_user(&c, (const char __user *)from + i, 1))
			return -EFAULT;
		if (c)
			return -E2BIG;
	}
	for (size_t i = n; i < ksize; i++)
		((char *)to)[i] = 0;
	return copy_from_user(to, from, n) ? -EFAULT : 0;
}

/* x is set only when the read succeeded.  Types of 1, 2, 4 and 8 bytes. */
#ifdef VELLUM_HOST
#define get_user(x, ptr) ({ \
	__typeof__(*(ptr)) _v; \
	int _rc = copy_from_user(&_v, (ptr), sizeof(_v)) ? -EFAULT : 0; \
	if (!_rc) (x) = _v; \
	_rc; })
#define put_user(x, ptr) ({ \
	__typeof__(*(ptr)) _v = (x); \
	copy_to_user((ptr), &_v, sizeof(_v)) ? -EFAULT : 0; })
#else
#include <asm/uaccess.h>
#define get_user(x, ptr)	arch_get_user(x, ptr)
#define put_user(x, ptr)	arch_put_user(x, ptr)
#endif

/* Length without the NUL, or -EFAULT; @n when no NUL came within @n bytes. */
__must_check long strncpy_from_user(char *to, const char __user *from, long n);
/* Length with the NUL, 0 on a fault, > @n when there is none within @n. */
__must_check long strnlen_user(const char __user *s, long n);

/* Atomically: if *p == old, *p = new.  *seen gets the value read.  0 or -EFAULT */
__must_check int futex_cmpxchg_user(u32 __user *p, u32 old, u32 new_, u32 *seen);
/* Atomic op on a user word for FUTEX_WAKE_OP: 0 set, 1 add, 2 or, 3 andn, 4 xor; *old gets what was. */
__must_check int futex_op_user(int op, u32 arg, u32 __user *p, u32 *old);

/* Reads that must not sleep: with faults not served, -EFAULT where the page is not there. */
void pagefault_disable(void);
void pagefault_enable(void);

#endif
