#include "image/machine.h"

#include "base/fd.h"
#include "base/inside.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static const struct {
	const char *uname, *oci;
	uint16_t elf;
	unsigned char data;
} machines[] = {
	{"x86_64", "amd64", EM_X86_64, ELFDATA2LSB},
	{"aarch64", "arm64", EM_AARCH64, ELFDATA2LSB},
	{"i686", "386", EM_386, ELFDATA2LSB},
	{"armv7l", "arm", EM_ARM, ELFDATA2LSB},
	{"riscv64", "riscv64", EM_RISCV, ELFDATA2LSB},
	{"ppc64le", "ppc64le", EM_PPC64, ELFDATA2LSB},
	{"s390x", "s390x", EM_S390, ELFDATA2MSB},
	{"loongarch64", "loong64", EM_LOONGARCH, ELFDATA2LSB},
};

const char *machine_host(void)
{
	static struct utsname u;

	if (uname(&u) < 0)
		return "unknown";
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (strcmp(u.machine, machines[i].uname) == 0)
			return machines[i].oci;
	return u.machine;
}

/* The level of the x86-64 psABI. */
static unsigned level_x86(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt"))
		return 1;
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
		!__builtin_cpu_supports("fma"))
		return 2;
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
			       __builtin_cpu_supports("avx512vl")
		       ? 4
		       : 3;
#else
	return 1;
#endif
}

unsigned machine_variant(const char *variant)
{
	const char *host = machine_host();
	unsigned number = variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' && !variant[2]
				  ? (unsigned)(variant[1] - '0')
				  : 1;
	struct utsname u;

	if (strcmp(host, "amd64") == 0)
		return number <= level_x86() ? number : 0;
	if (strcmp(host, "arm") == 0 && uname(&u) == 0)
		return number <= (unsigned)(u.machine[4] - '0') ? number : 0;
	/* The only variant of arm64 that we know is v8, which is also meant if none is named. */
	return *variant && strcmp(variant, "v8") != 0 ? 1 : 2;
}

static const char *machine_of_file(int dir, const char *file)
{
	struct err ignored = {0};
	autofd int fd = inside_open(dir, file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &ignored);
	unsigned char h[20];
	struct stat st;
	uint16_t elf;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		fd_read_all(fd, h, sizeof(h)) != sizeof(h) || memcmp(h, ELFMAG, SELFMAG) != 0)
		return NULL;
	memcpy(&elf, h + 18, sizeof(elf));
	elf = h[EI_DATA] == ELFDATA2MSB ? be16toh(elf) : le16toh(elf);
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].elf == elf && machines[i].data == h[EI_DATA])
			return machines[i].oci;
	return NULL;
}

const char *machine_of_tree(int dir)
{
	static const char *const files[] = {"/bin/sh", "/bin/busybox", "/sbin/init", "/usr/bin/env",
		"/bin/true"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *m = machine_of_file(dir, files[i]);

		if (m)
			return m;
	}
	return machine_host();
}
