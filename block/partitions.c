/*
 * block/partitions.c - partition tables: MBR with its chain of logical partitions, and GPT.
 *
 * MODEL     The table is read through the disk's page cache.  An MBR whose first partition is of type 0xee
 *           protects a GPT: its header, checked by two checksums, is in block 1, and a copy in the last one,
 *           which is used, and said, when the first is damaged.
 *           MBR: partitions 1 to 4 stand in sector 0; those of an extended one are a chain of sectors, each
 *           with one partition and the place of the next, numbered from 5.
 *           A table is what anyone may have written to a disk: nothing in it is believed that leads outside
 *           the disk, and a chain ends when its numbers are used up.
 * TESTS     test/host/block/test_partitions.c, test/boot/disk.py
 * SEE       UEFI specification 2.10, chapter 5 (GPT)
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "include/uapi/errno.h"
#include "lib/crc32.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/slab/slab.h"

#define MBR_TABLE	446
#define MBR_SIGNATURE	0xaa55
#define TYPE_PROTECTIVE	0xee
#define GPT_SIGNATURE	0x5452415020494645ull	/* "EFI PART" */
#define GPT_MAX_BYTES	(1u << 18)		/* of entries that are looked at: 2048 of the usual size */

struct mbr_entry {
	u8 boot, chs_first[3], type, chs_last[3];
	u32 start, nr;
} __attribute__((packed));

struct gpt_header {
	u64 signature;
	u32 revision, header_size, header_crc, reserved;
	u64 my_lba, alternate_lba, first_usable, last_usable;
	u8 guid[16];
	u64 entries_lba;
	u32 nr_entries, entry_size, entries_crc;
} __attribute__((packed));

struct gpt_entry { u8 type[16], guid[16]; u64 first, last, attributes; u16 name[36]; } __attribute__((packed));

struct scan {
	struct gendisk *disk;
	struct partition *p;
	unsigned nr, max;
	sector_t size;			/* of the disk */
};

/* ---- reading ----------------------------------------------------------------------------------- */

/* @bytes of the disk from byte @pos on. */
static int read_bytes(struct gendisk *disk, u64 pos, void *buf, size_t bytes)
{
	struct address_space *mapping = disk->part[0]->bd_inode->i_mapping;

	while (bytes) {
		size_t off = pos & ~PAGE_MASK, n = min(bytes, PAGE_SIZE - off);
		struct page *page;
		char *kaddr;
		int err;

		page = read_mapping_page(mapping, pos >> PAGE_SHIFT, NULL, &err);
		if (!page)
			return err;
		kaddr = kmap_local_page(page);
		memcpy(buf, kaddr + off, n);
		kunmap_local(kaddr);
		put_page(page);
		buf = (char *)buf + n;
		pos += n;
		bytes -= n;
	}
	return 0;
}

static void add(struct scan *s, unsigned partno, sector_t start, sector_t nr)
{
	if (s->nr == s->max || partno >= DISK_MAX_PARTS || !nr)
		return;
	if (start >= s->size || nr > s->size - start) {
		pr_warn("%s: partition %u is beyond the end of the disk: left out\n", s->disk->name, partno);
		return;
	}
	s->p[s->nr++] = (struct partition){ start, nr, partno };
}

/* ---- MBR ---------------------------------------------------------------------------------------- */

static bool is_extended(u8 type) { return type == 0x05 || type == 0x0f || type == 0x85; }

/* Sector @sector as a table: 0, or -errno; -ENOENT: it is none. */
static int read_table(struct gendisk *disk, sector_t sector, struct mbr_entry e[4])
{
	u8 raw[SECTOR_SIZE];
	int rc = read_bytes(disk, sector << SECTOR_SHIFT, raw, sizeof(raw));

	if (rc)
		return rc;
	if ((raw[510] | raw[511] << 8) != MBR_SIGNATURE)
		return -ENOENT;
	memcpy(e, raw + MBR_TABLE, 4 * sizeof(*e));
	for (unsigned i = 0; i < 4; i++)
		if (e[i].boot & 0x7f)		/* the boot sector of a file system, not a table */
			return -ENOENT;
	return 0;
}

/* The logical partitions of the extended one at @first, @nr sectors long.  Links are relative to @first. */
static int scan_logical(struct scan *s, sector_t first, sector_t nr)
{
	sector_t here = first;

	for (unsigned partno = 5; partno < DISK_MAX_PARTS; partno++) {
		struct mbr_entry e[4];
		sector_t next = 0;
		int rc = here < s->size ? read_table(s->disk, here, e) : -ENOENT;

		if (rc)
			return rc == -ENOENT ? 0 : rc;
		for (unsigned i = 0; i < 4; i++) {
			if (!e[i].nr)
				continue;
			if (is_extended(e[i].type) && e[i].start < nr)
				next = first + e[i].start;
			else if (!is_extended(e[i].type))
				add(s, partno, here + e[i].start, e[i].nr);
		}
		if (!next || next == here)
			return 0;
		here = next;
	}
	return 0;
}

static int scan_mbr(struct scan *s, const struct mbr_entry e[4])
{
	int rc = 0;

	for (unsigned i = 0; i < 4; i++)
		if (e[i].type && e[i].nr)
			/* An extended one shows its first two sectors, as on Linux: enough for a boot loader. */
			add(s, i + 1, e[i].start, is_extended(e[i].type) ? min(2u, e[i].nr) : e[i].nr);
	for (unsigned i = 0; i < 4 && !rc; i++)
		if (is_extended(e[i].type) && e[i].nr)
			rc = scan_logical(s, e[i].start, e[i].nr);
	return rc;
}

/* ---- GPT ---------------------------------------------------------------------------------------- */

static bool header_makes_sense(const struct gpt_header *h, u64 lba, u64 last_lba)
{
	return h->signature == GPT_SIGNATURE && h->my_lba == lba && h->header_size >= sizeof(*h) &&
	       h->header_size <= SECTOR_SIZE && h->entry_size >= sizeof(struct gpt_entry) &&
	       h->entry_size % 8 == 0 && h->nr_entries && h->nr_entries <= GPT_MAX_BYTES / h->entry_size &&
	       h->entries_lba <= last_lba && h->first_usable <= h->last_usable && h->last_usable <= last_lba;
}

/* The checksum that UEFI means: zip's. */
static u32 gpt_crc(const void *p, size_t n) { return ~crc32_le(~0u, p, n); }

/* The header in block @lba, and its entries in *@entries (to be freed): 0; -ENOENT: damaged; -errno. */
static int read_gpt(struct scan *s, u64 lba, unsigned block, struct gpt_header *h, void **entries)
{
	u64 last_lba = (s->size << SECTOR_SHIFT) / block - 1;
	u8 raw[SECTOR_SIZE];
	size_t bytes;
	u32 crc;
	int rc = read_bytes(s->disk, lba * block, raw, sizeof(raw));

	if (rc)
		return rc;
	memcpy(h, raw, sizeof(*h));
	if (!header_makes_sense(h, lba, last_lba))
		return -ENOENT;
	memset(raw + offsetof(struct gpt_header, header_crc), 0, 4);
	if (gpt_crc(raw, h->header_size) != h->header_crc)
		return -ENOENT;
	bytes = (size_t)h->nr_entries * h->entry_size;
	if (bytes > (last_lba - h->entries_lba + 1) * block)
		return -ENOENT;
	*entries = kvmalloc(bytes, GFP_KERNEL);
	if (!*entries)
		return -ENOMEM;
	rc = read_bytes(s->disk, h->entries_lba * block, *entries, bytes);
	crc = rc ? 0 : gpt_crc(*entries, bytes);
	if (!rc && crc != h->entries_crc)
		rc = -ENOENT;
	if (rc)
		kvfree(*entries);
	return rc;
}

static int scan_gpt(struct scan *s)
{
	static const u8 unused[16];
	unsigned block = s->disk->limits.logical_block_size, unit = block >> SECTOR_SHIFT;
	struct gpt_header h;
	void *entries;
	int rc = read_gpt(s, 1, block, &h, &entries);

	if (rc == -ENOENT) {
		rc = read_gpt(s, (s->size << SECTOR_SHIFT) / block - 1, block, &h, &entries);
		if (!rc)
			pr_warn("%s: the primary GPT is damaged, its copy is used\n", s->disk->name);
	}
	if (rc)
		return rc;
	for (u32 i = 0; i < h.nr_entries; i++) {
		const struct gpt_entry *e = (const void *)((char *)entries + (size_t)i * h.entry_size);

		if (memcmp(e->type, unused, sizeof(unused)) && e->first <= e->last && e->last <= h.last_usable)
			add(s, i + 1, e->first * unit, (e->last - e->first + 1) * unit);
	}
	kvfree(entries);
	return 0;
}

int partitions_read(struct gendisk *disk, struct partition *p, unsigned max)
{
	struct scan s = { .disk = disk, .p = p, .max = max, .size = disk->part[0]->bd_nr_sectors };
	struct mbr_entry e[4];
	int rc = s.size ? read_table(disk, 0, e) : -ENOENT;

	if (!rc && e[0].type == TYPE_PROTECTIVE) {
		rc = scan_gpt(&s);
		if (rc == -ENOENT)
			pr_warn("%s: neither its GPT nor the copy is whole\n", disk->name);
	} else if (!rc) {
		rc = scan_mbr(&s, e);
	}
	return rc && rc != -ENOENT ? rc : (int)s.nr;
}
