/*
 * lib/cpio.c - step through a newc cpio archive in memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/cpio.h"
#include "lib/ctype.h"
#include "lib/string.h"

#define HEADER_BYTES	110
#define MAGIC_BYTES	6
#define NR_FIELDS	13
#define CPIO_PATH_MAX	4096u

enum field { F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_SIZE, F_MAJ, F_MIN, F_RMAJ, F_RMIN,
	     F_NAMESIZE, F_CHECK };

bool cpio_is_archive(const void *p, size_t n)
{
	return n >= HEADER_BYTES && (!memcmp(p, "070701", MAGIC_BYTES) || !memcmp(p, "070702", MAGIC_BYTES));
}

void cpio_init(struct cpio_iter *it, const void *archive, size_t bytes)
{
	*it = (struct cpio_iter){ .start = archive, .p = archive, .end = (const u8 *)archive + bytes };
}

static void parse_fields(const u8 *p, u32 *field)
{
	for (int i = 0; i < NR_FIELDS; i++, p += 8) {
		field[i] = 0;
		for (int j = 0; j < 8 && hex_to_bin(p[j]) >= 0; j++)
			field[i] = field[i] << 4 | hex_to_bin(p[j]);
	}
}

static inline size_t left(const struct cpio_iter *it) { return it->end - it->p; }

/* Move over @bytes, then to the next multiple of 4 from the start (or the end of memory). */
static void advance(struct cpio_iter *it, size_t bytes)
{
	size_t pad;

	it->p += bytes;
	pad = -(size_t)(it->p - it->start) & 3;
	it->p += min(pad, left(it));
}

static u32 sum_of(const u8 *p, size_t n)
{
	u32 sum = 0;

	while (n--)
		sum += *p++;
	return sum;
}

static int broken(struct cpio_iter *it, const char *why)
{
	it->error = why;
	return -EINVAL;
}

/* One member at it->p, which begins with the magic number.  => 1, 0 when it was stepped over, or -EINVAL */
static int parse_member(struct cpio_iter *it, struct cpio_entry *e)
{
	bool with_sum = it->p[MAGIC_BYTES - 1] == '2';
	u32 f[NR_FIELDS];

	parse_fields(it->p + MAGIC_BYTES, f);
	it->p += HEADER_BYTES;
	if (!f[F_NAMESIZE] || f[F_NAMESIZE] > CPIO_PATH_MAX) {
		advance(it, min((size_t)f[F_NAMESIZE], left(it)));
		advance(it, min((size_t)f[F_SIZE], left(it)));
		return 0;
	}
	if (f[F_NAMESIZE] > left(it))
		return broken(it, "the archive ends in a name");
	if (it->p[f[F_NAMESIZE] - 1] || !it->p[0])
		return broken(it, "a name that does not end");
	*e = (struct cpio_entry){
		.name = (const char *)it->p, .name_len = strlen((const char *)it->p), .size = f[F_SIZE],
		.ino = f[F_INO], .mode = f[F_MODE], .uid = f[F_UID], .gid = f[F_GID], .nlink = f[F_NLINK],
		.mtime = f[F_MTIME], .maj = f[F_MAJ], .min = f[F_MIN], .rmaj = f[F_RMAJ],
		.rmin = f[F_RMIN], .archive = it->archive,
	};
	advance(it, f[F_NAMESIZE]);
	if (f[F_SIZE] > left(it))
		return broken(it, "the archive ends in a file");
	e->data = it->p;
	if (with_sum && sum_of(it->p, f[F_SIZE]) != f[F_CHECK])
		it->error = "bad data checksum";
	advance(it, f[F_SIZE]);
	return 1;
}

/* What is at it->p begins a member; if not, why. */
static int check_magic(struct cpio_iter *it)
{
	if (cpio_is_archive(it->p, left(it)))
		return 0;
	if (*it->p != '0')
		return -EINVAL;
	if (left(it) < HEADER_BYTES)
		return broken(it, "the archive ends in a header");
	return broken(it, memcmp(it->p, "070707", MAGIC_BYTES) ? "no cpio magic" :
		      "incorrect cpio method used: use -H newc option");
}

int cpio_next(struct cpio_iter *it, struct cpio_entry *e)
{
	for (;;) {
		int rc;

		while (left(it) && !*it->p)	/* between archives, and behind the last */
			it->p++;
		if (it->error)
			return -EINVAL;
		if (!left(it))
			return 0;
		/* An archive that follows another counts its padding from its own start. */
		rc = check_magic(it);
		if (!rc)
			rc = parse_member(it, e);
		if (rc < 0)
			return rc;
		if (!rc)
			continue;
		if (strcmp(e->name, "TRAILER!!!"))
			return 1;
		it->archive++;
		while (left(it) && !*it->p)
			it->p++;
		it->start = it->p;
	}
}
