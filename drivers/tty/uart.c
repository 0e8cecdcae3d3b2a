/*
 * drivers/tty/uart.c - serial ports.  Theory: uart.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/uart.h"
#include "drivers/char/random.h"
#include "drivers/irqchip/plic.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/ioremap.h"
#include "mm/slab/slab.h"

#define PANIC_SPINS	1000000u
#define POLL_PERIOD	5000000ull	/* ns: 16 bytes take longer at 19200 baud, and less at 115200 */

static struct uart_port *to_port(struct tty_struct *tty) { return tty->driver_data; }

static unsigned uart_write(struct tty_struct *tty, const char *buf, unsigned n)
{
	struct uart_port *port = to_port(tty);
	unsigned long irq;

	spin_lock_irqsave(&port->lock, irq);
	n = min(n, UART_RING - (port->head - port->tail));
	for (unsigned i = 0; i < n; i++)
		port->ring[port->head++ % UART_RING] = buf[i];
	if (!tty->stopped)
		port->fill(port);
	spin_unlock_irqrestore(&port->lock, irq);
	return n;
}

static unsigned uart_write_room(struct tty_struct *tty)
{
	struct uart_port *port = to_port(tty);

	return UART_RING - (READ_ONCE(port->head) - READ_ONCE(port->tail));
}

static unsigned uart_chars_in_buffer(struct tty_struct *tty)
{
	struct uart_port *port = to_port(tty);

	return READ_ONCE(port->head) - READ_ONCE(port->tail);
}

static void uart_flush_buffer(struct tty_struct *tty)
{
	struct uart_port *port = to_port(tty);
	unsigned long irq;

	spin_lock_irqsave(&port->lock, irq);
	port->tail = port->head;
	spin_unlock_irqrestore(&port->lock, irq);
}

static void uart_start(struct tty_struct *tty)
{
	struct uart_port *port = to_port(tty);
	unsigned long irq;

	spin_lock_irqsave(&port->lock, irq);
	port->fill(port);
	spin_unlock_irqrestore(&port->lock, irq);
}

unsigned uart_rx_room(struct uart_port *port, unsigned want)
{
	if (tty_receive_room(&port->tty) >= want)
		return want;
	port->throttled = true;
	port->set_rx(port, false);
	return 0;
}

static void uart_unthrottle(struct tty_struct *tty)
{
	struct uart_port *port = to_port(tty);
	unsigned long irq;

	if (!READ_ONCE(port->throttled))
		return;
	spin_lock_irqsave(&port->lock, irq);
	port->throttled = false;
	port->set_rx(port, true);
	spin_unlock_irqrestore(&port->lock, irq);
}

static enum hrtimer_restart uart_poll(struct hrtimer *t)
{
	struct uart_port *port = t->data;

	port->handler(0, port);
	hrtimer_forward(t, ktime_get(), POLL_PERIOD);
	return HRTIMER_RESTART;
}

static int uart_open(struct tty_struct *tty)
{
	struct uart_port *port = to_port(tty);
	unsigned long irq;

	spin_lock_irqsave(&port->lock, irq);
	port->set_rx(port, true);
	spin_unlock_irqrestore(&port->lock, irq);
	if (!port->irq)
		hrtimer_start(&port->poll, POLL_PERIOD, HRTIMER_MODE_REL);
	return 0;
}

static const struct tty_operations uart_ops = {
	.write = uart_write,
	.write_room = uart_write_room,
	.chars_in_buffer = uart_chars_in_buffer,
	.flush_buffer = uart_flush_buffer,
	.start = uart_start,
	.open = uart_open,
	.unthrottle = uart_unthrottle,
};

/* In a panic the holder may be a hart that was stopped: go on without the lock after a while. */
static bool console_lock(struct uart_port *port) TRY_ACQUIRE(true, port->lock)
{
	for (unsigned i = 0; i < PANIC_SPINS; i++) {
		if (spin_trylock(&port->lock))
			return true;
		arch_cpu_relax();
	}
	return false;
}

static void uart_console_write(struct console *con, const char *text, size_t n)
{
	struct uart_port *port = con->data;
	bool locked = console_lock(port);

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			port->putc_wait(port, '\r');
		port->putc_wait(port, text[i]);
	}
	if (locked)
		spin_unlock(&port->lock);
}

static int uart_map(struct uart_port *port, int node)
{
	u32 value;
	u64 base, size;
	struct fdt f;
	int rc;

	rc = fdt_init(&f, boot_dtb, boot_dtb_bytes);
	if (!rc)
		rc = fdt_get_reg(&f, node, 0, &base, &size);
	if (rc)
		return rc;
	port->reg_shift = fdt_read_u32(&f, node, "reg-shift", &value) ? 0 : value;
	port->io_width = fdt_read_u32(&f, node, "reg-io-width", &value) ? 1 : value;
	port->irq = plic_find_irq(node, 0);
	spin_lock_init(&port->lock, RANK_NONE);
	size = max(size, (u64)(0x20 << port->reg_shift));
	if (!request_mem_region(base, size, "serial"))
		return -EBUSY;
	port->regs = ioremap(base, size);
	if (!port->regs) {
		release_mem_region(base, size);
		return -ENOMEM;
	}
	return 0;
}

struct uart_port *uart_alloc(int node, int *rc)
{
	struct uart_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	*rc = port ? uart_map(port, node) : -ENOMEM;
	if (!*rc)
		return port;
	kfree(port);
	return NULL;
}

void uart_interrupted(struct uart_port *port, const char *in, unsigned n, unsigned room)
{
	if (n) {
		u64 now = arch_time_ticks();

		add_entropy(&now, sizeof(now), 1);
		tty_receive(&port->tty, in, n);
	}
	if (room >= UART_RING / 2)
		tty_wakeup(&port->tty);
}

static void uart_get_irq(struct uart_port *port)
{
	int rc = port->irq ? request_irq(port->irq, port->handler, port, port->name) : 0;

	if (!rc)
		return;
	pr_warn("%s: no interrupt %d (error %d): polled\n", port->name, port->irq, rc);
	port->irq = 0;
}

int uart_add(struct uart_port *port, const char *name, dev_t dev, int node)
{
	int rc;

	strscpy(port->name, name, sizeof(port->name));
	hrtimer_init(&port->poll, uart_poll);
	port->poll.data = port;
	uart_get_irq(port);
	pr_info("%s: %s at %p (irq = %d)\n", name, port->model, port->regs, port->irq);
	port->ring = kmalloc(UART_RING, GFP_KERNEL);
	if (!port->ring)
		return -ENOMEM;
	rc = tty_init_struct(&port->tty, &uart_ops, port->name, dev, port);
	if (rc) {
		kfree(port->ring);
		return rc;
	}
	tty_set_speed(&port->tty, 9600);
	port->con = (struct console){ .name = port->name, .write = uart_console_write, .data = port };
	rc = tty_register(&port->tty);
	if (rc)
		return rc;
	console_offer(&port->tty, &port->con, node);
	return 0;
}
