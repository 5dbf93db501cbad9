#include "base/elf.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr table[2];
	char loader[16];
	uint32_t note[8];
};

static struct image image(void)
{
	struct image i = {
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_phnum = 2,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phoff = sizeof(Elf64_Ehdr)},
		.table = {{.p_type = PT_INTERP,
				  .p_offset = offsetof(struct image, loader),
				  .p_filesz = 6},
			{.p_type = PT_NOTE,
				.p_offset = offsetof(struct image, note),
				.p_filesz = 32}},
		.loader = "/ld.so",
		.note = {4, 16, NT_GNU_ABI_TAG, 0, 0, 3, 2, 1},
	};
	memcpy(&i.note[3], "GNU", 4);
	return i;
}

static int parse(const struct image *i, struct elf *ret, struct err *err)
{
	if (elf_parse_header(i, sizeof(*i), ret, err) < 0)
		return -1;
	return elf_parse_table(ret, i->table, sizeof(i->table), err);
}

static void refused(const struct image *i, const char *expected)
{
	struct elf e;
	struct err err;

	cr_assert_eq(parse(i, &e, &err), -1, "%s", expected);
	cr_expect(strstr(err.text, expected), "%s is not about: %s", err.text, expected);
}

Test(elf, program)
{
	struct image i = image();
	uint32_t kernel[3];
	struct elf e;
	struct err err;
	char buf[24];

	cr_assert_eq(parse(&i, &e, &err), 0, "%s", err.text);
	cr_expect_eq(e.bits, 64);
	cr_expect_not(e.big_endian);
	cr_expect_eq(e.loader.size, 6);
	cr_expect_eq(e.loader.offset, offsetof(struct image, loader));
	cr_assert_eq(e.note_count, 1);
	cr_expect_str_eq(elf_machine_name(&e, buf), "x86-64");
	cr_assert(elf_parse_kernel(&e, i.note, sizeof(i.note), kernel));
	cr_expect_eq(kernel[0], 3);
	cr_expect_eq(kernel[1], 2);
	cr_expect_eq(kernel[2], 1);
}

Test(elf, hostile_header)
{
	struct image i = image();

	i.header.e_ident[0] = 'M';
	refused(&i, "not an ELF file");
	i = image();
	i.header.e_ident[EI_CLASS] = 3;
	refused(&i, "class is 3");
	i = image();
	i.header.e_ident[EI_DATA] = 0;
	refused(&i, "byte order is 0");
	i = image();
	i.header.e_type = ET_CORE;
	refused(&i, "not a program but ELF type 4");
	i = image();
	i.header.e_phentsize = 1;
	refused(&i, "wrong size");
	i = image();
	i.header.e_phnum = 0;
	refused(&i, "cannot be right");
	i = image();
	i.header.e_phnum = 0xffff;
	refused(&i, "cannot be right");
	i = image();
	i.header.e_phoff = UINT64_MAX;
	refused(&i, "cannot be right");
	i = image();
	i.header.e_phnum = 3;
	refused(&i, "cut short");
}

Test(elf, hostile_segments)
{
	struct image i = image();

	i.table[0].p_offset = UINT64_MAX - 2;
	refused(&i, "program header 0 points beyond any file");
	i = image();
	i.table[1].p_filesz = UINT64_MAX;
	refused(&i, "program header 1 points beyond any file");
	i = image();
	i.table[0].p_filesz = 1;
	refused(&i, "loader is empty");
}

Test(elf, more_notes_than_room)
{
	Elf64_Phdr table[40];
	struct image i = image();
	struct elf e;
	struct err err;

	for (size_t n = 0; n < 40; n++)
		table[n] = i.table[1];
	i.header.e_phnum = 40;
	cr_assert_eq(elf_parse_header(&i, sizeof(i), &e, &err), 0);
	cr_assert_eq(elf_parse_table(&e, table, sizeof(table), &err), 0);
	cr_expect_eq(e.note_count, ELF_NOTES_MAX);
}

Test(elf, big_endian_32)
{
	static const uint8_t bytes[ELF_HEADER_SIZE] = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2MSB,
		1, [16] = 0, ET_EXEC, 0, EM_PPC, [31] = 52, [42] = 0, 32, 0, 1};
	static const uint8_t table[32] = {0, 0, 0, PT_NOTE, 0, 0, 0, 84, [19] = 16};
	static const uint8_t note[] = {0, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0, 1, 'G', 'N', 'U', 0, 0, 0,
		0, 0, 0, 0, 0, 4, 0, 0, 0, 19, 0, 0, 1, 2};
	struct elf e;
	struct err err;
	uint32_t kernel[3];
	char buf[24];

	cr_assert_eq(elf_parse_header(bytes, sizeof(bytes), &e, &err), 0, "%s", err.text);
	cr_expect_str_eq(elf_machine_name(&e, buf), "ppc");
	cr_expect_not(elf_is_native(&e));
	cr_assert_eq(elf_parse_table(&e, table, sizeof(table), &err), 0, "%s", err.text);
	cr_expect_eq(e.notes[0].offset, 84);
	cr_expect_eq(e.notes[0].size, 16);
	cr_assert(elf_parse_kernel(&e, note, sizeof(note), kernel));
	cr_expect_eq(kernel[0], 4);
	cr_expect_eq(kernel[2], 258);
}

Test(elf, hostile_notes)
{
	struct image i = image();
	uint32_t kernel[3];
	struct elf e;
	struct err err;

	cr_assert_eq(parse(&i, &e, &err), 0);
	for (size_t n = 0; n < sizeof(i.note); n++)
		cr_expect_not(elf_parse_kernel(&e, i.note, n, kernel), "%zu bytes", n);
	i.note[0] = UINT32_MAX;
	cr_expect_not(elf_parse_kernel(&e, i.note, sizeof(i.note), kernel));
	i.note[0] = 4;
	i.note[1] = UINT32_MAX;
	cr_expect_not(elf_parse_kernel(&e, i.note, sizeof(i.note), kernel));
	i.note[1] = 12;
	cr_expect_not(elf_parse_kernel(&e, i.note, sizeof(i.note), kernel));
	i.note[1] = 16;
	i.note[4] = ELF_NOTE_OS_FREEBSD;
	cr_expect_not(elf_parse_kernel(&e, i.note, sizeof(i.note), kernel));
}

Test(elf, note_behind_another)
{
	uint32_t notes[] = {4, 5, 3, 0, 7, 7, 4, 16, NT_GNU_ABI_TAG, 0, 0, 5, 6, 7}, kernel[3];
	struct elf e = {.bits = 64};

	memcpy(&notes[3], "GNU", 4);
	memcpy(&notes[9], "GNU", 4);
	cr_assert(elf_parse_kernel(&e, notes, sizeof(notes), kernel));
	cr_expect_eq(kernel[1], 6);
}

/* Every cut and many changes: nothing is read outside (the build with sanitizers says so). */
Test(elf, cut_and_changed)
{
	struct image good = image();
	struct err err;
	struct elf e;
	uint32_t kernel[3];

	for (size_t len = 0; len <= sizeof(good); len++) {
		uint8_t *copy = malloc(len + 1);
		memcpy(copy, &good, len);
		cr_expect_eq(elf_parse_header(copy, len, &e, &err) == 0, len >= sizeof(Elf64_Ehdr));
		free(copy);
	}
	for (size_t at = 0; at < sizeof(good) * 256; at++) {
		struct image bad = good;
		((uint8_t *)&bad)[at / 256] = (uint8_t)at;
		if (parse(&bad, &e, &err) < 0)
			continue;
		cr_expect_leq(e.table.size, ELF_TABLE_MAX);
		cr_expect_leq(e.note_count, ELF_NOTES_MAX);
		elf_parse_kernel(&e, bad.note, sizeof(bad.note), kernel);
	}
}
