/*
 * test/host/mm/rmap/test_anon_vma.c - anon_vmas against a shadow: forks, exits, splits, merges, moves and writes at
 * random, where each page knows which regions map it; with memory that runs out anywhere.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/rmap/anon_vma.c
#include "test/host/tap.h"
#include "test/host/shim.h"
#include "include/uapi/errno.h"
#include "mm/policy/mempolicy.h"
#include "mm/rmap/anon_vma.h"
#include "mm/rmap/rmap.h"

#define NR_MMS		24
#define NR_REGIONS	10	/* of a space, at most */
#define NR_PAGES	64	/* linear pages of the whole arena */

bool __mpol_equal(__maybe_unused const struct mempolicy *a, __maybe_unused const struct mempolicy *b)
{
	return false;
}

/* Regions of a space, disjoint, in order; page[i] is what linear page i shows in it. */
struct space {
	struct mm_struct *mm;
	struct vm_area_struct *region[NR_REGIONS];
	unsigned nr;
	struct page *page[NR_PAGES];
};
static struct space space[NR_MMS];
static struct page *all_pages[NR_MMS * NR_PAGES * 4];
static unsigned nr_pages;

static struct vm_area_struct *region_new(struct space *s, pgoff_t first, unsigned long pages)
{
	struct vm_area_struct *vma = vma_mem_alloc();

	if (!vma)
		return NULL;
	memset(vma, 0, offsetof(struct vm_area_struct, avc));
	vma->vm_mm = s->mm;
	vma->vm_pgoff = first;
	vma->vm_start = (0x1000 + first) << PAGE_SHIFT;
	vma->vm_end = vma->vm_start + (pages << PAGE_SHIFT);
	return vma;
}

static struct vm_area_struct *region_dup(const struct vm_area_struct *orig)
{
	struct vm_area_struct *vma = vma_mem_alloc();

	return vma ? memcpy(vma, orig, offsetof(struct vm_area_struct, avc)) : NULL;
}

static void link_all(struct space *s)
{
	for (unsigned i = 0; i < s->nr; i++) {
		s->region[i]->vm_prev = i ? s->region[i - 1] : NULL;
		s->region[i]->vm_next = i + 1 < s->nr ? s->region[i + 1] : NULL;
	}
}

static pgoff_t last_of(const struct vm_area_struct *vma) { return vma->vm_pgoff + vma_pages(vma) - 1; }

static struct vm_area_struct *region_at(struct space *s, pgoff_t index)
{
	for (unsigned i = 0; i < s->nr; i++)
		if (s->region[i]->vm_pgoff <= index && index <= last_of(s->region[i]))
			return s->region[i];
	return NULL;
}

static void show(struct space *s, pgoff_t index, struct page *page)
{
	struct page *old = s->page[index];

	if (old)
		(void)__page_remove_rmap(old);
	s->page[index] = page;
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void space_make(struct space *s)
{
	s->mm = calloc(1, sizeof(*s->mm));
	s->region[0] = region_new(s, 0, NR_PAGES);
	s->nr = 1;
	if (!s->region[0]) {
		free(s->mm);
		memset(s, 0, sizeof(*s));
		return;
	}
	link_all(s);
}

static void space_exit(struct space *s)
{
	for (pgoff_t i = 0; i < NR_PAGES; i++)
		show(s, i, NULL);
	for (unsigned i = 0; i < s->nr; i++) {
		unlink_anon_vmas(s->region[i]);
		vma_mem_free(s->region[i]);
	}
	free(s->mm);
	memset(s, 0, sizeof(*s));
}

/* A write: a new page, unless memory is out; or the one that is left alone becomes our own. */
static void space_write(struct space *s, pgoff_t index)
{
	struct vm_area_struct *vma = region_at(s, index);
	struct page *page = s->page[index];

	if (page && page_mapcount(page) == 1) {
		if (!PageAnonExclusive(page))
			page_move_anon_rmap(page, vma);
		return;
	}
	if (anon_vma_prepare(vma) || nr_pages == ARRAY_SIZE(all_pages))
		return;
	page = all_pages[nr_pages++] = calloc(1, sizeof(*page));
	atomic_set(&page->_mapcount, -1);
	atomic_set(&page->_refcount, 1);		/* kept by all_pages[] */
	page_init_anon(page, vma->anon_vma, index);
	show(s, index, page);
}

static void space_fork(struct space *child, struct space *parent)
{
	child->mm = calloc(1, sizeof(*child->mm));
	for (unsigned i = 0; i < parent->nr; i++) {
		struct vm_area_struct *src = parent->region[i], *vma = region_dup(src);

		if (!vma)
			break;
		vma->vm_mm = child->mm;
		if (anon_vma_fork(vma, src)) {		/* what is there already is a smaller space */
			vma_mem_free(vma);
			break;
		}
		child->region[child->nr++] = vma;
		for (pgoff_t p = src->vm_pgoff; p <= last_of(src); p++)
			if (parent->page[p]) {
				ClearPageAnonExclusive(parent->page[p]);
				atomic_inc(&parent->page[p]->_mapcount);
				child->page[p] = parent->page[p];
			}
	}
	link_all(child);
	if (child->nr != parent->nr)
		space_exit(child);
}

/* As split_vma() does it. */
static void space_split(struct space *s, unsigned i)
{
	struct vm_area_struct *vma = s->region[i], *new;
	unsigned long below = vma_pages(vma) / 2;
	struct anon_vma *root;

	if (!below || s->nr == NR_REGIONS || (anon_vma_lazy(vma) && anon_vma_prepare(vma)))
		return;
	new = region_dup(vma);
	if (!new)
		return;
	if (anon_vma_reserve(new, vma)) {
		vma_mem_free(new);
		return;
	}
	new->vm_end = vma->vm_start + (below << PAGE_SHIFT);
	root = vma_anon_lock(vma);
	if (root) {
		anon_vma_set_range(vma, new->vm_end, vma->vm_end, vma->vm_pgoff + below);
		anon_vma_commit(new);
	} else {
		vma->vm_start = new->vm_end;
		vma->vm_pgoff += below;
	}
	vma_anon_unlock(root);
	memmove(&s->region[i + 1], &s->region[i], (s->nr - i) * sizeof(s->region[0]));
	s->region[i] = new;
	s->nr++;
	link_all(s);
}

/* As vma_take() does it, where Linux's rule lets it. */
static void space_merge(struct space *s, unsigned i)
{
	struct vm_area_struct *keep = s->region[i], *gone;
	struct anon_vma *root;

	if (i + 1 >= s->nr)
		return;
	gone = s->region[i + 1];
	if (vma_anon_id(keep) != vma_anon_id(gone) && !(!vma_anon_id(keep) && vma_anon_singular(gone)) &&
	    !(!vma_anon_id(gone) && vma_anon_singular(keep)))
		return;
	root = vma_anon_lock(keep->avc.anon_vma ? keep : gone);
	anon_vma_absorb(keep, gone);
	if (keep->avc.anon_vma)
		anon_vma_set_range(keep, keep->vm_start, gone->vm_end, keep->vm_pgoff);
	else
		keep->vm_end = gone->vm_end;
	vma_anon_unlock(root);
	unlink_anon_vmas(gone);
	vma_mem_free(gone);
	memmove(&s->region[i + 1], &s->region[i + 2], (s->nr - i - 2) * sizeof(s->region[0]));
	s->nr--;
	link_all(s);
}

/* As mremap(MREMAP_DONTUNMAP) does it: the pages and the places go to a copy, the region goes on with neither. */
static void space_move(struct space *s, unsigned i)
{
	struct vm_area_struct *vma = s->region[i], *new;

	if (anon_vma_lazy(vma) && anon_vma_prepare(vma))
		return;
	new = region_dup(vma);
	if (!new)
		return;
	if (anon_vma_clone(new, vma)) {
		vma_mem_free(new);
		return;
	}
	s->region[i] = new;
	link_all(s);
	unlink_anon_vmas(vma);
	if (anon_vma_prepare(vma) == 0)
		vma_anon_verify(vma);		/* what it made before may live on in it */
	unlink_anon_vmas(vma);
	vma_mem_free(vma);
}

/* ---- what must hold -------------------------------------------------------------------------- */

/* A walk finds every entry of @page once (A5 of mm/rmap/anon_vma.c).  Returns the regions it visited. */
static unsigned check_page(struct page *page)
{
	struct anon_vma *anon_vma = page_get_anon_vma(page);
	int found = 0, mapped = page_mapcount(page);
	struct anon_vma_chain *avc;
	unsigned visits = 0;

	CHECK(!anon_vma == !mapped);
	if (!anon_vma)
		return 0;
	mutex_lock(&anon_vma->root->lock);
	anon_vma_foreach(avc, anon_vma, page->index) {
		struct space *s = space;

		while (s->mm != avc->vma->vm_mm)
			s++;
		CHECK(region_at(s, page->index) == avc->vma);
		found += s->page[page->index] == page;
		visits++;
	}
	mutex_unlock(&anon_vma->root->lock);
	put_anon_vma(anon_vma);
	CHECK(found == mapped);
	return visits;
}

static void check_all(void)
{
	for (unsigned i = 0; i < nr_pages; i++)
		check_page(all_pages[i]);
	for (struct space *s = space; s < space + NR_MMS; s++)
		for (unsigned i = 0; i < s->nr; i++)
			vma_anon_verify(s->region[i]);
}

static void forget_pages(void)
{
	while (nr_pages)
		free(all_pages[--nr_pages]);
}

static void step(void)
{
	struct space *s = &space[rnd() % NR_MMS], *other = &space[rnd() % NR_MMS];

	if (!s->mm) {
		if (other->mm && rnd() % 4)
			space_fork(s, other);
		else
			space_make(s);
		return;
	}
	switch (rnd() % 16) {
	case 0:
		space_exit(s);
		break;
	case 1: case 2:
		space_split(s, rnd() % s->nr);
		break;
	case 3: case 4:
		space_merge(s, rnd() % s->nr);
		break;
	case 5:
		space_move(s, rnd() % s->nr);
		break;
	default:
		space_write(s, rnd() % NR_PAGES);
	}
}

static void test_random(unsigned steps, unsigned fail_every)
{
	for (unsigned i = 0; i < steps; i++) {
		if (fail_every && i % fail_every == 0)
			shim_fail_alloc(1 + rnd() % 3);
		step();
		if (i % 16 == 0)
			check_all();
	}
	shim_fail_alloc(0);
	check_all();
	for (struct space *s = space; s < space + NR_MMS; s++)
		if (s->mm)
			space_exit(s);
	forget_pages();
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* Parents exit when they have forked: the places of a region do not grow in number. */
static void test_chain(void)
{
	unsigned places = 0, most = 0;

	space_make(&space[0]);
	for (unsigned i = 0; i < 200; i++) {
		struct space *s = &space[i % 2], *child = &space[(i + 1) % 2];

		space_write(s, 1);
		space_fork(child, s);
		space_write(child, 2);
		space_exit(s);
		places = 0;
		for (struct anon_vma_chain *avc = &child->region[0]->avc; avc; avc = avc->next)
			places++;
		most = max(most, places);
	}
	check_all();
	space_exit(&space[0]);
	forget_pages();
	ok(most <= 3, "a chain of forks whose parents exit has %u places at most", most);
}

/* What a parent of many writes is found at once: its own region is the first in the tree. */
static void test_parent_of_many(void)
{
	struct anon_vma_chain *first;
	struct page *page;

	space_make(&space[0]);
	space_write(&space[0], 0);
	for (unsigned i = 1; i < NR_MMS; i++)
		space_fork(&space[i], &space[0]);
	space_write(&space[0], 0);
	page = space[0].page[0];
	mutex_lock(&page->anon_vma->root->lock);
	first = anon_vma_first(page->anon_vma, 0);
	mutex_unlock(&page->anon_vma->root->lock);
	ok(page_mapcount(page) == 1 && first->vma == space[0].region[0], "the parent's own page is found first");
	space_write(&space[5], 0);
	is_int(check_page(space[5].page[0]), 1, "a child's own page is looked for in one region");
	for (unsigned i = 0; i < NR_MMS; i++)
		space_exit(&space[i]);
	forget_pages();
}

int main(void)
{
	long live;

	anon_vma_init();
	live = shim_live_allocs();
	test_random(20000, 0);
	is_int(shim_live_allocs(), live, "nothing is left of forks, exits, splits and merges");
	test_random(20000, 5);
	is_int(shim_live_allocs(), live, "... nor when memory runs out in between");
	test_chain();
	test_parent_of_many();
	is_int(shim_live_allocs(), live, "nothing leaked");
	return done_testing();
}
