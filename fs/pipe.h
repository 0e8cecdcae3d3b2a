/*
 * fs/pipe.h - pipes and FIFOs: a ring of pages between readers and writers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_PIPE_H
#define VELLUM_FS_PIPE_H

#include "fs/fasync.h"
#include "include/uapi/poll.h"

#define PIPE_DEF_BUFFERS	16

struct pipe_buffer {
	struct page *page;		/* counted */
	unsigned offset, len;
	unsigned flags;			/* PIPE_BUF_* */
};
#define PIPE_BUF_MERGE	1		/* ours alone: a write may append to it */
#define PIPE_BUF_PACKET	2		/* O_DIRECT: one read takes at most this one */

struct pipe_inode_info {
	struct mutex mutex;		/* rank vfs */
	wait_queue_head_t rd_wait, wr_wait;
	struct fasync_list fasync_readers, fasync_writers;
	unsigned head, tail;		/* head - tail buffers in use; grow for ever */
	unsigned ring_size;		/* power of two; charged to user */
	struct user_struct *user;	/* counted: who made it */
	unsigned readers, writers;	/* open ends */
	unsigned r_counter, w_counter;	/* opens so far: FIFO open() waits for a change */
	unsigned files;			/* open files, for freeing */
	bool poll_usage;
	struct page *spare;		/* one page kept for the next write */
	struct pipe_buffer *bufs;
	struct pipe_buffer bufs_inline[PIPE_DEF_BUFFERS];
};

static inline bool pipe_empty(const struct pipe_inode_info *p) { return p->head == p->tail; }
static inline bool pipe_full(const struct pipe_inode_info *p) { return p->head - p->tail >= p->ring_size; }
static inline struct pipe_buffer *pipe_buf(struct pipe_inode_info *p, unsigned i)
{
	return &p->bufs[i & (p->ring_size - 1)];
}

/* For splice; p->mutex held. */
enum pipe_wait { PIPE_WAIT, PIPE_NO_WAIT };
/* 0: data or end; -EAGAIN, -ERESTARTSYS */
int pipe_wait_readable(struct pipe_inode_info *p, enum pipe_wait w) REQUIRES(p->mutex);
/* 0: room; -EPIPE (and SIGPIPE) too */
int pipe_wait_writable(struct pipe_inode_info *p, enum pipe_wait w) REQUIRES(p->mutex);
/* Of the first buffer; wakes writers. */
void pipe_consume(struct pipe_inode_info *p, size_t bytes) REQUIRES(p->mutex);
void pipe_push(struct pipe_inode_info *p, struct pipe_buffer buf);	/* takes over its page; wakes readers */

extern const struct file_operations pipefifo_fops;
ssize_t pipe_broken(void);	/* nobody reads any more: SIGPIPE and -EPIPE */
void pipe_init(void);
void pipe_sysctl_init(void);
int do_pipe_flags(int *fd, int flags);
int create_pipe_files(struct file **res, int flags);
struct pipe_inode_info *get_pipe_info(struct file *file);	/* NULL: not a pipe */
long pipe_fcntl(struct file *file, unsigned cmd, unsigned long arg);

/* ---- among fs/pipe.c, pipe_open.c and pipe_size.c -------------------------------------------- */

struct pipe_inode_info *alloc_pipe_info(void);		/* NULL: no memory, or the user has too many */
void free_pipe_info(struct pipe_inode_info *p);
/* One open file less.  The last one frees the pipe. */
void put_pipe_info(struct inode *inode, struct pipe_inode_info *p);
/* Sleep on @q, the mutex dropped meanwhile, until somebody wakes it.  => 0 or -ERESTARTSYS */
int pipe_sleep(struct pipe_inode_info *p, wait_queue_head_t *q) REQUIRES(p->mutex);
static inline void pipe_wake_readers(struct pipe_inode_info *p)
{
	if (waitqueue_active(&p->rd_wait))
		wake_up_poll(&p->rd_wait, EPOLLIN | EPOLLRDNORM);
}
static inline void pipe_wake_writers(struct pipe_inode_info *p)
{
	if (waitqueue_active(&p->wr_wait))
		wake_up_poll(&p->wr_wait, EPOLLOUT | EPOLLWRNORM);
}
int fifo_open(struct inode *inode, struct file *f);
int pipe_charge_new(struct pipe_inode_info *p);		/* sets ring_size and user; -ENFILE: no more */
void pipe_uncharge(struct pipe_inode_info *p);
void pipe_cache_init(void);

#endif
