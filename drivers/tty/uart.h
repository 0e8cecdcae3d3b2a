/*
 * drivers/tty/uart.h - what serial ports share: output ring, terminal, console.
 *
 * MODEL     write() fills the ring; the port's fill() moves bytes from the ring into the device as far as
 *           it takes them, and arms the device's "room" interrupt while some are left.  Console output
 *           goes past the ring, byte by byte, waiting for the device: it must work in a panic.
 *           A port whose interrupt nobody delivers (none in the tree, an unknown controller) is looked at
 *           by a timer, which calls the interrupt's handler.
 * LOCKING   port->lock, interrupts off: ring and device.  Innermost; in a panic it is not waited for long.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UART_H
#define VELLUM_UART_H

#include "drivers/tty/console.h"
#include "drivers/tty/tty.h"
#include "kernel/irq.h"
#include "kernel/time/hrtimer.h"

#define UART_RING	4096u

struct uart_port {
	struct tty_struct tty;
	struct console con;
	spinlock_t lock;
	char *ring;			/* (lock) UART_RING bytes */
	u32 head, tail;			/* (lock) counters: head - tail bytes wait */
	void *regs;			/* (I) ioremapped */
	unsigned reg_shift, io_width;	/* (I) */
	int irq;			/* (I) 0: none */
	const char *model;		/* (I) */
	irq_handler_t handler;		/* (I) also of looks without an interrupt */
	struct hrtimer poll;		/* started by the first open, if irq is 0 */
	void (*fill)(struct uart_port *port);		/* => lock held */
	void (*putc_wait)(struct uart_port *port, char c);	/* => lock held */
	void (*set_rx)(struct uart_port *port, bool on);	/* => lock held */
	unsigned quirks;
	bool throttled;			/* (lock) nobody reads: input stays in the device */
	char name[16];
};

/* A port with the registers and the interrupt line of @node, or NULL and *rc. */
struct uart_port *uart_alloc(int node, int *rc);
/* A ready port becomes /dev/@name and may be a console.  0 or -errno */
int uart_add(struct uart_port *port, const char *name, dev_t dev, int node);
/* fill(): the next byte to send, or -1. */
static inline int uart_next(struct uart_port *port)
{
	return port->head == port->tail ? -1 : (unsigned char)port->ring[port->tail++ % UART_RING];
}
/* How much input may be taken from the device now: 0 stops it until somebody reads.  => lock held */
unsigned uart_rx_room(struct uart_port *port, unsigned want);
/* The end of an interrupt: @n bytes of @in came, the ring has @room.  => lock not held */
void uart_interrupted(struct uart_port *port, const char *in, unsigned n, unsigned room);

#endif
