/*
 * drivers/irqchip/plic.c - the platform-level interrupt controller.
 *
 * MODEL     A PLIC has sources 1..ndev, each with a priority, and contexts, each with enable bits, a
 *           threshold and a claim register.  A context is one privilege mode of one hart:
 *           interrupts-extended lists them, and those whose interrupt is 9 are S-mode.
 *           A machine may have one PLIC per node, each for its own harts.  The lines of the i-th PLIC are
 *           numbered from its base: 0 for the first, so there a line's number is the source's.
 *           T-Head's tells rising edges from levels by a second cell.  An edge that comes between claim and
 *           complete is lost, so such a line is completed before its handler runs.  (That S-mode may touch its
 *           registers at all, bit 0 of 0x1ffffc, the firmware must have set.)
 *           A source is enabled at one context at a time: that of the hart it is routed to (kernel/irq.c).
 * LOCKING   Enable words are changed under irq_lock (kernel/irq.c); claim and complete are per hart.
 * SEE       RISC-V PLIC specification 1.0.0.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/irqchip/plic.h"
#include "include/arch/arch.h"
#include "include/io.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "kernel/irq.h"
#include "include/atomic.h"
#include "lib/bitmap.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "mm/kmap/ioremap.h"
#include "mm/phys/zone.h"
#include <asm/csr.h>

#define PLIC_PRIORITY(src)	(4 * (src))
#define PLIC_ENABLE(ctx, src)	(0x2000 + 0x80 * (ctx) + (src) / 32 * 4)
#define PLIC_THRESHOLD_STEP	0x1000
#define PLIC_THRESHOLD(ctx)	(0x200000 + PLIC_THRESHOLD_STEP * (ctx))
#define PLIC_CLAIM(ctx)		(0x200004 + 0x1000 * (ctx))
#define MAX_PLICS		8
#define S_MODE_EXTERNAL		9u

struct plic {
	char *regs;
	int node;			/* of the tree */
	int base;			/* number of its source 0 */
	unsigned ndev;
	bool has_edges;			/* lines may be edges (T-Head) */
	int context[NR_HARTS];		/* S-mode context by logical hart, -1 */
};

static struct plic plics[MAX_PLICS];
static DECLARE_BITMAP(edge_lines, NR_IRQS);	/* (I) once the line is in use */
static unsigned nr_plics;

static u32 plic_read(const struct plic *p, unsigned long off)
{
	return readl(p->regs + off);
}

static void plic_write(const struct plic *p, unsigned long off, u32 v)
{
	writel(v, p->regs + off);
}

static struct plic *plic_of_irq(int irq)
{
	for (unsigned i = 0; i < nr_plics; i++)
		if (irq > plics[i].base && irq <= plics[i].base + (int)plics[i].ndev)
			return &plics[i];
	return NULL;
}

static struct plic *plic_of_hart(unsigned hart)
{
	for (unsigned i = 0; i < nr_plics; i++)
		if (plics[i].context[hart] >= 0)
			return &plics[i];
	return NULL;
}

static void set_enable(const struct plic *p, int ctx, unsigned src, bool on)
{
	u32 word = plic_read(p, PLIC_ENABLE(ctx, src));

	plic_write(p, PLIC_ENABLE(ctx, src), on ? word | 1u << src % 32 : word & ~(1u << src % 32));
}

static int plic_pick(int irq, hartmask_t harts)
{
	const struct plic *p = plic_of_irq(irq);

	for_each_hart_in(h, harts)
		if (p && p->context[h] >= 0)
			return h;
	return -EINVAL;
}

/* The priority last: QEMU looks for what is pending when that is written, but not when a bit is set. */
static void plic_enable(int irq, unsigned hart)
{
	const struct plic *p = plic_of_irq(irq);

	set_enable(p, p->context[hart], irq - p->base, true);
	plic_write(p, PLIC_PRIORITY(irq - p->base), 1);
}

static void plic_disable_at(int irq, unsigned hart)
{
	const struct plic *p = plic_of_irq(irq);

	set_enable(p, p->context[hart], irq - p->base, false);
}

static void plic_disable(int irq)
{
	struct plic *p = plic_of_irq(irq);

	if (!p)
		return;
	plic_write(p, PLIC_PRIORITY(irq - p->base), 0);
	for_each_hart(h)
		if (p->context[h] >= 0)
			set_enable(p, p->context[h], irq - p->base, false);
}

static int plic_claim(void)
{
	unsigned h = this_hart();
	struct plic *p = plic_of_hart(h);
	u32 src = p ? plic_read(p, PLIC_CLAIM(p->context[h])) : 0;

	if (!src || src > p->ndev)
		return 0;
	if (test_bit(p->base + src, edge_lines))
		plic_write(p, PLIC_CLAIM(p->context[h]), src);
	return p->base + (int)src;
}

static void plic_complete(int irq)
{
	struct plic *p = plic_of_irq(irq);

	if (p && p->context[this_hart()] >= 0 && !test_bit(irq, edge_lines))
		plic_write(p, PLIC_CLAIM(p->context[this_hart()]), irq - p->base);
}

static void plic_init_hart(void)
{
	unsigned h = this_hart();
	struct plic *p = plic_of_hart(h);

	if (!p)
		return;
	plic_write(p, PLIC_THRESHOLD(p->context[h]), 0);
	csr_set(sie, SIE_SEIE);
}

static const struct irq_chip plic_chip = {
	.name = "SiFive PLIC",
	.pick = plic_pick,
	.enable = plic_enable,
	.disable_at = plic_disable_at,
	.disable = plic_disable,
	.claim = plic_claim,
	.complete = plic_complete,
	.init_hart = plic_init_hart,
};

/* ---- discovery ------------------------------------------------------------------------------- */

/* Logical hart of the interrupt controller node @intc, a child of a cpu node; -1 when it is not ours. */
static int hart_of_intc(int intc)
{
	int cpu = fdt_parent(&boot_fdt, intc);
	u64 id;
	u32 na, ns;
	const void *reg;
	int len;

	reg = cpu >= 0 ? fdt_getprop(&boot_fdt, cpu, "reg", &len) : NULL;
	if (!reg)
		return -1;
	fdt_cells(&boot_fdt, fdt_parent(&boot_fdt, cpu), &na, &ns);
	if (len < (int)(4 * na) || fdt_read_cells(reg, na, &id))
		return -1;
	for_each_hart(h)
		if (hart_info[h].hartid == id)
			return h;
	return -1;
}

/* Contexts whose registers lie within the @size bytes of the controller's range. */
static void find_contexts(struct plic *p, u64 size)
{
	u64 n = (size - PLIC_THRESHOLD(0)) / PLIC_THRESHOLD_STEP;
	int at = 0;

	for (unsigned h = 0; h < NR_HARTS; h++)
		p->context[h] = -1;
	for (u64 ctx = 0; ctx < n; ctx++) {
		u32 cells[4], ncells = 4;
		int intc, hart, rc = fdt_next_irq(&boot_fdt, p->node, &at, &intc, cells, &ncells);

		if (rc == -ENOENT)
			break;
		if (rc || !ncells || cells[0] != S_MODE_EXTERNAL)
			continue;
		hart = hart_of_intc(intc);
		if (hart >= 0)
			p->context[hart] = ctx;
	}
}

static void silence(struct plic *p)
{
	for (unsigned src = 1; src <= p->ndev; src++)
		plic_write(p, PLIC_PRIORITY(src), 0);
	for_each_hart(h)
		for (unsigned src = 0; p->context[h] >= 0 && src <= p->ndev; src += 32)
			plic_write(p, PLIC_ENABLE(p->context[h], src), 0);
}

static int plic_probe(int node)
{
	struct plic *p = &plics[nr_plics];
	u64 base, size;
	u32 ndev;

	if (nr_plics == MAX_PLICS)
		return -ENOSPC;
	if (fdt_read_u32(&boot_fdt, node, "riscv,ndev", &ndev) || fdt_get_reg(&boot_fdt, node, 0, &base, &size) ||
	    size < PLIC_THRESHOLD(1))
		return -EINVAL;
	p->node = node;
	p->base = nr_plics ? plics[nr_plics - 1].base + (int)plics[nr_plics - 1].ndev : 0;
	p->ndev = min(ndev, (u32)(NR_IRQS - 1 - p->base));
	p->has_edges = fdt_is_compatible(&boot_fdt, node, "thead,c900-plic");
	if (!request_mem_region(base, size, fdt_node_name(&boot_fdt, node)))
		return -EBUSY;
	p->regs = ioremap(base, size);
	if (!p->regs) {
		release_mem_region(base, size);
		return -ENOMEM;
	}
	find_contexts(p, size);
	nr_plics++;
	silence(p);
	return 0;
}

#define EDGES	3u	/* of the second cell: rising, falling */

int plic_find_irq(int node, int idx)
{
	u32 cells[4], ncells = ARRAY_SIZE(cells);
	int controller;

	if (fdt_get_irq(&boot_fdt, node, idx, &controller, cells, &ncells) || !ncells)
		return 0;
	for (unsigned i = 0; i < nr_plics; i++) {
		const struct plic *p = &plics[i];

		if (p->node != controller || !cells[0] || cells[0] > p->ndev)
			continue;
		if (p->has_edges && ncells > 1 && (cells[1] & EDGES))
			set_bit(p->base + cells[0], edge_lines);
		return p->base + (int)cells[0];
	}
	return 0;
}

static bool is_plic(int node)
{
	static const char *const names[] = { "sifive,plic-1.0.0", "riscv,plic0", "thead,c900-plic" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (fdt_is_compatible(&boot_fdt, node, names[i]))
			return fdt_node_available(&boot_fdt, node);
	return false;
}

void plic_init(void)
{
	for (int node = 0; node >= 0; node = fdt_next_node(&boot_fdt, node, NULL)) {
		int rc = is_plic(node) ? plic_probe(node) : 0;

		if (rc)
			pr_err("plic: cannot be used (%d)\n", rc);
	}
	if (nr_plics)
		irq_set_chip(&plic_chip);
}
