# Device trees: build/dts/NAME.dtb from dts/NAME.dts.
#
# SPDX-License-Identifier: MIT

DTC      ?= dtc
DTS_SRCS := $(wildcard dts/*.dts)
DTBS     := $(patsubst dts/%.dts,$(BUILD)/dts/%.dtb,$(DTS_SRCS))

$(BUILD)/dts/%.dtb: dts/%.dts $(wildcard dts/*.dtsi)
	@mkdir -p $(@D)
	$(Q)$(DTC) -q -I dts -O dtb -i dts -o $@ $<

.PHONY: dtbs
dtbs: $(DTBS)
# The reader's host test compares every tree with libfdt.
HOST_NEEDS += $(DTBS)
