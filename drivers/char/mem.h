/*
 * drivers/char/mem.h - the memory devices.  Theory: mem.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_CHAR_MEM_H
#define VELLUM_CHAR_MEM_H

void chr_dev_init(void);	/* registers null, zero, full, random, urandom, kmsg, mem, port */
extern const struct file_operations kmsg_fops;

#endif
