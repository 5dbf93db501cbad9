# make            build everything below build/
# sudo make demo  install what is missing, build, run a first container
# sudo make check install what the tests need, build, run every test
VERSION  := 0.1.0
PREFIX   ?= /usr/local
# make's own CC is cc, which not every system with a compiler has.
ifeq ($(origin CC),default)
CC       := gcc
endif
MACHINE  := $(shell $(CC) -print-multiarch 2>/dev/null)
MUSL_CC  ?= $(shell command -v musl-gcc || echo $(CC))
B        ?= build
CPPFLAGS += -D_GNU_SOURCE -DCTR_VERSION='"$(VERSION)"' -DCTR_LIBEXEC='"$(PREFIX)/libexec/ctr"' \
            -DCTR_SHARE='"$(PREFIX)/share/ctr"' -Isrc -I$(B)
WARN     := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Wundef -Wno-missing-field-initializers -Wno-format-truncation
CFLAGS   ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
ALL_CFLAGS = -std=gnu17 $(WARN) $(CFLAGS) -MMD -MP
LDFLAGS  += -Wl,--as-needed -Wl,-z,relro -Wl,-z,now

# Programs are src/*/ctr-*.c, src/cli (ctr) and src/oci (ctr-oci); every other source is in one archive, from which
# each program links only what it calls.
PROGRAMS := $(B)/ctr $(B)/ctr-oci $(B)/ctr-image $(B)/ctr-copy $(B)/ctr-seccomp $(B)/ctr-scope $(B)/ctr-net \
            $(B)/ctr-supervisor $(B)/ctr-init $(B)/ctr-resolver $(B)/ctr-nftables
LIB_SRC  := $(filter-out $(wildcard src/*/ctr-*.c src/cli/*.c src/oci/*.c),$(wildcard src/*/*.c))
CLI_SRC  := $(wildcard src/cli/*.c)
OCI_SRC  := $(wildcard src/oci/*.c)
obj       = $(patsubst src/%.c,$(B)/obj/%.o,$(1))

all: $(PROGRAMS)

# What is compiled into them is also a reason to compile them anew.
PREFIXED := $(shell grep -lE 'CTR_(LIBEXEC|SHARE)' src/*/*.c)
$(patsubst src/%.c,$(B)/obj/%.o,$(PREFIXED)) $(patsubst src/%.c,$(B)/musl/%.o,$(PREFIXED)): $(B)/prefix
$(B)/prefix: always
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

$(B)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libctr.a: $(call obj,$(LIB_SRC)) $(B)/obj/gen/seccomp_builtin.o $(B)/obj/gen/nftable_batch.o
	@rm -f $@
	$(AR) rcs $@ $^

# Every start pays for loading ctr: linked statically it is a sixth faster. STATIC= for a dynamic one,
# which sanitizers need.
STATIC   ?= 1
$(B)/ctr-glibc: $(call obj,$(CLI_SRC))
$(B)/ctr-oci-glibc: $(call obj,$(OCI_SRC))
$(B)/ctr-glibc $(B)/ctr-oci-glibc: $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(if $(STATIC),-static) -o $@ $(filter %.o,$^) $(B)/libctr.a -ljansson

# And another twelfth against musl, whose start is shorter by what glibc asks the processor: a second set
# of objects. Debian has jansson for glibc only; what it calls there musl has too, but for
# what src/base/fortify.c adds, and src/base/memcpy.c does better. Where that does not link it is glibc's.
MUSL_B     := $(B)/musl
MUSL_FLAGS := -std=gnu17 $(WARN) -O2 -g -fstack-protector-strong -ffunction-sections -fdata-sections -MMD -MP \
              -idirafter /usr/include -idirafter /usr/include/$(MACHINE)
MUSL_SRC   := $(filter-out src/image/% %/seccomp_build.c %/seccomp_names.c %/seccomp_profile.c,$(LIB_SRC)) \
              $(addprefix src/image/,below.c child.c interrupt.c record.c reference.c store.c)
musl_obj    = $(patsubst src/%.c,$(MUSL_B)/%.o,$(1))
MUSL_LIBS   = $(shell $(CC) -print-file-name=libjansson.a 2>/dev/null)

$(MUSL_B)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(MUSL_CC) $(CPPFLAGS) $(MUSL_FLAGS) -c -o $@ $<
$(MUSL_B)/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(MUSL_CC) $(CPPFLAGS) $(MUSL_FLAGS) -c -o $@ $<
$(MUSL_B)/libctr.a: $(call musl_obj,$(MUSL_SRC)) $(MUSL_B)/gen/seccomp_builtin.o
	@rm -f $@
	$(AR) rcs $@ $^
$(B)/ctr-musl: $(call musl_obj,$(CLI_SRC))
$(B)/ctr-oci-musl: $(call musl_obj,$(OCI_SRC))
$(B)/ctr-musl $(B)/ctr-oci-musl: $(MUSL_B)/libctr.a
	$(MUSL_CC) $(LDFLAGS) -static -o $@ $(filter %.o,$^) -Wl,--start-group $(MUSL_B)/libctr.a $(MUSL_LIBS) \
	  -Wl,--end-group

# Whether they can be linked, found out once.
$(B)/libc.mk: src/base/fortify.c src/base/memcpy.c Makefile
	@mkdir -p $(@D)
	@printf '#include <jansson.h>\nint main(void)\n{\n\t%s\n}\n' \
	  'return json_dumps(json_loads("{}", 0, NULL), 0) != NULL;' >$(B)/libc.c
	@if command -v musl-gcc >/dev/null && musl-gcc -D_GNU_SOURCE $(filter-out -M%,$(MUSL_FLAGS)) -static \
	  -o $(B)/libc $(B)/libc.c $(filter %.c,$^) $(MUSL_LIBS) >$(B)/libc.log 2>&1; then echo 'LIBC := musl' >$@; fi; rm -f $(B)/libc
-include $(B)/libc.mk
LIBC ?= glibc
$(B)/ctr $(B)/ctr-oci: $(B)/%: $(B)/%-$(if $(STATIC),$(LIBC),glibc)
	ln -f $< $@

$(B)/ctr-image: $(B)/obj/image/ctr-image.o $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -larchive -lcrypto -ljansson

$(B)/ctr-copy: $(B)/obj/image/ctr-copy.o $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -larchive

$(B)/ctr-scope: $(B)/obj/cgroup/ctr-scope.o $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lsystemd

# Loaded beside each start: of shared libraries it has the one that there is no other of.
$(B)/ctr-net: $(B)/obj/net/ctr-net.o $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lmnl $(shell $(CC) -print-file-name=libjansson.a)

# The archive carries programs that ctr-seccomp compiles from the profiles, so ctr-seccomp is linked
# without it.
SECCOMP_SRC := $(addprefix src/process/,ctr-seccomp.c seccomp_build.c seccomp_names.c seccomp_option.c \
	seccomp_profile.c) \
               $(addprefix src/base/,address.c arena.c dents.c err.c fd.c file.c flag.c json.c jsonplace.c jsontext.c jsonwide.c nearest.c num.c \
	pathname.c utf8.c) \
               $(addprefix src/spec/,capname.c fieldread.c textfield.c walk.c)
SECCOMP_PROFILES := $(wildcard src/process/profiles/*.json) src/process/profiles/embed.sh

$(B)/ctr-seccomp: $(call obj,$(SECCOMP_SRC))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp -ljansson

$(B)/gen/seccomp_builtin.c: $(B)/ctr-seccomp $(SECCOMP_PROFILES)
	@mkdir -p $(@D)
	src/process/profiles/embed.sh $(B)/ctr-seccomp $@

# The table of nf_tables as messages, compiled by who changes it: `sudo make nftable`, with nft(8).
$(B)/gen/nftable_batch.c: $(wildcard src/net/nftable/*)
	@mkdir -p $(@D)
	src/net/nftable/embed.sh $@
nftable:
	src/net/nftable/compile.sh
$(B)/ctr-nftables: $(B)/obj/net/ctr-nftables.o $(B)/libctr.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lmnl

$(B)/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# These stay behind with each container: static, against musl where there is one, and of what they call alone.
$(B)/ctr-supervisor: $(MUSL_B)/supervisor/ctr-supervisor.o
$(B)/ctr-init: $(MUSL_B)/process/ctr-init.o
$(B)/ctr-resolver: $(MUSL_B)/resolver/ctr-resolver.o
$(B)/ctr-supervisor $(B)/ctr-init $(B)/ctr-resolver: $(MUSL_B)/libctr.a
	$(MUSL_CC) $(LDFLAGS) -static -s -Wl,--gc-sections -o $@ $(filter %.o,$^) $(MUSL_B)/libctr.a

# Debian packages, named in files so that nothing else needs to know them. apt is asked only for what
# is missing.
define install_packages
	@tests/install-packages $(1) $(2)
endef
deps:
	@mkdir -p $(B)
	$(call install_packages,packages,$(B)/apt.log)
test-deps: deps
	$(call install_packages,tests/packages,$(B)/apt.log)

# A first container, from nothing.
demo: deps
	@$(MAKE) --no-print-directory -s -j2 all
	$(B)/ctr image build busybox
	$(B)/ctr run --rm busybox echo hello

LIBEXEC := $(DESTDIR)$(PREFIX)/libexec/ctr
SHARE   := $(DESTDIR)$(PREFIX)/share
install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin $(B)/ctr $(B)/ctr-oci
	install -D -t $(LIBEXEC) $(filter-out $(B)/ctr $(B)/ctr-oci,$(PROGRAMS))
	for d in images/*/; do install -D -t $(SHARE)/ctr/$$d $$d/recipe || exit 1; \
	  for f in $$d/*; do case $$f in */recipe) ;; *) install -m 644 -D -t $(SHARE)/ctr/$$d $$f ;; esac; done; done
	for p in man/*; do install -m 644 -D -t $(SHARE)/man/man$${p##*.} $$p || exit 1; done
	install -m 644 -D contrib/completions/ctr.bash $(SHARE)/bash-completion/completions/ctr
	install -m 644 -D -t $(SHARE)/zsh/site-functions contrib/completions/_ctr
	install -m 644 -D -t $(SHARE)/fish/vendor_completions.d contrib/completions/ctr.fish
	install -m 644 -D -t $(SHARE)/doc/ctr README.md SECURITY.md LICENSE docs/*.md
	install -m 644 -D -t $(SHARE)/doc/ctr/engines docs/engines/*.md
	for f in contrib/*/*; do \
	  if [ -x $$f ]; then mode=755; else mode=644; fi; install -m $$mode -D -t $(SHARE)/doc/ctr/$${f%/*} $$f || exit 1; \
	done
# The pages and examples name the usual prefix.
	cd $(SHARE) && sed -Ei 's,/usr/local/(bin|libexec|share),$(PREFIX)/\1,g' \
	  $(patsubst %,doc/ctr/%,$(wildcard contrib/*/*)) $(patsubst docs/%,doc/ctr/%,$(wildcard docs/engines/*.md)) \
	  $(foreach p,$(wildcard man/*),man/man$(patsubst .%,%,$(suffix $p))/$(notdir $p))
uninstall:
	rm -rf $(LIBEXEC) $(SHARE)/ctr $(SHARE)/doc/ctr
	rm -f $(DESTDIR)$(PREFIX)/bin/ctr $(DESTDIR)$(PREFIX)/bin/ctr-oci $(SHARE)/bash-completion/completions/ctr \
	  $(SHARE)/zsh/site-functions/_ctr $(SHARE)/fish/vendor_completions.d/ctr.fish
	for p in man/*; do rm -f $(SHARE)/man/man$${p##*.}/$${p##*/}; done

clean:
	rm -rf $(B)

-include $(shell find $(B)/obj $(B)/musl -name '*.d' 2>/dev/null)
.PHONY: all always deps test-deps demo install uninstall clean nftable
include tests/tests.mk
