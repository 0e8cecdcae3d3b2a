/*
 * fs/pipe_size.c - how large pipes are, and how many pages a user may have in them.
 *
 * MODEL     A pipe is charged to the user who made it, with as many pages as its ring has slots, whether
 *           they are filled or not.  Beyond pipe_user_pages_soft an unprivileged user's new pipes have two slots,
 *           beyond pipe_user_pages_hard he gets none, and beyond either no pipe of his grows.  0: no limit.
 * INVARIANTS
 *   Z1  user->pipe_bufs is the sum of ring_size over the user's pipes.
 * LOCKING   pipe->mutex for ring_size; the counts are atomic.  A charge is made first and then judged, so that
 *           two who are charged at once do not both fit into the last room.
 * TESTS     test/user/t_pipe.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/pipe.h"
#include "fs/file.h"
#include "fs/proc/proc.h"
#include "kernel/task/cred.h"
#include "lib/kstrtox.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define PIPE_MIN_DEF_BUFFERS	2
#define PIPE_MAX_BYTES		(1ul << 31)

static unsigned pipe_max_size = 1024 * 1024;	/* bytes an unprivileged user may ask for */
static unsigned long pipe_user_pages_hard, pipe_user_pages_soft = PIPE_DEF_BUFFERS * 1024;

static bool unprivileged(void) { return !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN); }

static bool beyond(unsigned long limit, long pages) { return limit && (unsigned long)pages > limit; }

/* Change what @p is charged from @old to @slots.  => pages of the user */
static long charge(struct pipe_inode_info *p, unsigned old, unsigned slots)
{
	return atomic_long_add_return((long)slots - (long)old, &p->user->pipe_bufs);
}

int pipe_charge_new(struct pipe_inode_info *p)
{
	unsigned slots = PIPE_DEF_BUFFERS, most = READ_ONCE(pipe_max_size) >> PAGE_SHIFT;
	long pages;

	if (slots > most && !capable(CAP_SYS_RESOURCE))
		slots = most;
	p->user = get_uid(current_cred()->user);
	pages = charge(p, 0, slots);
	if (unlikely(beyond(READ_ONCE(pipe_user_pages_soft), pages)) && unprivileged()) {
		pages = charge(p, slots, PIPE_MIN_DEF_BUFFERS);
		slots = PIPE_MIN_DEF_BUFFERS;
	}
	p->ring_size = slots;
	if (unlikely(beyond(READ_ONCE(pipe_user_pages_hard), pages)) && unprivileged()) {
		pipe_uncharge(p);
		return -ENFILE;
	}
	return 0;
}

void pipe_uncharge(struct pipe_inode_info *p)
{
	charge(p, p->ring_size, 0);
	free_uid(p->user);
}

static int pipe_resize(struct pipe_inode_info *p, unsigned slots) REQUIRES(p->mutex)
{
	unsigned used = p->head - p->tail;
	struct pipe_buffer *bufs;

	if (slots < used)
		return -EBUSY;
	bufs = kvzalloc(slots * sizeof(*bufs), GFP_KERNEL);
	if (!bufs)
		return -ENOMEM;
	for (unsigned i = 0; i < used; i++)
		bufs[i] = *pipe_buf(p, p->tail + i);
	if (p->bufs != p->bufs_inline)
		kvfree(p->bufs);
	p->bufs = bufs;
	p->ring_size = slots;
	p->tail = 0;
	p->head = used;
	return 0;
}

/* Bytes rounded up to what a ring can be; 0: too many. */
static unsigned long round_pipe_size(unsigned long bytes)
{
	return bytes > PIPE_MAX_BYTES ? 0 : roundup_pow_of_two(max(bytes, PAGE_SIZE));
}

static long pipe_set_size(struct pipe_inode_info *p, unsigned long bytes) REQUIRES(p->mutex)
{
	unsigned slots, was = p->ring_size;
	bool was_full = pipe_full(p);
	long pages;
	int rc;

	bytes = round_pipe_size(bytes);
	slots = bytes >> PAGE_SHIFT;
	if (!slots)
		return -EINVAL;
	if (slots > was && bytes > READ_ONCE(pipe_max_size) && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	pages = charge(p, was, slots);
	rc = -EPERM;
	if (slots > was && (beyond(READ_ONCE(pipe_user_pages_hard), pages) ||
			    beyond(READ_ONCE(pipe_user_pages_soft), pages)) && unprivileged())
		goto undo_charge;
	rc = pipe_resize(p, slots);
	if (rc)
		goto undo_charge;
	if (was_full)
		pipe_wake_writers(p);
	return (long)slots << PAGE_SHIFT;
undo_charge:
	charge(p, slots, was);
	return rc;
}

long pipe_fcntl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct pipe_inode_info *p = get_pipe_info(f);
	long rc;

	if (!p)
		return -EBADF;
	mutex_lock(&p->mutex);
	rc = cmd == F_SETPIPE_SZ ? pipe_set_size(p, (unsigned)arg) : (long)p->ring_size << PAGE_SHIFT;
	mutex_unlock(&p->mutex);
	return rc;
}

/* ---- /proc/sys/fs ---------------------------------------------------------------------------- */

/* What is written is an unsigned int, and rounded as F_SETPIPE_SZ rounds it. */
static int do_pipe_max_size(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	unsigned long bytes;

	if (!write) {
		*len = scnprintf(buf, PAGE_SIZE, "%u\n", pipe_max_size);
		return 0;
	}
	if (kstrtoul(buf, 10, &bytes) || !round_pipe_size((unsigned)bytes))
		return -EINVAL;
	WRITE_ONCE(pipe_max_size, round_pipe_size((unsigned)bytes));
	return 0;
}

static const struct ctl_table pipe_table[] = {
	{ .name = "pipe-max-size", .mode = 0644, .handler = do_pipe_max_size },
	{ .name = "pipe-user-pages-hard", .data = &pipe_user_pages_hard, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec },
	{ .name = "pipe-user-pages-soft", .data = &pipe_user_pages_soft, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec },
};

void __init pipe_sysctl_init(void)
{
	(void)register_sysctl("fs", pipe_table, ARRAY_SIZE(pipe_table));
}
