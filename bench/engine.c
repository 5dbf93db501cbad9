/*
 * What an engine does around a runtime that is to have what `ctr run` gives: a writable layer of its own
 * over a root, which goes when the container has gone.
 *
 *   engine LOWER SCRATCH BUNDLE OWNER RUNTIME...
 *
 * LOWER is a root that belongs to OWNER, who is root in the container; SCRATCH a directory on disk. The
 * overlay is BUNDLE/rootfs.
 */
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int r, const char *what)
{
	if (r < 0)
		err(125, "engine: %s", what);
}

static void make_layer(const char *scratch, uid_t owner)
{
	must(mkdir(scratch, 0700), scratch);
	must(chdir(scratch), scratch);
	must(mkdir("upper", 0755), "upper");
	must(chown("upper", owner, owner), "upper");
	must(mkdir("work", 0700), "work");
}

/* Mount points are all that a payload that writes nothing leaves in upper. */
static void remove_layer(const char *scratch)
{
	unlink("upper/etc/hosts");
	unlink("upper/etc/hostname");
	rmdir("upper/etc");
	must(unlink("work/work/incompat/volatile/dirty"), "dirty");
	must(rmdir("work/work/incompat/volatile"), "volatile");
	must(rmdir("work/work/incompat"), "incompat");
	must(rmdir("work/work"), "work/work");
	must(rmdir("work"), "work");
	must(rmdir("upper"), "upper");
	must(rmdir(scratch), scratch);
}

static int run(char **argv)
{
	pid_t pid = fork();
	int status;

	must(pid, "fork");
	if (!pid) {
		execvp(argv[0], argv);
		err(127, "engine: %s", argv[0]);
	}
	must(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char scratch[256], root[256], data[1024];
	int status;

	if (argc < 6)
		errx(125, "usage: engine LOWER SCRATCH BUNDLE OWNER RUNTIME...");
	snprintf(scratch, sizeof(scratch), "%s/%d", argv[2], getpid());
	snprintf(root, sizeof(root), "%s/rootfs", argv[3]);
	snprintf(data, sizeof(data), "volatile,lowerdir=%s,upperdir=upper,workdir=work", argv[1]);
	make_layer(scratch, (uid_t)atoi(argv[4]));
	must(unshare(CLONE_NEWNS), "mount namespace");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	must(mount("overlay", root, "overlay", 0, data), "overlay");
	status = run(argv + 5);
	must(umount(root), "rootfs");
	remove_layer(scratch);
	return status;
}
