#include "base/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

/* Where the fields are in the two classes. */
static const struct layout {
	size_t header, phoff, phentsize, phnum;
	size_t entry, p_offset, p_filesz;
} layouts[] = {
	{sizeof(Elf32_Ehdr), offsetof(Elf32_Ehdr, e_phoff), offsetof(Elf32_Ehdr, e_phentsize),
		offsetof(Elf32_Ehdr, e_phnum), sizeof(Elf32_Phdr), offsetof(Elf32_Phdr, p_offset),
		offsetof(Elf32_Phdr, p_filesz)},
	{sizeof(Elf64_Ehdr), offsetof(Elf64_Ehdr, e_phoff), offsetof(Elf64_Ehdr, e_phentsize),
		offsetof(Elf64_Ehdr, e_phnum), sizeof(Elf64_Phdr), offsetof(Elf64_Phdr, p_offset),
		offsetof(Elf64_Phdr, p_filesz)},
};

static const struct layout *layout_of(const struct elf *e)
{
	return &layouts[e->bits == 64];
}

static uint64_t number(const struct elf *e, const uint8_t *p, size_t size)
{
	uint64_t n = 0;

	for (size_t i = 0; i < size; i++)
		n = n << 8 | p[e->big_endian ? i : size - 1 - i];
	return n;
}

/* An offset or a size: as wide as the class. */
static uint64_t word(const struct elf *e, const uint8_t *p)
{
	return number(e, p, e->bits / 8);
}

bool elf_is(const void *data, size_t len)
{
	return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static int ident_parse(const uint8_t *p, size_t len, struct elf *e, struct err *err)
{
	if (!elf_is(p, len))
		return err_set(err, "it is not an ELF file");
	if (len < EI_NIDENT)
		return err_set(err, "its ELF header is cut short");
	if (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)
		return err_set(err, "its ELF class is %u", p[EI_CLASS]);
	if (p[EI_DATA] != ELFDATA2LSB && p[EI_DATA] != ELFDATA2MSB)
		return err_set(err, "its ELF byte order is %u", p[EI_DATA]);
	*e = (struct elf){
		.bits = p[EI_CLASS] == ELFCLASS64 ? 64 : 32,
		.big_endian = p[EI_DATA] == ELFDATA2MSB,
	};
	return 0;
}

int elf_parse_header(const void *data, size_t len, struct elf *ret, struct err *err)
{
	const uint8_t *p = data;
	const struct layout *at;
	struct elf e;

	if (ident_parse(p, len, &e, err) < 0)
		return -1;
	at = layout_of(&e);
	if (len < at->header)
		return err_set(err, "its ELF header is cut short");
	e.type = (uint16_t)number(&e, p + offsetof(Elf64_Ehdr, e_type), 2);
	e.machine = (uint16_t)number(&e, p + offsetof(Elf64_Ehdr, e_machine), 2);
	if (e.type != ET_EXEC && e.type != ET_DYN)
		return err_set(err, "it is not a program but ELF type %u", e.type);
	if (number(&e, p + at->phentsize, 2) != at->entry)
		return err_set(err, "its program headers have the wrong size");
	e.table.offset = word(&e, p + at->phoff);
	e.table.size = number(&e, p + at->phnum, 2) * at->entry;
	if (e.table.size == 0 || e.table.size > ELF_TABLE_MAX || e.table.offset > INT64_MAX / 2)
		return err_set(err, "its table of program headers cannot be right");
	*ret = e;
	return 0;
}

static int range_parse(const struct elf *e, const uint8_t *entry, struct elf_range *ret)
{
	const struct layout *at = layout_of(e);
	struct elf_range r = {word(e, entry + at->p_offset), word(e, entry + at->p_filesz)};

	if (r.offset > INT64_MAX / 2 || r.size > INT64_MAX / 2)
		return -1;
	*ret = r;
	return 0;
}

int elf_parse_table(struct elf *e, const void *table, size_t len, struct err *err)
{
	const struct layout *at = layout_of(e);
	const uint8_t *p = table;
	struct elf_range r;

	if (len < e->table.size)
		return err_set(err, "its table of program headers is cut short");
	for (size_t i = 0; i + at->entry <= e->table.size; i += at->entry) {
		uint64_t type = number(e, p + i, 4);

		if (type != PT_INTERP && type != PT_NOTE)
			continue;
		if (range_parse(e, p + i, &r) < 0)
			return err_set(err, "program header %zu points beyond any file",
				i / at->entry);
		if (type == PT_NOTE && e->note_count < ELF_NOTES_MAX)
			e->notes[e->note_count++] = r;
		/* The kernel takes the first. */
		if (type == PT_INTERP && !e->loader.size && r.size < 2)
			return err_set(err, "the name of its loader is empty");
		if (type == PT_INTERP && !e->loader.size)
			e->loader = r;
	}
	return 0;
}

static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

bool elf_parse_kernel(const struct elf *e, const void *data, size_t len, uint32_t ret[3])
{
	const uint8_t *p = data;

	while (len >= sizeof(Elf32_Nhdr)) {
		uint64_t name = number(e, p, 4), desc = number(e, p + 4, 4);
		uint64_t type = number(e, p + 8, 4);
		uint64_t head = sizeof(Elf32_Nhdr) + align4(name), all = head + align4(desc);

		if (all > len)
			return false;
		if (type == NT_GNU_ABI_TAG && name == 4 && desc >= 16 &&
			memcmp(p + sizeof(Elf32_Nhdr), "GNU", 4) == 0 &&
			number(e, p + head, 4) == ELF_NOTE_OS_LINUX) {
			for (size_t i = 0; i < 3; i++)
				ret[i] = (uint32_t)number(e, p + head + 4 + 4 * i, 4);
			return true;
		}
		p += all;
		len -= all;
	}
	return false;
}

static const struct {
	uint16_t machine;
	uint8_t bits;   /* 0: either */
	int big_endian; /* -1: either */
	const char *name;
} machines[] = {
	{EM_X86_64, 64, 0, "x86-64"},
	{EM_X86_64, 32, 0, "x32"},
	{EM_386, 0, -1, "i386"},
	{EM_AARCH64, 0, 0, "aarch64"},
	{EM_AARCH64, 0, 1, "aarch64 (big-endian)"},
	{EM_ARM, 0, -1, "arm"},
	{EM_RISCV, 64, -1, "riscv64"},
	{EM_RISCV, 32, -1, "riscv32"},
	{EM_PPC64, 0, 0, "ppc64le"},
	{EM_PPC64, 0, 1, "ppc64"},
	{EM_PPC, 0, -1, "ppc"},
	{EM_S390, 64, -1, "s390x"},
	{EM_S390, 32, -1, "s390"},
	{EM_LOONGARCH, 0, -1, "loongarch64"},
	{EM_MIPS, 64, -1, "mips64"},
	{EM_MIPS, 32, -1, "mips"},
	{EM_SPARCV9, 0, -1, "sparc64"},
	{EM_IA_64, 0, -1, "ia64"},
	{EM_ALPHA, 0, -1, "alpha"},
	{EM_68K, 0, -1, "m68k"},
	{EM_SH, 0, -1, "sh4"},
	{EM_PARISC, 0, -1, "hppa"},
};

const char *elf_machine_name(const struct elf *e, char buf[24])
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == e->machine &&
			(!machines[i].bits || machines[i].bits == e->bits) &&
			(machines[i].big_endian < 0 || machines[i].big_endian == e->big_endian))
			return machines[i].name;
	snprintf(buf, 24, "machine %u", e->machine);
	return buf;
}

#if defined(__x86_64__)
#define NATIVE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE EM_AARCH64
#elif defined(__riscv)
#define NATIVE EM_RISCV
#elif defined(__powerpc64__)
#define NATIVE EM_PPC64
#elif defined(__s390x__)
#define NATIVE EM_S390
#elif defined(__loongarch__)
#define NATIVE EM_LOONGARCH
#elif defined(__i386__)
#define NATIVE EM_386
#elif defined(__arm__)
#define NATIVE EM_ARM
#else
#error "which machine is this?"
#endif

static const struct elf native = {
	.bits = sizeof(void *) * 8,
	.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
	.machine = NATIVE,
};

bool elf_is_native(const struct elf *e)
{
	return e->bits == native.bits && e->big_endian == native.big_endian &&
	       e->machine == native.machine;
}

const char *elf_native_name(void)
{
	char unused[24];

	return elf_machine_name(&native, unused);
}
