/*
 * test/host/block/test_partitions.c - partition tables: what they say, and forty thousand damaged ones.
 *
 * MODEL     A disk in memory.  Tables are made here; then bytes of them are changed at random: whatever is found
 *           must lie on the disk, and the search must end.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: block/partitions.c mm/pt/asid.c mm/pt/init_mm.c
#include "test/host/tap.h"
#include "block/blk.h"
#include "lib/crc32.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "test/host/arch/host.h"

#define SECTORS	4096u

#define IMAGE_BYTES	(SECTORS * SECTOR_SIZE)

static u8 *image;			/* in the arena, where no allocator hands pages out */
static struct gendisk disk;
static struct block_device bdev;
static struct inode inode;
static unsigned nr_read;

/* A page of the cache, as far as partitions.c looks at it. */
static struct page *page_of;
struct page *read_mapping_page(__maybe_unused struct address_space *m, pgoff_t index,
			       __maybe_unused struct file *f, int *err)
{
	nr_read++;
	*err = index < IMAGE_BYTES >> PAGE_SHIFT ? 0 : -EIO;
	return *err ? NULL : page_of + index;
}

void *kvmalloc(size_t n, __maybe_unused gfp_t gfp) { return shim_alloc(n); }
void kvfree(const void *p) { shim_free((void *)p); }

static void put(void *p, u64 v, unsigned bytes) { memcpy(p, &v, bytes); }
static u8 *sector(unsigned n) { return image + n * SECTOR_SIZE; }

static void mbr_entry(u8 *table, unsigned i, u8 type, u32 start, u32 nr)
{
	u8 *e = table + 446 + 16 * i;

	e[4] = type;
	put(e + 8, start, 4);
	put(e + 12, nr, 4);
	put(table + 510, 0xaa55, 2);
}

static u32 crc(const void *p, size_t n) { return ~crc32_le(~0u, p, n); }

static void gpt_header(u8 *h, u64 my, u64 other, u64 entries_at)
{
	memcpy(h, "EFI PART", 8);
	put(h + 8, 0x10000, 4);
	put(h + 12, 92, 4);
	put(h + 16, 0, 4);
	put(h + 24, my, 8);
	put(h + 32, other, 8);
	put(h + 40, 34, 8);
	put(h + 48, SECTORS - 34, 8);
	put(h + 72, entries_at, 8);
	put(h + 80, 128, 4);
	put(h + 84, 128, 4);
	put(h + 88, crc(sector(entries_at), 128 * 128), 4);
	put(h + 16, crc(h, 92), 4);
}

static void make_gpt(void)
{
	memset(image, 0, IMAGE_BYTES);
	mbr_entry(image, 0, 0xee, 1, SECTORS - 1);
	for (unsigned i = 0; i < 3; i++) {
		u8 *e = sector(2) + 128 * (2 * i);		/* partitions 1, 3, 5 */

		e[0] = 0xaf;
		put(e + 32, 100 + 1000 * i, 8);
		put(e + 40, 599 + 1000 * i, 8);
	}
	memcpy(sector(SECTORS - 33), sector(2), 32 * SECTOR_SIZE);
	gpt_header(sector(1), 1, SECTORS - 1, 2);
	gpt_header(sector(SECTORS - 1), SECTORS - 1, 1, SECTORS - 33);
}

static void make_mbr(void)
{
	memset(image, 0, IMAGE_BYTES);
	mbr_entry(image, 0, 0x83, 64, 500);
	mbr_entry(image, 2, 0x05, 1000, 2000);			/* extended */
	mbr_entry(sector(1000), 0, 0x83, 10, 100);		/* 5: at 1010 */
	mbr_entry(sector(1000), 1, 0x05, 500, 300);		/* the next at 1500 */
	mbr_entry(sector(1500), 0, 0x82, 10, 200);		/* 6: at 1510 */
}

static int scan(struct partition *p)
{
	nr_read = 0;
	return partitions_read(&disk, p, DISK_MAX_PARTS - 1);
}

static bool is(const struct partition *p, unsigned partno, sector_t start, sector_t nr)
{
	return p->partno == partno && p->start == start && p->nr == nr;
}

static void test_damage(void (*make)(void), const char *what)
{
	struct partition p[DISK_MAX_PARTS];

	for (unsigned round = 0; round < 20000; round++) {
		int nr;

		if (round % 50 == 0)
			make();
		for (unsigned n = 1 + rnd_below(3); n; n--) {
			static const unsigned places[] = { 0, 1, 2, 1000, 1500, SECTORS - 33, SECTORS - 1 };
			u8 *s = sector(places[rnd_below(ARRAY_SIZE(places))]);
			unsigned at = rnd_one_in(2) ? rnd_below(SECTOR_SIZE) : 440 + rnd_below(70);

			s[at] = rnd_one_in(3) ? 0xff : rnd();
			if (rnd_one_in(4))				/* with checksums that are right */
				put(sector(1) + 16, 0, 4), put(sector(1) + 16, crc(sector(1), 92), 4);
		}
		nr = scan(p);
		CHECK(nr >= -EIO && nr < DISK_MAX_PARTS);
		CHECK(nr_read < 2000);
		for (int i = 0; i < nr; i++)
			CHECK(p[i].nr && p[i].partno && p[i].partno < DISK_MAX_PARTS && p[i].start < SECTORS &&
			      p[i].nr <= SECTORS - p[i].start);
	}
	ok(true, "20,000 damaged tables: %s", what);
}

int main(void)
{
	struct partition p[DISK_MAX_PARTS];
	int nr;

	host_arch_init(3, 1);
	image = phys_to_virt(HOST_PHYS_MAX / 2);
	page_of = virt_to_page(image);
	bdev = (struct block_device){ .bd_disk = &disk, .bd_nr_sectors = SECTORS, .bd_inode = &inode };
	inode.i_mapping = &inode.i_data;
	disk.part[0] = &bdev;
	disk.limits.logical_block_size = 512;
	memcpy(disk.name, "vda", 4);

	is_int(scan(p), 0, "an empty disk");
	make_mbr();
	nr = scan(p);
	ok(nr == 4 && is(p, 1, 64, 500) && is(p + 1, 3, 1000, 2) && is(p + 2, 5, 1010, 100) &&
	   is(p + 3, 6, 1510, 200), "MBR with logical partitions");
	make_gpt();
	nr = scan(p);
	ok(nr == 3 && is(p, 1, 100, 500) && is(p + 1, 3, 1100, 500) && is(p + 2, 5, 2100, 500), "GPT");
	sector(1)[40] ^= 1;
	nr = scan(p);
	ok(nr == 3 && is(p, 1, 100, 500), "GPT by its copy");
	sector(SECTORS - 33)[32] ^= 1;
	is_int(scan(p), 0, "GPT with both damaged");
	make_mbr();
	mbr_entry(sector(1500), 1, 0x05, 0, 300);	/* a chain that bites its tail */
	nr = scan(p);
	ok(nr > 0 && nr < DISK_MAX_PARTS, "a chain without end ends: %d partitions", nr);
	test_damage(make_mbr, "MBR");
	test_damage(make_gpt, "GPT");
	return done_testing();
}
