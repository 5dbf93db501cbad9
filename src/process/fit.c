#include "process/fit.h"

#include "base/elf.h"
#include "base/fd.h"
#include "base/inside.h"
#include "process/plain.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
	HEAD_SIZE = 4096,
	SCRIPT_LEVELS = 4,
	SCRIPT_LINE = 255, /* the kernel looks at no more of a #! line */
	NOTE_SIZE = 1024,
};

#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum found { FOUND_NOTHING, FOUND_OTHER, FOUND_DIRECTORY, FOUND_PROGRAM };

static enum found look(int rootfd, const char *path)
{
	struct err ignored;
	autofd int fd = inside_open(rootfd, path, O_PATH, 0, &ignored);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return FOUND_NOTHING;
	if (S_ISDIR(st.st_mode))
		return FOUND_DIRECTORY;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? FOUND_PROGRAM : FOUND_OTHER;
}

static int refuse_found(enum found what, const char *path, struct err *err)
{
	if (what == FOUND_DIRECTORY)
		err_set(err, "cannot run %.300s: permission denied: it is a directory", path);
	else
		err_set(err, "cannot run %.300s: permission denied: it is not an executable file",
			path);
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

/* false if it does not fit. */
static bool join(char ret[PATH_MAX], const char *cwd, const char *dir, int dirlen, const char *name)
{
	const char *slash = dirlen ? "/" : "";
	int n;

	if (dir[0] == '/' || (!dirlen && name[0] == '/'))
		n = snprintf(ret, PATH_MAX, "%.*s%s%s", dirlen, dir, slash, name);
	else
		n = snprintf(ret, PATH_MAX, "%s/%.*s%s%s", strcmp(cwd, "/") ? cwd : "", dirlen, dir,
			slash, name);
	return n > 0 && n < PATH_MAX;
}

static int find_path(int rootfd, const char *name, const char *cwd, char ret[PATH_MAX],
	struct err *err)
{
	enum found found = join(ret, cwd, "", 0, name) ? look(rootfd, ret) : FOUND_NOTHING;

	if (found == FOUND_PROGRAM)
		return 0;
	if (found != FOUND_NOTHING)
		return refuse_found(found, name, err);
	err_set(err, "cannot run %.300s: no such file or directory in the container", name);
	return err_status(err, ERR_STATUS_NOT_FOUND);
}

int command_find(int rootfd, const char *name, const char *path, const char *cwd,
	char ret[PATH_MAX], struct err *err)
{
	enum found worst = FOUND_NOTHING;
	char other[PATH_MAX], candidate[PATH_MAX];
	const char *p;

	if (strchr(name, '/'))
		return find_path(rootfd, name, cwd, ret, err);
	path = path ? path : USUAL_PATH;
	for (p = path; *name; p++) {
		size_t len = strcspn(p, ":");
		enum found found = FOUND_NOTHING;

		if (len < PATH_MAX && join(candidate, cwd, p, (int)len, name))
			found = look(rootfd, candidate);
		if (found == FOUND_PROGRAM) {
			strcpy(ret, candidate);
			return 0;
		}
		if (found != FOUND_NOTHING && worst == FOUND_NOTHING) {
			worst = found;
			strcpy(other, candidate);
		}
		p += len;
		if (!*p)
			break;
	}
	if (worst != FOUND_NOTHING)
		return refuse_found(worst, other, err);
	err_set(err, "cannot run \"%.200s\": executable file not found in $PATH (%.400s)", name,
		path);
	return err_status(err, ERR_STATUS_NOT_FOUND);
}

static void describe_foreign(const char *path, const struct elf *e, struct err *ret)
{
	char buf[24];

	err_set(ret, "cannot run %.300s: it is for %s, this host runs %s", path,
		elf_machine_name(e, buf), elf_native_name());
	err_hint(ret,
		"use an image for %s, or register an emulator with binfmt_misc and its flag F, as "
		"qemu-user-static does",
		elf_native_name());
	err_status(ret, ERR_STATUS_NOT_EXECUTABLE);
}

static int kernel_check(int fd, const char *path, const struct elf *e, struct err *err)
{
	uint32_t want[3], have[3] = {0};
	uint8_t note[NOTE_SIZE];
	struct utsname u;
	bool is = false;

	for (size_t i = 0; i < e->note_count && !is; i++) {
		size_t size = e->notes[i].size < sizeof(note) ? e->notes[i].size : sizeof(note);
		ssize_t n = pread(fd, note, size, (off_t)e->notes[i].offset);
		is = n > 0 && elf_parse_kernel(e, note, (size_t)n, want);
	}
	if (!is || uname(&u) < 0 || sscanf(u.release, "%u.%u.%u", &have[0], &have[1], &have[2]) < 2)
		return 0;
	for (int i = 0; i < 3 && want[i] <= have[i]; i++)
		if (want[i] < have[i] || i == 2)
			return 0;
	err_set(err,
		"cannot run %.300s: it was built for Linux %u.%u.%u or later, this host runs %s",
		path, want[0], want[1], want[2], u.release);
	err_hint(err,
		"a container uses the kernel of its host: use an older image, or a newer kernel");
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

static int refuse_file(const char *path, struct err *err)
{
	err_wrap(err, "cannot run %.200s", path);
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

/* head: the first bytes of the file, where the table of program headers usually is. */
static int elf_read(int fd, const char *path, const uint8_t *head, size_t len, struct elf *e,
	struct err *err)
{
	uint8_t table[ELF_TABLE_MAX];
	ssize_t n;

	if (elf_parse_header(head, len, e, err) < 0)
		return refuse_file(path, err);
	if (e->table.offset <= len && e->table.size <= len - e->table.offset) {
		n = elf_parse_table(e, head + e->table.offset, e->table.size, err);
		return n < 0 ? refuse_file(path, err) : 0;
	}
	n = pread(fd, table, e->table.size, (off_t)e->table.offset);
	if (elf_parse_table(e, table, n < 0 ? 0 : (size_t)n, err) < 0)
		return refuse_file(path, err);
	return 0;
}

static int loader_name(int fd, const char *path, const struct elf *e, const uint8_t *head,
	size_t len, char ret[PATH_MAX], struct err *err)
{
	size_t size = e->loader.size;
	bool whole = false;

	if (size <= PATH_MAX && e->loader.offset <= len && size <= len - e->loader.offset) {
		memcpy(ret, head + e->loader.offset, size);
		whole = true;
	} else if (size <= PATH_MAX) {
		whole = pread(fd, ret, size, (off_t)e->loader.offset) == (ssize_t)size;
	}
	if (whole && ret[size - 1] == '\0' && ret[0])
		return 0;
	err_set(err, "cannot run %.300s: the name of its loader is not in it", path);
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

static bool is_absent(const struct err *err)
{
	return err->sys == ENOENT || err->sys == ENOTDIR || err->sys == ELOOP;
}

static int refuse_loader(const char *path, const char *loader, struct err *err)
{
	err_set(err, "%.300s needs the loader %.300s, which the image does not have", path, loader);
	if (strstr(loader, "ld-musl"))
		err_hint(err,
			"it was built for musl (Alpine): use a glibc build, or an image with musl");
	else
		err_hint(err,
			"it was built for another distribution, or the image is not complete: "
			"a statically linked program needs no loader");
	return err_status(err, ERR_STATUS_NOT_FOUND);
}

static int loader_check(int rootfd, const char *path, const char *loader, const struct elf *program,
	struct err *err)
{
	uint8_t head[HEAD_SIZE];
	char a[24], b[24];
	off_t size;
	autofd int fd = -1;
	struct elf e;
	ssize_t n;

	if (loader[0] != '/')
		return 0;
	fd = plain_open(rootfd, loader, &size, err);
	if (fd < 0 && is_absent(err))
		return refuse_loader(path, loader, err);
	if (fd < 0)
		return err->sys ? 0 : refuse_file(path, err);
	n = pread(fd, head, sizeof(head), 0);
	if (elf_read(fd, loader, head, n < 0 ? 0 : (size_t)n, &e, err) < 0)
		return refuse_file(path, err);
	if (e.machine == program->machine && e.bits == program->bits)
		return kernel_check(fd, loader, &e, err);
	err_set(err, "cannot run %.300s: it is for %s, its loader %s for %s", path,
		elf_machine_name(program, a), loader, elf_machine_name(&e, b));
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

static int program_check(int rootfd, int fd, const char *path, const uint8_t *head, size_t len,
	struct err *ret_foreign, struct err *err)
{
	char loader[PATH_MAX];
	struct elf e;

	if (elf_read(fd, path, head, len, &e, err) < 0)
		return -1;
	if (!elf_is_native(&e)) {
		describe_foreign(path, &e, ret_foreign);
		return 0;
	}
	if (kernel_check(fd, path, &e, err) < 0)
		return -1;
	if (e.loader.size && (loader_name(fd, path, &e, head, len, loader, err) < 0 ||
				     loader_check(rootfd, path, loader, &e, err) < 0))
		return -1;
	return 0;
}

/* The interpreter in the first line of a script, without its argument. False if there is none, or if it is too
 * long for the kernel. */
static bool script_interpreter(const uint8_t *head, size_t len, char ret[SCRIPT_LINE + 1])
{
	size_t at = 2, end;

	len = len < SCRIPT_LINE ? len : SCRIPT_LINE;
	while (at < len && (head[at] == ' ' || head[at] == '\t'))
		at++;
	for (end = at; end < len && !strchr(" \t\n", head[end]); end++)
		;
	if (end == at || end == SCRIPT_LINE)
		return false;
	memcpy(ret, head + at, end - at);
	ret[end - at] = '\0';
	return true;
}

static int refuse_interpreter(const char *script, const char *name, struct err *err)
{
	size_t len = strlen(name);

	err_set(err, "%.300s needs the interpreter %.300s, which the image does not have", script,
		name);
	if (len && name[len - 1] == '\r')
		err_hint(err,
			"its first line ends with a carriage return: the file has the line ends "
			"of Windows");
	return err_status(err, ERR_STATUS_NOT_FOUND);
}

static int refuse_depth(const char *path, struct err *err)
{
	err_set(err, "cannot run %.300s: more than %d scripts are each other's interpreters", path,
		SCRIPT_LEVELS);
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

int fit_check(int rootfd, const char *command, struct err *ret_foreign, struct err *err)
{
	char path[PATH_MAX], script[PATH_MAX], name[SCRIPT_LINE + 1];
	uint8_t head[HEAD_SIZE];

	*ret_foreign = (struct err){0};
	if (strlen(command) >= sizeof(path))
		return 0;
	strcpy(path, command);
	for (int level = 0; level <= SCRIPT_LEVELS; level++) {
		off_t size;
		autofd int fd = plain_open(rootfd, path, &size, err);
		ssize_t n;

		if (fd < 0 && level && is_absent(err))
			return refuse_interpreter(script, path, err);
		n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
		if (n < 0)
			return 0;
		if (elf_is(head, (size_t)n))
			return program_check(rootfd, fd, path, head, (size_t)n, ret_foreign, err);
		if (n < 2 || memcmp(head, "#!", 2) || !script_interpreter(head, (size_t)n, name) ||
			name[0] != '/')
			return 0;
		strcpy(script, path);
		strcpy(path, name);
	}
	return refuse_depth(command, err);
}

bool fit_is_i386(int rootfd, const char *path)
{
#ifdef __x86_64__
	struct err ignored;
	off_t size;
	autofd int fd = plain_open(rootfd, path, &size, &ignored);
	Elf32_Ehdr head;

	return fd >= 0 && pread(fd, &head, sizeof(head), 0) == sizeof(head) &&
	       head.e_ident[EI_CLASS] == ELFCLASS32 && head.e_machine == EM_386;
#else
	(void)rootfd, (void)path;
	return false;
#endif
}

/* The words after the colon are those that engines look for. */
static const struct {
	int error, status;
	const char *reason, *hint;
} reasons[] = {
	{ENOENT, ERR_STATUS_NOT_FOUND, "no such file or directory",
		"the file is there if its interpreter or loader is what is missing"},
	{ENOTDIR, ERR_STATUS_NOT_FOUND, "no such file or directory", NULL},
	{EACCES, ERR_STATUS_NOT_EXECUTABLE, "permission denied",
		"the user of the container may not execute it or a directory above it, or it is on a "
		"mount with noexec"},
	{EPERM, ERR_STATUS_NOT_EXECUTABLE, "operation not permitted",
		"it has capabilities or is set-user-id in a way that this container does not allow"},
	{ENOEXEC, ERR_STATUS_NOT_EXECUTABLE, "exec format error",
		"it is neither a program for this machine nor a script that begins with #!"},
	{E2BIG, ERR_STATUS_NOT_EXECUTABLE, "arguments and environment are too long", NULL},
	{EAGAIN, ERR_STATUS_NOT_EXECUTABLE, "the container has as many processes as it may",
		"end some, or give it more with --pids-limit"},
	{ETXTBSY, ERR_STATUS_NOT_EXECUTABLE, "text file busy: somebody is writing to it", NULL},
};

int exec_error(int error, const char *path, const struct err *foreign, struct err *err)
{
	/* ENOENT: it has an emulator, but that is not to be found in the container. */
	if (foreign->text[0] && (error == ENOEXEC || error == ENOENT || error == EINVAL)) {
		*err = *foreign;
		return -1;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error != error)
			continue;
		err_set(err, "cannot run %.300s: %s", path, reasons[i].reason);
		err->sys = error;
		if (reasons[i].hint)
			err_hint(err, "%s", reasons[i].hint);
		return err_status(err, reasons[i].status);
	}
	errno = error;
	err_sys(err, "cannot run %.300s", path);
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}
