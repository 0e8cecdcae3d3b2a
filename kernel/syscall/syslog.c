/*
 * kernel/syscall/syslog.c - syslog(): the kernel's log, as dmesg and klogd read it.
 *
 * MODEL     READ takes lines once and for all (syslog_seq moves); READ_ALL shows the end of what the
 *           ring holds from clear_seq on.  Nothing wakes readers of the log: READ waits by looking again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/task/cred.h"
#include "lib/printk.h"
#include "mm/slab/slab.h"

enum { LOG_CLOSE, LOG_OPEN, LOG_READ, LOG_READ_ALL, LOG_READ_CLEAR, LOG_CLEAR, LOG_CONSOLE_OFF,
       LOG_CONSOLE_ON, LOG_CONSOLE_LEVEL, LOG_SIZE_UNREAD, LOG_SIZE_BUFFER };

#define POLL_NS		50000000ull

static DEFINE_MUTEX(syslog_lock, RANK_TASK);
static u64 syslog_seq, clear_seq;	/* (syslog_lock) */
static int saved_loglevel = -1;
int dmesg_restrict;			/* the log is for CAP_SYSLOG only */

/* Bytes of the line *@seq as text in @buf (LOG_LINE_MAX + 64 bytes), or -EAGAIN; *seq moves on. */
static int next_text(u64 *seq, char *line_buf, char *buf, size_t n)
{
	struct log_line line;
	int rc = log_read(seq, &line, line_buf, LOG_LINE_MAX);

	return rc < 0 ? rc : log_format(&line, line_buf, true, buf, n);
}

#define TEXT_MAX	(2 * LOG_LINE_MAX)

static long syslog_read(char __user *ubuf, int len, char *tmp)
{
	long done = 0;
	int rc;

	while (READ_ONCE(syslog_seq) >= log_next_seq()) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(POLL_NS);
		if (signal_pending())
			return -ERESTARTSYS;
	}
	mutex_lock(&syslog_lock);
	while (done < len) {
		u64 seq = syslog_seq;

		rc = next_text(&seq, tmp, tmp + LOG_LINE_MAX, TEXT_MAX);
		if (rc < 0 || rc > len - done)
			break;
		if (copy_to_user(ubuf + done, tmp + LOG_LINE_MAX, rc)) {
			done = done ? done : -EFAULT;
			break;
		}
		done += rc;
		syslog_seq = seq;
	}
	mutex_unlock(&syslog_lock);
	return done;
}

/* Bytes of all lines from @seq on. */
static long text_size(u64 seq, char *tmp)
{
	long size = 0;
	int rc;

	while ((rc = next_text(&seq, tmp, tmp + LOG_LINE_MAX, TEXT_MAX)) >= 0)
		size += rc;
	return size;
}

static long syslog_read_all(char __user *ubuf, int len, bool clear, char *tmp)
{
	long done = 0, size;
	u64 seq, end;
	int rc;

	mutex_lock(&syslog_lock);
	seq = max(clear_seq, log_first_seq());
	end = log_next_seq();
	/* Leave out lines from the start until the rest fits. */
	size = text_size(seq, tmp);
	while (size > len && seq < end) {
		rc = next_text(&seq, tmp, tmp + LOG_LINE_MAX, TEXT_MAX);
		if (rc < 0)
			break;
		size -= rc;
	}
	while (seq < end) {
		rc = next_text(&seq, tmp, tmp + LOG_LINE_MAX, TEXT_MAX);
		if (rc < 0 || done + rc > len)
			break;
		if (copy_to_user(ubuf + done, tmp + LOG_LINE_MAX, rc)) {
			done = -EFAULT;
			break;
		}
		done += rc;
	}
	if (clear && done >= 0)
		clear_seq = end;
	mutex_unlock(&syslog_lock);
	return done;
}

static long syslog_console(int type, int len)
{
	switch (type) {
	case LOG_CONSOLE_OFF:
		if (saved_loglevel < 0)
			saved_loglevel = console_loglevel;
		console_loglevel = console_loglevel_min;
		return 0;
	case LOG_CONSOLE_ON:
		if (saved_loglevel >= 0)
			console_loglevel = saved_loglevel;
		saved_loglevel = -1;
		return 0;
	default:
		if (len < 1 || len > 8)
			return -EINVAL;
		console_loglevel = max(len, console_loglevel_min);
		saved_loglevel = -1;
		return 0;
	}
}

SYSCALL_DEFINE3(syslog, int, type, char __user *, buf, int, len)
{
	bool reads = type == LOG_READ || type == LOG_READ_ALL || type == LOG_READ_CLEAR;
	char *tmp = NULL;
	long rc;

	if (type < LOG_CLOSE || type > LOG_SIZE_BUFFER)
		return -EINVAL;
	if ((dmesg_restrict || (type != LOG_READ_ALL && type != LOG_SIZE_BUFFER)) && !capable(CAP_SYSLOG))
		return -EPERM;
	if (reads) {
		if (!buf || len < 0)
			return -EINVAL;
		if (!len)
			return 0;
	}
	if (reads || type == LOG_SIZE_UNREAD) {
		tmp = kmalloc(LOG_LINE_MAX + TEXT_MAX, GFP_KERNEL);
		if (!tmp)
			return -ENOMEM;
	}
	switch (type) {
	case LOG_READ:
		rc = syslog_read(buf, len, tmp);
		break;
	case LOG_READ_ALL:
	case LOG_READ_CLEAR:
		rc = syslog_read_all(buf, len, type == LOG_READ_CLEAR, tmp);
		break;
	case LOG_CLEAR:
		clear_seq = log_next_seq();
		rc = 0;
		break;
	case LOG_CONSOLE_OFF:
	case LOG_CONSOLE_ON:
	case LOG_CONSOLE_LEVEL:
		rc = syslog_console(type, len);
		break;
	case LOG_SIZE_UNREAD:
		rc = text_size(syslog_seq, tmp);
		break;
	case LOG_SIZE_BUFFER:
		rc = log_size();
		break;
	default:
		rc = 0;
	}
	kfree(tmp);
	return rc;
}
