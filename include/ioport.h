/*
 * include/ioport.h - who uses which part of the machine's physical addresses: /proc/iomem.  Theory:
 * kernel/resource.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_IOPORT_H
#define VELLUM_IOPORT_H

#include "include/types.h"

struct resource {
	phys_addr_t start, end;			/* (I) both belong to it */
	const char *name;			/* (I) */
	struct resource *parent, *sibling, *child;	/* (resource_lock) */
};

extern struct resource iomem_resource;		/* all there is */

/* Put @new below @root, which has to have that range free; 0 or -EBUSY. */
__must_check int request_resource(struct resource *root, struct resource *new_);
/*
 * The same where ranges nest: @new goes into the smallest resource that contains it, and takes those below
 * it that it contains.  -EBUSY when it would cut one in two.
 */
__must_check int insert_resource(struct resource *root, struct resource *new_);
/* Take @old, which has no children, out; 0 or -EINVAL when it is not there. */
int release_resource(struct resource *old);

/*
 * Claim [@start, @start + @bytes) of device registers, NULL when somebody else has them or memory is short.
 * @name has to live as long as the claim.  => may sleep
 */
struct resource *request_mem_region(phys_addr_t start, phys_addr_t bytes, const char *name);
void release_mem_region(phys_addr_t start, phys_addr_t bytes);

/* The resources in the order of /proc/iomem, one at a time: a copy of number @n; its depth, or -1. */
int iomem_nth(unsigned long n, struct resource *copy);

/* The memory that the device tree names, and what the kernel keeps of it.  => slab works */
void resource_init(void);

#endif
