/*
 * fs/pipe.h - pipes and FIFOs: a ring of pages between readers and writers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_PIPE_H
#define VELLUM_FS_PIPE_H

#include "include/fs.h"

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
	unsigned head, tail;		/* head - tail buffers in use; grow for ever */
	unsigned ring_size;		/* power of two */
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
extern unsigned pipe_max_size;		/* bytes; /proc/sys/fs/pipe-max-size */
void pipe_init(void);
int do_pipe_flags(int *fd, int flags);
int create_pipe_files(struct file **res, int flags);
struct pipe_inode_info *get_pipe_info(struct file *file);	/* NULL: not a pipe */
long pipe_fcntl(struct file *file, unsigned cmd, unsigned long arg);

#endif
