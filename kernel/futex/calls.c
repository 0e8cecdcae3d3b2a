/*
 * kernel/futex/calls.c - the system calls: futex(2), futex_waitv(2), futex_wake(2), futex_wait(2),
 * futex_requeue(2).
 *
 * FAILURE   Decoded and checked before anything is looked at: -ENOSYS for an operation that is not known, or
 *           that has no clock to choose; -EINVAL for flags and values.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/time.h"
#include "kernel/futex/internal.h"
#include "mm/slab/slab.h"

/* ---- futex(2) -------------------------------------------------------------------------------- */

static bool cmd_has_timeout(int cmd)
{
	return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI ||
	       cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2;
}

static bool cmd_has_clock(int cmd)
{
	return cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_LOCK_PI2;
}

static int copy_timeout(struct futex_timeout *to, const struct __kernel_timespec __user *uts)
{
	struct timespec64 ts;

	to->set = true;
	if (get_timespec64(&ts, uts))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	to->end = timespec64_to_ktime(ts);
	return 0;
}

static int get_timeout(struct futex_timeout *to, int op, const struct __kernel_timespec __user *uts)
{
	int cmd = op & FUTEX_CMD_MASK, rc;

	to->set = false;
	to->clock = (op & FUTEX_CLOCK_REALTIME) || cmd == FUTEX_LOCK_PI ? HRTIMER_REALTIME : HRTIMER_MONOTONIC;
	if (!uts || !cmd_has_timeout(cmd))
		return 0;
	rc = copy_timeout(to, uts);
	if (!rc && cmd == FUTEX_WAIT)
		to->end = ktime_add_safe(ktime_get(), to->end);
	return rc;
}

static long futex_op(u32 __user *uaddr, int cmd, unsigned flags, u32 val, const struct futex_timeout *to,
		     struct requeue_args *rq, u32 val3)
{
	switch (cmd) {
	case FUTEX_WAIT:
		return futex_wait(uaddr, flags, val, to, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait(uaddr, flags, val, to, val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, flags, val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, flags, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(rq);
	case FUTEX_CMP_REQUEUE:
		rq->cmp = &val3;
		return futex_requeue(rq);
	case FUTEX_CMP_REQUEUE_PI:
		rq->cmp = &val3;
		return futex_requeue_pi(rq);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, rq->u2, flags, val, rq->nr_requeue, val3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(uaddr, flags, to, PI_WAIT);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(uaddr, flags, to, PI_TRY);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(uaddr, flags);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(uaddr, flags, val, to, FUTEX_BITSET_MATCH_ANY, rq->u2);
	default:
		return -ENOSYS;
	}
}

SYSCALL_DEFINE6(futex, u32 __user *, uaddr, int, op, u32, val, const struct __kernel_timespec __user *, uts,
		u32 __user *, uaddr2, u32, val3)
{
	unsigned flags = op & FUTEX_PRIVATE_FLAG ? 0 : FLAGS_SHARED;
	struct requeue_args rq = { uaddr, uaddr2, flags, flags, val, (int)(unsigned long)uts, NULL };
	int cmd = op & FUTEX_CMD_MASK, rc;
	struct futex_timeout to;

	rc = get_timeout(&to, op, uts);
	if (rc)
		return rc;
	if ((op & FUTEX_CLOCK_REALTIME) && !cmd_has_clock(cmd))
		return -ENOSYS;
	return futex_op(uaddr, cmd, flags, val, &to, &rq, val3);
}

/* ---- the calls of the second kind ------------------------------------------------------------ */

#define FUTEX2_KNOWN	(FUTEX2_SIZE_MASK | FUTEX2_PRIVATE)

/* Words are of 32 bits, so far: 0 with *@flags set, or -EINVAL. */
static int decode_flags(unsigned flags2, unsigned *flags)
{
	if ((flags2 & ~FUTEX2_KNOWN) || (flags2 & FUTEX2_SIZE_MASK) != FUTEX_32)
		return -EINVAL;
	*flags = flags2 & FUTEX2_PRIVATE ? 0 : FLAGS_SHARED;
	return 0;
}

static int fits_word(unsigned long val)
{
	return val >> 32 ? -EINVAL : 0;
}

static int get_timeout2(struct futex_timeout *to, const struct __kernel_timespec __user *uts, int clock)
{
	to->set = false;
	if (!uts)
		return 0;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	to->clock = clock == CLOCK_REALTIME ? HRTIMER_REALTIME : HRTIMER_MONOTONIC;
	return copy_timeout(to, uts);
}

static int copy_waitv(struct futex_waiting *w, const struct futex_waitv __user *uw, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		struct futex_waitv one;
		int rc;

		if (copy_from_user(&one, &uw[i], sizeof(one)))
			return -EFAULT;
		if (one.__reserved)
			return -EINVAL;
		rc = decode_flags(one.flags, &w[i].flags);
		if (!rc)
			rc = fits_word(one.val);
		if (rc)
			return rc;
		w[i].uaddr = (u32 __user *)one.uaddr;
		w[i].val = one.val;
	}
	return 0;
}

SYSCALL_DEFINE5(futex_waitv, const struct futex_waitv __user *, uw, unsigned, nr, unsigned, flags,
		const struct __kernel_timespec __user *, uts, int, clock)
{
	struct futex_timeout to;
	struct futex_waiting *w;
	long rc;

	if (flags || !nr || nr > FUTEX_WAITV_MAX || !uw)
		return -EINVAL;
	rc = get_timeout2(&to, uts, clock);
	if (rc)
		return rc;
	w = kcalloc(nr, sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	rc = copy_waitv(w, uw, nr);
	if (!rc)
		rc = futex_wait_multiple(w, nr, &to);
	kfree(w);
	return rc;
}

SYSCALL_DEFINE4(futex_wake, void __user *, uaddr, unsigned long, mask, int, nr, unsigned, flags2)
{
	unsigned flags;
	int rc = decode_flags(flags2, &flags);

	if (!rc)
		rc = fits_word(mask);
	return rc ? rc : futex_wake(uaddr, flags | FLAGS_STRICT, nr, mask);
}

SYSCALL_DEFINE6(futex_wait, void __user *, uaddr, unsigned long, val, unsigned long, mask, unsigned, flags2,
		const struct __kernel_timespec __user *, uts, int, clock)
{
	struct futex_timeout to;
	unsigned flags;
	int rc = decode_flags(flags2, &flags);

	if (!rc)
		rc = fits_word(val);
	if (!rc)
		rc = fits_word(mask);
	if (!rc)
		rc = get_timeout2(&to, uts, clock);
	return rc ? rc : futex_wait_plain(uaddr, flags, val, &to, mask);
}

SYSCALL_DEFINE4(futex_requeue, const struct futex_waitv __user *, uw, unsigned, flags, int, nr_wake, int, nr_requeue)
{
	struct futex_waiting w[2];
	int rc;

	if (flags || !uw)
		return -EINVAL;
	rc = copy_waitv(w, uw, 2);
	if (rc)
		return rc;
	return futex_requeue(&(struct requeue_args){ w[0].uaddr, w[1].uaddr, w[0].flags, w[1].flags,
						     nr_wake, nr_requeue, &w[0].val });
}
