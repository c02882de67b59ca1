# SPDX-License-Identifier: BSD-2-Clause
# wssim: one makefile, no recursion into folders; every product lands below build/.
# "make help" lists the targets.

BUILD     ?= release
V         ?= 0
CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG     ?= clang
PREFIX    ?= /usr/local
FUZZ_SECONDS ?= 60
BUILD_DIR ?= build

flags.release  := -O3
flags.debug    := -O0 -DSIM_CHECK
flags.sanitize := -O1 -DSIM_CHECK -fsanitize=address,undefined -fno-sanitize-recover=all \
                  -fno-omit-frame-pointer
flags.coverage := -O2 -DSIM_CHECK
flags.fuzz     := -O1 -DSIM_CHECK -fsanitize=fuzzer-no-link,address,undefined -Wno-error \
                  -fno-sanitize-recover=all
ifeq ($(flags.$(BUILD)),)
$(error BUILD is one of: release debug sanitize coverage)
endif

# All cores, unless the caller says -j.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

warnings := -Wall -Wextra -Wshadow -Wvla -Wundef -Wpointer-arith -Wwrite-strings \
            -Wstrict-prototypes -Wmissing-prototypes -Werror
common   := -std=gnu11 -g -ffp-contract=off $(warnings) $(flags.$(BUILD))

# The core never sees a hosted header, a floating-point register or a big stack frame.
core_flags := -ffreestanding -nostdinc -mgeneral-regs-only \
              $(if $(filter sanitize coverage fuzz,$(BUILD)),,-Wframe-larger-than=512) \
              -isystem $(shell $(CC) -print-file-name=include) -Icore/env/user
# Of the core every branch is counted, and as it is written: nothing inlined or merged.
counted    := $(if $(filter coverage,$(BUILD)),-O0 --coverage)
host_flags := -D_GNU_SOURCE -Icore -Icore/env/user -Itraces -Itraces/format -Itraces/import -Itraces/gen -Itraces/record -Isim -Ikernel-port/truth -Ikernel-port/host
libs       := -lgsl -lgslcblas -lcjson -lzstd -lz -llzma -lm

include core/core.mk
tr_srcs    := $(patsubst traces/%,%,$(wildcard traces/*.c traces/*/*.c))
sim_srcs   := $(patsubst sim/%,%,$(wildcard sim/*/*.c))
test_srcs  := $(wildcard tests/*/test_*.c)
bench_srcs := $(notdir $(wildcard bench/*.c))
exp_srcs   := $(notdir $(wildcard bench/experiments/*.c))
wsd_srcs   := $(wildcard kernel-port/host/*.c)
fuzzers    := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))

out        := $(BUILD_DIR)/$(BUILD)
core_objs  := $(core_srcs:%.c=$(out)/core/%.o)
tr_objs    := $(tr_srcs:%.c=$(out)/traces/%.o)
sim_objs   := $(sim_srcs:%.c=$(out)/sim/%.o)
test_objs  := $(test_srcs:%.c=$(out)/%.o)
bench_objs := $(bench_srcs:%.c=$(out)/bench/%.o)
exp_objs   := $(exp_srcs:%.c=$(out)/bench/experiments/%.o)
wsd_objs   := $(wsd_srcs:%.c=$(out)/%.o)
lib_objs   := $(filter-out %/cli/main.o,$(sim_objs)) $(tr_objs) $(filter-out %/wsd_main.o,$(wsd_objs))

ifeq ($(V),0)
quiet = @
say   = @printf '  %-5s %s\n' $(1) $(2)
endif

.PHONY: all setup fuzz-core fuzz-core-run fuzz-run core-run setup-check demo check unit freestanding bare golden \
        cli slurm style lint headers sanitize fuzz fuzz-replay install \
        kernel-module kernel-check truth-logs \
        bench bench-check bench-expect bench-host experiments frontier tune \
        clean help FORCE
.DEFAULT_GOAL := all
all: $(out)/wssim $(out)/wssim-trace-plugin.so $(out)/wssim-guest-init $(out)/ws-balloond $(out)/ws-agent ## build wssim

# Loaded into QEMU by "wssim trace record"; resolves QEMU's functions there, links nothing,
# and is always the optimized build: QEMU has no sanitizer's runtime.
plugin_objs := $(patsubst traces/%.c,$(out)/traces/%.o,$(wildcard traces/record/plugin/*.c))
$(plugin_objs): dir_flags = $(host_flags) -fPIC -fno-plt -fvisibility=hidden
$(plugin_objs): common = -std=gnu11 -g -O2 $(warnings)
$(out)/wssim-trace-plugin.so: $(plugin_objs)
	$(call say,LD,$@)
	$(quiet)$(CC) -shared -pthread $(LDFLAGS) -o $@ $^

# The first process of a recorded guest, which has no libraries.
$(out)/wssim-guest-init: traces/record/guest/guest_init.c traces/record/guest/guest_mailbox.h $(out)/flags
	$(call say,LD,$@)
	$(quiet)$(CC) -std=gnu11 -O2 $(warnings) -D_GNU_SOURCE -static -o $@ $<

$(out)/core/%.o:   dir_flags = $(core_flags) $(counted)
$(out)/traces/%.o: dir_flags = $(host_flags)
$(out)/sim/%.o:    dir_flags = $(host_flags)
$(out)/tests/%.o:  dir_flags = $(host_flags) $(patsubst %/,-I%,$(wildcard tests/*/)) -Ibench/experiments
$(out)/bench/%.o:  dir_flags = $(host_flags)
$(out)/kernel-port/%.o: dir_flags = $(host_flags)
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

$(out)/unit: $(test_objs) $(filter-out %/exp_main.o,$(exp_objs)) $(lib_objs) $(out)/libws.a
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ -lcriterion $(libs)

# Drives the balloons of real VMs with the same policies.
# Its other end in a guest, which may have no libraries.
$(out)/ws-agent: kernel-port/agent/ws_agent.c kernel-port/agent/ws_agent_frame.h $(core_objs) $(out)/flags
	$(call say,LD,$@)
	$(quiet)$(CC) -std=gnu11 -O2 $(warnings) -D_GNU_SOURCE -Icore -Icore/env/user -static -no-pie -o $@ \
	  $< $(addprefix core/,$(core_srcs))

.PHONY: ws-balloond
ws-balloond: $(out)/ws-balloond ## the daemon for real VMs
$(out)/ws-balloond: $(out)/kernel-port/host/wsd_main.o $(lib_objs) $(out)/libws.a
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ $(libs)

$(out)/wssim-bench: $(bench_objs) $(lib_objs) $(out)/libws.a
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ $(libs)

bench: $(out)/wssim-bench $(out)/wssim-trace-plugin.so ## benchmarks: medians of CPU time, beside the machine's limits
	$(out)/wssim-bench

bench-check: $(out)/wssim-bench $(out)/wssim-trace-plugin.so ## fail if the ratio of any figure to its limit is 20 % worse than it was
	$(out)/wssim-bench --check bench/expected.json

bench-host: $(out)/wssim-bench ## one simulated hour of a 1 TiB host (8 GiB, a quarter of an hour)
	$(out)/wssim-bench host

$(out)/wssim-experiments: $(exp_objs) $(lib_objs) $(out)/libws.a
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ $(libs)

experiments: setup ## reproduce published experiments: a table and build/experiments/report.html; ONLY="E1 E5"
	$(again) all $(out)/wssim-experiments
	$(out)/wssim-experiments -w $(out)/wssim -o $(BUILD_DIR)/experiments $(ONLY)

# Own programs of one file; GSL alone.
$(out)/wssim-tune: bench/frontier/frontier_tune.c $(out)/flags
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(host_flags) $(LDFLAGS) -o $@ $< $(libs)

frontier: setup ## memory saved against slowdown, each policy along its knob: build/frontier/frontier.md (4 minutes)
	$(again) all
	bench/frontier/frontier.sh $(out)/wssim $(BUILD_DIR)/frontier

tune: frontier ## tune ws-target's parameters afresh on the tuning set, by Nelder and Mead's method
	$(again) $(out)/wssim-tune
	$(out)/wssim-tune $(out)/wssim $(BUILD_DIR)/frontier

bench-expect: $(out)/wssim-bench $(out)/wssim-trace-plugin.so # after a change that is meant: the ratios as they are now
	$(out)/wssim-bench --expect bench/expected.json

# --- set-up -------------------------------------------------------------------------
# What Debian 12 needs besides git, make and a C compiler: to build and draw, for the
# tests, for the fuzzers.
packages := gcc libc6-dev libgsl-dev libcjson-dev libzstd-dev zlib1g-dev liblzma-dev gnuplot-nox
check_packages := libcriterion-dev qemu-user qemu-system-x86 clang-tidy cppcheck \
                  slurmctld slurmd slurm-client
fuzz_packages := clang libclang-rt-14-dev

setup: ## install the Debian packages that are missing (as root or through sudo)
	@sh tests/setup.sh $(packages)
setup-check:
	@sh tests/setup.sh $(packages) $(check_packages) $(fuzz_packages)

# --- the two commands of the README ---------------------------------------------------
# They start with a bare machine, so what they build is left to a second make that sees
# the compiler and the libraries.
again := +@$(MAKE) --no-print-directory BUILD=$(BUILD)
demo_policies := static,equal-share,auto-balloon,mom,wmo,ws-target

demo: setup ## compare six balloon policies on an overcommitted host (about a minute)
	$(again) all
	$(out)/wssim compare sim/scenarios/demo.json --policies $(demo_policies) --runs 5 \
	  -j $$(nproc) -o $(BUILD_DIR)/demo

# Ends with the unit tests, so that the last line is their runner's.
check: setup-check ## all tests (two to three minutes on two cores)
	$(again) all headers style freestanding bare budget lint
	$(again) fuzz-replay
	$(again) fuzz-core
	$(again) coverage sanitize
	$(again) golden cli slurm
	$(again) unit

# --- tests ----------------------------------------------------------------------------
unit: $(out)/unit $(out)/wssim $(out)/wssim-trace-plugin.so ## the unit tests alone
	tests/unit.sh $(out)/unit --jobs 2

golden: $(out)/wssim ## scenarios, run twice, give the digests that are committed
	tests/golden.sh $<

cli: $(out)/wssim ## the command line, from outside
	tests/cli.sh $<

slurm: $(out)/wssim ## a sweep on a real slurmctld and slurmd of this machine
	tests/slurm.sh $<

# The core takes nothing from outside but what any C compiler may call by itself, keeps no
# state of its own, has no floating point (core_flags), and compiles for 32 bits too.
# The release build is looked at: sanitizers add symbols of theirs.
# What the core takes from outside: four functions that a compiler may call, and nothing
# else; and it keeps no state.  Looked at in the release build, for sanitizers add calls,
# then for 32 bits, where dividing 64 by 64 would call libgcc, and with the other compiler.
core_faults = nm -f sysv $(1) | awk -F '[ ]*[|][ ]*' 'NF < 7 { next } \
  $$3 == "U" { needs[$$1]; next } \
  { has[$$1] } \
  $$7 ~ /^([.]s?data|[.]s?bss|[*]COM[*])$$/ { print "core: " $$1 " is state"; bad = 1 } \
  END { for (name in needs) \
    if (!(name in has) && name !~ /^mem(cpy|set|move|cmp)$$/) { print "core: needs " name; bad = 1 } \
    exit bad }'
core_tries := "gcc -m32 -march=i686" "$(CLANG)" "$(CLANG) -m32 -march=i686"
freestanding: ## the core needs no libc, keeps no state, and computes the same for 32 bits and with clang
	+@$(MAKE) --no-print-directory BUILD=release $(BUILD_DIR)/release/libws.a
	@$(call core_faults,$(BUILD_DIR)/release/libws.a)
	@! grep -n __KERNEL__ core/*.[ch]
	@for cc in $(core_tries); do \
	  set -- $$cc; dir=$(BUILD_DIR)/freestanding; rm -rf $$dir; mkdir -p $$dir; \
	  command -v $$1 > /dev/null || { echo "freestanding: no $$1, not tried"; continue; }; \
	  for f in $(core_srcs:.c=); do \
	    $$cc -std=gnu11 -O2 $(warnings) -ffreestanding -fno-pic -nostdinc -mgeneral-regs-only \
	      -Wframe-larger-than=512 -isystem $$($$1 -print-file-name=include) -Icore/env/user \
      -c -o $$dir/$$f.o core/$$f.c || \
	      exit 1; done; \
	  $(call core_faults,$$dir/*.o) || exit 1; \
	  case $$cc in *-m32*) ;; *) \
	    $$cc -no-pie -Icore -Icore/env/user -o $$dir/kat tests/core/kat_main.c $$dir/*.o && $$dir/kat || \
	      exit 1 ;; esac; done
	@echo "freestanding: $(words $(core_srcs)) files of the core"

# What two compilers and two checkers say of the core.  Left out of -Weverything:
#   padded			fields are ordered for the reader and the cache
#   documentation-unknown-command	"@page" names a parameter, as in the kernel
#   covered-switch-default	contradicts gcc's switch-default, which is kept: a value from
#				outside an enum has a defined outcome
#   unsafe-buffer-usage, declaration-after-statement, pre-c11-compat	of newer clangs; for C++,
#				for C before 1999 and 2011
#   unknown-warning-option	of older clangs, which know none of these
# core/.clang-tidy and core/cppcheck.txt say what those two do not look for, and why.
# "make lint ANALYZER=deep" follows more paths, for half a minute.
ANALYZER ?= shallow
clang_lint := -Weverything -Wno-padded -Wno-documentation-unknown-command \
  -Wno-covered-switch-default -Wno-unknown-warning-option -Wno-unsafe-buffer-usage \
  -Wno-declaration-after-statement -Wno-pre-c11-compat
gcc_lint := -Wpedantic -Wconversion -Wsign-conversion -Warith-conversion -Wcast-qual \
  -Wcast-align=strict -Wswitch-enum -Wswitch-default -Wduplicated-cond -Wduplicated-branches \
  -Wlogical-op -Wnull-dereference -Wjump-misses-init -Wfloat-equal -Wunused-macros \
  -Wunused-const-variable=2 -Wmissing-declarations -Wold-style-definition -Wredundant-decls \
  -Wnested-externs -Wbad-function-cast -Wstrict-overflow=2 -Wshift-overflow=2 \
  -Wstringop-overflow=4 -Warray-bounds=2 -Wimplicit-fallthrough=5 -Wformat=2 -Winit-self \
  -Wpacked -Wtrampolines -Walloca -Wdate-time -Wunsafe-loop-optimizations
lint_flags := -std=gnu11 -O2 $(warnings) -ffreestanding -nostdinc -mgeneral-regs-only -Icore/env/user
lint_dir   := $(BUILD_DIR)/lint
lint: $(core_srcs:%.c=$(lint_dir)/%.ok) $(lint_dir)/cppcheck.ok ## no warning from gcc, clang, clang-tidy or cppcheck in the core
	@echo "lint: $(words $(core_srcs)) files of the core, no finding"
$(lint_dir)/%.ok: core/%.c core/.clang-tidy $(MAKEFILE_LIST)
	@mkdir -p $(@D)
	$(call say,LINT,$<)
	$(quiet)gcc $(lint_flags) $(gcc_lint) -isystem $$(gcc -print-file-name=include) \
	  -MMD -MP -MT $@ -MF $@.d -c -o $@.o $<
	$(quiet)$(CLANG) $(lint_flags) $(clang_lint) -isystem $$($(CLANG) -print-file-name=include) \
	  -fsyntax-only $<
	$(quiet)clang-tidy --quiet --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang \
	  --extra-arg=mode=$(ANALYZER) $< -- $(filter-out -Werror,$(lint_flags)) \
	  -isystem $$($(CLANG) -print-file-name=include) 2> $@.log || { cat $@.log; exit 1; }
	@touch $@
$(lint_dir)/cppcheck.ok: $(core_srcs:%=core/%) $(wildcard core/*.h core/env/user/*.h) core/cppcheck.txt
	@mkdir -p $(@D)
	$(call say,LINT,core)
	$(quiet)cppcheck --quiet --error-exitcode=1 --enable=warning,style,performance,portability \
	  --inconclusive --std=c11 --platform=unix64 --suppressions-list=core/cppcheck.txt \
	  -Icore -Icore/env/user $(core_srcs:%=core/%)
	@touch $@

# The minimal port: 32 bits, no libc, no operating system.  QEMU is the machine.
bare_dir  := $(BUILD_DIR)/bare
bare_objs := $(addprefix $(bare_dir)/example/,bare.o watch.o) $(core_srcs:%.c=$(bare_dir)/%.o)
$(bare_dir)/%.o: core/%.c $(MAKEFILE_LIST)
	@mkdir -p $(@D)
	$(quiet)gcc -m32 -march=i686 -std=gnu11 -O2 $(warnings) -ffreestanding -nostdinc -fno-pic \
	  -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	  -mgeneral-regs-only -isystem $$(gcc -print-file-name=include) -Icore/example -Icore \
	  -MMD -MP -c -o $@ $<
# The port alone, and with a program on top.
$(bare_dir)/port: $(filter-out %/watch.o,$(bare_objs))
$(bare_dir)/watch: $(bare_objs)
$(bare_dir)/port $(bare_dir)/watch:
	$(call say,LD,$@)
	$(quiet)ld -m elf_i386 -N -Ttext=0x100000 -e start -o $@ $^
bare: $(bare_dir)/port $(bare_dir)/watch $(out)/wssim ## the core's minimal port, on a machine without an operating system
	@tests/bare.sh $^

budget: ## every exported function of the core keeps to its row of core/budget.md
	@tests/budget.sh $(BUILD_DIR)/budget

style: ## who includes whom, banned functions, names, sizes
	tests/style.sh

# Every header says all it needs.
headers := $(wildcard core/*.h traces/*.h traces/*/*.h sim/*/*.h bench/*.h bench/experiments/*.h kernel-port/user/*.h kernel-port/host/*.h kernel-port/agent/*.h)
headers: $(headers:%=$(out)/%.alone) ## every header compiles alone
	@echo "headers: $(words $(headers)) compile alone"
$(out)/core/%.alone: dir_flags = $(core_flags)
$(out)/%.alone: dir_flags = $(host_flags)
$(out)/%.alone: % $(out)/flags
	@mkdir -p $(@D)
	$(quiet)$(CC) $(common) $(dir_flags) -x c -fsyntax-only -MMD -MP -MF $@.d \
	  -MT $@ -include $< /dev/null && touch $@

# Every fuzz target without its fuzzer: the corpus, and mutations of it by a fixed seed.
replay_runs ?= 20000
replays := $(fuzzers:%=$(out)/replay/%)
fuzz-replay: $(replays) ## fuzz targets on their corpora and on fixed mutations
	$(quiet)for f in $(fuzzers); do \
	  $(out)/replay/$$f $(replay_runs) $$(ls tests/fuzz/corpus/$$f/* 2>/dev/null) || exit 1; done
$(out)/replay/%: $(out)/tests/fuzz/%.o $(out)/tests/fuzz/replay_main.o $(lib_objs) $(out)/libws.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(LDFLAGS) -o $@ $^ $(libs)
.SECONDARY: $(fuzzers:%=$(out)/tests/fuzz/%.o) $(out)/tests/fuzz/replay_main.o

fuzz: ## libFuzzer on every target, FUZZ_SECONDS each; merges what it finds into the corpora
	@sh tests/setup.sh $(packages) $(fuzz_packages)
	+@$(MAKE) --no-print-directory BUILD=fuzz CC=$(CLANG) fuzz-run
# Found inputs land below build/.  The corpus becomes its files written by hand, and of the
# others, old and found, the fewest that reach all that is reached.
fuzz-run: $(fuzzers:%=$(out)/fuzz/%)
	for f in $(fuzzers); do \
	  found=$(out)/corpus/$$f; least=$(out)/least/$$f; rm -rf $$least; \
	  mkdir -p $$found $$least tests/fuzz/corpus/$$f; \
	  $(out)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=20 -print_final_stats=1 \
	    -artifact_prefix=$(out)/$$f- $$found tests/fuzz/corpus/$$f || exit 1; \
	  ls tests/fuzz/corpus/$$f | grep -vxE '[0-9a-f]{40}' | while read -r hand; do \
	    cp tests/fuzz/corpus/$$f/$$hand $$least; done; \
	  $(out)/fuzz/$$f -set_cover_merge=1 -use_counters=0 $$least tests/fuzz/corpus/$$f $$found || exit 1; \
	  rm -rf tests/fuzz/corpus/$$f && cp -r $$least tests/fuzz/corpus/$$f; done
# What fuzzes the core needs nothing else, so every "make check" can do it as the fuzzer
# would, under the sanitizers.
core_fuzzers := fuzz_age fuzz_lru fuzz_proto fuzz_wire
fuzz-core: ## the core's fuzz targets, built for libFuzzer with sanitizers, over their corpora
	@if command -v $(CLANG) > /dev/null; then \
	  $(MAKE) --no-print-directory BUILD=fuzz CC=$(CLANG) fuzz-core-run; \
	else echo "fuzz-core: no $(CLANG), not tried"; fi
fuzz-core-run: $(core_fuzzers:%=$(out)/fuzz/%)
	@for f in $(core_fuzzers); do \
	  $(out)/fuzz/$$f -runs=0 -artifact_prefix=$(out)/ tests/fuzz/corpus/$$f > $(out)/$$f.log 2>&1 || { cat $(out)/$$f.log; exit 1; }; \
	  echo "$$f: $$(ls tests/fuzz/corpus/$$f | wc -l) files under the sanitizers"; done
$(out)/fuzz/%: $(out)/tests/fuzz/%.o $(lib_objs) $(out)/libws.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(libs)
$(core_fuzzers:%=$(out)/fuzz/%): $(out)/fuzz/%: $(out)/tests/fuzz/%.o $(out)/libws.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^

# The tests that rest on the core alone: they say how well it is tested, and they are few
# enough to run once more with every branch counted and once more under the sanitizers.
$(out)/core-unit: $(filter $(out)/tests/core/%,$(test_objs)) $(core_objs)
	$(call say,LD,$@)
	$(quiet)$(CC) $(common) $(counted) $(LDFLAGS) -o $@ $^ -lcriterion
core-run: $(out)/core-unit
	@rm -f $(out)/core/*.gcda
	@tests/unit.sh $< --jobs 2 > $<.log 2>&1 || { cat $<.log; exit 1; }
	@echo "core, $(BUILD): $$(tail -1 $<.log)"
coverage: ## branches of the core that its tests take; fails below 95 %
	+@$(MAKE) --no-print-directory BUILD=coverage core-run
	@tests/coverage.sh $(BUILD_DIR)/coverage/core 95 tests/core/uncovered.md

sanitize: ## the core's tests under ASan and UBSan
	+@$(MAKE) --no-print-directory BUILD=sanitize core-run

# --- the rest ---------------------------------------------------------------------------
install: all ## install program, recorder's plugin, scenarios and sample traces into DESTDIR/PREFIX
	install -D -m 755 $(out)/wssim $(DESTDIR)$(PREFIX)/bin/wssim
	install -D -m 755 $(out)/ws-balloond $(DESTDIR)$(PREFIX)/bin/ws-balloond
	install -D -m 755 $(out)/ws-agent $(DESTDIR)$(PREFIX)/bin/ws-agent
	install -D -m 755 $(out)/wssim-trace-plugin.so \
	  $(DESTDIR)$(PREFIX)/lib/wssim/wssim-trace-plugin.so
	install -D -m 755 $(out)/wssim-guest-init $(DESTDIR)$(PREFIX)/lib/wssim/wssim-guest-init
	for f in $(wildcard sim/scenarios/*.json sim/scenarios/*/*.wst traces/samples/*.wst); do \
	  install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/wssim/$$f || exit 1; done

# A farm of links, so that the kernel's makefiles leave nothing in the tree.
# KERNEL=6.1 or 6.12 fetches Debian's headers; KDIR names some that are here.
KERNEL ?=
KDIR ?= $(if $(KERNEL),$(abspath $(BUILD_DIR))/kernels/$(KERNEL)/headers,/lib/modules/$(shell uname -r)/build)
module_dir := $(BUILD_DIR)/kernel$(KERNEL:%=-%)
kernel-module: ## the core as a Linux module, for KERNEL=6.1, 6.12 or the headers in KDIR
	@$(if $(KERNEL),kernel-port/kernels.sh $(KERNEL) > /dev/null)
	@rm -rf $(module_dir) && mkdir -p $(module_dir)
	@cp -rsL $(CURDIR)/kernel-port/. $(module_dir)
	$(MAKE) -C $(KDIR) M=$(abspath $(module_dir)) CONFIG_WS_CORE=m CONFIG_WS=m CONFIG_WS_BALLOON=m modules

# What fetching, building for and booting Debian's kernels needs.
kernel_packages := qemu-system-x86 busybox-static cpio xz-utils zstd gcc-12 libelf1 libssl3 flex bison bc patch libc6-dev
kernel-check: ## boots Debian's stock 6.1 and 6.12 in QEMU; needs the network once
	@sh tests/setup.sh $(packages) $(kernel_packages)
	$(again) all
	kernel-port/check.sh

truth-logs: ## record the logs of tests/truth/ again, in Debian's kernels; an hour
	@sh tests/setup.sh $(packages) $(kernel_packages)
	for kernel in 6.1 6.12 6.18 7.3; do \
	  case $$kernel in 6.1|6.12) race=readrace ;; *) race= ;; esac; \
	  kernel-port/truth/record.sh tests/truth $$kernel mixed turning groups swap tworegions \
	    flips storm many skew readalone shared random bursts reads press \
	    noswap advised pageout freed $$race || exit 1; done
	kernel-port/truth/record.sh tests/truth 6.1 held1 held2
	kernel-port/truth/record.sh tests/truth 6.12 quick slow held1 held2
	kernel-port/truth/record.sh tests/truth 6.18 slow held1 held2
	kernel-port/truth/record.sh tests/truth 7.3 quick

clean: ## remove build/
	rm -rf $(BUILD_DIR)

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | \
	  awk -F '\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

-include $(core_srcs:%.c=$(lint_dir)/%.ok.d) $(bare_objs:.o=.d) $(core_objs:.o=.d) $(tr_objs:.o=.d) $(sim_objs:.o=.d) $(test_objs:.o=.d) $(bench_objs:.o=.d) $(exp_objs:.o=.d) \
         $(plugin_objs:.o=.d) $(fuzzers:%=$(out)/tests/fuzz/%.d) $(headers:%=$(out)/%.alone.d)
-include $(wsd_objs:.o=.d)
