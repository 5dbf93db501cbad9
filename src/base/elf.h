/* What the head of an ELF file says about who can run it. Pure: bytes in, facts out; every offset
 * in the file is somebody else's and is checked. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ELF_HEADER_SIZE = 64,
	ELF_TABLE_MAX = 4096, /* of program headers: the kernel takes no more either */
	ELF_NOTES_MAX = 8,
};

struct elf_range {
	uint64_t offset, size; /* in the file; the sum does not wrap */
};

struct elf {
	uint8_t bits; /* 32 or 64 */
	bool big_endian;
	uint16_t type, machine;                /* ET_*, EM_* */
	struct elf_range table;                /* program headers, at most ELF_TABLE_MAX bytes */
	struct elf_range loader;               /* PT_INTERP, size 0: none */
	struct elf_range notes[ELF_NOTES_MAX]; /* PT_NOTE, those beyond are left out */
	size_t note_count;
};

bool elf_is(const void *data, size_t len);
/* The header: everything but loader and notes. The error says what is wrong, not with which file. */
int elf_parse_header(const void *data, size_t len, struct elf *ret, struct err *err);
/* Adds loader and notes from the bytes of e->table. */
int elf_parse_table(struct elf *e, const void *table, size_t len, struct err *err);
/* NT_GNU_ABI_TAG among the notes in data: the least version of Linux the program was built for.
 * false if there is none, or it is for another system. */
bool elf_parse_kernel(const struct elf *e, const void *data, size_t len, uint32_t ret[3]);

/* "aarch64", "x86-64"; "machine N" in buf for one without a name. */
const char *elf_machine_name(const struct elf *e, char buf[24]);
/* Whether it is of the machine and class that this program was built for; and the name of these. */
bool elf_is_native(const struct elf *e);
const char *elf_native_name(void);
