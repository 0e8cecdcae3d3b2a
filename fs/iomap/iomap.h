/*
 * fs/iomap/iomap.h - files whose pages lie in blocks of a device.
 *
 * MODEL     A file system says where a range of a file is: iomap_begin() gives an extent that begins at or before the
 *           position asked for, a hole or bytes that follow each other on the device.  What is here reads, writes
 *           and writes back pages with no more than that, for blocks as large as a page and for smaller ones.
 *           page->private counts the reads or writes that are under way, IO_FAILED in it that one failed.
 *           PG_mappedtodisk says that every block of the page has a place on the device.
 * INVARIANTS
 *   M1  An extent is used for a second page only while *map.seqp is still map.seq, looked at with that page locked:
 *       the file system counts it up before it gives blocks back, and pages go before their blocks do.
 *   M2  A hole is not used for a second page at all: it may have been filled since.
 *   M3  A block is dirty in the cache only if it has its place: who writes gets that first (write(2),
 *       page_mkwrite), so that writing back needs neither memory nor room.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_IOMAP_H
#define VELLUM_IOMAP_H

#include "block/blk.h"
#include "mm/cache/filemap.h"

enum iomap_type { IOMAP_HOLE, IOMAP_MAPPED };

struct iomap {
	loff_t offset;			/* of the file, bytes */
	u64 length;			/* bytes; 0: nothing is known */
	u64 addr;			/* of the device, bytes */
	enum iomap_type type;
	bool fresh;			/* its blocks are new to the file: the device has others' bytes there */
	const u32 *seqp;
	u32 seq;
};

#define IOMAP_WRITE	1		/* holes are filled */

struct iomap_ops {
	/* *map holds @pos and as much of the @len bytes behind as it can, at least the block.  0 or -errno */
	int (*iomap_begin)(struct inode *inode, loff_t pos, u64 len, unsigned flags, struct iomap *map);
	/* A write was cut short: blocks beyond the end of the file are given back. */
	void (*trim)(struct inode *inode);
};

static inline bool iomap_covers(const struct iomap *map, loff_t pos)
{
	return map->length && pos >= map->offset && (u64)(pos - map->offset) < map->length &&
	       map->type == IOMAP_MAPPED && READ_ONCE(*map->seqp) == map->seq;	/* M1, M2 */
}
static inline u64 iomap_left(const struct iomap *map, loff_t pos) { return map->offset + map->length - pos; }
static inline sector_t iomap_sector(const struct iomap *map, loff_t pos)
{
	return (map->addr + (pos - map->offset)) >> SECTOR_SHIFT;
}

#define IO_ONE		1ul
#define IO_FAILED	BIT(31)

void zero_page_part(struct page *page, unsigned from, unsigned to);

/* read.c: for address_space_operations. */
int iomap_readpage(struct page *page, const struct iomap_ops *ops);
void iomap_readahead(struct address_space *mapping, pgoff_t start, unsigned nr, const struct iomap_ops *ops);

/* write.c */
/* write(2) at @pos, which was checked.  => i_rwsem(w).  Bytes, or -errno */
ssize_t iomap_file_buffered_write(struct file *file, struct iov_iter *from, loff_t pos, const struct iomap_ops *ops);
/* vm_operations.page_mkwrite: blocks for all of the page that is inside the file. */
unsigned iomap_page_mkwrite(struct vm_fault *vmf, const struct iomap_ops *ops);
/*
 * The file is about to end at @size, in the midst of a page: what the page and the device have behind that, up to
 * the end of the block, becomes zeros.  => i_rwsem(w); 0 or -errno, and nothing is changed
 */
int iomap_truncate_page(struct inode *inode, loff_t size, const struct iomap_ops *ops);
/* The file, which ends at @size, is about to grow: what mappings left behind its end is no part of it. */
void iomap_zero_tail(struct inode *inode, loff_t size);

/*
 * direct.c: read(2) and write(2) of files opened with O_DIRECT, at positions that were checked.  Bytes, or -errno:
 * -EINVAL when place, length or memory do not suit the device's blocks.  => i_rwsem for reading; for writing
 */
ssize_t iomap_dio_read(struct file *file, struct iov_iter *to, loff_t *pos, const struct iomap_ops *ops);
ssize_t iomap_dio_write(struct file *file, struct iov_iter *from, loff_t pos, const struct iomap_ops *ops);

/* writeback.c: for address_space_operations. */
int iomap_writepage(struct page *page, struct writeback_control *wbc, const struct iomap_ops *ops);
int iomap_writepages(struct address_space *mapping, struct writeback_control *wbc, const struct iomap_ops *ops);
void iomap_freepage(struct page *page);

/* fiemap.c: ioctl(2) FS_IOC_FIEMAP and FIBMAP. */
#define FS_IOC_FIEMAP	0xc020660bu
#define FIBMAP		1u
#define FIGETBSZ	2u
long iomap_fiemap(struct inode *inode, void __user *arg, const struct iomap_ops *ops);
long iomap_bmap(struct inode *inode, int __user *arg, const struct iomap_ops *ops);

#endif
