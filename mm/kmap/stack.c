/*
 * mm/kmap/stack.c - kernel stacks, each above its guard.
 *
 * MODEL     |<- THREAD_SIZE unmapped ->|<- THREAD_SIZE stack ->| page |
 *           ^ 2 * THREAD_SIZE aligned
 *           The stack is the upper half of an aligned pair: an address on it, or one that ran past
 *           its end, tells which by one bit (address & THREAD_SIZE).  The pages are single frames.
 *           Each hart keeps a few stacks that came free on it, still mapped: fork after exit costs
 *           no mapping and no flush.
 * INVARIANTS
 *   K1  A hart runs on a stack only after a fence of its own that came after the stack's entries were made:
 *       it might remember that there were none, and a fault on the stack cannot be served on that stack.
 *       The harts that have fenced are task->stack_harts, which stay with the stack as long as it is
 *       mapped; whoever switches to a task fences if this hart's bit is missing.  So no hart interrupts others
 *       for a new stack.  Who only reads another task's stack may fault: that is repaired as for all
 *       vmalloc memory (V4).
 *   K2  A stack is the upper half of its pair.
 * LOCKING   The cache is its hart's own; interrupt handlers free no stacks.
 * TESTS     test/host/mm/kmap/test_vmalloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/stack.h"
#include "include/arch/arch.h"
#include "include/kasan.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"

#define STACK_CACHE	8
#define STACK_PAGES	(THREAD_SIZE / PAGE_SIZE)

struct stack_cache {
	unsigned nr;
	void *stack[STACK_CACHE];
	hartmask_t harts[STACK_CACHE];		/* K1 */
};
static DEFINE_PER_HART(struct stack_cache, stack_cache);

static void *stack_new(void)
{
	const struct vm_request request = {
		.nr_pages = STACK_PAGES, .gfp = GFP_KERNEL, .nid = NUMA_NO_NODE, .prot = PAGE_KERNEL,
	};
	struct vm_struct *area;

	area = get_vm_area(THREAD_SIZE, 2 * THREAD_SIZE, THREAD_SIZE, VM_ALLOC_AREA | VM_STACK_AREA,
			   __builtin_return_address(0));
	if (!area || vm_area_populate(area, &request))
		return NULL;
	return (void *)area->addr;
}

static void stack_count(void *stack, long sign)
{
	mod_node_page_state(page_pgdat(vmalloc_to_page(stack)), NR_KERNEL_STACK_KB,
			    sign * (long)(THREAD_SIZE / 1024));
}

void thread_stack_fence(void *stack)
{
	struct tlb_req req = { .mm = &init_mm, .what = TLB_RANGE, .start = (vaddr_t)stack,
			       .end = (vaddr_t)stack + THREAD_SIZE, .stride = PAGE_SIZE };

	arch_tlb_flush_local(&req);
}

void *alloc_thread_stack(hartmask_t *harts)
{
	struct stack_cache *cache = this_hart_ptr(&stack_cache);
	void *stack;

	if (likely(cache->nr)) {
		stack = cache->stack[--cache->nr];
		INV(K1, !hartmask_empty(cache->harts[cache->nr]));
		*harts = cache->harts[cache->nr];
		kasan_unpoison(stack, THREAD_SIZE);	/* frames that were never left */
		return stack;
	}
	stack = stack_new();
	if (!stack)
		return NULL;
	INV(K2, ((vaddr_t)stack & (2 * THREAD_SIZE - 1)) == THREAD_SIZE);
	stack_count(stack, 1);
	thread_stack_fence(stack);		/* its maker writes the first registers there */
	*harts = hartmask_of(this_hart());
	return stack;
}

void free_thread_stack(void *stack, hartmask_t harts)
{
	struct stack_cache *cache = this_hart_ptr(&stack_cache);

	INV(K2, ((vaddr_t)stack & (2 * THREAD_SIZE - 1)) == THREAD_SIZE);
	if (likely(cache->nr < STACK_CACHE)) {
		cache->harts[cache->nr] = harts;
		cache->stack[cache->nr++] = stack;
		return;
	}
	stack_count(stack, -1);
	vfree(stack);
}

unsigned thread_stack_drain(void)
{
	struct stack_cache *cache = this_hart_ptr(&stack_cache);
	unsigned nr = cache->nr;

	while (cache->nr) {
		void *stack = cache->stack[--cache->nr];

		INV(K2, ((vaddr_t)stack & (2 * THREAD_SIZE - 1)) == THREAD_SIZE);
		stack_count(stack, -1);
		vfree(stack);
	}
	return nr;
}

unsigned thread_stack_pages(unsigned hart)
{
	return READ_ONCE(per_hart_ptr(&stack_cache, hart)->nr) * STACK_PAGES;
}

bool thread_stack_guard(vaddr_t addr)
{
	struct vm_struct *area;

	if (!is_vmalloc_addr((void *)addr))
		return false;
	area = find_vm_area((void *)addr);
	INV(K2, !area || !(area->flags & VM_STACK_AREA) || area->addr == area->start + THREAD_SIZE);
	return area && area->flags & VM_STACK_AREA && addr < area->addr;
}
