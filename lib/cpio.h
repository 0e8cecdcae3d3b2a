/*
 * lib/cpio.h - step through a newc cpio archive in memory: the initramfs.
 *
 * MODEL     An archive is a row of members: a 110-byte header of hexadecimal digits (magic 070701, or
 *           070702 with a sum of the data's bytes), the name with its NUL, padding to 4 bytes, the data,
 *           padding to 4 bytes.  "TRAILER!!!" ends it.  Several archives may follow each other, with
 *           zeros between; they are taken as one.
 *           Members with nlink >= 2 and equal (ino, maj, min) are one file; its data comes with any
 *           one of them (usually the last), the others have size 0.
 * FAILURE   Everything is checked against the end of the memory; a broken archive ends the walk
 *           with -EINVAL, never reads outside, and leaves the reason in ->error.  Like Linux: a field
 *           ends at what is no digit; a member whose name has no bytes, or more than a path may, is
 *           stepped over; one whose sum is wrong is the last.
 * TESTS     test/host/lib/test_cpio.c
 * SEE       Linux's Documentation/driver-api/early-userspace/buffer-format.rst
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_CPIO_H
#define VELLUM_CPIO_H

#include "include/types.h"

struct cpio_iter {
	const u8 *start, *p, *end;
	const char *error;		/* why the walk ended; NULL: at ->p is something that is not cpio */
	unsigned archive;		/* number of the archive in a concatenation: (ino, maj, min) are
					   one file only within one archive */
};

struct cpio_entry {
	const char *name;		/* NUL-terminated, in the archive */
	size_t name_len;		/* without NUL, > 0 */
	const void *data;		/* file content, or target of a symbolic link (no NUL) */
	size_t size;
	u32 ino, mode, uid, gid, nlink, mtime;
	u32 maj, min, rmaj, rmin;
	unsigned archive;
};

void cpio_init(struct cpio_iter *it, const void *archive, size_t bytes);
/* 1: *e is the next member; 0: the end; -EINVAL: not an archive from here on. */
__must_check int cpio_next(struct cpio_iter *it, struct cpio_entry *e);
/* Does memory at @p (n bytes) begin like an archive?  gzip and friends do not. */
bool cpio_is_archive(const void *p, size_t n);

#endif
