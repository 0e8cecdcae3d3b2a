/*
 * The first page tables, on harts with and without T-Head's memory types: what they map in each mode, that each leaf
 * has its type and no table has one, and how a tree narrows the mode.
 *
 * MODEL     The tables lie in this program, whose addresses are physical ones to the code under test; a walk starts
 *           at the roots that satp would name.  What the hart says of its types the test says
 *           (boot/memory_type.c is for real harts alone).
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: boot/early_map.c
// CFLAGS: -D_start=image_start -D_end=image_end
#include "test/host/tap.h"
#include "boot/early_map.h"
#include <asm/layout.h>
#include <asm/pte.h>

#define SPAN_2M		(2ul << 20)
#define LEAF		(PTE_V | PTE_R | PTE_G | PTE_A | PTE_D)

/* Three leaves, the last a part of one. */
char image_start[5 << 20] __attribute__((aligned(2 << 20)));
__asm__(".globl image_end\n.set image_end, image_start + (5 << 20)");

static unsigned long type;
static u8 tree[4096] __attribute__((aligned(4096)));

unsigned long early_memory_type(void) { return type; }
void host_pte_change(__maybe_unused const pte_t *cell, __maybe_unused pte_t now) {}

/* ---- a walk ------------------------------------------------------------------------------------- */

/* Of a table: the program's own address, which was "physical" to the code under test. */
static pte_t *table_of(pte_t pte) { return (pte_t *)(pte.v << 2 & PAGE_MASK); }

/* The leaf of @va, from @root of @levels levels; 0 where nothing is mapped.  No table on the way has a type. */
static unsigned long leaf_of(pte_t *root, unsigned levels, unsigned long va)
{
	for (unsigned level = levels; level--; ) {
		pte_t pte = root[pt_index(va, level)];

		if (!(pte.v & PTE_V) || pte.v & PTE_LEAF_BITS)
			return pte.v;
		CHECK(!(pte.v & PTE_MT_MASK));
		root = table_of(pte);
	}
	return 0;
}

/* All that is mapped from @root: the image and, where there is one, the tree; each with the type and no other. */
static void check_root(unsigned long satp, unsigned levels, bool with_tree)
{
	pte_t *root = (pte_t *)((satp & ((1ul << 44) - 1)) << PAGE_SHIFT);
	unsigned long image = (unsigned long)_start, base = (unsigned long)tree & ~(SPAN_2M - 1);

	for (unsigned long at = 0; at < 4 * SPAN_2M; at += SPAN_2M)
		CHECK(leaf_of(root, levels, KERNEL_LINK_ADDR + at) ==
		      (at < 5ul << 20 ? (image + at) >> 2 | LEAF | PTE_W | PTE_X | type : 0));
	CHECK(leaf_of(root, levels, FIXMAP_START) == 0);	/* a table, still empty */
	for (unsigned long at = 0; at < 3 * SPAN_2M; at += SPAN_2M)
		CHECK(leaf_of(root, levels, DTB_FIXMAP + at) ==
		      (with_tree && at < 2 * SPAN_2M ? (base + at) >> 2 | LEAF | type : 0));
}

/* ---- a tree ------------------------------------------------------------------------------------- */

static u8 *put32(u8 *p, u32 v)
{
	for (int i = 0; i < 4; i++)
		p[i] = v >> (24 - 8 * i);
	return p + 4;
}

static u8 *put_text(u8 *p, const char *text)
{
	size_t n = strlen(text) + 1;

	memcpy(p, text, n);
	return p + ALIGN(n, 4);
}

/* / { chosen { bootargs = @args; }; }; */
static void make_tree(const char *args)
{
	u8 *p = tree + 64;

	memset(tree, 0, sizeof(tree));
	put32(tree, 0xd00dfeed);
	put32(tree + 4, 4096);		/* total */
	put32(tree + 8, 64);		/* structure */
	put32(tree + 12, 2048);		/* strings */
	strcpy((char *)tree + 2048, "bootargs");
	p = put_text(put32(p, 1), "");
	p = put_text(put32(p, 1), "chosen");
	p = put32(put32(put32(p, 3), strlen(args) + 1), 0);
	p = put_text(p, args);
	put32(put32(put32(p, 2), 2), 9);
}

static void one_type(unsigned long t)
{
	struct early_map_result *r;

	type = t;
	make_tree("console=ttyS0");
	r = early_map((unsigned long)tree);
	CHECK(early_pma == t);
	CHECK(early_tree_mapped);
	CHECK(r->va_offset == KERNEL_LINK_ADDR - (unsigned long)_start);
	CHECK(r->satp[0] >> 60 == 10);
	CHECK(r->satp[1] >> 60 == 9);
	CHECK(r->satp[2] >> 60 == 8);
	for (unsigned i = 0; i < 3; i++)
		check_root(r->satp[i], 5 - i, true);
}

int main(void)
{
	static const struct { const char *args; bool sv57, sv48; } wish[] = {
		{ "paging=sv39", false, false }, { "a paging=sv48 b", false, true }, { "paging=sv57", true, true },
		{ "xpaging=sv39", true, true }, { "", true, true }, { "paging=sv3", true, true },
	};
	struct early_map_result *r;

	one_type(0);
	ok(true, "plain: image and tree are mapped, nothing names a type");
	one_type(PTE_THEAD_PMA);
	ok(true, "T-Head: each leaf says that it is memory, and no table does");
	for (unsigned i = 0; i < ARRAY_SIZE(wish); i++) {
		make_tree(wish[i].args);
		r = early_map((unsigned long)tree);
		CHECK(!!r->satp[0] == wish[i].sv57);
		CHECK(!!r->satp[1] == wish[i].sv48);
		CHECK(r->satp[2]);
	}
	ok(true, "the tree narrows the mode");
	return done_testing();
}
