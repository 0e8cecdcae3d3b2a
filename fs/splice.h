/*
 * fs/splice.h - which files give and take data by the page.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SPLICE_H
#define VELLUM_FS_SPLICE_H

#include "fs/pipe.h"

/* Can data be taken out of @f page by page, or put into it?  A pipe is another matter. */
bool can_splice_from(const struct file *f);
bool can_splice_to(const struct file *f);
/* @in to the pipe @p, from *@pos on, which moves.  => bytes, 0 at the end, or -errno with none */
ssize_t splice_to_pipe(struct file *in, loff_t *pos, struct pipe_inode_info *p, size_t len, enum pipe_wait w);

#endif
