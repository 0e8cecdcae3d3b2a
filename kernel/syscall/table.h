/*
 * kernel/syscall/table.h - the table of system calls; entry.S may index it itself.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SYSCALL_TABLE_H
#define VELLUM_SYSCALL_TABLE_H

#include "include/syscall.h"
#include "include/uapi/unistd.h"

/* No entry is NULL: what nobody implements is sys_ni_syscall. */
extern const syscall_fn sys_call_table[NR_SYSCALLS];
long sys_ni_syscall(long a, long b, long c, long d, long e, long f);
const char *syscall_name(unsigned long nr);	/* "?" outside the table */

extern struct new_utsname utsname;
extern const char vellum_banner[];		/* /proc/version's line, without the newline */

#endif
