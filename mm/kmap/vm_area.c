/*
 * mm/kmap/vm_area.c - who has which part of the kernel's vmalloc window.
 *
 * MODEL     The vmalloc window [vmalloc_start, vmalloc_end) is cut into areas.  One tree holds them by
 *           address; each knows the gap below itself, and the largest gap of its subtree, so that the
 *           lowest gap that fits is found on one way down.  An empty area at the end of the window
 *           owns the last gap.  Each area ends in an unmapped page.
 *              get_vm_area -> mapped -> remove_vm_area -> lazy -> vm_area_purge -> gone
 *           A lazy area has no entries any more, but harts may still hold translations of it: its
 *           range stays taken and its pages stay allocated until one flush has served many areas.
 *           A purge needs interrupts on.  Where they are off it is left to the function that
 *           vm_area_set_purger() named, or to the next area that is removed with interrupts on.
 * INVARIANTS
 *   V1  Areas are disjoint, inside the window, and gap is what lies free below each.
 *   V2  subtree_gap is the maximum of gap over the subtree.
 *   V3  A page or range of a lazy area is reused only after a flush that covers it (L1).
 * LOCKING   vmap_lock (V), rank vmalloc, interrupts off.  Entries are written by the area's owner.
 * FAILURE   No room or no memory: lazy areas are purged, then NULL.
 * COST      O(log areas) and one flush for LAZY_MAX_PAGES freed pages.
 * TESTS     test/host/mm/kmap/test_vmalloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/vmalloc.h"
#include "include/kasan.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/phys/zone.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

#define LAZY_MAX_PAGES 512ul

static DEFINE_SPINLOCK(vmap_lock, RANK_VMALLOC);
static struct rb_root vmap_root = RB_ROOT;	/* (V) */
static struct vm_struct window_end;		/* (V) */
static struct vm_struct *lazy_list;		/* (V) */
static unsigned long lazy_pages;		/* (V) */
static atomic_long_t nr_vmalloc_pages;		/* in areas, lazy ones too */
static void (*purge_later)(void);		/* (I) */

/* ---- the tree -------------------------------------------------------------------------------- */

static struct vm_struct *to_area(struct rb_node *n) { return rb_entry(n, struct vm_struct, node); }

static unsigned long gap_below(struct vm_struct *area)
{
	unsigned long gap = area->gap;

	if (area->node.rb_left)
		gap = max(gap, to_area(area->node.rb_left)->subtree_gap);
	if (area->node.rb_right)
		gap = max(gap, to_area(area->node.rb_right)->subtree_gap);
	return gap;
}
RB_DECLARE_CALLBACKS(static, vmap_gap, struct vm_struct, node, unsigned long, subtree_gap, gap_below);

static void area_set_gap(struct vm_struct *area, unsigned long gap)
{
	area->gap = gap;
	vmap_gap_propagate(&area->node, NULL);
}

/* Put @area, whose range was cut out of the gap below @above, in its place. */
static void area_insert(struct vm_struct *area, struct vm_struct *above)
{
	struct rb_node **link = &above->node.rb_left, *parent = &above->node;

	INV(V1, area->start >= above->start - above->gap && area->start < area->end && area->end <= above->start);
	while (*link) {			/* the rightmost place of the left subtree */
		parent = *link;
		link = &parent->rb_right;
	}
	area->gap = area->start - (above->start - above->gap);
	area->subtree_gap = area->gap;
	rb_link_node(&area->node, parent, link);
	vmap_gap_propagate(parent, NULL);
	rb_insert_augmented(&area->node, &vmap_root, &vmap_gap);
	area_set_gap(above, above->start - area->end);
}

static void area_erase(struct vm_struct *area)
{
	struct vm_struct *above = to_area(rb_next(&area->node));
	unsigned long gap = area->gap + (area->end - area->start) + above->gap;

	INV(V1, area != &window_end && above->start - above->gap == area->end);
	rb_erase_augmented(&area->node, &vmap_root, &vmap_gap);
	area_set_gap(above, gap);
}

/* The lowest area with a gap of at least @bytes below it, or NULL. */
static struct vm_struct *find_gap(unsigned long bytes)
{
	struct rb_node *n = vmap_root.rb_node;

	spin_assert_held(&vmap_lock);
	if (to_area(n)->subtree_gap < bytes)
		return NULL;
	for (;;) {		/* the subtree of n has one */
		if (n->rb_left && to_area(n->rb_left)->subtree_gap >= bytes)
			n = n->rb_left;
		else if (to_area(n)->gap >= bytes)
			return to_area(n);
		else
			n = n->rb_right;
		INV(V2, n && to_area(n)->subtree_gap >= bytes);
	}
}

/* The first area that ends above @va. */
static struct vm_struct *find_area(vaddr_t va)
{
	struct rb_node *n = vmap_root.rb_node;
	struct vm_struct *best = NULL;

	while (n) {
		struct vm_struct *a = to_area(n);

		if (a->end > va || a == &window_end) {
			best = a;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

/* ---- areas ----------------------------------------------------------------------------------- */

/* Choose the range of @area: start is aligned, addr lies @guard bytes above it.  False: no room. */
static bool area_place(struct vm_struct *area, unsigned long bytes, unsigned long align,
		       unsigned long guard)
{
	unsigned long flags;
	struct vm_struct *above;

	spin_lock_irqsave(&vmap_lock, flags);
	above = find_gap(guard + bytes + PAGE_SIZE + align - PAGE_SIZE);
	if (above) {
		area->start = ALIGN(above->start - above->gap, align);
		area->addr = area->start + guard;
		area->end = area->addr + bytes + PAGE_SIZE;
		INV(V1, IS_ALIGNED(area->start, align) && area->end > area->addr && area->end <= vmalloc_end);
		area_insert(area, above);
	}
	spin_unlock_irqrestore(&vmap_lock, flags);
	return above;
}

struct vm_struct *get_vm_area(unsigned long bytes, unsigned long align, unsigned long guard,
			      unsigned flags, const void *caller)
{
	struct vm_struct *area;

	if (!bytes || bytes > vmalloc_end - vmalloc_start)
		return NULL;
	area = kzalloc(sizeof(*area), GFP_KERNEL);
	if (!area)
		return NULL;
	area->flags = flags;
	area->caller = caller;
	if (!area_place(area, bytes, align, guard)) {
		vm_area_purge();
		if (!area_place(area, bytes, align, guard))
			goto undo_alloc;
	}
	if (kasan_vmalloc_alloc(area->start, area->end))
		goto undo_place;
	return area;
undo_place:
	free_vm_area(area);
	return NULL;
undo_alloc:
	kfree(area);
	return NULL;
}

struct vm_struct *find_vm_area(const void *addr)
{
	struct vm_struct *area;
	unsigned long flags;

	spin_lock_irqsave(&vmap_lock, flags);
	area = find_area((vaddr_t)addr);
	if (area && (area == &window_end || area->start > (vaddr_t)addr || area->flags & VM_LAZY_AREA))
		area = NULL;
	spin_unlock_irqrestore(&vmap_lock, flags);
	return area;
}

void vm_area_own_pages(struct vm_struct *area, struct page **pages)
{
	unsigned long flags;

	spin_lock_irqsave(&vmap_lock, flags);
	INV(V3, !(area->flags & VM_LAZY_AREA) && !area->pages);
	area->pages = pages;
	spin_unlock_irqrestore(&vmap_lock, flags);
	atomic_long_add(area->nr_pages, &nr_vmalloc_pages);
}

/* Nothing holds a translation of @area, or ever did: its range and pages are free. */
static void area_release(struct vm_struct *area)
{
	unsigned long flags;

	spin_lock_irqsave(&vmap_lock, flags);
	area_erase(area);
	spin_unlock_irqrestore(&vmap_lock, flags);
	if (area->pages) {
		INV(V3, atomic_long_read(&nr_vmalloc_pages) >= (long)area->nr_pages);
		atomic_long_sub(area->nr_pages, &nr_vmalloc_pages);
		free_pages_bulk(area->pages, area->nr_pages);
		kvfree(area->pages);
	}
	kfree(area);
}

void free_vm_area(struct vm_struct *area)
{
	area_release(area);
}

void vm_area_purge(void)
{
	vaddr_t start = ~0ul, end = 0;
	struct vm_struct *list;
	unsigned long flags;

	spin_lock_irqsave(&vmap_lock, flags);
	list = lazy_list;
	lazy_list = NULL;
	lazy_pages = 0;
	spin_unlock_irqrestore(&vmap_lock, flags);
	if (!list)
		return;
	for (struct vm_struct *a = list; a; a = a->next) {
		INV(V3, a->flags & VM_LAZY_AREA);
		start = min(start, a->start);
		end = max(end, a->end);
	}
	INV(V1, start >= vmalloc_start && end <= vmalloc_end);
	flush_tlb_kernel_range(start, end);		/* V3 */
	while (list) {
		struct vm_struct *next = list->next;

		area_release(list);
		list = next;
	}
}

/* Put the unmapped @area among the lazy ones; is a purge due? */
static bool area_make_lazy(struct vm_struct *area)
{
	unsigned long flags;
	bool due;

	spin_lock_irqsave(&vmap_lock, flags);
	ASSERT(!(area->flags & VM_LAZY_AREA));		/* double free */
	area->flags |= VM_LAZY_AREA;
	area->next = lazy_list;
	lazy_list = area;
	lazy_pages += area->nr_pages;
	due = lazy_pages > LAZY_MAX_PAGES;
	spin_unlock_irqrestore(&vmap_lock, flags);
	return due;
}

void remove_vm_area(struct vm_struct *area)
{
	pt_unmap_kernel(area->addr, area->addr + area->nr_pages * PAGE_SIZE);
	kasan_poison((void *)area->start, area->end - area->start, KASAN_VMALLOC_INVALID);
	if (likely(!area_make_lazy(area)))
		return;
	if (!arch_irqs_disabled())
		vm_area_purge();
	else if (purge_later)
		purge_later();
}

void vm_area_set_purger(void (*fn)(void))
{
	purge_later = fn;
}

/* ---- what one can see, validator, start ------------------------------------------------------ */

unsigned long vmalloc_nr_pages(void)
{
	return atomic_long_read(&nr_vmalloc_pages);
}

unsigned long vmalloc_nr_lazy_pages(void)
{
	return READ_ONCE(lazy_pages);
}

static int area_kind(const struct vm_struct *a, char *buf, size_t n)
{
	static const struct { unsigned flag; const char *name; } kinds[] = {
		{ VM_IOREMAP_AREA, "ioremap" }, { VM_ALLOC_AREA, "vmalloc" }, { VM_MAP_AREA, "vmap" },
		{ VM_USERMAP_AREA, "user" },
	};
	int len = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (a->flags & kinds[i].flag)
			len += scnprintf(buf + len, n - len, " %s", kinds[i].name);
	return len;
}

/* " N0=4": of which nodes its pages are. */
static int area_nodes(const struct vm_struct *a, char *buf, size_t n)
{
	unsigned long on_node[MAX_NUMNODES] = { 0 };
	int len = 0;

	for (unsigned long i = 0; i < a->nr_pages; i++)
		on_node[page_to_nid(a->pages[i])]++;
	for (unsigned nid = 0; nid < MAX_NUMNODES; nid++)
		if (on_node[nid])
			len += scnprintf(buf + len, n - len, " N%u=%lu", nid, on_node[nid]);
	return len;
}

/* => vmap_lock held: @a and its pages stay */
static int area_line(const struct vm_struct *a, char *buf, size_t n)
{
	int len = scnprintf(buf, n, "0x%016lx-0x%016lx %7lu", a->start, a->end, a->end - a->start);

	if (a->flags & VM_LAZY_AREA)
		return len + scnprintf(buf + len, n - len, " unpurged vm_area\n");
	if (a->flags & VM_BLOCK_AREA)
		return len + scnprintf(buf + len, n - len, " vm_map_ram\n");
	len += scnprintf(buf + len, n - len, " %pS", a->caller);
	if (a->nr_pages && !(a->flags & VM_IOREMAP_AREA))
		len += scnprintf(buf + len, n - len, " pages=%lu", a->nr_pages);
	if (a->flags & VM_IOREMAP_AREA)
		len += scnprintf(buf + len, n - len, " phys=0x%016lx", a->phys);
	len += area_kind(a, buf + len, n - len);
	if (is_vmalloc_addr(a->pages))
		len += scnprintf(buf + len, n - len, " vpages");
	if (a->pages)
		len += area_nodes(a, buf + len, n - len);
	return len + scnprintf(buf + len, n - len, "\n");
}

int vmallocinfo_line(vaddr_t *cursor, char *buf, size_t n)
{
	struct vm_struct *area;
	unsigned long flags;
	int len = 0;

	spin_lock_irqsave(&vmap_lock, flags);
	area = find_area(*cursor);
	if (area && area != &window_end) {
		len = area_line(area, buf, n);
		*cursor = area->end;
	}
	spin_unlock_irqrestore(&vmap_lock, flags);
	return len;
}

void vmalloc_verify(void)
{
	vaddr_t below = vmalloc_start;
	unsigned long flags;

	spin_lock_irqsave(&vmap_lock, flags);
	ASSERT(rb_verify(&vmap_root) > 0);
	for (struct rb_node *n = rb_first(&vmap_root); n; n = rb_next(n)) {
		struct vm_struct *a = to_area(n);

		ASSERT(a->start >= below && a->gap == a->start - below);	/* V1 */
		ASSERT(a->end >= a->start && a->end <= vmalloc_end);
		ASSERT(a->subtree_gap == gap_below(a));				/* V2 */
		below = a->end;
	}
	spin_unlock_irqrestore(&vmap_lock, flags);
}

void vm_area_init(void)
{
	window_end.start = window_end.end = vmalloc_end;
	window_end.gap = window_end.subtree_gap = vmalloc_end - vmalloc_start;
	vmap_root = RB_ROOT;
	rb_link_node(&window_end.node, NULL, &vmap_root.rb_node);
	rb_insert_augmented(&window_end.node, &vmap_root, &vmap_gap);
}
