/*
 * arch/riscv/mm/userstr.c - strings and atomic words in user memory.
 *
 * MODEL     The assembly touches memory; what is checked here is that the range ends below task_size:
 *           a string that runs into it has no NUL that user space could own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uaccess.h"

long __strncpy_from_user(char *to, const char __user *from, unsigned long n);
long __strnlen_user(const char __user *s, unsigned long n);
int __futex_cmpxchg(u32 __user *p, u32 old, u32 new_, u32 *seen);
int __futex_swap(u32 __user *p, u32 arg, u32 *old);
int __futex_add(u32 __user *p, u32 arg, u32 *old);
int __futex_or(u32 __user *p, u32 arg, u32 *old);
int __futex_and(u32 __user *p, u32 arg, u32 *old);
int __futex_xor(u32 __user *p, u32 arg, u32 *old);

/* Bytes from @s to the end of user addresses, at most @n. */
static unsigned long user_room(const char __user *s, unsigned long n)
{
	unsigned long at = (unsigned long)s;

	return at >= task_size ? 0 : min(n, task_size - at);
}

long strncpy_from_user(char *to, const char __user *from, long n)
{
	unsigned long room;
	long len;

	if (n <= 0)
		return 0;
	room = user_room(from, n);
	if (!room)
		return -EFAULT;
	len = __strncpy_from_user(to, from, room);
	if (len < 0 || (len == (long)room && room < (unsigned long)n))
		return -EFAULT;
	return len;
}

long strnlen_user(const char __user *s, long n)
{
	unsigned long room;
	long len;

	if (n <= 0)
		return 0;
	room = user_room(s, n);
	if (!room)
		return 0;
	len = __strnlen_user(s, room);
	if (len < 0 || (len == (long)room && room < (unsigned long)n))
		return 0;
	return len + 1;
}

int futex_cmpxchg_user(u32 __user *p, u32 old, u32 new_, u32 *seen)
{
	if (!access_ok(p, sizeof(*p)) || __futex_cmpxchg(p, old, new_, seen))
		return -EFAULT;
	return 0;
}

int futex_op_user(int op, u32 arg, u32 __user *p, u32 *old)
{
	int rc;

	if (!access_ok(p, sizeof(*p)))
		return -EFAULT;
	switch (op) {
	case 0:
		rc = __futex_swap(p, arg, old);
		break;
	case 1:
		rc = __futex_add(p, arg, old);
		break;
	case 2:
		rc = __futex_or(p, arg, old);
		break;
	case 3:
		rc = __futex_and(p, ~arg, old);
		break;
	case 4:
		rc = __futex_xor(p, arg, old);
		break;
	default:
		return -ENOSYS;
	}
	return rc ? -EFAULT : 0;
}
