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

struct vm_struct {
	struct rb_node node;		/* (V) by address */
	unsigned long gap;		/* (V) free bytes between the area below and this one */
	unsigned long subtree_gap;	/* (V) the largest in this subtree */
	struct vm_struct *next;		/* (V) lazy list */
	vaddr_t start, end;		/* (I) the range taken, guard pages included */
	vaddr_t addr;			/* (I) first mapped byte */
	unsigned long nr_pages;		/* (I) mapped */
	struct page **pages;		/* VM_ALLOC_AREA: what vfree() gives back */
	phys_addr_t phys;		/* VM_IOREMAP_AREA */
	unsigned flags;			/* (V) VM_*_AREA */
	const void *caller;
};

/* After the slab allocator, before anything else here. */
void vmalloc_init(void);

/* All return NULL on failure and may sleep. */
void *vmalloc(unsigned long bytes);
void *vzalloc(unsigned long bytes);
void *vmalloc_prot(unsigned long bytes, gfp_t gfp, pte_t prot);
void *vmap(struct page **pages, unsigned nr_pages, unsigned long flags, pte_t prot);
/* Free what vmalloc() gave; NULL is fine.  Any context: the flush comes later (L1). */
void vfree(const void *addr);
/* Take a vmap() away; the pages stay the caller's.  => may sleep */
void vunmap(const void *addr);

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
/* The area that holds @addr, guards included, and is not freed yet; NULL. */
struct vm_struct *find_vm_area(const void *addr);
/* Give back an area that was never mapped. */
void free_vm_area(struct vm_struct *area);
/* Back @area with @nr new pages and map them; 0 or -ENOMEM (the area is gone then). */
__must_check int vm_area_populate(struct vm_struct *area, unsigned long nr, gfp_t gfp, pte_t prot);
/* Unmap; pages and range come back after the next flush (L1).  Any context. */
void remove_vm_area(struct vm_struct *area);
void vm_area_purge(void);		/* flush once, reuse all lazily freed ranges */
void vmalloc_verify(void);		/* recount both trees */

#endif
