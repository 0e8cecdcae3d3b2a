/*
 * A storm: address spaces on four harts map, write, read, fork, protect, move, zap and unmap at random,
 * against a shadow of every page's content; hardware that remembers every translation; and then the
 * same with flushes that do nothing, to see that it is noticed.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/rmap/migration.c
// SRCS: mm/entry/nonlinear.c
// SRCS: mm/region/vma_lock.c
// SRCS: mm/rmap/anon_vma.c
// SRCS: mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c mm/entry/copy.c mm/fault/gup.c
// SRCS: mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c mm/pt/flush.c mm/pt/gather.c
// SRCS: mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c
#include "test/host/mm/fault/world.h"

#define RW		(VM_READ | VM_WRITE)
#define NR_HARTS_USED	4
#define NR_MMS		6
#define NR_REGIONS	6
#define REGION_PAGES	24
#define STRIDE		(pt_span(1) - 8 * PAGE_SIZE)	/* regions straddle tables */

bool thread_stack_guard(__maybe_unused vaddr_t addr) { return false; }

struct region {
	struct vm_area_struct *vma;
	bool file;
	u64 word[REGION_PAGES];		/* first eight bytes of each page */
};
struct space {
	struct mm_struct *mm;
	struct region region[NR_REGIONS];
};
static struct space space[NR_MMS];

static vaddr_t region_base(unsigned r) { return 0x10000000ul + r * STRIDE; }

static void map_region(struct space *s, unsigned r)
{
	struct region *g = &s->region[r];
	vaddr_t base = region_base(r);

	g->file = rnd_one_in(3);
	g->vma = world_map(s->mm, base, base + REGION_PAGES * PAGE_SIZE, RW,
			   g->file ? &world_file_ops : NULL, r * 4);
	for (unsigned i = 0; i < REGION_PAGES; i++)
		g->word[i] = g->file ? WORLD_FILE_WORD(r * 4 + i) : 0;
}

static void protect(struct region *g, unsigned long flags)
{
	g->vma->vm_flags = (g->vma->vm_flags & ~VM_ACCESS_FLAGS) | flags;
	g->vma->vm_page_prot = vm_prot(g->vma->vm_flags);
	world_protect(g->vma, g->vma->vm_start, g->vma->vm_end, g->vma->vm_page_prot);
}

static void touch(struct region *g, unsigned i)
{
	vaddr_t va = g->vma->vm_start + i * PAGE_SIZE;
	u64 v = rnd();

	if (rnd_one_in(2)) {
		if (g->vma->vm_flags & VM_WRITE) {
			CHECK(host_store8(va, v) == 0);
			g->word[i] = v;
		} else {
			CHECK(host_store8(va, v) == 11);
		}
	}
	if (g->vma->vm_flags & VM_READ)
		CHECK(host_load8(va, &v) == 0 && v == g->word[i]);
	else
		CHECK(host_load8(va, &v) == 11);
}

static void zap(struct region *g)
{
	unsigned from = rnd_below(REGION_PAGES), n = 1 + rnd_below(REGION_PAGES - from);

	zap_page_range(g->vma, g->vma->vm_start + from * PAGE_SIZE, n * PAGE_SIZE);
	for (unsigned i = from; i < from + n; i++)
		g->word[i] = g->file ? WORLD_FILE_WORD(g->vma->vm_pgoff + i) : 0;
}

/* Swap the entries of two regions of one space by three moves, if both are anonymous. */
static void move(struct space *s, unsigned a, unsigned b)
{
	struct region *x = &s->region[a], *y = &s->region[b];
	u64 word[REGION_PAGES];

	if (a == b || x->file || y->file || x->vma->vm_flags != y->vma->vm_flags)
		return;
	zap_page_range(y->vma, y->vma->vm_start, REGION_PAGES * PAGE_SIZE);
	CHECK(world_move(x->vma, y->vma));
	memcpy(word, x->word, sizeof(word));
	memset(x->word, 0, sizeof(word));
	memcpy(y->word, word, sizeof(word));
}

static void fork_space(struct space *from, struct space *to)
{
	to->mm = world_fork(from->mm);
	CHECK(to->mm);
	memcpy(to->region, from->region, sizeof(to->region));
	for (struct vm_area_struct *v = to->mm->mmap; v; v = v->vm_next)
		for (unsigned r = 0; r < NR_REGIONS; r++)
			if (region_base(r) == v->vm_start)
				to->region[r].vma = v;
}

static void exit_space(struct space *s)
{
	world_exit(s->mm);
	memset(s, 0, sizeof(*s));
}

static void step(void)
{
	struct space *s = &space[rnd_below(NR_MMS)], *other = &space[rnd_below(NR_MMS)];
	struct region *g;
	unsigned r = rnd_below(NR_REGIONS);

	host_run_on(rnd_below(NR_HARTS_USED));
	if (!s->mm) {
		s->mm = host_mm_new();
		return;
	}
	host_enter_mm(s->mm);
	g = &s->region[r];
	if (!g->vma) {
		map_region(s, r);
		return;
	}
	switch (rnd_below(40)) {
	case 0:
		world_unmap(g->vma);
		g->vma = NULL;
		break;
	case 1:
		zap(g);
		break;
	case 2:
		protect(g, rnd_one_in(3) ? 0 : rnd_one_in(2) ? VM_READ : RW);
		break;
	case 3:
		if (s->region[(r + 1) % NR_REGIONS].vma)
			move(s, r, (r + 1) % NR_REGIONS);
		break;
	case 4:
		if (!other->mm)
			fork_space(s, other);
		break;
	case 5:
		if (rnd_one_in(4))
			exit_space(s);
		break;
	default:
		touch(g, rnd_below(REGION_PAGES));
	}
	if (s->mm && rnd_one_in(20)) {
		host_tlb_check(s->mm);
		pt_verify(s->mm);
	}
}

static void storm(unsigned levels, unsigned bits, bool soft_ad, unsigned steps)
{
	arch_asid_bits = bits;
	host_arch_init(levels, NR_HARTS_USED);
	host_soft_ad = soft_ad;
	if (!zero_page)
		fault_init();
	world_anon_init();
	world_file_make();
	for (unsigned i = 0; i < steps; i++)
		step();
	for (unsigned i = 0; i < NR_MMS; i++)
		if (space[i].mm)
			exit_space(&space[i]);
	for (unsigned h = 0; h < NR_HARTS_USED; h++) {
		host_run_on(h);
		pt_cache_drain();
	}
	world_file_drop();
	ok(host_stale == 0, "Sv%u, %u ASID bits%s: %u steps, no law broken", 12 + 9 * levels, bits,
	   soft_ad ? ", software A and D" : "", steps);
	is_int(host_pages_used(), 1, "all pages back but the zero page");
	is_int(global_node_page_state(NR_ANON_MAPPED) + global_node_page_state(NR_FILE_MAPPED) +
	       global_node_page_state(NR_PAGETABLE), 0, "all counters at 0");
}

int main(void)
{
	shim_printk_quiet = true;
	storm(3, 16, false, 40000);
	storm(4, 3, false, 30000);
	storm(5, 0, true, 30000);
	storm(3, 4, true, 30000);
	put_page(zero_page);
	return done_testing();
}
