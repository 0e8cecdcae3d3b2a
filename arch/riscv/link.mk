# arch/riscv/link.mk - linking the kernel: once to know where the functions are, and once more with the
# table of their names in it.  A third time only if the second moved something.
#
# SPDX-License-Identifier: MIT

KSYMS := $(BUILD)/kallsyms

$(BUILD)/vellum.elf: $(OBJS) kernel.ld tools/mksyms
	$(call say,LD,$@)
	$(Q)tools/mksyms </dev/null >$(KSYMS).0.S
	$(Q)$(CC) $(ARCHFLAGS) -c $(KSYMS).0.S -o $(KSYMS).0.o
	$(Q)$(LD) $(LDFLAGS) $(OBJS) $(KSYMS).0.o -o $(BUILD)/vellum.0.elf
	$(Q)$(NM) -n $(BUILD)/vellum.0.elf | tools/mksyms >$(KSYMS).1.S
	$(Q)$(CC) $(ARCHFLAGS) -c $(KSYMS).1.S -o $(KSYMS).1.o
	$(Q)$(LD) $(LDFLAGS) $(OBJS) $(KSYMS).1.o -o $@.tmp
	$(Q)$(NM) -n $@.tmp | tools/mksyms >$(KSYMS).2.S
	$(Q)cmp -s $(KSYMS).1.S $(KSYMS).2.S || { \
		$(CC) $(ARCHFLAGS) -c $(KSYMS).2.S -o $(KSYMS).2.o && \
		$(LD) $(LDFLAGS) $(OBJS) $(KSYMS).2.o -o $@.tmp; }
	$(Q)mv $@.tmp $@
	$(Q)rm -f $(BUILD)/vellum.0.elf

$(BUILD)/Image: $(BUILD)/vellum.elf
	$(call say,IMAGE,$@)
	$(Q)$(OBJCOPY) -O binary -R .note -R .comment -S $< $@
