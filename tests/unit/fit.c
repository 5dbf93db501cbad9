#include "process/fit.h"

#include "base/fd.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE      EM_X86_64
#define FOREIGN      EM_AARCH64
#define FOREIGN_TEXT "it is for aarch64, this host runs x86-64"
#else
#define MACHINE      EM_AARCH64
#define FOREIGN      EM_X86_64
#define FOREIGN_TEXT "it is for x86-64, this host runs aarch64"
#endif

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr table[2];
	char loader[32];
	uint32_t note[8];
};

static struct program program(uint16_t machine, const char *loader, uint32_t major)
{
	struct program p = {
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
			.e_type = ET_DYN,
			.e_machine = machine,
			.e_phnum = 2,
			.e_version = 1,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phoff = sizeof(Elf64_Ehdr)},
		.table = {{.p_type = PT_INTERP,
				  .p_offset = offsetof(struct program, loader),
				  .p_filesz = strlen(loader) + 1},
			{.p_type = PT_NOTE,
				.p_offset = offsetof(struct program, note),
				.p_filesz = 32}},
		.note = {4, 16, NT_GNU_ABI_TAG, 0, 0, major, 0, 0},
	};
	memcpy(&p.note[3], "GNU", 4);
	strcpy(p.loader, loader);
	if (!loader[0])
		p.table[0].p_type = PT_NULL;
	return p;
}

static int root = -1;
static char dir[] = "/tmp/ctr-fit-XXXXXX";
static struct err last;

static void put(const char *name, const void *data, size_t len, mode_t mode)
{
	autofd int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "%s", name);
	cr_assert_eq(fd_write_all(fd, data, len), 0);
	cr_assert_eq(fchmod(fd, mode), 0);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text), 0755);
}

static void put_program(const char *name, uint16_t machine, const char *loader, uint32_t major)
{
	struct program p = program(machine, loader, major);

	put(name, &p, sizeof(p), 0755);
}

static void setup(void)
{
	static const char *const dirs[] = {"bin", "sbin", "lib", "etc", "w", "w/bin", "bin/dir"};

	cr_assert_not_null(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(root, 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		cr_assert_eq(mkdirat(root, dirs[i], 0755), 0);
	put_program("lib/ld.so", MACHINE, "", 3);
	put_program("bin/true", MACHINE, "/lib/ld.so", 3);
	put("etc/passwd", "x", 1, 0644);
}

static void teardown(void)
{
	struct err err;

	close(root);
	tree_remove(AT_FDCWD, dir, &err);
}

TestSuite(fit, .init = setup, .fini = teardown, .timeout = 60);

/* A program of another machine counts as refused: no test machine has an emulator for it. */
static int check(const char *path)
{
	struct err foreign;
	int r = fit_check(root, path, &foreign, &last);

	return r < 0 || !foreign.text[0] ? r : exec_error(ENOEXEC, path, &foreign, &last);
}

static void fits(const char *path)
{
	memset(&last, 0, sizeof(last));
	cr_expect_eq(check(path), 0, "%s: %s", path, last.text);
}

static void refused(const char *path, int status, const char *expected)
{
	memset(&last, 0, sizeof(last));
	cr_assert_eq(check(path), -1, "%s fits, no: %s", path, expected);
	cr_expect(strstr(last.text, expected), "%s", last.text);
	cr_expect_eq(last.status, status, "%d: %s", last.status, last.text);
}

Test(fit, good_programs)
{
	fits("/bin/true");
	fits("/lib/ld.so");
	put_text("bin/script", "#! /bin/true -x\nhello\n");
	fits("/bin/script");
	put_text("bin/noend", "#!/bin/true");
	fits("/bin/noend");
}

/* What is not understood is the kernel's to refuse, or binfmt_misc's to run. */
Test(fit, others)
{
	put_text("bin/empty", "");
	put_text("bin/text", "echo hello\n");
	put_text("bin/hash", "#!");
	put_text("bin/blank", "#!   \n");
	put_text("bin/relative", "#!perl\n");
	fits("/bin/empty");
	fits("/bin/text");
	fits("/bin/hash");
	fits("/bin/blank");
	fits("/bin/relative");
	fits("/bin/absent");
	fits("/bin/dir");
}

Test(fit, foreign_machine)
{
	put_program("bin/foreign", FOREIGN, "/lib/ld.so", 3);
	refused("/bin/foreign", 126, "cannot run /bin/foreign: " FOREIGN_TEXT);
	cr_expect(strstr(last.hint, "qemu-user-static"));
	put_text("bin/script", "#!/bin/foreign\n");
	refused("/bin/script", 126, "cannot run /bin/foreign: " FOREIGN_TEXT);
	put_program("bin/odd", 0xfff0, "", 3);
	refused("/bin/odd", 126, "it is for machine 65520");
}

Test(fit, loader_of_another_machine)
{
	put_program("lib/foreign.so", FOREIGN, "", 3);
	put_program("bin/mixed", MACHINE, "/lib/foreign.so", 3);
	refused("/bin/mixed", 126, "its loader /lib/foreign.so for");
}

Test(fit, missing_loader)
{
	put_program("bin/musl", MACHINE, "/lib/ld-musl-x86_64.so.1", 3);
	refused("/bin/musl", 127, "/bin/musl needs the loader /lib/ld-musl-x86_64.so.1");
	cr_expect(strstr(last.hint, "musl"));
	cr_assert_eq(symlinkat("loop", root, "lib/loop"), 0);
	put_program("bin/loop", MACHINE, "/lib/loop", 3);
	refused("/bin/loop", 127, "needs the loader /lib/loop");
	put_program("bin/dirld", MACHINE, "/bin/dir", 3);
	refused("/bin/dirld", 126, "/bin/dir is not a regular file");
	put_text("lib/text", "hello");
	put_program("bin/textld", MACHINE, "/lib/text", 3);
	refused("/bin/textld", 126, "it is not an ELF file");
}

Test(fit, loader_that_is_a_fifo)
{
	cr_assert_eq(mkfifoat(root, "lib/fifo", 0666), 0);
	put_program("bin/fifold", MACHINE, "/lib/fifo", 3);
	refused("/bin/fifold", 126, "/lib/fifo is not a regular file");
}

/* The host has this one, the container has not. */
Test(fit, loader_outside_the_root)
{
	cr_assert_eq(symlinkat("../../../../../../bin/sh", root, "lib/out"), 0);
	put_program("bin/out", MACHINE, "/lib/out", 3);
	refused("/bin/out", 127, "needs the loader /lib/out");
}

Test(fit, newer_kernel)
{
	struct utsname u;
	char expected[128];

	uname(&u);
	snprintf(expected, sizeof(expected), "Linux 99.0.0 or later, this host runs %s", u.release);
	put_program("bin/new", MACHINE, "", 99);
	refused("/bin/new", 126, expected);
	put_program("lib/new.so", MACHINE, "", 99);
	put_program("bin/newld", MACHINE, "/lib/new.so", 3);
	refused("/bin/newld", 126, "cannot run /lib/new.so");
}

Test(fit, scripts)
{
	put_text("bin/a", "#!/bin/gone -x\n");
	refused("/bin/a", 127, "/bin/a needs the interpreter /bin/gone, which");
	put_text("bin/dos", "#!/bin/true\r\n");
	refused("/bin/dos", 127, "/bin/dos needs the interpreter /bin/true");
	cr_expect(strstr(last.hint, "Windows"));
	put_text("bin/self", "#!/bin/self\n");
	refused("/bin/self", 126, "each other's interpreters");
	put_text("bin/s1", "#!/bin/true\n");
	put_text("bin/s2", "#!/bin/s1\n");
	put_text("bin/s3", "#!/bin/s2\n");
	put_text("bin/s4", "#!/bin/s3\n");
	fits("/bin/s4");
}

Test(fit, hostile_elf)
{
	struct program p = program(MACHINE, "/lib/ld.so", 3);

	put("bin/short", &p, 20, 0755);
	refused("/bin/short", 126, "cannot run /bin/short: its ELF header is cut short");
	p.table[0].p_filesz = 5000;
	put("bin/longname", &p, sizeof(p), 0755);
	refused("/bin/longname", 126, "name of its loader");
	p.table[0].p_filesz = 5;
	put("bin/noend", &p, sizeof(p), 0755);
	refused("/bin/noend", 126, "name of its loader");
	p.table[0].p_offset = 1 << 30;
	put("bin/far", &p, sizeof(p), 0755);
	refused("/bin/far", 126, "name of its loader");
	p.header.e_phoff = 1 << 30;
	put("bin/fartable", &p, sizeof(p), 0755);
	refused("/bin/fartable", 126, "cut short");
}

/* Every byte changed: an answer, whatever it is, and nothing read outside. */
Test(fit, changed)
{
	struct program good = program(MACHINE, "/lib/ld.so", 3);

	for (size_t at = 0; at < sizeof(good); at++) {
		struct program p = good;
		((uint8_t *)&p)[at] ^= 0xff;
		put("bin/changed", &p, sizeof(p), 0755);
		memset(&last, 0, sizeof(last));
		if (check("/bin/changed") < 0)
			cr_expect(last.text[0] && last.status, "%zu", at);
	}
}

/* A table behind the first page. */
Test(fit, table_far_away)
{
	char file[9000] = "";
	struct program p = program(MACHINE, "/lib/gone.so", 3);

	memcpy(file, &p.header, sizeof(p.header));
	((Elf64_Ehdr *)file)->e_phoff = 8000;
	p.table[0].p_offset = 8500;
	memcpy(file + 8000, p.table, sizeof(p.table));
	memcpy(file + 8500, p.loader, sizeof(p.loader));
	put("bin/far", file, sizeof(file), 0755);
	refused("/bin/far", 127, "needs the loader /lib/gone.so");
}

/* In its own root the kernel is asked: this one refuses what no emulator is registered for. */
Test(fit, asks_the_kernel)
{
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("chroot needs root");
	put_program("bin/odd", 0xfff0, "", 3);
	pid = fork();
	if (pid == 0) {
		int fd;
		struct err err = {0};
		if (chroot(dir) < 0 || (fd = open("/", O_PATH | O_DIRECTORY)) < 0)
			_exit(1);
		struct err foreign;
		if (fit_check(fd, "/bin/odd", &foreign, &err) < 0 || foreign.status != 126)
			_exit(2);
		_exit(waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	cr_expect_eq(status, 0, "%x", status);
}

static void found(const char *name, const char *path, const char *expected)
{
	char ret[4096] = "";

	memset(&last, 0, sizeof(last));
	cr_assert_eq(command_find(root, name, path, "/w", ret, &last), 0, "%s", last.text);
	cr_expect_str_eq(ret, expected);
}

static void missing(const char *name, const char *path, int status, const char *expected)
{
	char ret[4096] = "";

	memset(&last, 0, sizeof(last));
	cr_assert_eq(command_find(root, name, path, "/w", ret, &last), -1, "%s is %s", name, ret);
	cr_expect(strstr(last.text, expected), "%s", last.text);
	cr_expect_eq(last.status, status);
}

Test(fit, command)
{
	put_text("sbin/two", "x");
	put_text("bin/two", "x");
	put_text("w/run", "x");
	put_text("w/bin/tool", "x");
	found("true", "/sbin:/bin", "/bin/true");
	found("true", NULL, "/bin/true");
	found("two", "/sbin:/bin", "/sbin/two");
	found("two", "/bin:/sbin", "/bin/two");
	found("true", "/nowhere:/etc/passwd:/bin/", "/bin//true");
	found("/bin/true", NULL, "/bin/true");
	found("./run", "/bin", "/w/./run");
	found("bin/tool", "/bin", "/w/bin/tool");
	found("run", "/bin:", "/w/run");
	found("tool", "bin", "/w/bin/tool");
	found("../bin/true", NULL, "/w/../bin/true");
}

Test(fit, command_missing)
{
	char path[9000];

	put("sbin/true", "x", 1, 0644);
	found("true", "/sbin:/bin", "/bin/true");
	missing("gone", "/bin:/sbin", 127,
		"cannot run \"gone\": executable file not found in $PATH (/bin:/sbin)");
	missing("", "/bin", 127, "cannot run \"\"");
	missing("/bin/gone", NULL, 127, "cannot run /bin/gone: no such file or directory");
	missing("/etc/passwd/x", NULL, 127, "no such file or directory");
	missing("/etc/passwd", NULL, 126, "permission denied: it is not an executable file");
	missing("passwd", "/etc", 126, "/etc/passwd");
	missing("/bin", NULL, 126, "it is a directory");
	missing("dir", "/bin", 126, "it is a directory");
	missing("../../../../../../bin/sh", NULL, 127, "no such file");
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	missing("true", path, 127, "not found in $PATH");
	missing(path, "/bin", 127, "not found in $PATH");
	memset(path, '/', sizeof(path) - 1);
	missing(path, "/bin", 127, "no such file");
}

Test(fit, errors_of_exec)
{
	struct err err = {0};
	const struct err none = {0};

	cr_expect_eq(exec_error(ENOENT, "/bin/x", &none, &err), -1);
	cr_expect_eq(err.status, 127);
	cr_expect(strstr(err.text, "cannot run /bin/x: no such file or directory"));
	exec_error(EACCES, "/bin/x", &none, &err);
	cr_expect_eq(err.status, 126);
	cr_expect(strstr(err.text, "permission denied"));
	exec_error(ENOEXEC, "/bin/x", &none, &err);
	cr_expect_eq(err.status, 126);
	cr_expect(strstr(err.text, "exec format error"));
	exec_error(ENOMEM, "/bin/x", &none, &err);
	cr_expect_eq(err.status, 126);
	cr_expect_eq(err.sys, ENOMEM);
	cr_expect_str_empty(err.hint);
}
