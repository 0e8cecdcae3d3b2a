/*
 * fs/proc/interrupts.c - /proc/interrupts, /proc/softirqs, and /proc/irq: where lines go.
 *
 * MODEL     /proc/irq/N is there from the moment that somebody has handled line N.  It holds
 *             smp_affinity, _list             the harts that the line may go to; written, it moves
 *             effective_affinity, _list       the one that it goes to
 *             node, affinity_hint, spurious   as Linux shows them of such a line
 *           default_smp_affinity is where lines go that are requested later.
 * LOCKING   irq_table_lock() while a line is looked at.
 * TESTS     test/user/t_devices.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/machine.h"
#include "kernel/irq.h"
#include "lib/bitmap.h"
#include "lib/ctype.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

/* ---- counts ---------------------------------------------------------------------------------- */

static void show_hart_names(struct seq_file *m, const char *indent)
{
	seq_puts(m, indent);
	for_each_hart_in(h, hart_online_mask)
		seq_printf(m, "CPU%-8u", (unsigned)h);
	seq_putc(m, '\n');
}

static void show_line(struct seq_file *m, int irq)
{
	seq_printf(m, "%3d: ", irq);
	for_each_hart_in(h, hart_online_mask)
		seq_printf(m, "%10lu ", irq_count(irq, h));
	seq_printf(m, " %s %3d Level     %s\n", irq_chip_name(), irq, irq_name(irq));
}

static int interrupts_show(struct seq_file *m, __maybe_unused void *v)
{
	show_hart_names(m, "           ");
	irq_table_lock();
	for (int i = 1; i < NR_IRQS; i++)
		if (irq_name(i))
			show_line(m, i);
	irq_table_unlock();
	for (int k = 0; k < NR_IRQ_KINDS; k++) {
		seq_printf(m, "%3s: ", irq_kind_names[k][0]);
		for_each_hart_in(h, hart_online_mask)
			seq_printf(m, "%10lu ", irq_kind_total(k, h));
		seq_printf(m, " %s\n", irq_kind_names[k][1]);
	}
	return 0;
}

static int softirqs_show(struct seq_file *m, __maybe_unused void *v)
{
	show_hart_names(m, "                    ");
	for (int k = 0; k < NR_SOFTIRQS; k++) {
		seq_printf(m, "%12s:", softirq_names[k]);
		for_each_hart_in(h, hart_online_mask)
			seq_printf(m, " %10lu", softirq_total(k, h));
		seq_putc(m, '\n');
	}
	return 0;
}

/* ---- sets of harts as text ------------------------------------------------------------------- */

static hartmask_t possible_harts(void)
{
	return (hartmask_t){ nr_harts == BITS_PER_LONG ? ~0ul : BIT(nr_harts) - 1 };
}

enum mask_form { AS_BITS, AS_LIST };

static void show_mask(struct seq_file *m, hartmask_t harts, enum mask_form form)
{
	u64 bits = harts.bits & possible_harts().bits;

	if (form == AS_LIST)
		seq_printf(m, "%*pbl\n", BITS_PER_LONG, &bits);
	else
		seq_printf(m, "%*pb\n", (int)nr_harts, &bits);
}

/* Hexadecimal digits, a comma between each eight. */
static int parse_bits(const char *s, hartmask_t *harts)
{
	unsigned digits = 0;

	harts->bits = 0;
	for (; *s; s++) {
		int value = hex_to_bin(*s);

		if (*s == ',' && digits)
			continue;
		if (value < 0 || ++digits > BITS_PER_LONG / 4)
			return -EINVAL;
		harts->bits = harts->bits << 4 | value;
	}
	return digits ? 0 : -EINVAL;
}

/* "0,2-5": numbers and ranges of them. */
static int parse_list(char *s, hartmask_t *harts)
{
	harts->bits = 0;
	while (*s) {
		char *end;
		unsigned long from = simple_strtoul(s, &end, 10), to = from;

		if (end == s)
			return -EINVAL;
		if (*end == '-') {
			s = end + 1;
			to = simple_strtoul(s, &end, 10);
		}
		if (end == s || (*end && *end != ',') || to < from)
			return -EINVAL;
		if (to >= BITS_PER_LONG)
			return -ERANGE;
		harts->bits |= BITMAP_LAST_WORD_MASK(to + 1) & BITMAP_FIRST_WORD_MASK(from);
		s = *end ? end + 1 : end;
	}
	return 0;
}

static int get_mask(struct iov_iter *from, enum mask_form form, hartmask_t *harts)
{
	char text[64];
	int rc = proc_get_text(from, text, sizeof(text));

	if (rc)
		return rc;
	rc = form == AS_LIST ? parse_list(text, harts) : parse_bits(text, harts);
	if (rc)
		return rc;
	return harts->bits & hart_online_mask.bits ? 0 : -EINVAL;
}

/* ---- one line -------------------------------------------------------------------------------- */

enum line_file { AFFINITY, AFFINITY_LIST, EFFECTIVE, EFFECTIVE_LIST, HINT, NODE, SPURIOUS, NR_LINE_FILES };
static const struct { const char *name; umode_t mode; } line_files[NR_LINE_FILES] = {
	[AFFINITY] = { "smp_affinity", 0644 }, [AFFINITY_LIST] = { "smp_affinity_list", 0644 },
	[EFFECTIVE] = { "effective_affinity", 0444 }, [EFFECTIVE_LIST] = { "effective_affinity_list", 0444 },
	[HINT] = { "affinity_hint", 0444 }, [NODE] = { "node", 0444 }, [SPURIOUS] = { "spurious", 0444 },
};

static void *file_id(int irq, enum line_file what) { return (void *)((unsigned long)irq * NR_LINE_FILES + what); }
static int id_irq(const void *id) { return (unsigned long)id / NR_LINE_FILES; }
static enum line_file id_what(const void *id) { return (unsigned long)id % NR_LINE_FILES; }

static void show_spurious(struct seq_file *m, int irq, const struct irq_state *st)
{
	unsigned long count = 0;

	for_each_hart(h)
		count += irq_count(irq, h);
	seq_printf(m, "count %lu\nunhandled %lu\nlast_unhandled %llu ms\n", count, st->unhandled,
		   (unsigned long long)st->last_unhandled_ns / 1000000);
}

/* A line that nobody handles now goes nowhere, and anywhere. */
static int line_show(struct seq_file *m, __maybe_unused void *v)
{
	const void *id = m->private;
	struct irq_state st = { .affinity = irq_default_affinity, .hart = -1 };
	hartmask_t none = { 0 };

	irq_table_lock();
	if (irq_state(id_irq(id), &st))
		st.hart = -1;
	switch (id_what(id)) {
	case AFFINITY:
	case AFFINITY_LIST:
		show_mask(m, st.affinity, id_what(id) == AFFINITY_LIST ? AS_LIST : AS_BITS);
		break;
	case EFFECTIVE:
	case EFFECTIVE_LIST:
		show_mask(m, st.hart < 0 ? none : (hartmask_t){ BIT(st.hart) },
			  id_what(id) == EFFECTIVE_LIST ? AS_LIST : AS_BITS);
		break;
	case HINT:
		show_mask(m, none, AS_BITS);		/* no driver gives one */
		break;
	case NODE:
		seq_puts(m, "-1\n");			/* nor says where its device is */
		break;
	default:
		show_spurious(m, id_irq(id), &st);
	}
	irq_table_unlock();
	return 0;
}

static int line_open(struct inode *inode, struct file *f) { return single_open(f, line_show, PDE(inode)->data); }

static ssize_t line_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	const void *id = PDE(f->f_inode)->data;
	size_t n = from->count;
	hartmask_t harts;
	int rc;

	if (id_what(id) != AFFINITY && id_what(id) != AFFINITY_LIST)
		return -EIO;
	rc = get_mask(from, id_what(id) == AFFINITY_LIST ? AS_LIST : AS_BITS, &harts);
	if (!rc)
		rc = irq_set_affinity(id_irq(id), harts);
	return rc ? rc : (ssize_t)n;
}

static const struct file_operations line_fops = {
	.open = line_open, .read = seq_read, .write = line_write, .llseek = no_seek_end_llseek,
	.release = single_release,
};

/* ---- the folder ------------------------------------------------------------------------------ */

static struct proc_dir_entry *irq_dir;		/* (I) */
static DECLARE_BITMAP(has_folder, NR_IRQS);	/* (A) */

void proc_irq_add(int irq)
{
	struct proc_dir_entry *dir;
	char name[12];

	if (!irq_dir || test_and_set_bit(irq, has_folder))
		return;
	snprintf(name, sizeof(name), "%d", irq);
	dir = proc_mkdir(name, irq_dir);
	for (unsigned i = 0; dir && i < NR_LINE_FILES; i++)
		(void)proc_create(line_files[i].name, line_files[i].mode, dir, &line_fops, file_id(irq, i));
}

static int default_show(struct seq_file *m, __maybe_unused void *v)
{
	show_mask(m, irq_default_affinity, AS_BITS);
	return 0;
}

static int default_open(__maybe_unused struct inode *inode, struct file *f)
{
	return single_open(f, default_show, NULL);
}

static ssize_t default_write(__maybe_unused struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	size_t n = from->count;
	hartmask_t harts;
	int rc = get_mask(from, AS_BITS, &harts);

	if (rc)
		return rc;
	irq_default_affinity = harts;
	return n;
}

static const struct file_operations default_fops = {
	.open = default_open, .read = seq_read, .write = default_write, .llseek = no_seek_end_llseek,
	.release = single_release,
};

void __init proc_interrupts_init(void)
{
	proc_create_single("interrupts", 0, NULL, interrupts_show);
	proc_create_single("softirqs", 0, NULL, softirqs_show);
	irq_dir = proc_mkdir("irq", NULL);
	if (!irq_dir)
		return;
	(void)proc_create("default_smp_affinity", 0644, irq_dir, &default_fops, NULL);
	for (int i = 1; i < NR_IRQS; i++)
		if (irq_name(i))
			proc_irq_add(i);
}
