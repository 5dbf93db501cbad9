/* The head of an ELF file: each parser on a block that ends where its input does. */
#include "fuzz/fuzz.h"

#include "base/elf.h"
#include "base/fd.h"

#include <string.h>

static void check_range(const struct elf_range *r)
{
	require(r->offset + r->size >= r->offset);
}

static void parse_rest(struct elf *e, const char *file, size_t len)
{
	char buf[24];
	uint32_t kernel[3];
	struct err err = {0};
	struct fuzz_input table = {(const uint8_t *)file, 0};
	autofree char *copy = NULL;

	check_range(&e->table);
	require(e->table.size <= ELF_TABLE_MAX);
	require(strlen(elf_machine_name(e, buf)) > 0);
	if (e->table.offset > len)
		return;
	table.data += e->table.offset;
	table.size = len - e->table.offset < e->table.size ? len - e->table.offset : e->table.size;
	len = table.size;
	copy = fuzz_rest(&table, NULL);
	if (elf_parse_table(e, copy, len, &err) < 0) {
		fuzz_refused(&err);
		return;
	}
	check_range(&e->loader);
	require(e->note_count <= ELF_NOTES_MAX);
	for (size_t i = 0; i < e->note_count; i++)
		check_range(&e->notes[i]);
	fuzz_fill(kernel, sizeof(kernel));
	if (!elf_parse_kernel(e, copy, len, kernel))
		fuzz_untouched(kernel, sizeof(kernel));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct err err = {0};
	struct elf e;
	size_t len;
	autofree char *file = fuzz_rest(&in, &len);
	static const struct elf kinds[] = {{.bits = 32}, {.bits = 64},
		{.bits = 64, .big_endian = true}};
	uint32_t kernel[3];

	fuzz_fill(&e, sizeof(e));
	if (elf_parse_header(file, len, &e, &err) == 0) {
		require(elf_is(file, len));
		parse_rest(&e, file, len);
	} else {
		fuzz_refused(&err);
		fuzz_untouched(&e, sizeof(e));
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		elf_parse_kernel(&kinds[i], file, len, kernel);
	return 0;
}
