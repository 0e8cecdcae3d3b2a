# Host tests: build each test/host/**/test_*.c with the real files it names, and run all under prove.
# How a test says what it needs: test/host/tap.h.
#
#   make test-host                    all of them
#   make test-host T=test/host/lib    those below a folder (or one file)
#   make build/host/test/host/lib/test_list && build/host/test/host/lib/test_list
#
# SPDX-License-Identifier: MIT

HOSTCC      ?= gcc
HB          := $(BUILD)/host
HOST_SAN    ?= -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_CFLAGS := -std=gnu11 -O1 -g -fms-extensions -fno-strict-aliasing -fno-omit-frame-pointer \
	       -DVELLUM_HOST -DVELLUM_DEBUG -I. -Itest/host/include $(HOST_SAN) \
	       -Wall -Wextra -Wno-missing-field-initializers -Wno-sign-compare \
	       -Werror=implicit-function-declaration -Werror=incompatible-pointer-types \
	       -Werror=int-conversion -Werror=return-type

T           ?= test/host
HOST_TESTS  := $(shell find test/host -name 'test_*.c' | sort)
HOST_RUN    := $(patsubst %.c,$(HB)/%,$(if $(filter %.c,$(T)),$(T),$(filter $(T:/=)/%,$(HOST_TESTS))))

# libc has these; their own tests compile them under other names.
HOST_LIB_SRCS := $(filter-out lib/string.c lib/vsprintf.c lib/printk.c lib/ubsan.c,$(wildcard lib/*.c)) \
		 $(wildcard kernel/sync/*.c test/host/arch/*.c)
# Values of the `// KEY: ...` lines of a test.
host_key = $(shell sed -n 's,^// $(1): *,,p' $(2))

# Some run a second time, on the host's hostile ISA (test/host/hostile/pte.h): $(HB)/hostile/test/host/...
HOSTILE_TESTS := $(shell find test/host/mm/pt test/host/mm/fault test/host/mm/space test/host/mm/rmap test/host/mm/entry \
		   test/host/mm/kmap -name 'test_*.c' 2>/dev/null | sort)
HOST_RUN    += $(patsubst %.c,$(HB)/hostile/%,$(filter $(patsubst $(HB)/%,%.c,$(HOST_RUN)),$(HOSTILE_TESTS)))

# $(1) folder: the objects of one host ISA.  The shims come first, whole: a weak definition there must win
# over the archive's.
define host_isa
$(1)/obj/%.o: %.c
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) -MMD -MP -c $$< -o $$@
$(1)/libvellum.a: $(patsubst %.c,$(1)/obj/%.o,$(HOST_LIB_SRCS))
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
-include $(patsubst %.c,$(1)/obj/%.d,$(HOST_LIB_SRCS)) $(1)/obj/test/host/shim.d
endef
$(eval $(call host_isa,$(HB)))
$(HB)/hostile/%: HOST_CFLAGS += -DHOST_HOSTILE
$(eval $(call host_isa,$(HB)/hostile))

# $(1) test source, $(2) its SRCS, $(3) CFLAGS, $(4) SRCFLAGS, $(5) LIBS, $(6) folder of the ISA.  Sources that are
# compiled with flags of their own have objects of their own.
define host_test
$(6)/$(basename $(1)).o: $(1)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) $(3) -MMD -MP -c $$< -o $$@
ifneq ($(strip $(3)$(4)),)
$(6)/$(basename $(1)).objs/%.o: %.c
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) $(3) $(4) -MMD -MP -c $$< -o $$@
$(6)/$(basename $(1)): $(patsubst %.c,$(6)/$(basename $(1)).objs/%.o,$(2))
-include $(patsubst %.c,$(6)/$(basename $(1)).objs/%.d,$(2))
else
$(6)/$(basename $(1)): $(patsubst %.c,$(6)/obj/%.o,$(2))
-include $(patsubst %.c,$(6)/obj/%.d,$(2))
endif
$(6)/$(basename $(1)): $(6)/$(basename $(1)).o $(6)/obj/test/host/shim.o $(6)/libvellum.a
	$$(Q)$$(HOSTCC) $$(HOST_SAN) -o $$@ $$(filter %.o,$$^) $(5) $(6)/libvellum.a $(5)
-include $(6)/$(basename $(1)).d
endef
each_test = $(foreach t,$(1),$(eval $(call host_test,$(t),$(call host_key,SRCS,$(t)),$(call host_key,CFLAGS,$(t)),$(call \
		host_key,SRCFLAGS,$(t)),$(call host_key,LIBS,$(t)),$(2))))
$(call each_test,$(HOST_TESTS),$(HB))
$(call each_test,$(HOSTILE_TESTS),$(HB)/hostile)

.PHONY: test-host host-tests
host-tests: $(HOST_RUN) $(HOST_NEEDS)
test-host: host-tests
	$(Q)ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
		prove -j$(or $(JOBS),$(shell nproc)) -e 'timeout 60' $(HOST_RUN)
