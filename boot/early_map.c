/*
 * boot/early_map.c - the first page tables, built before the MMU is on.
 *
 * MODEL     The image lies in the last 2 GiB and the device tree just below it, so every upper-level
 *           index is 511, in each mode: one chain of tables serves them all, and a mode only
 *           chooses where in the chain the root is.
 *             level 4 [511] -> level 3 [511] -> level 2 [510] -> level 1: image, 2 MiB leaves
 *                                                       [509] -> level 1: tree, fixmap
 *           The leaves are RWX here; paging_init() replaces everything by tables with W^X.
 * INVARIANTS
 *   E1  This file and memory_type.c run at physical addresses: they call nothing outside, have no pointers
 *       in their data, and no jump tables.
 *   E2  Each leaf carries early_pma, and no table does.
 * FAILURE   A tree whose magic is wrong, or that cannot be read to its end, is not mapped; setup_arch()
 *           says so.
 * TESTS     test/host/boot/test_early_map.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "boot/early_map.h"
#include "include/kasan.h"
#include <asm/pte.h>

#define EARLY_TABLE static pte_t __section(".init.pagedata") __aligned(4096)

EARLY_TABLE early_l4[PT_ENTRIES];
EARLY_TABLE early_l3[PT_ENTRIES];
EARLY_TABLE early_l2[PT_ENTRIES];
EARLY_TABLE early_image[PT_ENTRIES];
EARLY_TABLE early_fix[PT_ENTRIES];
#ifdef VELLUM_KASAN
EARLY_TABLE early_shadow[PT_ENTRIES], early_shadow_leaves[PT_ENTRIES], early_shadow_page[PT_ENTRIES];
#endif
pte_t fixmap_pte[PT_ENTRIES] __section(".bss.page_aligned") __aligned(4096);

static struct early_map_result result __section(".init.data") = { .va_offset = 1 };
bool early_tree_mapped __section(".init.data") = true;
unsigned long early_pma __section(".init.data") = 0;
extern char _start[], _end[];

#define SPAN_2M		(2ul << 20)
#define PTE_EARLY	(PTE_V | PTE_R | PTE_W | PTE_X | PTE_G | PTE_A | PTE_D)
#define MAGIC_BE	0xd00dfeedu
#define FDT_BEGIN_NODE	1u
#define FDT_END_NODE	2u
#define FDT_PROP	3u
#define FDT_NOP		4u

static u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The narrowest level count that `paging=svNN` in @args asks for; 5 when it says nothing. */
static unsigned paging_wish(const char *args, u32 len)
{
	unsigned levels = 5;

	for (u32 i = 0; i + 11 < len + 1 && args[i]; i++) {
		const char *a = args + i;

		if (a[0] != 'p' || a[1] != 'a' || a[2] != 'g' || a[3] != 'i' || a[4] != 'n' ||
		    a[5] != 'g' || a[6] != '=' || a[7] != 's' || a[8] != 'v')
			continue;
		if (i && a[-1] != ' ')
			continue;
		if (a[9] == '3' && a[10] == '9')
			levels = 3;
		else if (a[9] == '4' && a[10] == '8')
			levels = 4;
	}
	return levels;
}

/* Find /chosen/bootargs in the tree at @dtb; it is believed only as far as its own sizes. */
static unsigned tree_paging_wish(const u8 *dtb)
{
	u32 off = be32(dtb + 8), strings = be32(dtb + 12), total = be32(dtb + 4);
	char key[] = { 'b', 'o', 'o', 't', 'a', 'r', 'g', 's', 0 };

	while (off + 4 <= total) {
		u32 token = be32(dtb + off);

		off += 4;
		if (token == FDT_BEGIN_NODE) {
			while (off < total && dtb[off])
				off++;
			off = (off + 4) & ~3u;
		} else if (token == FDT_PROP) {
			u32 len = be32(dtb + off), name = be32(dtb + off + 4);

			off += 8;
			if (len > total || off + len > total)
				break;
			if (text_equal((const char *)dtb + strings + name, key))
				return paging_wish((const char *)dtb + off, len);
			off = (off + len + 3) & ~3u;
		} else if (token != FDT_END_NODE && token != FDT_NOP) {
			break;
		}
	}
	return 5;
}

static unsigned long satp_of(unsigned long mode, const pte_t *root)
{
	return mode << 60 | (unsigned long)root >> PAGE_SHIFT;
}

static void map_tree(unsigned long base)
{
	for (unsigned i = 0; i < 2; i++)
		early_fix[pt_index(DTB_FIXMAP, 1) + i].v =
			(base + i * SPAN_2M) >> 2 | (PTE_EARLY & ~(PTE_W | PTE_X)) | early_pma;
}

struct early_map_result *early_map(unsigned long dtb_pa)
{
	unsigned long image = (unsigned long)_start, end = (unsigned long)_end;
	unsigned levels = 5;

	early_pma = early_memory_type();
	for (unsigned i = 0; image + i * SPAN_2M < end; i++)
		early_image[i].v = (image + i * SPAN_2M) >> 2 | PTE_EARLY | early_pma;
	early_fix[pt_index(FIXMAP_START, 1)].v = (unsigned long)fixmap_pte >> 2 | PTE_V;

	early_tree_mapped = dtb_pa && !(dtb_pa & 3) && be32((const u8 *)dtb_pa) == MAGIC_BE;
	if (early_tree_mapped) {
		levels = tree_paging_wish((const u8 *)dtb_pa);
		map_tree(dtb_pa & ~(SPAN_2M - 1));
	}
#ifdef VELLUM_KASAN
	/* Compiled code writes the shadow of its stack before there is any: all of the image's is one page. */
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		early_shadow[i].v = (unsigned long)early_shadow_leaves >> 2 | PTE_V;
		early_shadow_leaves[i].v = (unsigned long)early_shadow_page >> 2 |
					   (PTE_EARLY & ~PTE_X) | early_pma;
	}
	early_l2[pt_index(KASAN_SHADOW_END - 1, 2)].v = (unsigned long)early_shadow >> 2 | PTE_V;
#endif
	early_l2[pt_index(KERNEL_LINK_ADDR, 2)].v = (unsigned long)early_image >> 2 | PTE_V;
	early_l2[pt_index(FIXMAP_START, 2)].v = (unsigned long)early_fix >> 2 | PTE_V;
	early_l3[PT_ENTRIES - 1].v = (unsigned long)early_l2 >> 2 | PTE_V;
	early_l4[PT_ENTRIES - 1].v = (unsigned long)early_l3 >> 2 | PTE_V;

	result.satp[0] = levels >= 5 ? satp_of(10, early_l4) : 0;
	result.satp[1] = levels >= 4 ? satp_of(9, early_l3) : 0;
	result.satp[2] = satp_of(8, early_l2);
	result.va_offset = KERNEL_LINK_ADDR - image;
	return &result;
}
