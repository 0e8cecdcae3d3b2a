/*
 * kernel/resource.c - who uses which part of the machine's physical addresses.
 *
 * MODEL     A tree of ranges.  Below the root, which is everything, lie RAM, what firmware keeps of it, and the
 *           registers of devices as their drivers claim them; inside RAM, what the kernel took
 *           before the page allocator was up, and the kernel image with its parts.
 * INVARIANTS
 *   R1  A resource lies inside its parent; siblings are disjoint and in order.
 * LOCKING   resource_lock for the links; names and ranges never change.
 * FAILURE   A range that cannot be shown at boot is left out: the tree is for the eye and for drivers.
 * TESTS     test/kernel/test_kmap.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/ioport.h"
#include "include/arch/arch.h"
#include "include/uapi/errno.h"
#include "kernel/sync/spinlock.h"
#include "mm/phys/memblock.h"
#include "mm/slab/slab.h"

struct resource iomem_resource = { .start = 0, .end = ~(phys_addr_t)0, .name = "PCI mem" };
static DEFINE_SPINLOCK(resource_lock, RANK_FILES);

extern char _start[], _etext[], __rodata_start[], __init_begin[], _sdata[], _edata[], __bss_start[], _end[];

static bool contains(const struct resource *outer, const struct resource *inner)
{
	return outer->start <= inner->start && inner->end <= outer->end;
}

static bool overlaps(const struct resource *a, const struct resource *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The link below @parent where @new_ belongs: the first child that does not end before it (R1). */
static struct resource **place_of(struct resource *parent, const struct resource *new_)
{
	struct resource **link = &parent->child;

	while (*link && (*link)->end < new_->start)
		link = &(*link)->sibling;
	return link;
}

static void link_at(struct resource **link, struct resource *parent, struct resource *new_)
{
	new_->parent = parent;
	new_->sibling = *link;
	*link = new_;
}

/* => resource_lock held */
static int request_locked(struct resource *parent, struct resource *new_)
{
	struct resource **link = place_of(parent, new_);

	if (new_->end < new_->start || !contains(parent, new_) || (*link && overlaps(*link, new_)))
		return -EBUSY;
	link_at(link, parent, new_);
	return 0;
}

/* Children from *@link on that @new_ contains become its own.  -EBUSY: it cuts one in two. */
static int adopt(struct resource **link, struct resource *parent, struct resource *new_)
{
	struct resource *last = NULL;

	for (struct resource *r = *link; r && overlaps(r, new_); r = r->sibling) {
		if (!contains(new_, r))
			return -EBUSY;
		last = r;
	}
	new_->child = last ? *link : NULL;
	if (last) {
		*link = last->sibling;
		last->sibling = NULL;
	}
	for (struct resource *r = new_->child; r; r = r->sibling)
		r->parent = new_;
	link_at(link, parent, new_);
	return 0;
}

/* => resource_lock held */
static int insert_locked(struct resource *parent, struct resource *new_)
{
	for (;;) {
		struct resource **link = place_of(parent, new_);

		if (new_->end < new_->start || !contains(parent, new_))
			return -EBUSY;
		if (!*link || !contains(*link, new_))
			return adopt(link, parent, new_);
		parent = *link;
	}
}

int request_resource(struct resource *root, struct resource *new_)
{
	int rc;

	spin_lock(&resource_lock);
	rc = request_locked(root, new_);
	spin_unlock(&resource_lock);
	return rc;
}

int insert_resource(struct resource *root, struct resource *new_)
{
	int rc;

	spin_lock(&resource_lock);
	rc = insert_locked(root, new_);
	spin_unlock(&resource_lock);
	return rc;
}

static int release_locked(struct resource *old)
{
	struct resource **link = old->parent && !old->child ? &old->parent->child : NULL;

	while (link && *link && *link != old)
		link = &(*link)->sibling;
	if (!link || !*link)
		return -EINVAL;
	*link = old->sibling;
	old->parent = old->sibling = NULL;
	return 0;
}

int release_resource(struct resource *old)
{
	int rc;

	spin_lock(&resource_lock);
	rc = release_locked(old);
	spin_unlock(&resource_lock);
	return rc;
}

static struct resource *new_resource(phys_addr_t start, phys_addr_t bytes, const char *name)
{
	struct resource *r = bytes ? kzalloc(sizeof(*r), GFP_KERNEL) : NULL;

	if (r) {
		r->start = start;
		r->end = start + bytes - 1;
		r->name = name;
	}
	return r;
}

struct resource *request_mem_region(phys_addr_t start, phys_addr_t bytes, const char *name)
{
	struct resource *r = new_resource(start, bytes, name);

	if (r && request_resource(&iomem_resource, r)) {
		kfree(r);
		r = NULL;
	}
	return r;
}

void release_mem_region(phys_addr_t start, phys_addr_t bytes)
{
	struct resource key = { .start = start, .end = start + bytes - 1 }, *r;
	bool found;

	spin_lock(&resource_lock);
	r = *place_of(&iomem_resource, &key);
	found = r && r->start == key.start && r->end == key.end && !release_locked(r);
	spin_unlock(&resource_lock);
	ASSERT(found);
	kfree(r);
}

/* ---- what one can see ------------------------------------------------------------------------ */

/* The one after @r: its first child, else what follows it or the nearest ancestor that is followed. */
static struct resource *next_resource(struct resource *r, int *depth)
{
	if (r->child) {
		++*depth;
		return r->child;
	}
	for (; r && !r->sibling; r = r->parent)
		--*depth;
	return r ? r->sibling : NULL;
}

int iomem_nth(unsigned long n, struct resource *copy)
{
	struct resource *r;
	int depth = -1;

	spin_lock(&resource_lock);
	r = next_resource(&iomem_resource, &depth);
	while (r && n--)
		r = next_resource(r, &depth);
	if (r)
		*copy = *r;
	spin_unlock(&resource_lock);
	return r ? depth : -1;
}

/* ---- start ----------------------------------------------------------------------------------- */

static void __init show_range(phys_addr_t start, phys_addr_t end, const char *name)
{
	struct resource *r = new_resource(start, end - start, name);

	if (r && insert_resource(&iomem_resource, r))
		kfree(r);
}

static void __init show_image_part(const char *start, const char *end, const char *name)
{
	show_range(virt_to_phys(start), virt_to_phys(start) + (end - start), name);
}

/* The image is one of the reserved ranges, or part of one: shown as itself. */
static void __init show_reserved(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t image = virt_to_phys(_start), image_end = image + (_end - _start);

	if (start <= image && end >= image_end) {
		show_range(start, image, "Reserved");
		start = image_end;
	}
	show_range(start, end, "Reserved");
}

void __init resource_init(void)
{
	for_each_mem_region(r)
		show_range(r->base, r->base + r->size, r->flags & MEMBLOCK_NOMAP ? "Reserved" : "System RAM");
	show_image_part(_start, _end, "Kernel image");
	show_image_part(_start, _etext, "Kernel code");
	show_image_part(__rodata_start, __init_begin, "Kernel rodata");
	show_image_part(_sdata, _edata, "Kernel data");
	show_image_part(__bss_start, _end, "Kernel bss");
	for_each_reserved_mem_region(r)
		show_reserved(r->base, r->base + r->size);
}
