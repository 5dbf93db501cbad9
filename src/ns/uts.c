#include "ns/uts.h"

#include "base/fd.h"
#include "base/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

int uts_set_hostname(const char *hostname, struct err *err)
{
	if (sethostname(hostname, strlen(hostname)) < 0)
		return err_sys(err, "cannot set the hostname to %s", hostname);
	return 0;
}

int uts_set_domainname(const char *domainname, struct err *err)
{
	if (setdomainname(domainname, strlen(domainname)) < 0)
		return err_sys(err, "cannot set the NIS domain name to %s", domainname);
	return 0;
}

/* Below what is a procfs, and nothing else is in the way. */
static int sysctl_write(int procfd, const char *path, const char *value)
{
	autofd int fd = inside_open_beneath(procfd, path, O_WRONLY, INSIDE_NO_LINKS_OR_MOUNTS);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC) {
		errno = EXDEV;
		return -1;
	}
	return write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
}

static int refuse(const struct key_value *sysctl, const char *path, struct err *err)
{
	err_sys(err, "cannot set sysctl %s to %s", sysctl->key, sysctl->value);
	if (err->sys != ENOENT)
		return -1;
	return err_hint(err, "there is no /proc/%.120s in it%s", path,
		strchr(sysctl->key, '/') ? "; between dots, a '/' stands for a dot of the name"
					 : "");
}

int sysctls_apply(int procfd, const struct key_value *sysctls, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		char path[256];
		int len = snprintf(path, sizeof(path), "sys/%s", sysctls[i].key);

		if (len < 0 || (size_t)len >= sizeof(path))
			return err_set(err, "sysctl %.60s…: the name is too long", sysctls[i].key);
		/* A '/' in the name stands for a '.' in the file: net.ipv4.conf.eth0/1.forwarding */
		for (char *p = path + strlen("sys/"); *p; p++)
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
		if (sysctl_write(procfd, path, sysctls[i].value) < 0)
			return refuse(&sysctls[i], path, err);
	}
	return 0;
}
