# make            build everything below build/
# sudo make demo  install what is missing, build, run a first container
# sudo make check install what the tests need, build, run every test
VERSION  := 0.1.0
PREFIX   ?= /usr/local
CC       ?= gcc
MUSL_CC  ?= $(shell command -v musl-gcc || echo $(CC))
B        ?= build
CPPFLAGS += -D_GNU_SOURCE -DCTR_VERSION='"$(VERSION)"' -DCTR_LIBEXEC='"$(PREFIX)/libexec/ctr"' \
            -DCTR_SHARE='"$(PREFIX)/share/ctr"' -Isrc -I$(B)
WARN     := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Wundef -Wno-missing-field-initializers -Wno-format-truncation
CFLAGS   ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
ALL_CFLAGS = -std=gnu17 $(WARN) $(CFLAGS) -MMD -MP
LDFLAGS  += -Wl,--as-needed -Wl,-z,relro -Wl,-z,now

# Programs are src/*/ctr-*.c and src/cli/main.c; every other source is in one archive, from which
# each program links only what it calls.
PROGRAMS := $(B)/ctr $(B)/ctr-image $(B)/ctr-seccomp $(B)/ctr-supervisor $(B)/ctr-init
LIB_SRC  := $(filter-out $(wildcard src/*/ctr-*.c) $(wildcard src/cli/*.c),$(wildcard src/*/*.c))
CLI_SRC  := $(wildcard src/cli/*.c)
obj       = $(patsubst src/%.c,$(B)/obj/%.o,$(1))
STATICS  := src/container/ctr-supervisor.c src/process/ctr-init.c

all: $(PROGRAMS)

$(B)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libctr.a: $(call obj,$(LIB_SRC)) $(B)/obj/gen/seccomp_builtin.o
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/ctr: $(call obj,$(CLI_SRC)) $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -ljansson -lcap

$(B)/ctr-image: $(B)/obj/image/ctr-image.o $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -larchive -lcrypto -ljansson

# The archive carries programs that ctr-seccomp compiles from the profiles, so ctr-seccomp is linked
# without it.
SECCOMP_SRC := $(addprefix src/process/,ctr-seccomp.c seccomp_build.c seccomp_names.c seccomp_profile.c) \
               $(addprefix src/base/,arena.c err.c fd.c file.c json.c)
SECCOMP_PROFILES := $(wildcard src/process/profiles/*.json) src/process/profiles/embed.sh

$(B)/ctr-seccomp: $(call obj,$(SECCOMP_SRC))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp -ljansson -lcap

$(B)/gen/seccomp_builtin.c: $(B)/ctr-seccomp $(SECCOMP_PROFILES)
	@mkdir -p $(@D)
	src/process/profiles/embed.sh $(B)/ctr-seccomp $@

$(B)/obj/gen/seccomp_builtin.o: $(B)/gen/seccomp_builtin.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# These two stay behind with each container: static, against musl where there is one, and alone.
$(B)/ctr-supervisor $(B)/ctr-init: $(B)/%: $(STATICS)
	@mkdir -p $(@D)
	$(MUSL_CC) -D_GNU_SOURCE -std=gnu17 $(WARN) -Os -static -s -o $@ $(filter %/$*.c,$^) \
	  -Isrc -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -dumpmachine)

clean:
	rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
.PHONY: all clean
include tests/tests.mk
