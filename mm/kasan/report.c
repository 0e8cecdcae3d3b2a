/*
 * mm/kasan/report.c - say what was accessed, what it belongs to, and who allocated and freed it.
 *
 * MODEL     The kind of a bug is what the shadow says at the first bad byte; where that is the good part of a
 *           granule that was left, what the next one says.  kasan.fault=panic stops the machine at the first report,
 *           as tests want it; by default the kernel goes on, the access included.
 * LOCKING   None: a hart that is reporting does not report what it touches for that.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "include/current.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kasan/kasan.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_debug.h"
#include "mm/slab/slab.h"

#define ROWS	2		/* of shadow, before and behind the one that matters */
#define RULE	"==================================================================\n"

void (*kasan_report_hook)(const struct kasan_report *r);
static DEFINE_PER_HART(bool, reporting);
static bool fault_panics;

static int __init set_fault(const char *value)
{
	fault_panics = !strcmp(value, "panic");
	return fault_panics || !strcmp(value, "report") ? 0 : -EINVAL;
}
PARAM("kasan.fault", set_fault);

/* ---- naming ---------------------------------------------------------------------------------- */

static const char *kind_of_address(unsigned long addr)
{
	if (addr < PAGE_SIZE)
		return "null-ptr-deref";
	return addr < task_size ? "user-memory-access" : "wild-memory-access";
}

static const char *kind_of_shadow(u8 why)
{
	switch (why) {
	case KASAN_PAGE_FREE:		return "use-after-free";
	case KASAN_PAGE_REDZONE:
	case KASAN_SLAB_REDZONE:	return "slab-out-of-bounds";
	case KASAN_SLAB_FREE:		return "slab-use-after-free";
	case KASAN_GLOBAL_REDZONE:	return "global-out-of-bounds";
	case KASAN_STACK_SCOPE:		return "use-after-scope";
	case KASAN_STACK_PARTIAL:
	case KASAN_STACK_RIGHT:
	case KASAN_STACK_MID:
	case KASAN_STACK_LEFT:		return "stack-out-of-bounds";
	case KASAN_VMALLOC_INVALID:	return "vmalloc-out-of-bounds";
	default:			return "unknown-crash";
	}
}

static const char *kind_of(unsigned long bad)
{
	u8 why;

	if (bad < page_offset)
		return kind_of_address(bad);
	why = *kasan_shadow((void *)bad);
	return kind_of_shadow(why && why < KASAN_GRANULE ? kasan_shadow((void *)bad)[1] : why);
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_stack(void)
{
	unsigned long calls[24];
	unsigned n = stack_trace_save(calls, ARRAY_SIZE(calls));

	pr_err("Call Trace:\n");
	for (unsigned i = 0; i < n; i++)
		pr_err(" %pS\n", (void *)(calls[i] - 1));
	pr_err("\n");
}

static void print_place(unsigned long bad)
{
	const void *p = (const void *)bad;
	const char *file, *name = kasan_global_at(p, &file);
	struct vm_struct *area = is_vmalloc_addr(p) ? find_vm_area(p) : NULL;

	if (virt_in_direct_map(p)) {
		slab_print_object(p);
		pr_err("The buggy address belongs to the physical page %lx\n", PFN_DOWN(virt_to_phys(p)));
	} else if (area) {
		pr_err("The buggy address belongs to the virtual mapping at [%lx, %lx) created by:\n %pS\n",
		       area->start, area->end, area->caller);
	} else if (name) {
		pr_err("The buggy address belongs to the variable:\n %s, defined in %s\n", name, file);
	}
}

/* Each row is the shadow of 128 bytes. */
static void print_shadow(unsigned long bad)
{
	unsigned long row = ALIGN_DOWN(bad, 128ul) - ROWS * 128;

	pr_err("\nMemory state around the buggy address:\n");
	for (unsigned i = 0; i <= 2 * ROWS; i++, row += 128) {
		char line[16 * 3 + 1] = "";
		bool here = bad - row < 128;

		if (row < page_offset)
			continue;
		for (unsigned k = 0; k < 16; k++)
			snprintf(line + 3 * k, 4, " %02x", (u8)kasan_shadow((void *)row)[k]);
		pr_err("%c%016lx:%s\n", here ? '>' : ' ', row, line);
		if (here)
			pr_err("%*s^\n", (int)(19 + (bad - row) / 8 * 3), "");
	}
}

static void report(const struct kasan_report *r, unsigned long bad)
{
	pr_err(RULE);
	pr_err("BUG: KASAN: %s in %pS\n", r->kind, (void *)(r->ip - 1));
	if (r->size)
		pr_err("%s of size %zu at addr %016lx by task %s/%d\n\n", r->write ? "Write" : "Read", r->size,
		       (unsigned long)r->addr, task_name(), task_pid());
	else
		pr_err("Free of addr %016lx by task %s/%d\n\n", (unsigned long)r->addr, task_name(), task_pid());
	print_stack();
	if (bad >= page_offset) {
		print_place(bad);
		print_shadow(bad);
	}
	pr_err(RULE);
	if (fault_panics)
		panic("kasan.fault=panic");
}

static bool report_once(const struct kasan_report *r, unsigned long bad)
{
	unsigned long flags = arch_irq_save();
	bool *mine = this_hart_ptr(&reporting);

	if (!*mine) {
		*mine = true;
		if (kasan_report_hook)
			kasan_report_hook(r);
		else
			report(r, bad);
		*mine = false;
	}
	arch_irq_restore(flags);
	return false;
}

bool kasan_bad_access(unsigned long addr, unsigned long bad, size_t n, bool write, unsigned long ip)
{
	struct kasan_report r = {
		.kind = kind_of(bad), .addr = (void *)addr, .size = n, .write = write, .ip = ip,
	};

	return report_once(&r, bad);
}

bool kasan_bad_free(__maybe_unused const struct kmem_cache *s, const void *object, u8 shadow, unsigned long ip)
{
	struct kasan_report r = {
		.kind = shadow == KASAN_SLAB_FREE ? "double-free" : "invalid-free", .addr = object, .ip = ip,
	};

	return report_once(&r, (unsigned long)object);
}
