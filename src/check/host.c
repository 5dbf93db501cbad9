#include "check/host.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

static const struct {
	uint32_t magic;
	const char *name;
} filesystems[] = {
	{0xef53, "ext4"},
	{0x58465342, "xfs"},
	{0x9123683e, "btrfs"},
	{0x01021994, "tmpfs"},
	{0x794c7630, "overlay"},
	{0x2fc12fc1, "zfs"},
	{0xca451a4e, "bcachefs"},
	{0xf2f52010, "f2fs"},
	{0x6969, "nfs"},
	{0xff534d42, "cifs"},
	{0x65735546, "fuse"},
	{0x73717368, "squashfs"},
	{0x858458f6, "ramfs"},
};

char *host_filesystem(int fd, char buf[HOST_NAME_SIZE])
{
	struct statfs fs;

	snprintf(buf, HOST_NAME_SIZE, "unknown");
	if (fstatfs(fd, &fs) < 0)
		return buf;
	snprintf(buf, HOST_NAME_SIZE, "0x%x", (uint32_t)fs.f_type);
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++)
		if (filesystems[i].magic == (uint32_t)fs.f_type)
			snprintf(buf, HOST_NAME_SIZE, "%s", filesystems[i].name);
	return buf;
}

int host_space(int fd, uint64_t *ret_bytes, uint64_t *ret_inodes)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0)
		return -1;
	*ret_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	*ret_inodes = fs.f_files ? fs.f_favail : UINT64_MAX;
	return 0;
}

char *host_mac(char buf[HOST_NAME_SIZE])
{
	char on[8] = "";
	bool apparmor = file_peek(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", on,
				sizeof(on)) > 0 &&
			on[0] == 'Y';
	bool selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;

	snprintf(buf, HOST_NAME_SIZE, "%s%s%s", apparmor ? "apparmor" : "",
		apparmor && selinux ? ", " : "", selinux ? "selinux" : "");
	return buf;
}

uint64_t host_number(const char *path)
{
	char text[32];

	return file_peek(AT_FDCWD, path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

bool host_file_has_word(const char *path, const char *word)
{
	char text[8192], *state, *w;

	if (file_peek(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	for (w = strtok_r(text, " \t\n", &state); w; w = strtok_r(NULL, " \t\n", &state))
		if (strcmp(w, word) == 0)
			return true;
	return false;
}
