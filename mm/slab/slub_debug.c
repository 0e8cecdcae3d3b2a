/*
 * mm/slab/slub_debug.c - finding misuse of objects: slub_debug=FZPU,cache,cache...
 *
 * MODEL     A cache with debugging never gives a slab to a hart: each object is taken and freed one by
 *           one under the node's lock, and checked both times.  A slot of such a cache:
 *
 *             | left red zone | object | red zone | link | allocated by | freed by | padding |
 *             red_left                 object_size  offset
 *
 *           F  consistency: the address is an object's, the object is in use when it is freed.
 *           Z  red zones: RED_ACTIVE while in use, RED_INACTIVE while free.
 *           P  poison: POISON_FREE in free objects, POISON_END in the last byte, POISON_INUSE around.
 *           U  tracks: who allocated the object and who freed it, with calls, hart and task.
 *           A report names the cache, what is wrong, both tracks, and the bytes; the object is then
 *           taken out of use.
 * LOCKING   node->list_lock.
 * TESTS     test/host/mm/slab/test_slub_debug.c (a planted bug of each kind)
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "kernel/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_debug.h"
#include "mm/slab/slub.h"

#define RED_INACTIVE	0xbb
#define RED_ACTIVE	0xcc
#define POISON_INUSE	0x5a
#define POISON_FREE	0x6b
#define POISON_END	0xa5
#define TRACK_CALLS	8

struct track {
	unsigned long calls[TRACK_CALLS];
	u16 nr_calls, hart;
	char task[16];
};
enum { TRACK_ALLOC, TRACK_FREE };

/* ---- what is wanted ----------------------------------------------------------------------------- */

static unsigned wanted_flags;
static char wanted_caches[128];		/* "a,b"; empty: all */

static int __init set_slub_debug(const char *value)
{
	wanted_flags = *value && *value != ',' ? 0 : SLAB_DEBUG_FLAGS;
	for (; *value && *value != ','; value++) {
		if (*value == 'F' || *value == 'f')
			wanted_flags |= SLAB_CONSISTENCY_CHECKS;
		else if (*value == 'Z' || *value == 'z')
			wanted_flags |= SLAB_RED_ZONE;
		else if (*value == 'P' || *value == 'p')
			wanted_flags |= SLAB_POISON;
		else if (*value == 'U' || *value == 'u')
			wanted_flags |= SLAB_STORE_USER;
		else if (*value != '-')
			return -EINVAL;
	}
	if (*value)
		snprintf(wanted_caches, sizeof(wanted_caches), "%s", value + 1);
	return 0;
}
PARAM("slub_debug", set_slub_debug);

/* Is @name in the list?  A word that ends in * stands for all that begin so. */
static bool cache_listed(const char *name)
{
	const char *word = wanted_caches;

	while (*word) {
		size_t len = 0;

		while (word[len] && word[len] != ',')
			len++;
		if (len && word[len - 1] == '*' ? !strncmp(name, word, len - 1)
						: strlen(name) == len && !strncmp(name, word, len))
			return true;
		word += len + (word[len] == ',');
	}
	return !wanted_caches[0];
}

unsigned debug_flags_for(const char *name)
{
	return wanted_flags && cache_listed(name) ? wanted_flags : 0;
}

/* ---- layout ------------------------------------------------------------------------------------- */

unsigned debug_layout(struct kmem_cache *s, unsigned size)
{
	if (s->flags & SLAB_STORE_USER)
		size += 2 * sizeof(struct track);
	if (s->flags & SLAB_RED_ZONE) {
		s->red_left = ALIGN(sizeof(void *), s->align);
		size += s->red_left;
	}
	return size;
}

static struct track *track_of(const struct kmem_cache *s, void *obj, unsigned which)
{
	return (struct track *)((char *)obj + s->offset + sizeof(void *)) + which;
}

static void set_track(const struct kmem_cache *s, void *obj, unsigned which)
{
	struct track *t = track_of(s, obj, which);

	if (!(s->flags & SLAB_STORE_USER))
		return;
	t->nr_calls = stack_trace_save(t->calls, TRACK_CALLS);
	t->hart = this_hart();
	snprintf(t->task, sizeof(t->task), "%s", task_name());
}

/* Fill the object and its red zones as state @red says. */
static void mark_object(const struct kmem_cache *s, void *obj, u8 red)
{
	u8 *p = obj;

	if (s->flags & SLAB_RED_ZONE) {
		memset(p - s->red_left, red, s->red_left);
		memset(p + s->object_size, red, s->offset - s->object_size);
	}
	if (s->flags & SLAB_POISON && red == RED_INACTIVE && !s->ctor) {
		memset(p, POISON_FREE, s->object_size - 1);
		p[s->object_size - 1] = POISON_END;
	}
}

void debug_init_object(struct kmem_cache *s, void *obj)
{
	if (s->flags & SLAB_STORE_USER)
		memset(track_of(s, obj, 0), 0, 2 * sizeof(struct track));
	mark_object(s, obj, RED_INACTIVE);
}

/* ---- reports ------------------------------------------------------------------------------------ */

static void print_track(const char *what, const struct track *t)
{
	if (!t->nr_calls && !t->task[0])
		return;
	pr_err("%s in %s cpu=%u\n", what, t->task, t->hart);
	for (unsigned i = 0; i < t->nr_calls; i++)
		pr_err("\t%pS\n", (void *)t->calls[i]);
}

void debug_print_tracks(struct kmem_cache *s, void *obj)
{
	if (!(s->flags & SLAB_STORE_USER))
		return;
	print_track("Allocated", track_of(s, obj, TRACK_ALLOC));
	print_track("Freed", track_of(s, obj, TRACK_FREE));
}

static void print_bytes(const char *what, const u8 *p, unsigned n)
{
	for (unsigned i = 0; i < n; i += 16) {
		char line[16 * 3 + 1] = "";

		for (unsigned k = i; k < min(n, i + 16); k++)
			snprintf(line + (k - i) * 3, 4, "%02x ", p[k]);
		pr_err("%-8s %04x: %s\n", what, i, line);
	}
}

static void report(struct kmem_cache *s, struct page *page, void *obj, const char *what)
{
	pr_err("=============================================================================\n");
	pr_err("BUG %s (Not tainted): %s\n", s->name, what);
	pr_err("-----------------------------------------------------------------------------\n\n");
	if (!object_valid(s, page, obj)) {
		pr_err("Slab 0x%p objects=%u used=%u fp=0x%p: 0x%p is no object of it\n",
		       page_to_virt(page), page->objects, page->inuse, page->freelist, obj);
		return;
	}
	debug_print_tracks(s, obj);
	pr_err("Slab 0x%p objects=%u used=%u fp=0x%p\n", page_to_virt(page), page->objects, page->inuse,
	       page->freelist);
	pr_err("Object 0x%p @offset=%lu fp=0x%p\n\n", obj,
	       (unsigned long)((char *)obj - (char *)page_to_virt(page)), get_freepointer(s, obj));
	print_bytes("Redzone", (u8 *)obj - s->red_left, s->red_left);
	print_bytes("Object", obj, min(s->object_size, 128u));
	if (s->flags & SLAB_RED_ZONE)
		print_bytes("Redzone", (u8 *)obj + s->object_size, s->offset - s->object_size);
}

void debug_bad_link(struct kmem_cache *s, struct page *page, void *obj)
{
	report(s, page, obj, "Freepointer corrupt");
}

/* ---- checks ------------------------------------------------------------------------------------- */

/* Are all @n bytes at @p @want? */
static bool all_bytes(struct kmem_cache *s, struct page *page, void *obj, const u8 *p, unsigned n, u8 want,
		      const char *what)
{
	for (unsigned i = 0; i < n; i++)
		if (p[i] != want) {
			report(s, page, obj, what);
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
	if (!(s->flags & SLAB_POISON) || s->ctor)
		return true;
	return all_bytes(s, page, obj, obj, s->object_size - 1, POISON_FREE, "Poison overwritten") &&
	       all_bytes(s, page, obj, (u8 *)obj + s->object_size - 1, 1, POISON_END, "End Poison overwritten");
}

bool debug_alloc(struct kmem_cache *s, struct page *page, void *obj)
{
	if (!check_zones(s, page, obj, RED_INACTIVE) || !check_poison(s, page, obj))
		return false;
	mark_object(s, obj, RED_ACTIVE);
	set_track(s, obj, TRACK_ALLOC);
	return true;
}

static bool on_freelist(const struct kmem_cache *s, const struct page *page, const void *obj)
{
	unsigned n = 0;

	for (void *f = page->freelist; f && n <= page->objects; f = get_freepointer(s, f), n++) {
		if (f == obj)
			return true;
		if (!object_valid(s, page, f))
			break;
	}
	return false;
}

bool debug_free(struct kmem_cache *s, struct page *page, void *obj)
{
	if (!object_valid(s, page, obj)) {
		report(s, page, obj, "Invalid object pointer");
		return false;
	}
	if (on_freelist(s, page, obj)) {
		report(s, page, obj, "Object already free");
		return false;
	}
	if (!check_zones(s, page, obj, RED_ACTIVE))
		return false;
	set_track(s, obj, TRACK_FREE);
	mark_object(s, obj, RED_INACTIVE);
	return true;
}
