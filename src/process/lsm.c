#include "process/lsm.h"

#include "base/fd.h"
#include "base/file.h"
#include "spec/maclabel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define APPARMOR_PROFILES "/sys/kernel/security/apparmor/profiles"
#define SELINUX_CONTEXT   "/sys/fs/selinux/context"

enum { PROFILES_MAX = 4 << 20, PROC_ROOT_INODE = 1 };

static bool apparmor_on(void)
{
	char on[8] = "";

	return file_peek(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", on, sizeof(on)) > 0 &&
	       on[0] == 'Y';
}

static bool selinux_on(void)
{
	char ignored[8];

	return file_peek(AT_FDCWD, "/sys/fs/selinux/enforce", ignored, sizeof(ignored)) > 0;
}

/* Without AppArmor everything is unconfined. */
static bool wants_apparmor(const struct process_spec *p)
{
	return p->apparmor && (strcmp(p->apparmor, "unconfined") != 0 || apparmor_on());
}

static int not_loaded(const char *name, struct err *err)
{
	err_set(err, "the AppArmor profile %s is not loaded", name);
	return err_hint(err, "apparmor_parser -r FILE loads it; aa-status lists those that are");
}

/* A stack of profiles, or one of another namespace, is for the kernel to find. */
static bool is_plain_name(const char *name)
{
	return strcmp(name, "unconfined") != 0 && !strstr(name, "//&") && name[0] != '&' &&
	       name[0] != ':';
}

static int check_apparmor(const char *name, struct err *err)
{
	autofree char *text = malloc(PROFILES_MAX);

	if (!apparmor_on()) {
		err_set(err,
			"AppArmor is not enabled on this host, so the profile %s cannot be had",
			name);
		return err_hint(err, "boot a kernel that has it with apparmor=1 "
				     "security=apparmor, or run without a profile");
	}
	if (!text)
		return err_sys(err, "read " APPARMOR_PROFILES);
	/* Where securityfs is not mounted, the write before the exec says the same. */
	if (!is_plain_name(name) || file_peek(AT_FDCWD, APPARMOR_PROFILES, text, PROFILES_MAX) < 0)
		return 0;
	return apparmor_listed(text, name) ? 0 : not_loaded(name, err);
}

static int no_selinux(struct err *err)
{
	err_set(err, "SELinux is not enabled on this host, so no label can be had");
	return err_hint(err, "run without a label, or boot a kernel that has it with a policy");
}

static int not_in_policy(const char *label, struct err *err)
{
	return err_set(err, "the SELinux label %s is not one of this host's policy", label);
}

static int check_selinux(const char *label, struct err *err)
{
	if (!selinux_on())
		return no_selinux(err);
	if (file_poke(AT_FDCWD, SELINUX_CONTEXT, label) < 0 && errno == EINVAL)
		return not_in_policy(label, err);
	return 0;
}

int lsm_check(const struct process_spec *p, struct err *err)
{
	if (wants_apparmor(p) && check_apparmor(p->apparmor, err) < 0)
		return -1;
	return p->selinux ? check_selinux(p->selinux, err) : 0;
}

/* procfs itself, by its root: not what somebody put in its place. */
static int proc_open(struct err *err)
{
	autofd int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INODE)
		return err_set(err, "/proc is not the proc file system of this host");
	return take_fd(&fd);
}

static int open_beneath(int procfd, const char *path)
{
	struct open_how how = {
		.flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, procfd, path, &how, sizeof(how));
}

int lsm_open(const struct process_spec *p, int *ret_fd, struct err *err)
{
	bool apparmor = wants_apparmor(p);
	autofd int procfd = -1;
	int fd = -1;

	*ret_fd = -1;
	if (!apparmor && !p->selinux)
		return 0;
	procfd = proc_open(err);
	if (procfd < 0)
		return -1;
	/* The files right in attr/ are of whichever module comes first; apparmor/ is from 5.8. */
	if (apparmor)
		fd = open_beneath(procfd, "thread-self/attr/apparmor/exec");
	if (fd < 0)
		fd = open_beneath(procfd, "thread-self/attr/exec");
	if (fd < 0)
		return err_sys(err, "open the file that takes the label of the container");
	*ret_fd = fd;
	return 0;
}

static int apply_failed(const struct process_spec *p, struct err *err)
{
	if (p->apparmor && errno == ENOENT)
		return not_loaded(p->apparmor, err);
	if (p->selinux && errno == EINVAL)
		return not_in_policy(p->selinux, err);
	err_sys(err, "cannot confine the container with %s %s",
		p->apparmor ? "the AppArmor profile" : "the SELinux label",
		p->apparmor ? p->apparmor : p->selinux);
	if (err->sys == EPERM || err->sys == EACCES)
		err_hint(err, "ctr is confined itself, and may not change to it");
	return -1;
}

int lsm_apply(int fd, const struct process_spec *p, struct err *err)
{
	char text[LSM_LABEL_SIZE];
	int len;

	if (fd < 0)
		return 0;
	len = p->apparmor ? snprintf(text, sizeof(text), "exec %s", p->apparmor)
			  : snprintf(text, sizeof(text), "%s", p->selinux);
	if (len >= (int)sizeof(text))
		return err_set(err, "the label of the container is too long");
	/* One write: the kernel takes it whole or not at all. */
	return write(fd, text, (size_t)len) == len ? 0 : apply_failed(p, err);
}

int lsm_selinux_own(char ret[LSM_LABEL_SIZE], struct err *err)
{
	if (!selinux_on())
		return no_selinux(err);
	if (file_peek(AT_FDCWD, "/proc/self/attr/current", ret, LSM_LABEL_SIZE) <= 0)
		return err_sys(err, "read ctr's own SELinux label");
	return selinux_check("ctr's own SELinux label", ret, err);
}
