/*
 * mm/kmap/vmalloc.h - kernel memory that is contiguous in virtual addresses only.  Theory: vmalloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_VMALLOC_H
#define VELLUM_MM_KMAP_VMALLOC_H

#include "include/mm_types.h"
#include "lib/rbtree.h"
#include "mm/phys/gfp.h"

#define VM_IOREMAP_AREA	0x01		/* device registers */
#define VM_ALLOC_AREA	0x02		/* owns its pages */
#define VM_MAP_AREA	0x04		/* somebody else's pages */
#define VM_STACK_AREA	0x08		/* a kernel stack, and the guard below it */
#define VM_LAZY_AREA	0x10		/* unmapped, waits for the flush */
#define VM_USERMAP_AREA	0x20		/* may be shown to programs: remap_vmalloc_range() */
#define VM_BLOCK_AREA	0x40		/* a block of vm_map_ram() */

struct vm_struct {
	struct rb_node node;		/* (V) by address */
	unsigned long gap;		/* (V) free bytes between the area below and this one */
	unsigned long subtree_gap;	/* (V) the largest in this subtree */
	struct vm_struct *next;		/* (V) lazy list */
	vaddr_t start, end;		/* (I) the range taken, guard pages included */
	vaddr_t addr;			/* (I) first mapped byte */
	unsigned long nr_pages;		/* (I) mapped */
	struct page **pages;		/* VM_ALLOC_AREA: what vfree() gives back */
	union {
		phys_addr_t phys;	/* (I) VM_IOREMAP_AREA */
		void *block;		/* (I) VM_BLOCK_AREA: vm_map_ram.c */
	};
	unsigned flags;			/* (V) VM_*_AREA */
	const void *caller;
};

/* What vm_area_populate() fills an area with. */
struct vm_request {
	unsigned long nr_pages;
	gfp_t gfp;
	int nid;			/* preferred node, or NUMA_NO_NODE */
	pte_t prot;
};

/* After the slab allocator, before anything else here. */
void vmalloc_init(void);

/* All return NULL on failure and may sleep.  2 MiB and more may be mapped by large leaves. */
void *vmalloc(unsigned long bytes);
void *vzalloc(unsigned long bytes);
void *vmalloc_node(unsigned long bytes, int nid);
void *vzalloc_node(unsigned long bytes, int nid);
/* Zeroed, and fit to be shown to programs: remap_vmalloc_range() in mm/fault. */
void *vmalloc_user(unsigned long bytes);
void *vmap(struct page **pages, unsigned nr_pages, unsigned long flags, pte_t prot);
/* Free what the first group gave; NULL is fine.  Any context: the flush comes later (L1). */
void vfree(const void *addr);
/* Take a vmap() away; the pages stay the caller's.  => may sleep */
void vunmap(const void *addr);

/*
 * Short mappings of a few pages: from a block that the hart keeps, without a look at the areas.
 * vm_map_ram() may sleep; NULL on failure.  vm_unmap_ram() takes the address and number that went before; it
 * returns when no hart holds a translation.  => interrupts on
 */
void *vm_map_ram(struct page **pages, unsigned nr_pages, int nid);
void vm_unmap_ram(const void *addr, unsigned nr_pages);
/* Let go of the block that this hart keeps. */
void vm_map_ram_drain(void);

struct page *vmalloc_to_page(const void *addr);
static inline bool is_vmalloc_addr(const void *addr)
{
	return (vaddr_t)addr >= vmalloc_start && (vaddr_t)addr < vmalloc_end;
}

/*
 * One line of /proc/vmallocinfo: the first area at or above *cursor, which moves past it.
 * Returns the length, 0 when there is none left.
 */
int vmallocinfo_line(vaddr_t *cursor, char *buf, size_t n);
unsigned long vmalloc_nr_pages(void);	/* VmallocUsed */
unsigned long vmalloc_nr_lazy_pages(void);	/* what vm_area_purge() would give back */

/* A range at a multiple of @align: @guard unmapped bytes, @bytes, and one unmapped page. */
struct vm_struct *get_vm_area(unsigned long bytes, unsigned long align, unsigned long guard,
			      unsigned flags, const void *caller);
/* No guard; on a boundary of 2 MiB where large leaves may be had for frames that start at @congruent. */
struct vm_struct *get_vm_area_large(unsigned long bytes, phys_addr_t congruent, unsigned flags,
				    const void *caller);
/* The area that holds @addr, guards included, and is not freed yet; NULL. */
struct vm_struct *find_vm_area(const void *addr);
/* Give back an area that was never mapped. */
void free_vm_area(struct vm_struct *area);
/* Map @pages, or the frames from @pfn on, at the start of @area, and fence (V4); 0 or -ENOMEM. */
__must_check int vm_area_map(struct vm_struct *area, struct page **pages, unsigned long nr, pte_t prot);
__must_check int vm_area_map_frames(struct vm_struct *area, pfn_t pfn, unsigned long nr, pte_t prot);
/* @pages (kvmalloc) and their array are freed with @area, which they are mapped in. */
void vm_area_own_pages(struct vm_struct *area, struct page **pages);
/* Back @area with new pages as @r says and map them; 0 or -ENOMEM (the area is gone then). */
__must_check int vm_area_populate(struct vm_struct *area, const struct vm_request *r);
/* Unmap; pages and range come back after the next flush (L1).  Any context. */
void remove_vm_area(struct vm_struct *area);
void vm_area_purge(void);		/* flush once, reuse all lazily freed ranges */
/* What to call with interrupts off when a purge is due: it has to call vm_area_purge() soon. */
void vm_area_set_purger(void (*fn)(void));
void vm_area_init(void);
void vmalloc_verify(void);		/* recount the tree */

#endif
