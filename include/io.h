/*
 * include/io.h - device registers, in addresses of ioremap(): readb/w/l/q(reg), writeb/w/l/q(value, reg), ordered
 * with accesses to memory as a driver expects; the _relaxed forms only with those to the same device.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_IO_H
#define VELLUM_IO_H

#include <asm/io.h>

#endif
