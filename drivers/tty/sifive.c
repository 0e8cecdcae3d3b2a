/*
 * drivers/tty/sifive.c - SiFive's serial port: ttySIF*.
 *
 * MODEL     Two FIFOs of 8 bytes behind one 32-bit register each, with flags for full and empty.
 * SEE       SiFive FU540-C000 manual, chapter 13
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/of.h"
#include "drivers/tty/uart.h"
#include "include/uapi/errno.h"

enum { TXDATA = 0x00, RXDATA = 0x04, TXCTRL = 0x08, RXCTRL = 0x0c, IE = 0x10, IP = 0x14 };
#define DATA_FLAG	0x80000000u	/* TXDATA: full; RXDATA: empty */
#define CTRL_ENABLE	0x01
#define TX_WATERMARK	(4u << 16)	/* interrupt when fewer wait */
#define INT_TX		0x01
#define INT_RX		0x02
#define FILL_MAX	64
#define PUTC_SPINS	100000

static u32 rd(struct uart_port *p, unsigned reg) { return *(volatile u32 *)((char *)p->regs + reg); }
static void wr(struct uart_port *p, unsigned reg, u32 v) { *(volatile u32 *)((char *)p->regs + reg) = v; }

static void sif_fill(struct uart_port *p)
{
	u32 ie = rd(p, IE) & ~INT_TX;

	for (int i = 0; i < FILL_MAX && p->head != p->tail && !(rd(p, TXDATA) & DATA_FLAG); i++)
		wr(p, TXDATA, uart_next(p));
	if (p->head != p->tail && p->irq && !p->tty.stopped)
		ie |= INT_TX;
	wr(p, IE, ie);
}

static void sif_putc_wait(struct uart_port *p, char c)
{
	for (int i = 0; i < PUTC_SPINS && (rd(p, TXDATA) & DATA_FLAG); i++)
		arch_cpu_relax();
	wr(p, TXDATA, (unsigned char)c);
}

static void sif_set_rx(struct uart_port *p, bool on)
{
	u32 ie = rd(p, IE);

	wr(p, IE, on ? ie | INT_RX : ie & ~INT_RX);
}

static int sif_interrupt(int irq, void *data)
{
	struct uart_port *p = data;
	unsigned n = 0, room, limit;
	char buf[64];
	u32 pending, v;

	(void)irq;
	spin_lock(&p->lock);
	pending = rd(p, IP) & rd(p, IE);
	limit = uart_rx_room(p, sizeof(buf));
	while (n < limit && !((v = rd(p, RXDATA)) & DATA_FLAG))
		buf[n++] = v;
	sif_fill(p);
	room = UART_RING - (p->head - p->tail);
	spin_unlock(&p->lock);
	uart_interrupted(p, buf, n, room);
	return n || pending ? IRQ_HANDLED : IRQ_NONE;
}

static int __init sifive_probe(int node)
{
	static unsigned nr;
	struct uart_port *p;
	char name[16];
	int rc;

	p = uart_alloc(node, &rc);
	if (!p)
		return rc;
	p->model = "SiFive UART";
	p->handler = sif_interrupt;
	p->fill = sif_fill;
	p->putc_wait = sif_putc_wait;
	p->set_rx = sif_set_rx;
	wr(p, IE, 0);
	wr(p, TXCTRL, CTRL_ENABLE | TX_WATERMARK);
	wr(p, RXCTRL, CTRL_ENABLE);
	snprintf(name, sizeof(name), "ttySIF%u", nr);
	return uart_add(p, name, MKDEV(243, nr++), node);
}
DRIVER("sifive,uart0", sifive_probe);
