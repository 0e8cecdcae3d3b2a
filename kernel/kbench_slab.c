/*
 * kernel/kbench_slab.c - how much memory the slab back end takes for what it is asked for: boot parameter
 * kbench=slab, with a trace in the initramfs as the file /slab.trace.
 *
 * MODEL     trace    What a kernel asked its slab allocator for, from its start to the end of the user tests, one
 *                    event after the other; tools/slab-trace records it and says what its words mean.
 *           replay   The caches are made, and the events done in their order.  After every some events it is
 *                    noted how many bytes are asked for, that is live, and how many the back end holds:
 *                    the pages that it has more than before, its own descriptors included.
 *           The rows are the mean of all looks, the look at which most was asked for, and the end;
 *           waste is what is held in vain, as a share of what is held.
 * UNITS     kB, percent
 * TESTS     test/boot/slab_memory.py has the limits, and prints the table of the three back ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "fs/inode.h"
#include "kernel/kbench.h"
#include "lib/printk.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/shrink.h"
#include "mm/slab/slab.h"

#define TRACE_PATH	"/slab.trace"
#define MAX_CACHES	256u
#define MAX_SLOTS	(1u << 20)
#define LOOK_EVERY	64u			/* events */
#define OP_FREE		0xfffu
#define OP_KMALLOC	0xffeu
#define KMALLOC_RCL	(1u << 31)
#define WITH_CTOR	1u			/* in a cache's flags */

struct trace {				/* the file as it is read */
	struct file *file;
	loff_t pos;
	u32 words[PAGE_SIZE / sizeof(u32)];
	unsigned nr, next;
};

struct slot {
	void *object;
	struct kmem_cache *cache;	/* NULL: of kmalloc() */
	u32 bytes;
};

struct look { u64 asked, held; };	/* bytes */

struct replay {
	struct trace trace;
	struct kmem_cache *caches[MAX_CACHES];
	unsigned bytes[MAX_CACHES];
	u32 nr_caches, nr_slots, nr_words;
	struct slot *slots;
	unsigned long pages_before;
	u64 asked;
	struct look sum, peak, end;
	u64 looks;
	bool failed;
};

/* ---- the trace ---------------------------------------------------------------------------------- */

static u32 next_word(struct trace *t)
{
	if (t->next == t->nr) {
		ssize_t n = kernel_read(t->file, t->words, sizeof(t->words), &t->pos);

		t->nr = n > 0 ? n / sizeof(u32) : 0;
		t->next = 0;
	}
	return t->next < t->nr ? t->words[t->next++] : ~0u;
}

static void construct(void *object) { *(u64 *)object = 0; }

static bool make_caches(struct replay *r)
{
	for (unsigned i = 0; i < r->nr_caches; i++) {
		u32 bytes = next_word(&r->trace), align = next_word(&r->trace), flags = next_word(&r->trace);

		r->bytes[i] = bytes;
		r->caches[i] = kmem_cache_create("kbench_slab", bytes, align, flags & ~WITH_CTOR,
						 flags & WITH_CTOR ? construct : NULL);
		if (!r->caches[i])
			return false;
	}
	return true;
}

/* Read the head of the trace and make what it needs; false if it is none. */
static bool begin(struct replay *r)
{
	r->nr_caches = next_word(&r->trace);
	r->nr_slots = next_word(&r->trace);
	r->nr_words = next_word(&r->trace);
	if (r->nr_caches > MAX_CACHES || r->nr_slots > MAX_SLOTS)
		return false;
	r->slots = vzalloc(r->nr_slots * sizeof(*r->slots));
	slab_shrink_all();
	r->pages_before = slab_pages();
	return r->slots && make_caches(r);
}

/* ---- the replay --------------------------------------------------------------------------------- */

static void do_free(struct replay *r, struct slot *s)
{
	if (s->cache)
		kmem_cache_free(s->cache, s->object);
	else
		kfree(s->object);
	r->asked -= s->bytes;
	s->object = NULL;
}

/* The event @word; the words it takes, 0 if it makes no sense or there is no memory. */
static unsigned do_event(struct replay *r, u32 word)
{
	u32 op = word >> 20, slot = word & (MAX_SLOTS - 1), size;
	struct slot *s = &r->slots[slot];

	if (slot >= r->nr_slots || (op == OP_FREE) != (s->object != NULL) ||
	    (op < OP_KMALLOC && op >= r->nr_caches))
		return 0;
	if (op == OP_FREE) {
		do_free(r, s);
		return 1;
	}
	size = op == OP_KMALLOC ? next_word(&r->trace) : r->bytes[op];
	s->bytes = size & ~KMALLOC_RCL;
	s->cache = op == OP_KMALLOC ? NULL : r->caches[op];
	s->object = s->cache ? kmem_cache_alloc(s->cache, GFP_KERNEL)
			     : kmalloc(s->bytes, GFP_KERNEL | (size & KMALLOC_RCL ? __GFP_RECLAIMABLE : 0));
	r->asked += s->bytes;
	return s->object ? 1 + (op == OP_KMALLOC) : 0;
}

static void look(struct replay *r)
{
	r->end = (struct look){ r->asked, (slab_pages() - r->pages_before) * PAGE_SIZE };
	r->sum.asked += r->end.asked;
	r->sum.held += r->end.held;
	r->looks++;
	if (r->end.asked > r->peak.asked)
		r->peak = r->end;
}

static void replay(struct replay *r)
{
	unsigned done = 1;

	for (u32 i = 0, n = 0; i < r->nr_words && done; i += done) {
		done = do_event(r, next_word(&r->trace));
		if (++n % LOOK_EVERY == 0)
			look(r);
	}
	look(r);
	r->failed = !done;
}

static void finish(struct replay *r)
{
	for (u32 i = 0; r->slots && i < r->nr_slots; i++)
		if (r->slots[i].object)
			do_free(r, &r->slots[i]);
	for (unsigned i = 0; i < r->nr_caches && i < MAX_CACHES; i++)
		kmem_cache_destroy(r->caches[i]);
	vfree(r->slots);
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void look_rows(const char *when, struct look l, u64 n)
{
	char name[40];

	snprintf(name, sizeof(name), "slab_%s_asked_kb", when);
	kbench_row(name, l.asked, n * 1024);
	snprintf(name, sizeof(name), "slab_%s_held_kb", when);
	kbench_row(name, l.held, n * 1024);
	snprintf(name, sizeof(name), "slab_%s_waste_percent", when);
	kbench_row(name, l.held > l.asked ? (l.held - l.asked) * 100 : 0, l.held ? l.held : 1);
}

static void replay_file(struct replay *r, struct file *f)
{
	r->trace.file = f;
	if (begin(r))
		replay(r);
	if (r->looks && !r->failed) {
		printk(KERN_EMERG "kbench: back end %s\n", slab_backend);
		look_rows("mean", r->sum, r->looks);
		look_rows("peak", r->peak, 1);
		look_rows("end", r->end, 1);
	} else {
		printk(KERN_EMERG "kbench: the trace stops in word %lu\n",
		       (unsigned long)(r->trace.pos / sizeof(u32) - r->trace.nr + r->trace.next));
	}
	finish(r);
}

void kbench_slab(void)
{
	struct file *f = open_exec(TRACE_PATH);
	struct replay *r;

	if (IS_ERR(f)) {
		printk(KERN_EMERG "kbench: no " TRACE_PATH "\n");
		return;
	}
	r = vzalloc(sizeof(*r));
	if (r)
		replay_file(r, f);
	vfree(r);
	allow_write_access(f);
	fput(f);
}
