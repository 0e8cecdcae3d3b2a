/*
 * mm/slab/slub_debug.c - finding misuse of objects: slub_debug=FZPU,cache,cache...
 *
 * MODEL     A cache with debugging never gives a slab to a hart: each object is taken and freed one by
 *           one under the node's lock, and checked both times.  A slot of such a cache:
 *
 *             | left red zone | object | red zone | link | allocated by | freed by | padding |
 *             red_left                 object_size  offset
 *
 *           F  consistency: the address is an object's, the object is in use when it is freed; links of
 *              free objects are hidden (slub.h), so that one that was overwritten is known.
 *           Z  red zones: RED_ACTIVE while in use, RED_INACTIVE while free.
 *           P  poison: POISON_FREE in free objects, POISON_END in the last byte.
 *           U  tracks: who allocated the object and who freed it, with calls, hart and task.
 *           T  trace: every allocation and free is logged.
 *           Several blocks, divided by ;, may ask for different caches; the last that names a cache
 *           counts.  A bare "slub_debug" is FZPU for all; "-" is none.
 *           A report names the cache, what is wrong, both tracks, and the bytes; the object is then
 *           taken out of use.
 * INVARIANTS
 *   D1  What is written about an object lies in its slot: its zones, link and tracks.
 *   D2  A cache with debugging has no slab that is a hart's (U5 of slub.c).
 * LOCKING   node->list_lock.  Stacks are taken before it or after it: they are most of the cost.
 * TESTS     test/host/mm/slab/test_slub_debug.c, test/kernel/test_slab_debug.c (a planted bug of each kind)
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "include/kasan.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_debug.h"
#include "mm/slab/slub.h"

#define RED_INACTIVE	0xbb
#define RED_ACTIVE	0xcc
#define POISON_FREE	0x6b
#define POISON_END	0xa5
#define DEBUG_DEFAULT	(SLAB_DEBUG_FLAGS & ~SLAB_TRACE)

enum { TRACK_ALLOC, TRACK_FREE, NR_TRACKS };

/* ---- what is wanted -------------------------------------------------------------------------- */

#define MAX_BLOCKS	8
static struct {
	unsigned flags;
	const char *caches;		/* "a,b*", up to a ; or the end; empty: all */
} wanted[MAX_BLOCKS];
static unsigned nr_wanted;

static unsigned flag_of(char letter)
{
	switch (letter) {
	case 'F': case 'f': return SLAB_CONSISTENCY_CHECKS;
	case 'Z': case 'z': return SLAB_RED_ZONE;
	case 'P': case 'p': return SLAB_POISON;
	case 'U': case 'u': return SLAB_STORE_USER;
	case 'T': case 't': return SLAB_TRACE;
	default: return 0;
	}
}

/* One block, LETTERS[,CACHE...]; where it ends. */
static const char *parse_block(const char *p)
{
	unsigned flags = *p && *p != ',' && *p != ';' ? 0 : DEBUG_DEFAULT;

	for (; *p && *p != ',' && *p != ';'; p++) {
		if (!flag_of(*p) && *p != '-')
			return NULL;
		flags |= flag_of(*p);
	}
	wanted[nr_wanted].flags = flags;
	wanted[nr_wanted++].caches = *p == ',' ? p + 1 : "";
	while (*p && *p != ';')
		p++;
	return p;
}

/* @value stays where it is: in the command line. */
static int __init set_slub_debug(const char *value)
{
	nr_wanted = 0;
	do {
		value = nr_wanted < MAX_BLOCKS ? parse_block(value) : NULL;
		if (!value)
			return -EINVAL;
	} while (*value++ == ';');
	return 0;
}
PARAM("slub_debug", set_slub_debug);

/* Linux's name for it since 6.9. */
static int __init set_slab_debug(const char *value) { return set_slub_debug(value); }
PARAM("slab_debug", set_slab_debug);

/* Is @name in the list?  A word that ends in * stands for all that begin so. */
static bool cache_listed(const char *list, const char *name)
{
	const char *word = list;

	while (*word && *word != ';') {
		size_t len = 0;

		while (word[len] && word[len] != ',' && word[len] != ';')
			len++;
		if (len && word[len - 1] == '*' ? !strncmp(name, word, len - 1)
						: strlen(name) == len && !strncmp(name, word, len))
			return true;
		word += len + (word[len] == ',');
	}
	return word == list;
}

unsigned kmem_cache_flags(unsigned flags, const char *name)
{
	unsigned more = 0;

	for (unsigned i = 0; i < nr_wanted; i++)
		if (cache_listed(wanted[i].caches, name))
			more = wanted[i].flags;
	/* The checker wants to know who allocated and freed, and has its red zone there. */
	return flags | more | (IS_KASAN ? SLAB_STORE_USER : 0);
}

/* ---- layout ---------------------------------------------------------------------------------- */

unsigned debug_layout(struct kmem_cache *s, unsigned size)
{
	if (s->flags & SLAB_STORE_USER)
		size += NR_TRACKS * sizeof(struct slab_track);
	if (s->flags & SLAB_RED_ZONE) {
		s->red_left = ALIGN(sizeof(void *), s->align);
		size += s->red_left;
	}
	return size;
}

static struct slab_track *track_of(const struct kmem_cache *s, const void *obj, unsigned which)
{
	if (!(s->flags & SLAB_STORE_USER))
		return NULL;
	INV(D1, s->red_left + s->offset + sizeof(void *) + NR_TRACKS * sizeof(struct slab_track) <= s->size);
	return (struct slab_track *)((char *)obj + s->offset + sizeof(void *)) + which;
}

const struct slab_track *debug_track_alloc(const struct kmem_cache *s, const void *obj)
{
	return track_of(s, obj, TRACK_ALLOC);
}

const struct slab_track *debug_track_free(const struct kmem_cache *s, const void *obj)
{
	return track_of(s, obj, TRACK_FREE);
}

static void take_track(struct slab_track *t)
{
	t->nr_calls = stack_trace_save(t->calls, SLAB_TRACK_CALLS);
	t->hart = this_hart();
	t->when = arch_time_ticks();
	strncpy(t->task, task_name(), sizeof(t->task) - 1);
}

/* Who runs now.  Not on the stack, where its own entries would be taken for calls.  => interrupts off */
static const struct slab_track *track_now(void)
{
	static DEFINE_PER_HART(struct slab_track, now);

	take_track(this_hart_ptr(&now));
	return this_hart_ptr(&now);
}

const struct slab_track *debug_freer(const struct kmem_cache *s)
{
	return s->flags & SLAB_STORE_USER ? track_now() : NULL;
}

void debug_allocated(const struct kmem_cache *s, void *obj)
{
	if (s->flags & SLAB_STORE_USER)
		take_track(track_of(s, obj, TRACK_ALLOC));
	if (s->flags & SLAB_TRACE)
		pr_info("TRACE %s alloc 0x%p\n", s->name, obj);
}

/* Whether free objects of @s are filled with poison: nobody relies on what they hold. */
static bool poisons(const struct kmem_cache *s)
{
	return s->flags & SLAB_POISON && !s->ctor && !(s->flags & SLAB_TYPESAFE_BY_RCU);
}

/* Fill the object and its red zones as state @red says. */
static void mark_object(const struct kmem_cache *s, void *obj, u8 red)
{
	u8 *p = obj;

	INV(D1, !(s->flags & SLAB_RED_ZONE) || s->object_size <= s->offset);
	INV(D1, s->offset + sizeof(void *) <= s->size);
	if (s->flags & SLAB_RED_ZONE) {
		memset(p - s->red_left, red, s->red_left);
		memset(p + s->object_size, red, s->offset - s->object_size);
	}
	if (poisons(s) && red == RED_INACTIVE) {
		memset(p, POISON_FREE, s->object_size - 1);
		p[s->object_size - 1] = POISON_END;
	}
}

void debug_init_object(struct kmem_cache *s, void *obj)
{
	if (s->flags & SLAB_STORE_USER)
		memset(track_of(s, obj, 0), 0, NR_TRACKS * sizeof(struct slab_track));
	mark_object(s, obj, RED_INACTIVE);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void print_bytes(const char *what, const u8 *p, unsigned n)
{
	for (unsigned i = 0; i < n; i += 16) {
		char line[16 * 3 + 1] = "";

		for (unsigned k = i; k < min(n, i + 16); k++)
			snprintf(line + (k - i) * 3, 4, "%02x ", p[k]);
		pr_err("%-8s %04x: %s\n", what, i, line);
	}
}

static void print_report(struct kmem_cache *s, struct page *page, void *obj, const struct slab_report *r)
{
	slab_state_t state = slab_read(page);

	pr_err("=============================================================================\n");
	pr_err("BUG %s (Not tainted): %s\n", r->cache, r->what);
	pr_err("-----------------------------------------------------------------------------\n\n");
	print_slab_track("Allocated", r->allocated);
	print_slab_track("Freed", r->freed);
	print_slab_track("Found", r->now);
	pr_err("Slab 0x%p objects=%lu used=%u fp=0x%p\n", page_to_virt(page), page->objects, state.inuse,
	       slab_head(page, state));
	if (!object_valid(s, page, obj)) {
		pr_err("0x%p is no object of it\n", obj);
		return;
	}
	pr_err("Object 0x%p @offset=%lu fp=0x%p\n\n", obj,
	       (unsigned long)((char *)obj - (char *)page_to_virt(page)), get_link(s, obj));
	print_bytes("Redzone", (u8 *)obj - s->red_left, s->red_left);
	print_bytes("Object", obj, min(s->object_size, 128u));
	if (s->flags & SLAB_RED_ZONE)
		print_bytes("Redzone", (u8 *)obj + s->object_size, s->offset - s->object_size);
}

static void report(struct kmem_cache *s, struct page *page, void *obj, const char *what)
{
	struct slab_report r = { .cache = s->name, .what = what, .object = obj, .now = track_now() };

	if (object_valid(s, page, obj)) {
		r.allocated = track_of(s, obj, TRACK_ALLOC);
		r.freed = track_of(s, obj, TRACK_FREE);
	}
	if (!slab_report(&r))
		print_report(s, page, obj, &r);
}

void debug_wrong_cache(struct kmem_cache *s, struct page *page, void *obj)
{
	struct kmem_cache *real = PageSlab(page) ? page->slab_cache : NULL;
	struct slab_report r = {
		.cache = s->name, .what = "Wrong slab cache", .object = obj, .now = track_now(),
	};

	if (real && object_valid(real, page, obj))
		r.allocated = track_of(real, obj, TRACK_ALLOC);
	slab_report_wrong_cache(&r, real);
}

void debug_bad_link(struct kmem_cache *s, struct page *page, void *obj)
{
	report(s, page, obj, "Freepointer corrupt");
}

void slab_print_object(const void *addr)
{
	struct page *page = compound_head(virt_to_page(addr));
	struct kmem_cache *s = PageSlab(page) ? page->slab_cache : NULL;
	char *obj;
	long off;

	if (!s || (char *)addr < (char *)first_object(s, page))
		return;
	off = ((char *)addr - (char *)first_object(s, page)) % s->size;
	obj = (char *)addr - off;
	print_slab_track("Allocated", track_of(s, obj, TRACK_ALLOC));
	print_slab_track("Freed", track_of(s, obj, TRACK_FREE));
	pr_err("The buggy address belongs to the object at %p\n which belongs to the cache %s of size %u\n",
	       obj, s->name, s->object_size);
	pr_err("The buggy address is located %ld bytes %s\n %u-byte region [%p, %p)\n\n",
	       off < s->object_size ? off : off - (long)s->object_size,
	       off < s->object_size ? "inside of" : "to the right of", s->object_size, obj,
	       obj + s->object_size);
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* Are all @n bytes at @p @want? */
static bool all_bytes(struct kmem_cache *s, struct page *page, void *obj, const u8 *p, unsigned n, u8 want,
		      const char *what)
{
	for (unsigned i = 0; i < n; i++)
		if (p[i] != want) {
			report(s, page, obj, what);
			if (!slab_report_hook)
				pr_err("[0x%p] @offset=%ld: 0x%02x instead of 0x%02x\n", (void *)(p + i),
				       (long)(p + i - (u8 *)obj), p[i], want);
			return false;
		}
	return true;
}

static bool check_zones(struct kmem_cache *s, struct page *page, void *obj, u8 red)
{
	if (!(s->flags & SLAB_RED_ZONE))
		return true;
	return all_bytes(s, page, obj, (u8 *)obj - s->red_left, s->red_left, red, "Left Redzone overwritten") &&
	       all_bytes(s, page, obj, (u8 *)obj + s->object_size, s->offset - s->object_size, red,
			 "Right Redzone overwritten");
}

static bool check_poison(struct kmem_cache *s, struct page *page, void *obj)
{
	if (!poisons(s))
		return true;
	return all_bytes(s, page, obj, obj, s->object_size - 1, POISON_FREE, "Poison overwritten") &&
	       all_bytes(s, page, obj, (u8 *)obj + s->object_size - 1, 1, POISON_END, "End Poison overwritten");
}

bool debug_alloc(struct kmem_cache *s, struct page *page, void *obj)
{
	INV(D2, !slab_read(page).frozen);
	if (!check_zones(s, page, obj, RED_INACTIVE) || !check_poison(s, page, obj))
		return false;
	mark_object(s, obj, RED_ACTIVE);
	return true;
}

bool debug_free(struct kmem_cache *s, struct page *page, void *obj, const struct slab_track *freer)
{
	if (!object_valid(s, page, obj)) {
		report(s, page, obj, "Invalid object pointer");
		return false;
	}
	if (object_is_free(s, page, obj)) {
		report(s, page, obj, "Object already free");
		return false;
	}
	if (!check_zones(s, page, obj, RED_ACTIVE))
		return false;
	if (freer)
		*track_of(s, obj, TRACK_FREE) = *freer;
	mark_object(s, obj, RED_INACTIVE);
	return true;
}

/* The free object of @page whose link leads nowhere, or NULL. */
static void *broken_link(struct kmem_cache *s, struct page *page)
{
	unsigned left = page->objects - slab_read(page).inuse;
	void *obj = slab_head(page, slab_read(page)), *next;

	for (; obj; obj = next) {
		next = get_link(s, obj);
		if ((next && !object_valid(s, page, next)) || !left--)
			return obj;
	}
	return NULL;
}

unsigned debug_validate_slab(struct kmem_cache *s, struct page *page)
{
	void *broken = broken_link(s, page);
	char *obj = first_object(s, page);
	unsigned wrong = 0;

	if (broken) {
		debug_bad_link(s, page, broken);
		return 1;
	}
	for (unsigned i = 0; i < page->objects; i++, obj += s->size) {
		bool free = object_is_free(s, page, obj);

		wrong += !check_zones(s, page, obj, free ? RED_INACTIVE : RED_ACTIVE) ||
			 (free && !check_poison(s, page, obj));
	}
	return wrong;
}
