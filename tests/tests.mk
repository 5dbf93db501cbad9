# Unit tests: one Criterion program per tests/unit/NAME.c.
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))

$(B)/unit/%: tests/unit/%.c $(B)/libctr.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Wno-missing-prototypes -std=gnu17 $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(B)/libctr.a \
	  -lcriterion -ljansson -lcap -lseccomp -larchive -lcrypto

$(B)/unit/output: $(B)/obj/cli/output.o
$(B)/unit/view: $(B)/obj/cli/view.o $(B)/obj/cli/output.o
$(B)/unit/oci_log: $(B)/obj/oci/log.o

# ctr-oci on a processor with resctrl, of which there are few: tests/oci/resctrl.c.
$(B)/oci-resctrl: tests/oci/resctrl.c $(call obj,$(OCI_SRC)) $(B)/libctr.a
	$(CC) $(CPPFLAGS) -std=gnu17 $(WARN) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(B)/libctr.a -ljansson

unit: $(UNIT)
	@fail=0; for t in $(UNIT); do $$t || fail=1; done; exit $$fail

.PHONY: unit

# Everything, with what it needs. The last line counts the tests of all runners.
check: test-deps
	@$(MAKE) --no-print-directory -s -j2 all unit-programs fault-programs attack-programs $(B)/soak/pause
	@$(MAKE) --no-print-directory -s fuzz-programs
	@tests/run.sh $(B)

# What takes minutes of its own: debian-vps built, booted and stopped.
check-long: test-deps
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/run.sh $(B) long

unit-programs: $(UNIT) $(B)/oci-resctrl

# Each system call of each command made to fail, and a kill before each: docs/reliability.md.
FAULTS := $(B)/faults/inject $(B)/faults/payload
$(B)/faults/inject: tests/faults/inject.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -O2 -o $@ $< -lseccomp
$(B)/faults/payload: tests/faults/payload.c
	@mkdir -p $(@D)
	$(MUSL_CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -Os -static -s -o $@ $< \
	  -idirafter /usr/include -idirafter /usr/include/$(MACHINE)
fault-programs: $(FAULTS)
faults: all $(FAULTS)
	tests/faults/campaign.py -o $(B)/faults/table.md $(B)

# Attacks from inside, each also on a program that falls: docs/attacks.md. TRIES= is how often a race
# is run.
TRIES  ?= 10000
ATTACK := $(B)/attack/naive $(B)/attack/inside
$(B)/attack/%: tests/attack/%.c
	@mkdir -p $(@D)
	$(MUSL_CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -Os -static -s -o $@ $< \
	  -idirafter /usr/include -idirafter /usr/include/$(MACHINE)
attack-programs: $(ATTACK)
attack: all $(ATTACK)
	@ATTACK_TRIES=$(TRIES) tests/run.sh $(B) attack

# What a start costs, against others and against the bare floor.
BENCH := $(addprefix $(B)/bench/,timer floor engine steps pause true-musl true-glibc)
$(B)/bench/timer $(B)/bench/floor $(B)/bench/engine $(B)/bench/steps $(B)/bench/pause: $(B)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(MUSL_CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -O2 -static -s -o $@ $< \
	  -idirafter /usr/include -idirafter /usr/include/$(MACHINE)
$(B)/bench/true-musl: bench/true.c
	@mkdir -p $(@D)
	$(MUSL_CC) -Os -static -s -o $@ $<
$(B)/bench/true-glibc: bench/true.c
	@mkdir -p $(@D)
	$(CC) -Os -static -s -o $@ $<
bench: all $(BENCH)
	bench/run.sh $(B)
# The same against crun of the newest Debian.
bench-deps: test-deps $(BENCH)
	$(call install_packages,bench/packages,$(B)/apt.log)
	@$(MAKE) --no-print-directory -s -j2 all
	bench/newest-crun $(B)/bench/newest
bench-newest: bench-deps
	PATH=$(abspath $(B))/bench/newest:$$PATH bench/run.sh $(B)
# On the test host, where a cgroup has all controllers; emulation is slow, so of fewer samples.
bench-host: bench-deps
	@tests/host/run -k $(KERNEL) -c 2 -m 4096 -t 3600 env PATH=$(abspath $(B))/bench/newest:$$PATH \
	  BENCH_DIR=/scratch/bench BENCH_ROUNDS=$(or $(BENCH_ROUNDS),10) bench/run.sh $(B)

# What is left behind by N calls of ctr of all kinds, some of them killed, and by a thousand races for
# one name; by a thousand lives of one container, ended in all ways; and by a thousand containers at once. SEED= repeats the calls of an earlier run.
N    ?= 10000
SEED ?=
$(B)/soak/pause: tests/soak/pause.c
	@mkdir -p $(@D)
	$(MUSL_CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -Os -static -s -o $@ $< \
	  -idirafter /usr/include -idirafter /usr/include/$(MACHINE)
soak: all $(B)/soak/pause
	tests/soak/run.sh $(B) mix.py $(N) $(SEED)
	tests/soak/run.sh $(B) races.py 1000
	tests/soak/run.sh $(B) again.py 1000 $(SEED)
	@$(MAKE) --no-print-directory -s soak-many
soak-many: all $(B)/soak/pause $(B)/bench/floor
	tests/soak/run.sh $(B) many.py 1000

# The same tests and those of limits in a virtual machine that has all a host can have, with Debian's
# kernel. KERNEL= is how its `uname -r` begins, SUITES= what tests/run.sh is to run there, and
# SYSTEMD_SUITES= where systemd is process 1.
KERNEL ?= 6.1
SUITES ?= unit host
SYSTEMD_SUITES ?= tests/cli/scope.bats
$(B)/host/work: tests/host/work.c
	@mkdir -p $(@D)
	$(MUSL_CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -Os -static -s -o $@ $<
$(B)/host/disk: tests/host/root
	@tests/host/root $@/host
host: test-deps
	@$(MAKE) --no-print-directory -s -j2 all unit-programs fault-programs $(B)/host/work $(B)/host/disk \
	  $(B)/attack/inside
	@tests/host/run -k $(KERNEL) -f $(B)/host/disk -c 2 -m 4096 -t 7200 tests/run.sh $(B) $(SUITES)
	@tests/host/run -k $(KERNEL) -S -c 2 -t 1800 tests/run.sh $(B) $(SYSTEMD_SUITES)
	@$(if $(filter host,$(SUITES)),KERNEL=$(KERNEL) tests/run.sh $(B) tests/host/reboot.bats)
host-selftest: test-deps
	@tests/run.sh $(B) tests/host/selftest.bats

# Real engines with ctr-oci as their runtime: `make engines ENGINE=podman`; ENGINE_RUNTIME=crun for a
# control. The table is build/engines.md.
ENGINE ?=
engines-deps: test-deps
	$(call install_packages,tests/engines/packages,$(B)/apt.log)
	@tests/engines/npm.sh $(B)/npm
engines: engines-deps all
	@tests/engines/run.sh $(B) $(ENGINE)
# The tests of them that this machine may be too poor for, on the test host.
engines-host: engines-deps
	@$(MAKE) --no-print-directory -s -j2 all $(B)/host/disk
	@tests/host/run -k $(KERNEL) -f $(B)/host/disk -c 2 -m 4096 -t 3600 \
	  env ENGINE_TAGS=$(ENGINE_TAGS) tests/engines/run.sh $(B) $(ENGINE)
ENGINE_TAGS ?= full
# With the systemd cgroup manager, in a machine where systemd is process 1.
engines-systemd: engines-deps all
	@tests/host/run -k $(KERNEL) -S -m 3072 -t 1800 env $(if $(ENGINE_RUNTIME),ENGINE_RUNTIME=$(ENGINE_RUNTIME)) \
	  tests/engines/run.sh $(B) --systemd

# What a store has in it when the power goes: as many rounds as begin within MINUTES=. SEED= repeats the
# moments of an earlier run.
MINUTES ?= 5
power: test-deps
	@$(MAKE) --no-print-directory -s -j2 all
	@KERNEL=$(KERNEL) tests/host/power.py $(B) $$(($(MINUTES) * 60)) $(SEED)

# Each check of tests/lint/ by name; `tests/run-lint rooms` runs one.
lint: all
	@tests/run-lint

format:
	git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format -i

# The same tests with AddressSanitizer, LeakSanitizer (of the unit tests) and UBSan, by clang; the two
# static programs stay as they are. tests/asan/report.c sees to it that every report is counted.
CLANG_QUIET := -Wno-unknown-warning-option -Wno-missing-braces -Wno-format-nonliteral
SAN := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined $(CLANG_QUIET) \
       -D__SANITIZE_ADDRESS__
$(B)/report.o: tests/asan/report.c Makefile
	@mkdir -p $(@D)
	$(CC) $(WARN) $(CFLAGS) -DASAN_REPORT='"$(abspath $(B))/report"' -c -o $@ $<
$(addprefix $(B)/,ctr-glibc ctr-oci-glibc ctr-image ctr-copy ctr-scope ctr-seccomp oci-resctrl) $(UNIT): $(SAN_REPORT)
asan:
	@$(MAKE) --no-print-directory -s -j2 B=$(B)/asan CC=clang STATIC= SAN_REPORT=$(B)/asan/report.o \
	  CFLAGS="$(SAN) -fsanitize=address,undefined" all unit-programs
	@ln -sfn $(CURDIR)/images $(B)/images # the recipes, beside those programs
	@SANITIZER_REPORT=$(B)/asan/report tests/run.sh $(B)/asan unit cli reports

.PHONY: engines engines-deps engines-host engines-systemd check check-long unit-programs soak soak-many host host-selftest power bench bench-deps bench-newest bench-host lint format asan
.PHONY: attack attack-programs

# Fuzzing: one libFuzzer program per tests/fuzz/NAME.c, by clang. `make fuzz FUZZ=NAME TIME=SECONDS` looks
# for new inputs, in one target or in all, one after the other; `make fuzz-seeds` runs those of
# tests/fuzz/corpus/ once.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/target/%,$(filter-out tests/fuzz/fuzz.c,$(wildcard tests/fuzz/*.c)))
$(B)/obj/fuzz/%.o: tests/fuzz/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(ALL_CFLAGS) -c -o $@ $<
$(B)/target/%: $(B)/obj/fuzz/%.o $(B)/obj/fuzz/fuzz.o $(B)/libctr.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ -ljansson -lseccomp -larchive -lcrypto

fuzz-programs:
	@$(MAKE) --no-print-directory -s -j2 B=$(B)/fuzz CC=clang STATIC= \
	  CFLAGS="$(SAN) -fsanitize=address,undefined,fuzzer-no-link" fuzz-targets
fuzz-targets: $(FUZZERS)
TIME ?= 60
fuzz: fuzz-programs
	@tests/fuzz/run.sh $(B)/fuzz search $(TIME) $(FUZZ)
fuzz-seeds: fuzz-programs
	@tests/fuzz/run.sh $(B)/fuzz seeds

.PHONY: fuzz fuzz-programs fuzz-targets fuzz-seeds
.SECONDARY:
