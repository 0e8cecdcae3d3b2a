# arch/riscv/vdso/vdso.mk - the vDSO: a shared object, so the Linux toolchain links it.
#
# SPDX-License-Identifier: MIT

VDSO      := $(BUILD)/arch/riscv/vdso/vdso.so
VDSO_CC   ?= riscv64-linux-gnu-gcc
VDSOFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -std=gnu11 -O2 -fPIC -ffreestanding -fvisibility=default \
	     -fno-stack-protector -fasynchronous-unwind-tables -fno-jump-tables -Wall -Wextra -I. \
	     -nostdlib -shared -Wl,-soname=linux-vdso.so.1 -Wl,--hash-style=both -Wl,--build-id=sha1 \
	     -Wl,--eh-frame-hdr -Wl,-z,max-page-size=4096 -Wl,-Bsymbolic -Wl,-T,arch/riscv/vdso/vdso.ld

$(VDSO): $(wildcard arch/riscv/vdso/*)
	@mkdir -p $(@D)
	$(call say,VDSO,$@)
	$(Q)$(VDSO_CC) $(VDSOFLAGS) -o $@ arch/riscv/vdso/vdso.c arch/riscv/vdso/sigreturn.S
	$(Q)$(OBJCOPY) -S $@
	$(Q)$(NM) -D $@ | awk '/__vdso_rt_sigreturn/ { print "#define VDSO_SIGRETURN 0x" substr($$1, 9) }' \
		>$(@D)/offsets.h

$(BUILD)/arch/riscv/vdso_image.o: $(VDSO)
$(BUILD)/arch/riscv/vdso_image.o: CFLAGS += -DVDSO_SO='"$(VDSO)"'
$(BUILD)/arch/riscv/vdso_map.o: $(VDSO)
$(BUILD)/arch/riscv/vdso_map.o: CFLAGS += -I$(BUILD)/arch/riscv/vdso
