/*
 * kernel/syscall/reboot.h - ways to stop the machine.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SYSCALL_REBOOT_H
#define VELLUM_SYSCALL_REBOOT_H

#include "include/util.h"

__noreturn void kernel_restart(void);
__noreturn void kernel_power_off(void);
__noreturn void kernel_halt(void);

#endif
