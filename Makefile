# Vellum's build: `make help` lists what there is to ask for.
#
# SPDX-License-Identifier: MIT

BUILD     ?= build
CROSS     ?= riscv64-unknown-elf-
CC        := $(CROSS)gcc
LD        := $(CROSS)ld
OBJCOPY   := $(CROSS)objcopy
NM        := $(CROSS)nm
SLAB      ?= slub

# Every .c and .S below these folders is part of the kernel.
KDIRS     := boot arch/riscv lib kernel mm fs drivers
SRCS      := $(shell find $(KDIRS) test/kernel -name '*.[cS]' -not -path 'arch/riscv/vdso/*' \
	       -not -path 'mm/slab/sl[aou]b.c' | sort) $(wildcard mm/slab/$(SLAB).c)
OBJS      := $(patsubst %,$(BUILD)/%.o,$(basename $(SRCS)))

ARCHFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany
CFLAGS    := $(ARCHFLAGS) -std=gnu11 -O2 -g -ffreestanding -fms-extensions -fno-common -fno-pic \
	     -fno-strict-aliasing -fno-delete-null-pointer-checks -fno-stack-protector \
	     -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -msmall-data-limit=8 \
	     -Wall -Wextra -Wno-missing-field-initializers -Wno-sign-compare -Wvla -Werror=implicit-function-declaration \
	     -Werror=incompatible-pointer-types -Werror=int-conversion -Werror=return-type \
	     -I. -Iarch/riscv/include $(if $(DEBUG),-DVELLUM_DEBUG) $(EXTRA_CFLAGS)
LDFLAGS   := -nostdlib -static --no-dynamic-linker -z max-page-size=4096 --no-warn-rwx-segments -T kernel.ld

.PHONY: all
all: $(BUILD)/Image $(BUILD)/vellum.elf

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

-include $(OBJS:.o=.d)
