/*
 * lib/fdt_bus.c - addresses and interrupts of a device, through the buses above it.
 *
 * MODEL     reg of a node is in cells of its parent.  A bus's `ranges` is a list of (address on the bus,
 *           address on the bus above, size): absent, nothing below can be reached from above; empty,
 *           both are the same.  The root's bus is what the processor sees.
 *           An interrupt specifier has as many cells as its controller's #interrupt-cells.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/fdt.h"

void fdt_cells(const struct fdt *f, int node, u32 *na, u32 *ns)
{
	if (fdt_read_u32(f, node, "#address-cells", na))
		*na = 2;
	if (fdt_read_u32(f, node, "#size-cells", ns))
		*ns = 1;
}

int fdt_get_pair(const struct fdt *f, int bus, int node, const char *name, int idx, u64 *addr, u64 *size)
{
	int len;
	const u8 *p = fdt_getprop(f, node, name, &len);
	u32 na, ns;
	u64 a, s;

	if (!p || bus < 0)
		return -ENOENT;
	fdt_cells(f, bus, &na, &ns);
	if (!na || na > FDT_MAX_CELLS || ns > FDT_MAX_CELLS)
		return -EINVAL;
	if (idx < 0 || idx >= len / (int)(4 * (na + ns)))
		return -ENOENT;
	p += idx * 4 * (na + ns);
	if (fdt_read_cells(p, na, &a) || fdt_read_cells(p + 4 * na, ns, &s))
		return -EINVAL;
	*addr = a;
	if (size)
		*size = s;
	return 0;
}

int fdt_get_reg_raw(const struct fdt *f, int node, int idx, u64 *addr, u64 *size)
{
	return fdt_get_pair(f, fdt_parent(f, node), node, "reg", idx, addr, size);
}

/* One step: [*addr, *addr + size) on @bus, as the bus above it sees it. */
static int translate_step(const struct fdt *f, int bus, int above, u64 *addr, u64 size)
{
	u32 na, ns, pna, pns, entry;
	const u8 *p;
	int len;

	p = fdt_getprop(f, bus, "ranges", &len);
	if (!p)
		return -ENOENT;
	if (!len)
		return 0;
	fdt_cells(f, bus, &na, &ns);
	fdt_cells(f, above, &pna, &pns);
	if (!na || na > FDT_MAX_CELLS || ns > FDT_MAX_CELLS || !pna || pna > FDT_MAX_CELLS)
		return -EINVAL;
	for (entry = 4 * (na + pna + ns); len >= (int)entry; len -= entry, p += entry) {
		u64 child, parent, n;
		u32 skip = na > 2 ? na - 2 : 0;	/* PCI: the first cell says which space */

		if (fdt_read_cells(p + 4 * skip, na - skip, &child) ||
		    fdt_read_cells(p + 4 * na, pna, &parent) ||
		    fdt_read_cells(p + 4 * (na + pna), ns, &n))
			continue;
		if (*addr >= child && *addr - child < n && size <= n - (*addr - child)) {
			*addr = parent + (*addr - child);
			return 0;
		}
	}
	return -ENOENT;
}

int fdt_translate(const struct fdt *f, int bus, u64 addr, u64 size, u64 *cpu_addr)
{
	for (int levels = 0; bus > 0; levels++) {
		int above = fdt_parent(f, bus), rc;

		if (above < 0 || levels > FDT_MAX_DEPTH)
			return -EINVAL;
		rc = translate_step(f, bus, above, &addr, size);
		if (rc)
			return rc;
		bus = above;
	}
	if (bus < 0)
		return -EINVAL;
	*cpu_addr = addr;
	return 0;
}

int fdt_get_range(const struct fdt *f, int node, const char *name, int idx, u64 *addr, u64 *size)
{
	int bus = fdt_parent(f, node);
	u64 a, s, cpu;
	int rc = fdt_get_pair(f, bus, node, name, idx, &a, &s);

	if (rc)
		return rc;
	rc = fdt_translate(f, bus, a, s, &cpu);
	if (rc)
		return rc;
	*addr = cpu;
	if (size)
		*size = s;
	return 0;
}

int fdt_get_reg(const struct fdt *f, int node, int idx, u64 *addr, u64 *size)
{
	return fdt_get_range(f, node, "reg", idx, addr, size);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static int interrupt_parent(const struct fdt *f, int node)
{
	u32 phandle;

	for (int levels = 0; node >= 0 && levels <= FDT_MAX_DEPTH; levels++) {
		if (!fdt_read_u32(f, node, "interrupt-parent", &phandle))
			return fdt_by_phandle(f, phandle);
		node = fdt_parent(f, node);
		if (node >= 0 && fdt_has_prop(f, node, "interrupt-controller"))
			return node;
	}
	return FDT_NONE;
}

/* A specifier of @n cells at @p into @cells, which has room for *ncells. */
static int take_specifier(const u8 *p, u32 n, u32 *cells, u32 *ncells)
{
	if (n > *ncells)
		return -EINVAL;
	for (u32 i = 0; i < n; i++)
		cells[i] = fdt_get_be32(p + 4 * i);
	*ncells = n;
	return 0;
}

/*
 * The entry of interrupts-extended at *p, of which *len bytes are left: its controller, and in *n the
 * cells of its specifier, at *p; or -EINVAL.
 */
static int extended_entry(const struct fdt *f, const u8 **p, int *len, u32 *n)
{
	int ctl;

	if (*len < 4)
		return -EINVAL;
	ctl = fdt_by_phandle(f, fdt_get_be32(*p));
	if (ctl < 0 || fdt_read_u32(f, ctl, "#interrupt-cells", n))
		return -EINVAL;
	*p += 4;
	*len -= 4;
	if (*n > (u32)*len / 4)
		return -EINVAL;
	return ctl;
}

static int extended_irq(const struct fdt *f, const u8 *p, int len, int idx, int *controller, u32 *cells,
			u32 *ncells)
{
	while (len > 0) {
		u32 n;
		int ctl = extended_entry(f, &p, &len, &n);

		if (ctl < 0)
			return ctl;
		if (!idx--) {
			*controller = ctl;
			return take_specifier(p, n, cells, ncells);
		}
		p += 4 * n;
		len -= 4 * n;
	}
	return -ENOENT;
}

int fdt_get_irq(const struct fdt *f, int node, int idx, int *controller, u32 *cells, u32 *ncells)
{
	int len, ctl;
	const u8 *p = fdt_getprop(f, node, "interrupts-extended", &len);
	u32 n;

	if (idx < 0)
		return -ENOENT;
	if (p)
		return extended_irq(f, p, len, idx, controller, cells, ncells);
	p = fdt_getprop(f, node, "interrupts", &len);
	if (!p)
		return -ENOENT;
	ctl = interrupt_parent(f, node);
	if (ctl < 0 || fdt_read_u32(f, ctl, "#interrupt-cells", &n) || !n)
		return -EINVAL;
	if ((u64)(idx + 1ull) * n > (u32)len / 4)
		return -ENOENT;
	*controller = ctl;
	return take_specifier(p + 4 * n * idx, n, cells, ncells);
}

int fdt_next_irq(const struct fdt *f, int node, int *at, int *controller, u32 *cells, u32 *ncells)
{
	int len, ctl;
	const u8 *first = fdt_getprop(f, node, "interrupts-extended", &len), *p = first;
	u32 n;

	if (!first)
		return fdt_get_irq(f, node, (*at)++, controller, cells, ncells);
	if (*at >= len)
		return -ENOENT;
	p += *at;
	len -= *at;
	ctl = extended_entry(f, &p, &len, &n);
	if (ctl < 0) {
		*at += len + 4;		/* what follows cannot be told apart */
		return ctl;
	}
	*at = p + 4 * n - first;
	*controller = ctl;
	return take_specifier(p, n, cells, ncells);
}

int fdt_count_irqs(const struct fdt *f, int node)
{
	int len, count = 0, ctl;
	const u8 *p = fdt_getprop(f, node, "interrupts-extended", &len);
	u32 n;

	if (p) {
		while (len > 0 && extended_entry(f, &p, &len, &n) >= 0) {
			p += 4 * n;
			len -= 4 * n;
			count++;
		}
		return count;
	}
	if (!fdt_getprop(f, node, "interrupts", &len))
		return 0;
	ctl = interrupt_parent(f, node);
	if (ctl < 0 || fdt_read_u32(f, ctl, "#interrupt-cells", &n) || !n)
		return 0;
	return (u32)len / 4 / n;
}
