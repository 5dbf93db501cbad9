# Unit tests: one Criterion program per tests/unit/NAME.c.
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))

$(B)/unit/%: tests/unit/%.c $(B)/libctr.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Wno-missing-prototypes -std=gnu17 $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(B)/libctr.a \
	  -lcriterion -ljansson -lcap -lseccomp -larchive -lcrypto

$(B)/unit/output: $(B)/obj/cli/output.o
$(B)/unit/view: $(B)/obj/cli/view.o $(B)/obj/cli/output.o

unit: $(UNIT)
	@fail=0; for t in $(UNIT); do $$t || fail=1; done; exit $$fail

.PHONY: unit

# Everything, with what it needs. The last line counts the tests of all runners.
check: test-deps
	@$(MAKE) --no-print-directory -s -j2 all unit-programs
	@tests/run.sh $(B)

unit-programs: $(UNIT)

bench: all
	bench/run.sh $(B)

.PHONY: check unit-programs bench
