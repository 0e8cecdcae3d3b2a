/*
 * kernel/syscall/reboot.h - ways to stop the machine.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SYSCALL_REBOOT_H
#define VELLUM_SYSCALL_REBOOT_H

#include "include/util.h"

/*
 * What the keys ctrl-alt-del do, where a console has them: 1, restart at once, or 0, SIGINT to cad_pid.
 * sysctls of these names (ctrl-alt-del); reboot() sets the first.
 */
extern int C_A_D, cad_pid;

__noreturn void kernel_restart(void);
__noreturn void kernel_power_off(void);
__noreturn void kernel_halt(void);

#endif
