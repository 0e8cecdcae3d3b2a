/*
 * fs/unix.h - local sockets: what the calls of fs/socket.c do with them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_UNIX_H
#define VELLUM_FS_UNIX_H

#include "fs/fasync.h"
#include "include/uapi/socket.h"

#define SCM_MAX_FD	253
#define RCV_SHUTDOWN	1
#define SND_SHUTDOWN	2

enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };

struct unix_addr {
	int len;			/* of the sockaddr; 2: no name */
	struct sockaddr_un un;
};

struct unix_sock {
	atomic_t refs;			/* its file, its peer's pointer, messages, calls under way */
	int type;			/* (I) SOCK_* */
	enum unix_state state;		/* (U) */
	unsigned shutdown;		/* (U) RCV_SHUTDOWN, SND_SHUTDOWN */
	int err;			/* (U) reported once */
	struct unix_sock *peer;		/* (U) counted */
	struct list_head rx;		/* (U) struct unix_msg */
	size_t rx_bytes;		/* (U) that can be read */
	unsigned rx_msgs, max_msgs;	/* (U) X4 */
	atomic_long_t wmem;		/* X1: memory of the messages that it sent and nobody has taken */
	long sndbuf, rcvbuf;
	struct wait_queue_entry peer_wake;	/* (U) on peer->space, when its queue was found full */
	struct list_head backlog;	/* (U) a listener's: sockets to accept, by backlog_link */
	struct list_head backlog_link;
	unsigned nr_backlog, max_backlog;
	struct unix_addr addr;		/* (U) */
	struct inode *inode;		/* (U) counted: the name in the file system, or NULL */
	struct list_head bound_link;	/* (U) in the list of named sockets */
	wait_queue_head_t wait;		/* our readers, and all who poll us */
	wait_queue_head_t space;	/* those who send to us */
	struct fasync_list fasync;	/* our file, if it tells of us by signals */
	bool wants_data, wants_space;	/* somebody waits for data: no signal; a send found no room: one */
	struct mutex recv_mutex;	/* one reader at a time */
	struct ucred cred, peercred;
	u64 rcvtimeo, sndtimeo;		/* ns; ~0: for ever */
	unsigned options;		/* bits by SO_*: kept for who asks, they mean nothing here */
	bool passcred, dead;
	unsigned inflight;		/* (U) G1: messages that carry it, in queues */
	unsigned gc_outside;		/* (U) fs/unix_gc.c */
	bool gc_candidate;
	struct list_head gc_link;	/* (U) while it is in flight */
	struct file *file;		/* (U) while it is in flight */
};

/* What comes with the bytes. */
struct unix_ctl {
	struct file *fds[SCM_MAX_FD];
	unsigned nr_fds;
	struct ucred cred;
	struct unix_addr from;
	unsigned flags;			/* MSG_* out */
};

struct unix_sock *unix_create(int type);	/* one reference, or NULL */
void unix_put(struct unix_sock *s);
void unix_pair(struct unix_sock *a, struct unix_sock *b);
void unix_release(struct unix_sock *s);		/* its file is closed */
int unix_bind(struct unix_sock *s, const struct unix_addr *addr);
int unix_listen(struct unix_sock *s, int backlog);
int unix_connect(struct unix_sock *s, const struct unix_addr *addr, bool nonblock);
/* The next connection; ERR_PTR. */
struct unix_sock *unix_accept(struct unix_sock *s, bool nonblock);
/* @to: destination of a datagram, or NULL.  The files of @ctl are taken over when it succeeds. */
ssize_t unix_send(struct unix_sock *s, struct iov_iter *from, struct unix_ctl *ctl, const struct unix_addr *to,
		  unsigned flags);
/* @ctl, if not NULL, gets what came along; the files are the caller's. */
ssize_t unix_recv(struct unix_sock *s, struct iov_iter *to, struct unix_ctl *ctl, unsigned flags);
int unix_shutdown(struct unix_sock *s, int how);
unsigned unix_poll(struct unix_sock *s, struct file *f, struct poll_table *pt);
size_t unix_inq(struct unix_sock *s);
struct unix_sock *unix_peer_get(struct unix_sock *s);	/* counted, or NULL */
void unix_set_sndbuf(struct unix_sock *s, long bytes);
/* Its sender is told that there is room: a quarter of the buffer at most is in use.  */
static inline bool unix_writable(struct unix_sock *s) { return atomic_long_read(&s->wmem) * 4 <= s->sndbuf; }
void unix_write_space(struct unix_sock *s);
void unix_data_ready(struct unix_sock *s);	/* there is something to take */
struct unix_sock *unix_of_file(struct file *f);	/* fs/socket.c: NULL if @f is something else */
void unix_init(void);
void unix_sysctl_init(void);

/* /proc/sys/net */
extern int unix_max_dgram_qlen, sysctl_wmem_max, sysctl_rmem_max, sysctl_wmem_default, sysctl_rmem_default;
extern int sysctl_somaxconn;
void unix_cred(struct ucred *c);		/* the running task's */

#endif
