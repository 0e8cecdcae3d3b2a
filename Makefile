# Vellum's build: `make help` lists what there is to ask for.
#
# SPDX-License-Identifier: MIT

BUILD     ?= build
CROSS     ?= riscv64-unknown-elf-
CC        := $(CROSS)gcc
LD        := $(CROSS)ld
OBJCOPY   := $(CROSS)objcopy
NM        := $(CROSS)nm
USERCC    ?= riscv64-linux-gnu-gcc
USERSTRIP ?= riscv64-linux-gnu-strip
HOSTCC    ?= gcc
SLAB      ?= slub
JOBS      ?= $(shell nproc)
Q         := $(if $(V),,@)
say        = $(if $(V),,@printf '  %-7s %s\n' "$(1)" "$(2)")

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all
all: $(BUILD)/Image $(BUILD)/vellum.elf

# ---- the kernel -----------------------------------------------------------------------------------

# Every .c and .S below these folders is part of the kernel; its own tests, of the debug build only.
KDIRS     := boot arch/riscv lib kernel mm fs block drivers $(if $(DEBUG),test/kernel) $(if $(SLAB_RECORD),test/record)
# KASAN=1 reports the bugs that test_slab_debug.c plants before the slab allocator can.
SANDROP   := $(if $(KASAN),-not -name test_slab_debug.c,-not -path 'mm/kasan/*' -not -name '*kasan*.c') \
	     $(if $(UBSAN),,-not -name '*ubsan*.c')
SRCS      := $(shell find $(KDIRS) -name '*.[cS]' -not -path 'arch/riscv/vdso/*' \
	       -not -path 'mm/slab/sl[aou]b*.c' $(SANDROP) | LC_ALL=C sort) $(wildcard mm/slab/$(SLAB).c mm/slab/$(SLAB)_*.c)
OBJS      := $(patsubst %,$(BUILD)/%.o,$(basename $(SRCS)))

ARCHFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany
WARNINGS  := -Wall -Wextra -Wno-missing-field-initializers -Wno-sign-compare -Wvla \
	     -Werror=implicit-function-declaration -Werror=incompatible-pointer-types \
	     -Werror=int-conversion -Werror=return-type
CFLAGS    := $(ARCHFLAGS) -std=gnu11 -O2 -g -ffreestanding -fms-extensions -fno-common -fno-pic \
	     -fno-strict-aliasing -fno-delete-null-pointer-checks -fno-stack-protector \
	     -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -msmall-data-limit=$(if $(KASAN)$(UBSAN),0,8) \
	     $(WARNINGS) -I. -Iarch/riscv/include $(if $(DEBUG),-DVELLUM_DEBUG) \
	     $(if $(filter slob,$(SLAB)),-DVELLUM_SLOB) \
	     $(if $(KASAN),-DVELLUM_KASAN) $(if $(UBSAN),-DVELLUM_UBSAN) $(EXTRA_CFLAGS)
# Checked by the compiler; but not what runs before there is shadow, and what handles memory that is not in use.
KASANFLAGS := $(if $(KASAN),-fsanitize=kernel-address -fasan-shadow-offset=0xdfffffff00000000 \
		--param asan-instrumentation-with-call-threshold=0 --param asan-stack=1 --param asan-globals=1)
UBSANFLAGS := $(if $(UBSAN),-fsanitize=undefined -fno-sanitize=null -fno-sanitize=object-size \
		-fno-sanitize=alignment -fno-sanitize=pointer-overflow -Wno-maybe-uninitialized -Wno-array-bounds)
$(patsubst %,$(BUILD)/%,boot/% mm/kasan/% mm/slab/% lib/string.o kernel/panic.o lib/ubsan.o): KASANFLAGS :=
$(patsubst %,$(BUILD)/%,boot/% lib/ubsan.o): UBSANFLAGS :=
ifneq ($(KASAN),)
ifneq ($(SLAB),slub)
$(error KASAN=1 checks the objects of SLAB=slub only)
endif
endif
LDFLAGS   := -nostdlib -static --no-dynamic-linker -z max-page-size=4096 --no-warn-rwx-segments -T kernel.ld $(LDEXTRA)

# Of a build that writes down what the slab allocator does (tools/slab-trace).
RECORDED  := kmem_cache_create kmem_cache_destroy kmem_cache_alloc kmem_cache_alloc_node kmem_cache_alloc_bulk \
	     kmem_cache_free kmem_cache_free_bulk kmalloc_exact kfree arch_machine_poweroff
LDFLAGS   += $(if $(SLAB_RECORD),$(RECORDED:%=--wrap=%))

# Written anew when what is asked for is not what was built: then everything is.
ASKED     := SLAB=$(SLAB) $(SLAB_RECORD) $(CFLAGS) $(KASANFLAGS) $(UBSANFLAGS)
$(shell mkdir -p $(BUILD); echo '$(ASKED)' | cmp -s - $(BUILD)/asked || echo '$(ASKED)' >$(BUILD)/asked)
$(OBJS): $(BUILD)/asked

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) $(KASANFLAGS) $(UBSANFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.S
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

-include arch/riscv/vdso/vdso.mk
-include arch/riscv/link.mk
-include $(OBJS:.o=.d)

# ---- programs and root file systems ------------------------------------------------------------------

DEBS       := $(BUILD)/debs
BUSYBOX    := $(DEBS)/root/usr/bin/busybox
USERFLAGS  := -static -O2 -Wall -Wextra -Wno-unused-result -Wno-stringop-overflow -Wno-stringop-overread \
	      -pthread -I.
PROGRAMS   := $(patsubst user/%.c,$(BUILD)/user/%,$(wildcard user/*.c))

$(BUSYBOX): tools/fetch-debs
	$(Q)tools/fetch-debs $(DEBS) busybox-static
	@touch $@

$(BUILD)/user/%: user/%.c
	@mkdir -p $(@D)
	$(call say,USERCC,$<)
	$(Q)$(USERCC) $(USERFLAGS) -s -o $@ $<

$(BUILD)/utest: $(wildcard test/user/*.[ch])
	@mkdir -p $(@D)
	$(call say,USERCC,test/user)
	$(Q)$(USERCC) $(USERFLAGS) -s -o $@ $(filter %.c,$^)

$(BUILD)/rootfs.cpio: $(PROGRAMS) $(BUSYBOX) $(shell find user/rootfs -type f) tools/mkrootfs
	$(call say,CPIO,$@)
	$(Q)tools/mkrootfs $@ $(BUSYBOX)=usr/bin/busybox user/rootfs=. $(BUILD)/user/init=init \
		$(foreach p,$(filter-out %/init,$(PROGRAMS)),$(p)=usr/bin/$(notdir $(p)))

$(BUILD)/test.cpio: $(BUILD)/utest $(BUSYBOX) $(wildcard test/user/sh/*) tools/mkrootfs
	$(call say,CPIO,$@)
	$(Q)tools/mkrootfs $@ $(BUSYBOX)=usr/bin/busybox $(BUILD)/utest=init test/user/sh=tests/sh

$(BUILD)/bench.cpio: $(BUILD)/user/bench tools/mkrootfs
	$(call say,CPIO,$@)
	$(Q)tools/mkrootfs $@ $(BUILD)/user/bench=init $(BUILD)/user/bench=usr/bin/bench

# ---- running ------------------------------------------------------------------------------------------

.PHONY: setup run debug
setup:
	$(Q)ci/setup

# What is installed must be there before make looks for compilers: a second make does the work.
run: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all $(if $(INITRD),,$(BUILD)/rootfs.cpio) $(if $(DTB),dtbs)
	$(Q)SMP=$(or $(SMP),2) MEM=$(or $(MEM),1G) NODES=$(or $(NODES),1) PAGING=$(PAGING) APPEND="$(APPEND)" \
		DTB="$(DTB)" DISK="$(DISK)" $(if $(INITRD),INITRD=$(INITRD)) tools/run

debug: setup
	$(Q)ci/setup --debug
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/rootfs.cpio
	$(Q)tools/debug

# ---- tests --------------------------------------------------------------------------------------------

-include dts/dts.mk
-include test/host/host.mk

.PHONY: test test-matrix test-linux test-all
TESTBUILD := $(BUILD)/Image $(BUILD)/vellum.elf $(BUILD)/test.cpio $(BUILD)/rootfs.cpio $(BUILD)/bench.cpio

test: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(TESTBUILD) host-tests dtbs
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) DEBUG=1 BUILD=$(BUILD)/debug $(BUILD)/debug/Image
	$(Q)$(MAKE) --no-print-directory slab-kernels
	$(Q)tools/test-list --ci | xargs -d '\n' tools/run-tests -j2

# The kernels with the other slab back ends.
.PHONY: slab-kernels slab-table
slab-kernels:
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) SLAB=slab BUILD=$(BUILD)/slab $(BUILD)/slab/Image
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) SLAB=slob BUILD=$(BUILD)/slob $(BUILD)/slob/Image

slab-table: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/Image $(BUILD)/rootfs.cpio slab-kernels
	$(Q)python3 test/boot/slab_memory.py

# What make test has, and all of it again on kernels that check themselves, and on the other slab back ends.
SANITIZED := $(BUILD)/kasan $(BUILD)/ubsan $(BUILD)/slab-debug $(BUILD)/slob-debug
$(BUILD)/kasan: VARIANT := KASAN=1
$(BUILD)/ubsan: VARIANT := UBSAN=1
$(BUILD)/slab-debug: VARIANT := SLAB=slab
$(BUILD)/slob-debug: VARIANT := SLAB=slob
.PHONY: $(SANITIZED)
$(SANITIZED):
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) DEBUG=1 $(VARIANT) BUILD=$@ $@/Image

test-all: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(TESTBUILD) host-tests dtbs
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) DEBUG=1 BUILD=$(BUILD)/debug $(BUILD)/debug/Image
	$(Q)$(MAKE) --no-print-directory slab-kernels
	$(Q)$(MAKE) --no-print-directory -j1 $(SANITIZED)
	$(Q)tools/test-list --all | xargs -d '\n' tools/run-tests -j2

test-matrix: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(TESTBUILD)
	$(Q)tools/test-list --matrix | xargs -d '\n' tools/run-tests -j2

test-linux: setup
	$(Q)$(MAKE) --no-print-directory $(BUILD)/test.cpio
	$(Q)tools/test-list --linux | xargs -d '\n' tools/run-tests -j1

# ---- measuring and checking ------------------------------------------------------------------------------

.PHONY: bench lint compile_commands.json clean help
bench: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) $(TESTBUILD)
	$(Q)tools/bench

lint: setup
	$(Q)ci/setup --lint
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)tools/layercheck --self-test
	$(Q)tools/layercheck $(BUILD)
	$(Q)tools/lint

compile_commands.json:
	$(Q)$(MAKE) --no-print-directory -Bn V=1 all | tools/compile-commands >$@

clean:
	rm -rf $(BUILD) compile_commands.json

help:
	@sed -n 's/^#> //p' Makefile

#> make               build/Image and build/vellum.elf
#> make run           install what is missing, build, and start a shell in QEMU.  Varied by
#>                    SMP=4 MEM=2G NODES=2 PAGING=sv39|sv48|sv57 APPEND="..." INITRD=file DISK=image DTB=file
#>                    QEMU=path BIOS=file (which all tests take, too: another emulator, another firmware)
#> make debug         the same, waiting for gdb, which attaches with symbols and our commands
#> make test          all tests: on the host, in QEMU, and bad input; ends with "N passed, N failed"
#> make test-host     the tests on the host alone; those below a folder with T=test/host/lib
#> make test-all      make test, and the kernel and user tests under KASAN and UBSAN, and with each slab back end
#> make test-matrix   the user tests on every paging mode x harts x nodes x memory size
#> make test-linux    the user tests on Linux (KERNEL=Image, or Debian's riscv64 kernel package)
#> make bench         costs in guest instructions, beside Linux's
#> make slab-table    what slub, slab and slob hold for the same allocations of a boot and the user tests
#> make lint          layers, warnings as errors, static analysis, style
#> make setup         install what is missing; make lint and make debug install theirs
#> make dtbs          the device trees of dts/, for DTB=
#> make compile_commands.json   for editors
#> make clean
#> V=1 shows commands, DEBUG=1 builds with all invariants checked, SLAB=slub chooses the slab allocator,
#> KASAN=1 checks every access of memory, UBSAN=1 what C leaves undefined
