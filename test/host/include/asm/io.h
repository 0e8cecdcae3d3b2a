/*
 * test/host/include/asm/io.h - device registers on the host: functions that a test brings, so that it is the device.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_IO_H
#define HOST_ASM_IO_H

#include "include/types.h"

u64 host_io_read(const volatile void *reg, unsigned bytes);
void host_io_write(volatile void *reg, u64 value, unsigned bytes);

#define IO_ACCESSORS(suffix, type) \
static inline type read##suffix##_relaxed(const volatile void *reg) { return host_io_read(reg, sizeof(type)); } \
static inline void write##suffix##_relaxed(type v, volatile void *reg) { host_io_write(reg, v, sizeof(type)); } \
static inline type read##suffix(const volatile void *reg) { return host_io_read(reg, sizeof(type)); } \
static inline void write##suffix(type v, volatile void *reg) { host_io_write(reg, v, sizeof(type)); }

IO_ACCESSORS(b, u8)
IO_ACCESSORS(w, u16)
IO_ACCESSORS(l, u32)
IO_ACCESSORS(q, u64)

#endif
