/*
 * fs/seq_file.c - files whose content is made by a function, record by record.
 *
 * MODEL     A read empties what the buffer still holds, then shows records into it until the request is
 *           met.  A record that does not fit whole is thrown away and shown again in a buffer of twice
 *           the size.  A read at another position starts over and skips.
 * INVARIANTS
 *   Y1  buf[from .. from+count) is shown and not yet read; index is the record after it.
 *   Y2  count == size says that something did not fit.
 * LOCKING   m->lock around each call.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/seq_file.h"
#include "fs/fs_struct.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define SEQ_BUF_MAX	(64ul << 20)

static struct kmem_cache *seq_cache;

int seq_open(struct file *f, const struct seq_operations *op)
{
	struct seq_file *m;

	if (unlikely(!seq_cache))
		seq_cache = KMEM_CACHE(seq_file, SLAB_PANIC);
	m = kmem_cache_zalloc(seq_cache, GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	mutex_init(&m->lock, RANK_VFS);
	m->op = op;
	m->file = f;
	f->private_data = m;
	return 0;
}

void seq_release(__maybe_unused struct inode *inode, struct file *f)
{
	struct seq_file *m = f->private_data;

	kvfree(m->buf);
	kmem_cache_free(seq_cache, m);
}

void *__seq_open_private(struct file *f, const struct seq_operations *op, size_t bytes)
{
	void *priv = kzalloc(bytes, GFP_KERNEL);

	if (!priv)
		return NULL;
	if (seq_open(f, op)) {
		kfree(priv);
		return NULL;
	}
	((struct seq_file *)f->private_data)->private = priv;
	return priv;
}

void seq_release_private(struct inode *inode, struct file *f)
{
	kfree(((struct seq_file *)f->private_data)->private);
	seq_release(inode, f);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int seq_alloc_buf(struct seq_file *m, size_t size)
{
	m->buf = kvmalloc(size, GFP_KERNEL);
	m->size = m->buf ? size : 0;
	m->count = 0;
	return m->buf ? 0 : -ENOMEM;
}

/* A larger buffer, empty. */
static int seq_grow(struct seq_file *m)
{
	size_t size = m->size * 2;

	kvfree(m->buf);
	m->buf = NULL;
	return size > SEQ_BUF_MAX ? -ENOMEM : seq_alloc_buf(m, size);
}

/* Show record @v.  => 1: shown, 0: skipped, -EAGAIN: did not fit, buffer as before; else an error */
static int seq_show_one(struct seq_file *m, void *v)
{
	size_t before = m->count;
	int rc = m->op->show(m, v);

	if (rc < 0)
		return rc;
	if (rc == SEQ_SKIP) {
		m->count = before;
		return 0;
	}
	if (seq_has_overflowed(m)) {
		m->count = before;
		return -EAGAIN;
	}
	return m->count > before;
}

/* Fill the empty buffer with records from m->index on, until @want bytes are there or the end comes. */
static int seq_fill(struct seq_file *m, size_t want)
{
	void *v;
	int rc = 0;

restart:
	m->from = m->count = 0;
	v = m->op->start(m, &m->index);
	while (v && !IS_ERR(v)) {
		loff_t pos = m->index;

		rc = seq_show_one(m, v);
		if (rc == -EAGAIN && !m->count) {
			m->op->stop(m, v);
			rc = seq_grow(m);
			if (rc)
				return rc;
			goto restart;
		}
		if (rc == -EAGAIN) {		/* next time, in an empty buffer */
			rc = 0;
			break;
		}
		if (rc < 0)
			break;
		rc = 0;
		v = m->op->next(m, v, &m->index);
		if (pos == m->index)		/* a next() that forgot */
			m->index++;
		if (m->count >= want)
			break;
	}
	m->op->stop(m, v);
	if (IS_ERR(v))
		rc = PTR_ERR(v);
	return m->count ? 0 : rc;
}

/* Bring the state to @pos: show from the start and drop what comes before. */
static int seq_traverse(struct seq_file *m, loff_t pos)
{
	loff_t at = 0;

	m->index = 0;
	m->from = m->count = 0;
	while (at < pos) {
		int rc = seq_fill(m, 1);
		size_t n;

		if (rc || !m->count)
			return rc;
		n = min((u64)m->count, (u64)(pos - at));
		m->from = n;
		m->count -= n;
		at += n;
		if (cond_resched_killable())
			return -EINTR;
	}
	return 0;
}

static ssize_t seq_read_locked(struct seq_file *m, struct iov_iter *to, loff_t pos)
{
	ssize_t done = 0;
	bool filled = false;		/* once is enough for one call */
	int rc;

	if (!m->buf && seq_alloc_buf(m, PAGE_SIZE))
		return -ENOMEM;
	if (pos != m->read_pos) {
		rc = seq_traverse(m, pos);
		if (rc) {
			m->read_pos = m->index = 0;
			m->count = 0;
			return rc;
		}
		m->read_pos = pos;
	}
	while (to->count) {
		size_t n;

		if (!m->count) {
			if (filled)
				break;
			rc = seq_fill(m, to->count);
			if (rc)
				return done ? done : rc;
			if (!m->count)
				break;
			filled = true;
		}
		n = copy_to_iter(m->buf + m->from, m->count, to);
		if (!n)
			return done ? done : -EFAULT;
		m->from += n;		/* Y1 */
		m->count -= n;
		m->read_pos += n;
		done += n;
	}
	return done;
}

ssize_t seq_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct seq_file *m = f->private_data;
	ssize_t n;

	mutex_lock(&m->lock);
	n = seq_read_locked(m, to, *pos);
	if (n > 0)
		*pos += n;
	mutex_unlock(&m->lock);
	return n;
}

/* ---- one record only ------------------------------------------------------------------------- */

static void *single_start(__maybe_unused struct seq_file *m, loff_t *pos)
{
	return *pos ? NULL : SEQ_START_TOKEN;
}
static void *single_next(__maybe_unused struct seq_file *m, __maybe_unused void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}
static void single_stop(__maybe_unused struct seq_file *m, __maybe_unused void *v) {}

int single_open(struct file *f, int (*show)(struct seq_file *, void *), void *data)
{
	struct seq_operations *op = kmalloc(sizeof(*op), GFP_KERNEL);
	int rc;

	if (!op)
		return -ENOMEM;
	*op = (struct seq_operations){ single_start, single_stop, single_next, show };
	rc = seq_open(f, op);
	if (rc)
		kfree(op);
	else
		((struct seq_file *)f->private_data)->private = data;
	return rc;
}

int single_open_size(struct file *f, int (*show)(struct seq_file *, void *), void *data, size_t size)
{
	int rc = single_open(f, show, data);

	if (!rc && seq_alloc_buf(f->private_data, roundup_pow_of_two(size))) {
		single_release(f->f_inode, f);
		return -ENOMEM;
	}
	return rc;
}

void single_release(struct inode *inode, struct file *f)
{
	const struct seq_operations *op = ((struct seq_file *)f->private_data)->op;

	seq_release(inode, f);
	kfree(op);
}

/* ---- writing into the buffer ----------------------------------------------------------------- */

static inline void seq_overflow(struct seq_file *m) { m->count = m->size; }	/* Y2 */

void seq_putc(struct seq_file *m, char c)
{
	if (m->count < m->size)
		m->buf[m->count++] = c;
}

int seq_write(struct seq_file *m, const void *data, size_t len)
{
	if (m->count + len < m->size) {
		memcpy(m->buf + m->count, data, len);
		m->count += len;
		return 0;
	}
	seq_overflow(m);
	return -1;
}

void seq_puts(struct seq_file *m, const char *s) { seq_write(m, s, strlen(s)); }

void seq_vprintf(struct seq_file *m, const char *fmt, va_list ap)
{
	size_t left = m->size - m->count;
	size_t n;

	if (!left)
		return;
	n = vsnprintf(m->buf + m->count, left, fmt, ap);
	if (n < left)
		m->count += n;
	else
		seq_overflow(m);
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	seq_vprintf(m, fmt, ap);
	va_end(ap);
}

void seq_setwidth(struct seq_file *m, size_t width) { m->pad_until = m->count + width; }

void seq_pad(struct seq_file *m, char c)
{
	while (m->count < m->pad_until && m->count < m->size)
		seq_putc(m, ' ');
	if (c)
		seq_putc(m, c);
}

static void put_unsigned(struct seq_file *m, unsigned long long v)
{
	char text[24], *p = text + sizeof(text);

	do
		*--p = '0' + v % 10;
	while (v /= 10);
	seq_write(m, p, text + sizeof(text) - p);
}

void seq_put_decimal_ull(struct seq_file *m, const char *delim, unsigned long long n)
{
	if (delim)
		seq_puts(m, delim);
	put_unsigned(m, n);
}

void seq_put_decimal_ll(struct seq_file *m, const char *delim, long long n)
{
	if (delim)
		seq_puts(m, delim);
	if (n < 0)
		seq_putc(m, '-');
	put_unsigned(m, n < 0 ? -(unsigned long long)n : (unsigned long long)n);
}

void seq_escape(struct seq_file *m, const char *s, const char *esc)
{
	for (; *s; s++) {
		if (!strchr(esc, *s)) {
			seq_putc(m, *s);
			continue;
		}
		seq_putc(m, '\\');
		seq_putc(m, '0' + ((u8)*s >> 6));
		seq_putc(m, '0' + ((u8)*s >> 3 & 7));
		seq_putc(m, '0' + ((u8)*s & 7));
	}
	if (m->count >= m->size)
		seq_overflow(m);
}

int seq_path(struct seq_file *m, const struct path *path, const char *esc)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL), *s;
	int rc = -ENOMEM;

	if (!buf)
		return rc;
	s = d_path(path, buf, PATH_MAX);
	rc = IS_ERR(s) ? PTR_ERR(s) : 0;
	if (!rc)
		seq_escape(m, s, esc);
	kfree(buf);
	return rc;
}

/* The same, but SEQ_SKIP for what cannot be reached from the caller's root. */
int seq_path_root(struct seq_file *m, const struct path *path, const char *esc)
{
	struct path root;
	bool under;

	get_fs_root(current->fs, &root);
	under = path_is_under(path, &root);
	path_put(&root);
	return under ? seq_path(m, path, esc) : SEQ_SKIP;
}

int seq_dentry(struct seq_file *m, struct dentry *d, const char *esc)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL), *s;
	int rc = -ENOMEM;

	if (!buf)
		return rc;
	s = dentry_path(d, buf, PATH_MAX);
	rc = IS_ERR(s) ? PTR_ERR(s) : 0;
	if (!rc)
		seq_escape(m, s, esc);
	kfree(buf);
	return rc;
}
