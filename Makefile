# SPDX-License-Identifier: BSD-2-Clause
# wssim: one makefile, no recursion into folders; every product lands below build/.

BUILD     ?= release
V         ?= 0
CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG     ?= clang
PREFIX    ?= /usr/local
FUZZ_SECONDS ?= 60
BUILD_DIR ?= build

flags.release  := -O2
flags.debug    := -O0 -DSIM_CHECK
flags.sanitize := -O1 -DSIM_CHECK -fsanitize=address,undefined -fno-sanitize-recover=all \
                  -fno-omit-frame-pointer
flags.coverage := -O0 -DSIM_CHECK --coverage
ifeq ($(flags.$(BUILD)),)
$(error BUILD is one of: release debug sanitize coverage)
endif

warnings := -Wall -Wextra -Wshadow -Wvla -Wundef -Wpointer-arith -Wwrite-strings \
            -Wstrict-prototypes -Wmissing-prototypes -Werror
common   := -std=gnu11 -g -ffp-contract=off $(flags.$(BUILD)) $(warnings)

# The core never sees a hosted header, a floating-point register or a big stack frame.
core_flags := -ffreestanding -nostdinc -mgeneral-regs-only \
              $(if $(filter sanitize coverage,$(BUILD)),,-Wframe-larger-than=512) \
              -isystem $(shell $(CC) -print-file-name=include) -Icore/env/user
host_flags := -D_GNU_SOURCE -Icore -Icore/env/user -Itraces -Isim
libs       := -lgsl -lgslcblas -lcjson -lzstd -lm

include core/core.mk
tr_srcs    := $(notdir $(wildcard traces/*.c))
sim_srcs   := $(patsubst sim/%,%,$(wildcard sim/*/*.c))
test_srcs  := $(notdir $(wildcard tests/test_*.c))
bench_srcs := $(notdir $(wildcard bench/*.c))
fuzzers    := $(basename $(notdir $(wildcard tests/fuzz_*.c)))

out        := $(BUILD_DIR)/$(BUILD)
core_objs  := $(core_srcs:%.c=$(out)/core/%.o)
tr_objs    := $(tr_srcs:%.c=$(out)/traces/%.o)
sim_objs   := $(sim_srcs:%.c=$(out)/sim/%.o)
test_objs  := $(test_srcs:%.c=$(out)/tests/%.o)
bench_objs := $(bench_srcs:%.c=$(out)/bench/%.o)
lib_objs   := $(filter-out %/cli/main.o,$(sim_objs)) $(tr_objs)

ifeq ($(V),0)
quiet = @
say   = @printf '  %-5s %s\n' $(1) $(2)
endif

.PHONY: all clean help unit FORCE
.DEFAULT_GOAL := all
all: $(out)/wssim $(out)/wssim-trace-plugin.so ## build wssim

# Loaded into QEMU by "wssim trace record"; resolves QEMU's functions there, links nothing,
# and is always the optimized build: QEMU has no sanitizer's runtime.
plugin_objs := $(patsubst traces/%.c,$(out)/traces/%.o,$(wildcard traces/plugin/*.c))
$(plugin_objs): dir_flags = $(host_flags) -fPIC -fvisibility=hidden
$(plugin_objs): common = -std=gnu11 -g -O2 $(warnings)
$(out)/wssim-trace-plugin.so: $(plugin_objs)
	$(call say,LD,$@)
	$(quiet)$(CC) -shared -pthread $(LDFLAGS) -o $@ $^

$(out)/core/%.o:   dir_flags = $(core_flags)
$(out)/traces/%.o: dir_flags = $(host_flags)
$(out)/sim/%.o:    dir_flags = $(host_flags)
$(out)/tests/%.o:  dir_flags = $(host_flags) -Itests
$(out)/bench/%.o:  dir_flags = $(host_flags)
$(out)/%.o: %.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(quiet)$(CC) $(common) $(dir_flags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A changed command line rebuilds, not only a changed file.
stamp = $(CC) $(common) $(core_flags) $(host_flags) $(CPPFLAGS) $(CFLAGS)
$(out)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(stamp)' | cmp -s - $@ || echo '$(stamp)' > $@

$(out)/libws.a: $(core_objs)
	$(call say,AR,$@)
	$(quiet)rm -f $@ && $(AR) rcs $@ $^

$(out)/wssim: $(sim_objs) $(tr_objs) $(out)/libws.a
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ $(libs)

$(out)/unit: $(test_objs) $(lib_objs) $(out)/libws.a
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ -lcriterion $(libs)

unit: $(out)/unit $(out)/wssim ## run the unit tests
	$(out)/unit --jobs 2

clean: ## remove build/
	rm -rf $(BUILD_DIR)

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | \
	  awk -F '\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

-include $(core_objs:.o=.d) $(tr_objs:.o=.d) $(sim_objs:.o=.d) $(test_objs:.o=.d) $(bench_objs:.o=.d) \
         $(plugin_objs:.o=.d)
