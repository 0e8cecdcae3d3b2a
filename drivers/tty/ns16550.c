/*
 * drivers/tty/ns16550.c - the 16550 and its many relatives: ttyS*.
 *
 * MODEL     Registers stand reg-shift apart, and are accessed reg-io-width bytes wide.  Speed and format stay
 *           as the firmware left them.  Intel's XScale port needs its unit-enable bit.
 *           A DesignWare port has two interrupts of its own.  "Busy": LCR was written while a byte was on the
 *           line; reading USR ends it.  And a receive time-out without a byte to receive, which comes again
 *           and again until RBR is read all the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/of.h"
#include "drivers/tty/uart.h"
#include "include/uapi/errno.h"

enum { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, USR = 0x1f };
#define IER_RX		0x01
#define IER_TX		0x02
#define IER_UUE		0x40		/* XScale: unit enable */
#define IIR_NONE	0x01
#define IIR_BUSY	0x07
#define IIR_RX_TIMEOUT	0x0c
#define IIR_MASK	0x3f
#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define FCR_CLEAR_TX	0x04
#define MCR_DTR_RTS_OUT2 0x0b
#define LSR_DR		0x01
#define LSR_BI		0x10
#define LSR_THRE	0x20
#define FIFO_BYTES	16
#define FILL_ROUNDS	4		/* at most so many FIFOs with interrupts off */
#define PUTC_SPINS	100000

#define QUIRK_DW	1
#define QUIRK_UUE	2

static unsigned rd(struct uart_port *p, unsigned reg)
{
	volatile void *a = (char *)p->regs + (reg << p->reg_shift);

	return p->io_width == 4 ? *(volatile u32 *)a : p->io_width == 2 ? *(volatile u16 *)a : *(volatile u8 *)a;
}

static void wr(struct uart_port *p, unsigned reg, unsigned v)
{
	volatile void *a = (char *)p->regs + (reg << p->reg_shift);

	if (p->io_width == 4)
		*(volatile u32 *)a = v;
	else if (p->io_width == 2)
		*(volatile u16 *)a = v;
	else
		*(volatile u8 *)a = v;
}

static void ns_ier(struct uart_port *p, unsigned set, unsigned clear)
{
	wr(p, IER, ((rd(p, IER) | set) & ~clear) | (p->quirks & QUIRK_UUE ? IER_UUE : 0));
}

static void ns_fill(struct uart_port *p)
{
	bool left;

	for (int round = 0; round < FILL_ROUNDS && p->head != p->tail; round++) {
		if (!(rd(p, LSR) & LSR_THRE))
			break;
		for (int i = 0; i < FIFO_BYTES && p->head != p->tail; i++)
			wr(p, THR, uart_next(p));
	}
	left = p->head != p->tail && p->irq && !p->tty.stopped;
	ns_ier(p, left ? IER_TX : 0, left ? 0 : IER_TX);
}

static void ns_putc_wait(struct uart_port *p, char c)
{
	for (int i = 0; i < PUTC_SPINS && !(rd(p, LSR) & LSR_THRE); i++)
		arch_cpu_relax();
	wr(p, THR, (unsigned char)c);
}

static void ns_set_rx(struct uart_port *p, bool on)
{
	ns_ier(p, on ? IER_RX : 0, on ? 0 : IER_RX);
}

/* What arrived, to @buf; how much. */
static unsigned ns_drain(struct uart_port *p, char *buf, unsigned n)
{
	unsigned got = 0;

	while (got < n && (rd(p, LSR) & LSR_DR))
		buf[got++] = rd(p, RBR);
	return got;
}

/* End the interrupts that no byte comes with. */
static void dw_quiet(struct uart_port *p, unsigned iir)
{
	if ((iir & IIR_BUSY) == IIR_BUSY)
		rd(p, USR);
	else if (iir == IIR_RX_TIMEOUT && !(rd(p, LSR) & (LSR_DR | LSR_BI)))
		rd(p, RBR);
}

static int ns_interrupt(int irq, void *data)
{
	struct uart_port *p = data;
	unsigned iir, n, room;
	char buf[64];

	(void)irq;
	spin_lock(&p->lock);
	iir = rd(p, IIR);
	if (p->quirks & QUIRK_DW)
		dw_quiet(p, iir & IIR_MASK);
	n = ns_drain(p, buf, uart_rx_room(p, sizeof(buf)));
	if (!p->tty.stopped)
		ns_fill(p);
	else
		ns_ier(p, 0, IER_TX);
	room = UART_RING - (p->head - p->tail);
	spin_unlock(&p->lock);
	uart_interrupted(p, buf, n, room);
	return n || !(iir & IIR_NONE) ? IRQ_HANDLED : IRQ_NONE;
}

static int __init ns_probe(int node, unsigned quirks)
{
	static unsigned nr;
	struct uart_port *p;
	char name[16];
	int rc;

	p = uart_alloc(node, &rc);
	if (!p)
		return rc;
	p->quirks = quirks;
	p->model = "16550";
	p->handler = ns_interrupt;
	p->fill = ns_fill;
	p->putc_wait = ns_putc_wait;
	p->set_rx = ns_set_rx;
	wr(p, IER, quirks & QUIRK_UUE ? IER_UUE : 0);
	wr(p, FCR, FCR_ENABLE);
	wr(p, MCR, MCR_DTR_RTS_OUT2);
	snprintf(name, sizeof(name), "ttyS%u", nr);
	return uart_add(p, name, MKDEV(4, 64 + nr++), node);
}

static int __init ns16550_probe(int node) { return ns_probe(node, 0); }
static int __init dw_apb_probe(int node) { return ns_probe(node, QUIRK_DW); }
static int __init xscale_probe(int node) { return ns_probe(node, QUIRK_UUE); }

DRIVER("ns16550a", ns16550_probe);
DRIVER("ns16550", ns16550_probe);
DRIVER("snps,dw-apb-uart", dw_apb_probe);
DRIVER("intel,xscale-uart", xscale_probe);
