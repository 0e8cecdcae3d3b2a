/*
 * kernel/ipc/msg.c - message queues of System V: msgget, msgsnd, msgrcv, msgctl.
 *
 * MODEL     A queue holds messages, oldest first, each with a type above 0.  A receiver takes the first one
 *           that suits it: any, of one type, of any other type (MSG_EXCEPT), or of the lowest type up to a
 *           bound.  A sender waits while the queue holds as many bytes, or messages, as it may.
 *           Sleepers are woken by any change and look again; a queue's end is seen by perm.deleted.
 * LOCKING   msg_ids.lock.  Messages are copied from and to user memory outside it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/proc.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/prctl.h"
#include "kernel/ipc/ipc.h"
#include "kernel/task/cred.h"
#include "kernel/sched/sched.h"
#include "mm/slab/slab.h"

struct msg {
	struct list_head link;
	long type;
	size_t size;			/* bytes of text */
	char text[];
};

struct msg_queue {
	struct kern_ipc_perm perm;
	struct list_head messages;
	wait_queue_head_t changed;	/* senders and receivers */
	s64 stime, rtime, ctime;	/* seconds */
	unsigned long cbytes, qnum, qbytes;
	pid_t lspid, lrpid;
};

#define MSGMNI	32000
#define MSGMNB	16384

static int msg_ctlmax = 8192, msg_ctlmnb = MSGMNB, msg_ctlmni = MSGMNI;
static unsigned long msg_bytes, msg_count;	/* (msg_ids.lock) in all queues */

static inline struct msg_queue *to_msq(struct kern_ipc_perm *perm)
{
	return container_of(perm, struct msg_queue, perm);
}

/* ---- queues ------------------------------------------------------------------------------------------- */

static struct kern_ipc_perm *msg_create(__maybe_unused const struct ipc_params *p)
{
	struct msg_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return ERR_PTR(-ENOMEM);
	atomic_set(&q->perm.refs, 1);
	INIT_LIST_HEAD(&q->messages);
	init_waitqueue_head(&q->changed);
	q->ctime = ipc_now();
	q->qbytes = msg_ctlmnb;
	return &q->perm;
}

/* It is in no table: nobody else sees it. */
static void msg_free(struct kern_ipc_perm *perm)
{
	struct msg_queue *q = to_msq(perm);
	struct msg *m;

	while ((m = list_first_entry_or_null(&q->messages, struct msg, link))) {
		list_del(&m->link);
		kvfree(m);
		cond_resched();
	}
	kfree(q);
}

/* A queue that goes takes its messages out of the totals. */
static int msg_account(struct kern_ipc_perm *perm, int sign)
{
	if (sign < 0) {
		msg_bytes -= to_msq(perm)->cbytes;
		msg_count -= to_msq(perm)->qnum;
	}
	return 0;
}

static void msg_show(struct seq_file *m, struct kern_ipc_perm *perm)
{
	struct msg_queue *q = to_msq(perm);

	seq_printf(m, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10llu %10llu %10llu\n",
		   perm->key, perm->id, perm->mode, q->cbytes, q->qnum, q->lspid, q->lrpid, perm->uid, perm->gid,
		   perm->cuid, perm->cgid, (unsigned long long)q->stime, (unsigned long long)q->rtime,
		   (unsigned long long)q->ctime);
}

struct ipc_ids msg_ids = {
	IPC_IDS_INIT(msg_ids),
	.limit = &msg_ctlmni, .create = msg_create, .free = msg_free, .account = msg_account,
	.heading = "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
		   "      stime      rtime      ctime\n",
	.show = msg_show,
};

SYSCALL_DEFINE2(msgget, int, key, int, flags)
{
	struct ipc_params p = { .key = key, .flags = flags };

	return ipc_get(&msg_ids, &p);
}

/* ---- send and receive ------------------------------------------------------------------------------------ */

/* The queue @id, counted, if @access is granted; ERR_PTR */
static struct msg_queue *msg_enter(int id, unsigned access)
{
	struct kern_ipc_perm *perm;
	int rc = -EINVAL;

	mutex_lock(&msg_ids.lock);
	perm = ipc_find(&msg_ids, id);
	if (perm) {
		rc = ipc_permits(perm, access) ? 0 : -EACCES;
		if (!rc)
			ipc_hold(perm);
	}
	mutex_unlock(&msg_ids.lock);
	return rc ? ERR_PTR(rc) : to_msq(perm);
}

/* 0 when @m is in the queue, -EAGAIN when there is no room, -EIDRM. */
static int try_send(struct msg_queue *q, struct msg *m)
{
	int rc = 0;

	mutex_lock(&msg_ids.lock);
	if (q->perm.deleted) {
		rc = -EIDRM;
	} else if (q->cbytes + m->size > q->qbytes || q->qnum + 1 > q->qbytes) {
		rc = -EAGAIN;
	} else {
		list_add_tail(&m->link, &q->messages);
		q->cbytes += m->size;
		q->qnum++;
		msg_bytes += m->size;
		msg_count++;
		q->stime = ipc_now();
		q->lspid = current->tgid;
	}
	mutex_unlock(&msg_ids.lock);
	return rc;
}

static struct msg *msg_load(const char __user *text, size_t size)
{
	struct msg *m = kvmalloc(sizeof(*m) + size, GFP_KERNEL);

	if (!m)
		return ERR_PTR(-ENOMEM);
	m->size = size;
	if (!copy_from_user(m->text, text, size))
		return m;
	kvfree(m);
	return ERR_PTR(-EFAULT);
}

SYSCALL_DEFINE4(msgsnd, int, id, char __user *, buf, size_t, size, int, flags)
{
	struct msg_queue *q;
	struct msg *m;
	long type;
	int rc;

	if (get_user(type, (long __user *)buf))
		return -EFAULT;
	if (size > (size_t)msg_ctlmax || id < 0 || type < 1)
		return -EINVAL;
	m = msg_load(buf + sizeof(long), size);
	if (IS_ERR(m))
		return PTR_ERR(m);
	m->type = type;
	q = msg_enter(id, S_IWUGO);
	if (IS_ERR(q)) {
		kvfree(m);
		return PTR_ERR(q);
	}
	rc = try_send(q, m);
	if (rc == -EAGAIN && !(flags & IPC_NOWAIT) &&
	    wait_event_interruptible(q->changed, (rc = try_send(q, m)) != -EAGAIN))
		rc = -ERESTARTNOHAND;
	if (rc)
		kvfree(m);
	else
		wake_up_all(&q->changed);
	ipc_put(&msg_ids, &q->perm);
	return rc;
}

/* What a receiver wants. */
struct msg_wanted {
	long type;
	size_t size;
	int flags;
};

/* => lock; the message for @w, or NULL */
static struct msg *find_msg(const struct msg_queue *q, const struct msg_wanted *w)
{
	/* -LONG_MIN is no long: all types are below it. */
	long bound = w->type == INT64_MIN ? INT64_MAX : -w->type;
	struct msg *m, *found = NULL;

	list_for_each_entry(m, &q->messages, link) {
		if (w->type < 0) {
			if (m->type <= bound && (!found || m->type < found->type))
				found = m;
		} else if (!w->type || (m->type == w->type) == !(w->flags & MSG_EXCEPT)) {
			return m;
		}
	}
	return found;
}

/* The message, now the caller's; ERR_PTR(-ENOMSG): none; -E2BIG, -EIDRM. */
static struct msg *try_receive(struct msg_queue *q, const struct msg_wanted *w)
{
	struct msg *m;

	mutex_lock(&msg_ids.lock);
	if (q->perm.deleted) {
		m = ERR_PTR(-EIDRM);
	} else if (!(m = find_msg(q, w))) {
		m = ERR_PTR(-ENOMSG);
	} else if (m->size > w->size && !(w->flags & MSG_NOERROR)) {
		m = ERR_PTR(-E2BIG);
	} else {
		list_del(&m->link);
		q->cbytes -= m->size;
		q->qnum--;
		msg_bytes -= m->size;
		msg_count--;
		q->rtime = ipc_now();
		q->lrpid = current->tgid;
	}
	mutex_unlock(&msg_ids.lock);
	return m;
}

/* Bytes of text, or -EFAULT: the message is gone all the same. */
static long msg_store(const struct msg *m, char __user *buf, size_t size)
{
	size = min(size, m->size);
	return put_user(m->type, (long __user *)buf) || copy_to_user(buf + sizeof(long), m->text, size) ? -EFAULT :
	       (long)size;
}

SYSCALL_DEFINE5(msgrcv, int, id, char __user *, buf, size_t, size, long, type, int, flags)
{
	struct msg_wanted w = { .type = type, .size = size, .flags = flags };
	struct msg_queue *q;
	struct msg *m;
	long rc;

	if (id < 0 || (long)size < 0)
		return -EINVAL;
	if (flags & MSG_COPY)		/* of kernels with checkpoint and restore */
		return (flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT) ? -EINVAL : -ENOSYS;
	q = msg_enter(id, S_IRUGO);
	if (IS_ERR(q))
		return PTR_ERR(q);
	m = try_receive(q, &w);
	if (m == ERR_PTR(-ENOMSG) && !(flags & IPC_NOWAIT) &&
	    wait_event_interruptible(q->changed, (m = try_receive(q, &w)) != ERR_PTR(-ENOMSG)))
		m = ERR_PTR(-ERESTARTNOHAND);
	if (!IS_ERR(m))
		wake_up_all(&q->changed);
	ipc_put(&msg_ids, &q->perm);
	if (IS_ERR(m))
		return PTR_ERR(m);
	rc = msg_store(m, buf, size);
	kvfree(m);
	return rc;
}

/* ---- msgctl --------------------------------------------------------------------------------------------- */

static long msg_info(int cmd, void __user *buf)
{
	struct msginfo info = {
		.msgpool = MSGMNI * (MSGMNB / 1024), .msgmap = MSGMNB, .msgmax = msg_ctlmax, .msgmnb = msg_ctlmnb,
		.msgmni = msg_ctlmni, .msgssz = 16, .msgtql = MSGMNB, .msgseg = 0xffff,
	};
	int max;

	mutex_lock(&msg_ids.lock);
	if (cmd == MSG_INFO) {
		info.msgpool = msg_ids.in_use;
		info.msgmap = msg_count;
		info.msgtql = msg_bytes;
	}
	max = ipc_max_index(&msg_ids);
	mutex_unlock(&msg_ids.lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max;
}

static void msg_fill(struct msqid64_ds *out, const struct msg_queue *q)
{
	*out = (struct msqid64_ds){
		.msg_stime = q->stime, .msg_rtime = q->rtime, .msg_ctime = q->ctime, .msg_cbytes = q->cbytes,
		.msg_qnum = q->qnum, .msg_qbytes = q->qbytes, .msg_lspid = q->lspid, .msg_lrpid = q->lrpid,
	};
	ipc_fill_perm(&out->msg_perm, &q->perm);
}

static long msg_stat(int id, int cmd, void __user *buf)
{
	struct msqid64_ds out;
	struct kern_ipc_perm *perm;
	long rc = -EINVAL;

	mutex_lock(&msg_ids.lock);
	perm = cmd == IPC_STAT ? ipc_find(&msg_ids, id) : ipc_find_index(&msg_ids, id);
	if (perm) {
		rc = cmd == MSG_STAT_ANY || ipc_permits(perm, S_IRUGO) ? 0 : -EACCES;
		msg_fill(&out, to_msq(perm));
		if (!rc && cmd != IPC_STAT)
			rc = perm->id;
	}
	mutex_unlock(&msg_ids.lock);
	return rc >= 0 && copy_to_user(buf, &out, sizeof(out)) ? -EFAULT : rc;
}

/* IPC_SET: also how much the queue may hold; more than the default is an administrator's to give.  => lock */
static int msg_set(struct msg_queue *q, const struct msqid64_ds *in)
{
	int rc;

	if (in->msg_qbytes > (unsigned long)msg_ctlmnb && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	rc = ipc_set_perm(&q->perm, &in->msg_perm);
	if (!rc) {
		q->qbytes = in->msg_qbytes;
		q->ctime = ipc_now();
	}
	return rc;
}

/* IPC_SET and IPC_RMID, the owner's.  Sleepers look again at a queue that is larger, or gone. */
static long msg_change(int id, int cmd, void __user *buf)
{
	struct kern_ipc_perm *perm;
	struct msqid64_ds in;
	long rc;

	if (cmd == IPC_SET && copy_from_user(&in, buf, sizeof(in)))
		return -EFAULT;
	mutex_lock(&msg_ids.lock);
	perm = ipc_find(&msg_ids, id);
	rc = !perm ? -EINVAL : ipc_owned(perm) ? 0 : -EPERM;
	if (!rc) {
		ipc_hold(perm);
		if (cmd == IPC_SET)
			rc = msg_set(to_msq(perm), &in);
		else
			ipc_remove(&msg_ids, perm);
		mutex_unlock(&msg_ids.lock);
		wake_up_all(&to_msq(perm)->changed);
		if (cmd == IPC_RMID)
			ipc_put(&msg_ids, perm);
		ipc_put(&msg_ids, perm);
		return rc;
	}
	mutex_unlock(&msg_ids.lock);
	return rc;
}

SYSCALL_DEFINE3(msgctl, int, id, int, cmd, void __user *, buf)
{
	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return msg_info(cmd, buf);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return msg_stat(id, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
		return msg_change(id, cmd, buf);
	default:
		return -EINVAL;
	}
}

static int do_auto_msgmni(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	int value = 0;
	const struct ctl_table one = { .data = &value, .maxlen = sizeof(value), .min = 0, .max = 1 };

	return proc_dointvec(&one, write, buf, len);
}

static const struct ctl_table msg_table[] = {
	{ .name = "msgmax", .data = &msg_ctlmax, .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = INT32_MAX },
	{ .name = "msgmnb", .data = &msg_ctlmnb, .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = INT32_MAX },
	{ .name = "msgmni", .data = &msg_ctlmni, .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = IPCMNI },
	/* Nothing sets msgmni by itself any more: as on Linux it takes 0 and 1, and stays 0. */
	{ .name = "auto_msgmni", .mode = 0644, .handler = do_auto_msgmni },
	IPC_NEXT_ID("msg_next_id", msg_ids),
};

void __init msg_init(void)
{
	(void)register_sysctl("kernel", msg_table, ARRAY_SIZE(msg_table));
}
