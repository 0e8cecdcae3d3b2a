/*
 * drivers/char/random.c - random numbers: /dev/random, /dev/urandom, getrandom(), and the kernel's own.
 *
 * MODEL     One 256-bit key.  A request makes ChaCha20 blocks from it; the first half block replaces the key
 *           before anything is given out, so that what was given cannot be computed back later (fast
 *           key erasure).  add_entropy() runs the input through the cipher into the key.
 *           Seed: /chosen/rng-seed, which QEMU and boot loaders provide (it is taken out of the tree, which
 *           programs can read), with the clock and the tree's address stirred in;
 *           every interrupt-driven input adds its time.
 * LOCKING   pool_lock, interrupts off; held for one block.
 * COST      About 1,000 instructions per 64-byte block.
 * SEE       RFC 8439 (ChaCha20); D. J. Bernstein, "Fast-key-erasure random-number generators".
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/random.h"
#include "include/machine.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sync/spinlock.h"
#include "kernel/task/task.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"

#define GRND_NONBLOCK	1
#define GRND_RANDOM	2
#define GRND_INSECURE	4

static DEFINE_SPINLOCK(pool_lock, RANK_CONSOLE);
static u32 pool_key[8];			/* (pool_lock) */
static u64 pool_counter;		/* (pool_lock) */
static unsigned pool_bits;

#define ROTL(x, n)	((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d) do { \
	a += b; d = ROTL(d ^ a, 16); c += d; b = ROTL(b ^ c, 12); \
	a += b; d = ROTL(d ^ a, 8);  c += d; b = ROTL(b ^ c, 7); } while (0)

static void chacha_block(const u32 key[8], u64 counter, u64 nonce, u32 out[16])
{
	u32 in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
		       key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7],
		       counter, counter >> 32, nonce, nonce >> 32 };

	memcpy(out, in, sizeof(in));
	for (int i = 0; i < 10; i++) {
		QUARTER(out[0], out[4], out[8], out[12]);
		QUARTER(out[1], out[5], out[9], out[13]);
		QUARTER(out[2], out[6], out[10], out[14]);
		QUARTER(out[3], out[7], out[11], out[15]);
		QUARTER(out[0], out[5], out[10], out[15]);
		QUARTER(out[1], out[6], out[11], out[12]);
		QUARTER(out[2], out[7], out[8], out[13]);
		QUARTER(out[3], out[4], out[9], out[14]);
	}
	for (int i = 0; i < 16; i++)
		out[i] += in[i];
}

/* One block under a fresh key: out[8..15] may be given away; the key has been replaced by out[0..7]. */
static void next_block(u32 out[16])
{
	unsigned long flags;

	spin_lock_irqsave(&pool_lock, flags);
	chacha_block(pool_key, pool_counter++, arch_time_ticks(), out);
	memcpy(pool_key, out, sizeof(pool_key));
	spin_unlock_irqrestore(&pool_lock, flags);
}

/* The stream of a one-time key, for longer requests: two blocks and more with one turn of the pool. */
void get_random_bytes(void *buf, size_t n)
{
	u32 block[16], key[8];
	u64 counter = 0;

	next_block(block);
	if (n <= 32) {
		memcpy(buf, block + 8, n);
		memzero_explicit(block, sizeof(block));
		return;
	}
	memcpy(key, block + 8, sizeof(key));
	while (n) {
		size_t chunk = min(n, sizeof(block));

		chacha_block(key, counter++, 0, block);
		memcpy(buf, block, chunk);
		buf = (char *)buf + chunk;
		n -= chunk;
	}
	memzero_explicit(block, sizeof(block));
	memzero_explicit(key, sizeof(key));
}

u32 get_random_u32(void)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

unsigned long get_random_long(void)
{
	unsigned long v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

void add_entropy(const void *buf, size_t n, unsigned bits)
{
	u32 block[16];
	unsigned long flags;

	spin_lock_irqsave(&pool_lock, flags);
	while (n) {
		size_t chunk = min(n, sizeof(pool_key));

		for (size_t i = 0; i < chunk; i++)
			((u8 *)pool_key)[i] ^= ((const u8 *)buf)[i];
		chacha_block(pool_key, pool_counter++, 0, block);
		memcpy(pool_key, block, sizeof(pool_key));
		buf = (const char *)buf + chunk;
		n -= chunk;
	}
	pool_bits = min(pool_bits + bits, 256u);
	spin_unlock_irqrestore(&pool_lock, flags);
}

void __init random_init(void)
{
	struct fdt_chosen chosen;
	u64 ticks = arch_time_ticks();
	struct fdt f;

	add_entropy(&ticks, sizeof(ticks), 0);
	if (!fdt_init(&f, boot_dtb, boot_dtb_bytes)) {
		fdt_chosen(&f, &chosen);
		if (chosen.rng_seed && chosen.rng_seed_len > 0) {
			add_entropy(chosen.rng_seed, chosen.rng_seed_len, chosen.rng_seed_len * 8);
			pr_info("random: seeded with %d bytes from the device tree\n", chosen.rng_seed_len);
			fdt_nop_prop(&f, fdt_path(&f, "/chosen"), "rng-seed");	/* programs can read the tree */
		}
	}
	ticks = arch_time_ticks();
	add_entropy(&ticks, sizeof(ticks), 0);
	if (pool_bits < 256)
		pr_notice("random: the boot loader gave no seed: random numbers are weak\n");
}

SYSCALL_DEFINE3(getrandom, char __user *, buf, size_t, count, unsigned, flags)
{
	u8 chunk[256];
	size_t done = 0;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	count = min(count, (size_t)INT32_MAX);
	while (done < count) {
		size_t n = min(count - done, sizeof(chunk)), left;

		get_random_bytes(chunk, n);
		left = copy_to_user(buf + done, chunk, n);
		done += n - left;
		if (left)
			return done ? (long)done : -EFAULT;
		if (done < count && (done & 4095) == 0) {
			if (signal_pending())
				break;
			cond_resched();
		}
	}
	memzero_explicit(chunk, sizeof(chunk));
	return done;
}
