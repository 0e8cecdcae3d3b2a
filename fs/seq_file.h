/*
 * fs/seq_file.h - files whose content is made by a function, record by record.
 *
 * MODEL     start() gives the record at *pos, next() the following one, show() prints one into the
 *           buffer.  A record that does not fit makes the buffer larger and is shown again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SEQ_FILE_H
#define VELLUM_FS_SEQ_FILE_H

#include "include/fs.h"
#include "include/seq_file.h"

struct seq_file;
struct seq_operations {
	void *(*start)(struct seq_file *m, loff_t *pos);	/* NULL: the end; ERR_PTR */
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, loff_t *pos);
	int (*show)(struct seq_file *m, void *v);		/* SEQ_SKIP: leave it out */
};
#define SEQ_SKIP	1
#define SEQ_START_TOKEN	((void *)1)

struct seq_file {
	char *buf;
	size_t size, from, count;	/* of buf; first byte not yet read; bytes in use */
	size_t pad_until;
	loff_t index, read_pos;
	unsigned poll_event;		/* of /proc/PID/mounts: what was told by poll() */
	struct mutex lock;
	const struct seq_operations *op;
	struct file *file;
	void *private;
};

int seq_open(struct file *file, const struct seq_operations *op);
ssize_t seq_read(struct file *file, struct iov_iter *to, loff_t *pos);
void seq_release(struct inode *inode, struct file *file);
void seq_release_private(struct inode *inode, struct file *file);
void *__seq_open_private(struct file *file, const struct seq_operations *op, size_t bytes);
int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data);
int single_open_size(struct file *file, int (*show)(struct seq_file *, void *), void *data, size_t size);
void single_release(struct inode *inode, struct file *file);

void seq_vprintf(struct seq_file *m, const char *fmt, va_list ap);
void seq_putc(struct seq_file *m, char c);
void seq_puts(struct seq_file *m, const char *s);
int seq_write(struct seq_file *m, const void *data, size_t len);
void seq_pad(struct seq_file *m, char c);		/* blanks up to seq_setwidth(), then c */
void seq_setwidth(struct seq_file *m, size_t width);
void seq_put_decimal_ull(struct seq_file *m, const char *delim, unsigned long long n);
void seq_put_decimal_ll(struct seq_file *m, const char *delim, long long n);
/* The path, with the characters of @esc written as \ooo. */
int seq_path(struct seq_file *m, const struct path *path, const char *esc);
int seq_path_root(struct seq_file *m, const struct path *path, const char *esc);
int seq_dentry(struct seq_file *m, struct dentry *dentry, const char *esc);
void seq_escape(struct seq_file *m, const char *s, const char *esc);
static inline bool seq_has_overflowed(const struct seq_file *m) { return m->count == m->size; }

#endif
