/*
 * drivers/char/kmsg.c - /dev/kmsg: the log, one record per read(), and lines from user space.
 *
 * MODEL     A record is "level,seq,usec,-;text\n".  The position of each open file is a sequence number.  If the
 *           ring has overtaken it, a read says -EPIPE once and goes on with the oldest line.
 *           A write is one line; "<n>" before it sets level and facility.  devkmsg_mode says whether all lines
 *           are taken, or none, or ten in 5 s from each open file: the others are thrown away.
 *           Nothing wakes readers of the log: a blocking read looks again every 50 ms.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/mem.h"
#include "include/fs.h"
#include "include/uapi/errno.h"
#include "include/uapi/poll.h"
#include "kernel/task/task.h"
#include "lib/cmdline.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define WRITE_BURST	10u		/* in 5 s */
#define POLL_NS		50000000ull
#define RECORD_MAX	(LOG_LINE_MAX * 4 + 64)		/* every byte may become \xNN */

enum devkmsg_mode devkmsg_mode = DEVKMSG_RATELIMIT;
const char *const devkmsg_names[] = {
	[DEVKMSG_ON] = "on", [DEVKMSG_OFF] = "off", [DEVKMSG_RATELIMIT] = "ratelimit", NULL,
};
static bool devkmsg_fixed;		/* by the command line */

int devkmsg_set(const char *name)
{
	if (devkmsg_fixed)
		return -EINVAL;
	for (unsigned i = 0; devkmsg_names[i]; i++)
		if (!strcmp(name, devkmsg_names[i])) {
			devkmsg_mode = i;
			return 0;
		}
	return -EINVAL;
}

static int __init set_devkmsg(const char *value)
{
	int rc = devkmsg_set(value);

	devkmsg_fixed = !rc;
	return rc;
}
PARAM("printk.devkmsg", set_devkmsg);

struct kmsg_file {
	struct ratelimit_state limit;	/* of writes */
	struct mutex lock;
	u64 seq;			/* (lock) next line */
	char text[LOG_LINE_MAX];	/* (lock) */
	char record[RECORD_MAX];	/* (lock) */
};

static int kmsg_open(struct inode *inode, struct file *f)
{
	struct kmsg_file *k;

	(void)inode;
	if (devkmsg_mode == DEVKMSG_OFF)
		return -EPERM;
	k = kmalloc(sizeof(*k), GFP_KERNEL);
	if (!k)
		return -ENOMEM;
	k->limit = (struct ratelimit_state){ 0 };
	mutex_init(&k->lock, RANK_VFS);
	k->seq = log_first_seq();
	f->private_data = k;
	return 0;
}

static void kmsg_release(struct inode *inode, struct file *f)
{
	(void)inode;
	kfree(f->private_data);
}

static int format_record(struct kmsg_file *k, const struct log_line *line)
{
	int n = scnprintf(k->record, RECORD_MAX, "%u,%llu,%llu,-;", line->facility << 3 | line->level,
			  (unsigned long long)line->seq, (unsigned long long)line->ts_ns / 1000);

	for (const char *s = k->text; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 127 || *s == '\\')
			n += scnprintf(k->record + n, RECORD_MAX - n, "\\x%02x", (unsigned char)*s);
		else
			k->record[n++] = *s;
	}
	k->record[n++] = '\n';
	return n;
}

static int kmsg_wait(struct kmsg_file *k, struct file *f)
{
	while (READ_ONCE(k->seq) >= log_next_seq()) {
		if (f->f_flags & O_NONBLOCK)
			return -EAGAIN;
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(POLL_NS);
		if (signal_pending())
			return -ERESTARTSYS;
	}
	return 0;
}

static ssize_t kmsg_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct kmsg_file *k = f->private_data;
	struct log_line line;
	ssize_t n;
	u64 seq;
	int rc;

	(void)pos;
	rc = kmsg_wait(k, f);
	if (rc)
		return rc;
	mutex_lock(&k->lock);
	seq = k->seq;
	rc = log_read(&seq, &line, k->text, sizeof(k->text));
	if (rc < 0) {
		n = -EAGAIN;
	} else if (line.seq != k->seq) {
		k->seq = line.seq;
		n = -EPIPE;
	} else {
		n = format_record(k, &line);
		if ((size_t)n > to->count)
			n = -EINVAL;
		else if (copy_to_iter(k->record, n, to) != (size_t)n)
			n = -EFAULT;
		else
			k->seq = seq;
	}
	mutex_unlock(&k->lock);
	return n;
}

static bool may_log(struct kmsg_file *k)
{
	enum devkmsg_mode mode = READ_ONCE(devkmsg_mode);

	return mode == DEVKMSG_ON || (mode == DEVKMSG_RATELIMIT && __ratelimit(&k->limit, WRITE_BURST));
}

static ssize_t kmsg_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	unsigned level = LOGLEVEL_DEFAULT, facility = 1;
	size_t n = from->count;
	char *buf, *text, *end;

	(void)pos;
	if (n > LOG_LINE_MAX)
		return -EINVAL;
	if (!may_log(f->private_data))
		return n;
	buf = kmalloc(n + 1, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (copy_from_iter(buf, n, from) != n) {
		kfree(buf);
		return -EFAULT;
	}
	buf[n] = '\0';
	text = buf;
	if (*text == '<') {
		unsigned long prio = simple_strtoul(text + 1, &end, 10);

		if (*end == '>' && end > text + 1) {
			level = prio & 7;
			facility = prio >> 3 ? prio >> 3 : 1;
			text = end + 1;
		}
	}
	end = buf + n;
	while (end > text && end[-1] == '\n')
		end--;
	log_store_user(facility, level, text, end - text);
	kfree(buf);
	return n;
}

static loff_t kmsg_llseek(struct file *f, loff_t off, int whence)
{
	struct kmsg_file *k = f->private_data;

	if (off)
		return -ESPIPE;
	if (whence == SEEK_SET)
		k->seq = log_first_seq();
	else if (whence == SEEK_END)
		k->seq = log_next_seq();
	else
		return -EINVAL;
	return 0;
}

static unsigned kmsg_poll(struct file *f, struct poll_table *pt)
{
	struct kmsg_file *k = f->private_data;

	(void)pt;
	return k->seq < log_next_seq() ? EPOLLIN | EPOLLRDNORM : 0;
}

const struct file_operations kmsg_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.llseek = kmsg_llseek, .read = kmsg_read, .write = kmsg_write, .poll = kmsg_poll,
	.open = kmsg_open, .release = kmsg_release,
};
