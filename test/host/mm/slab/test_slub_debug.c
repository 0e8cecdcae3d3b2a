/*
 * test/host/mm/slab/test_slub_debug.c - each check of slub_debug finds a planted bug of its kind, and
 * none cries wolf.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/slab/slub.c mm/slab/slub_cache.c mm/slab/slub_debug.c mm/slab/slub_attr.c
// SRCS: mm/slab/common.c mm/slab/failslab.c mm/slab/traces.c mm/slab/shrink.c mm/slab/kmalloc.c
// SRCS: mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c mm/phys/slowpath.c
// SRCS: mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c mm/phys/memmap.c
// SRCS: mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c mm/phys/page_owner.c
// SRCS: mm/phys/page_debug.c
#define TEST_STACK_TRACE
#define TEST_SEQ_PRINTF
#include "lib/cmdline.h"
#include "test/host/mm/phys/machine.h"
#include "mm/slab/slab.h"

#define ALL	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

extern const struct kernel_param __start_param[], __stop_param[];
static char log_text[1 << 16];
static unsigned log_len;

unsigned stack_trace_save(unsigned long *calls, unsigned max)
{
	calls[0] = 0x1234;
	return min(1u, max);
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(log_text + log_len, sizeof(log_text) - log_len, fmt, args);
	va_end(args);
	log_len = min(log_len + n, (unsigned)sizeof(log_text) - 1);
	return n;
}

void seq_printf(__maybe_unused struct seq_file *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_len += vsnprintf(log_text + log_len, sizeof(log_text) - log_len, fmt, args);
	va_end(args);
}

static bool logged(const char *text)
{
	bool found = strstr(log_text, text);

	log_len = 0;
	log_text[0] = 0;
	return found;
}

static void begin(const char *param)
{
	machine_begin();
	memblock_add(0x80000000, 64 * MiB);
	machine_boot(2);
	for (const struct kernel_param *p = __start_param; param && p < __stop_param; p++)
		if (!strcmp(p->name, "slub_debug"))
			CHECK(!p->set(param));
	kmem_cache_init();
	logged("");
}

static struct kmem_cache *cache(unsigned flags)
{
	struct kmem_cache *s = kmem_cache_create("victim", 50, 0, flags, NULL);

	CHECK(s);
	return s;
}

static void overflow(void)
{
	struct kmem_cache *s;
	char *p;

	begin(NULL);
	s = cache(ALL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	p[50] = 1;
	kmem_cache_free(s, p);
	CHECK(logged("BUG victim (Not tainted): Right Redzone overwritten"));
	p = kmem_cache_alloc(s, GFP_KERNEL);
	p[-1] = 1;
	kmem_cache_free(s, p);
	CHECK(strstr(log_text, "Allocated in host") && logged("Left Redzone overwritten"));
	CHECK(slab_objects_in_use(s) == 2 && kmem_cache_verify(s));	/* both are out of use */
}

static void use_after_free(void)
{
	struct kmem_cache *s;
	char *p;

	begin(NULL);
	s = cache(ALL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	p[20] = 1;
	CHECK(kmem_cache_alloc(s, GFP_KERNEL) != p);
	CHECK(strstr(log_text, "Freed in host") && logged("Poison overwritten"));
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	p[49] = 1;
	CHECK(kmem_cache_alloc(s, GFP_KERNEL) != p && logged("End Poison overwritten"));
}

static void wrong_frees(void)
{
	struct kmem_cache *s;
	char *p;

	begin(NULL);
	s = cache(ALL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p + 8);
	CHECK(logged("Invalid object pointer"));
	kmem_cache_free(s, p);
	CHECK(!log_len);
	kmem_cache_free(s, p);
	CHECK(logged("Object already free"));
	kmem_cache_free(s, kmalloc(50, GFP_KERNEL));
	CHECK(logged("BUG victim: Wrong slab cache"));
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(kmalloc_caches[0][6], p);
	CHECK(strstr(log_text, "Allocated in host") && strstr(log_text, "Freed in host") &&
	      logged("which is of victim"));
	kmem_cache_free(s, p);
	CHECK(!slab_objects_in_use(s) && kmem_cache_verify(s));
}

static void broken_link(void)
{
	struct kmem_cache *s;
	char *p, *q;

	begin(NULL);
	s = cache(SLAB_CONSISTENCY_CHECKS);		/* the link lies in the object */
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	*(long *)p = 0x5555;
	CHECK(kmem_cache_alloc(s, GFP_KERNEL) == p && logged("Freepointer corrupt"));
	kmem_cache_free(s, q);
	CHECK(kmem_cache_verify(s));
}

/* What free objects hold tells nothing of where objects are, and the last one's link is checked too. */
static void hidden_links(void)
{
	struct kmem_cache *s;
	long *p, *q;

	begin(NULL);
	s = cache(SLAB_CONSISTENCY_CHECKS);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	kmem_cache_free(s, q);
	CHECK(*q && *q != (long)p && (*q ^ *p) != (long)p);
	CHECK(kmem_cache_alloc(s, GFP_KERNEL) == q && kmem_cache_alloc(s, GFP_KERNEL) == p);
	while (slab_objects_in_use(s) % 64)
		p = kmem_cache_alloc(s, GFP_KERNEL);		/* the last free object of the slab */
	kmem_cache_free(s, p);
	*p ^= 1;
	CHECK(kmem_cache_alloc(s, GFP_KERNEL) == p && logged("Freepointer corrupt"));
	CHECK(kmem_cache_verify(s));
}

static struct slab_report caught;
static void catch_report(const struct slab_report *r) { caught = *r; }

static void hook(void)
{
	struct kmem_cache *s;
	char *p;

	begin(NULL);
	slab_report_hook = catch_report;
	s = cache(ALL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	p[50] = 1;
	kmem_cache_free(s, p);
	CHECK(!log_len && !strcmp(caught.cache, "victim") && caught.object == p);
	CHECK(caught.allocated->calls[0] == 0x1234 && !caught.freed->nr_calls);
	kmem_cache_destroy(s);
	CHECK(!log_len && strstr(caught.what, "Objects remaining") && caught.object == p);
}

static void leak(void)
{
	struct kmem_cache *s;
	char *p;

	begin(NULL);
	s = cache(ALL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_destroy(s);
	CHECK(strstr(log_text, "Allocated in host") && logged("Objects remaining in victim"));
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	CHECK(!log_len);
}

/* Everything with debugging on, under load: silence. */
static void no_false_alarm(void)
{
	static struct { char *p; unsigned n; } live[2000];
	unsigned nr = 0;

	begin("");
	for (unsigned i = 0; i < 40000; i++) {
		host_run_on(i & 1);
		if (nr < 2000 && (!nr || !rnd_one_in(3))) {
			unsigned n = 1 + rnd_below(rnd_one_in(4) ? 9000 : 300);

			live[nr].p = kmalloc(n, rnd_one_in(2) ? GFP_KERNEL | __GFP_ZERO : GFP_KERNEL);
			CHECK(live[nr].p && IS_ALIGNED((unsigned long)live[nr].p, 8));
			memset(live[nr].p, i, ksize(live[nr].p));
			live[nr++].n = n;
		} else {
			unsigned k = rnd_below(nr);

			kfree(live[k].p);
			live[k] = live[--nr];
		}
	}
	CHECK(!log_len && slab_verify_all());
	while (nr)
		kfree(live[--nr].p);
	CHECK(!log_len && slab_verify_all());
	check_all();
}

static void chosen_caches(void)
{
	char *p;

	begin("Z,kmalloc-1*,victim");
	p = kmem_cache_alloc(cache(0), GFP_KERNEL);
	CHECK(kmem_cache_create("other", 50, 0, 0, NULL));
	p[50] = 1;
	kfree(p);
	CHECK(logged("BUG victim"));
	p = kmalloc(128, GFP_KERNEL);
	p[128] = 1;
	kfree(p);
	CHECK(logged("BUG kmalloc-128"));
	p = kmalloc(64, GFP_KERNEL);
	kfree(p);
	CHECK(kmalloc(64, GFP_KERNEL) == p && !log_len);
}

static void blocks(void)
{
	char *p;

	begin("FU;Z,victim,x;-,kmalloc-64");
	CHECK(kmem_cache_debug_flags(cache(0)) == SLAB_RED_ZONE);
	CHECK(kmem_cache_debug_flags(kmalloc_caches[0][6]) == 0);
	CHECK(kmem_cache_debug_flags(kmalloc_caches[0][7]) == (SLAB_CONSISTENCY_CHECKS | SLAB_STORE_USER));
	p = kmem_cache_alloc(cache(SLAB_TRACE), GFP_KERNEL);
	CHECK(p && logged("TRACE victim alloc"));
}

/* Who allocated what is in use, counted; who had freed it. */
static void traces(void)
{
	struct kmem_cache *s;
	char *p[5];

	begin(NULL);
	s = cache(SLAB_STORE_USER);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		CHECK((p[i] = kmem_cache_alloc(s, GFP_KERNEL)));
	kmem_cache_free(s, p[4]);
	CHECK(!slab_traces_show(NULL, "victim", false) && !strncmp(log_text, "      4 ", 8));
	CHECK(strstr(log_text, "0x1234") && !strstr(log_text, "not-available") && logged("\n        "));
	CHECK(!slab_traces_show(NULL, "victim", true) && logged("      4 <not-available>"));
	p[4] = kmem_cache_alloc(s, GFP_KERNEL);
	CHECK(!slab_traces_show(NULL, "victim", true) && strstr(log_text, "      4 <not-available>") &&
	      logged("      1 "));
	CHECK(slab_traces_show(NULL, "nobody", false) < 0);
	kmem_cache_free_bulk(s, ARRAY_SIZE(p), (void **)p);
	CHECK(!slab_traces_show(NULL, "victim", false) && !log_len);
	kmem_cache_destroy(s);
}

int main(void)
{
	run_scenario(overflow, "overflow and underflow by one");
	run_scenario(use_after_free, "write after free");
	run_scenario(wrong_frees, "double free, wrong address, wrong cache");
	run_scenario(broken_link, "broken freelist");
	run_scenario(hidden_links, "links of free objects are hidden");
	run_scenario(hook, "reports can be taken by a hook");
	run_scenario(blocks, "slub_debug=A;B,cache: blocks");
	run_scenario(traces, "who allocated what is in use");
	run_scenario(leak, "leak at destroy is named");
	run_scenario(no_false_alarm, "no false alarm under load");
	run_scenario(chosen_caches, "slub_debug=Z,cache* chooses caches");
	return done_testing();
}
