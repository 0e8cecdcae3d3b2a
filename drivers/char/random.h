/*
 * drivers/char/random.h - unpredictable bytes.  Theory: random.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_CHAR_RANDOM_H
#define VELLUM_CHAR_RANDOM_H

#include "include/types.h"

#define RANDOM_POOL_BITS	256	/* what the pool holds, and has: it is seeded before anybody asks */

void random_init(void);			/* seed from the device tree and the clock: early */
void get_random_bytes(void *buf, size_t n);
u32 get_random_u32(void);
unsigned long get_random_long(void);
/* Stir @n bytes that an attacker may know into the pool; @bits of surprise in them. */
void add_entropy(const void *buf, size_t n, unsigned bits);

#endif
