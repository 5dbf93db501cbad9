/*
 * The talk with CRIU, which does the dumping and restoring: the program is executed for one request,
 * which goes to it through a socket, and so do its questions and its answer (criu swrk; the messages
 * are those of its rpc.proto). Needs 3.14, for the freezer of cgroup v2.
 */
#pragma once

#include "base/err.h"
#include "base/protobuf.h"

#include <stdbool.h>
#include <sys/types.h>

/* Fields of criu_opts in rpc.proto. */
enum criu_option {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25,
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_JOIN_NS = 39,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
};

/* Values of criu_req_type. */
enum criu_action { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4 };

/* It changes to its directories by the path of whoever made the socket: in its own mount namespace they
 * have to be opened anew. */
struct criu_dir {
	int fd; /* the number that the options name */
	const char *path;
};

struct criu_request {
	enum criu_action action;
	struct protobuf options; /* criu_opts */
	/* A directory that it is to find as a mount of its own, in a mount namespace of its own; or NULL. */
	const char *root;
	struct criu_dir dirs[2];
	/* What it does not restore, and what is restored inherits from it. */
	bool no_new_privs, new_keyring;
	/* Descriptors that it gets under their numbers, beside the standard streams. */
	int fds[8];
	size_t fd_count;
	const char *log; /* where it writes its log, for messages */
	/* A point that it has reached, with the first process as we see it (or 0), and a descriptor that
	 * belongs to it (or -1; the callee's to close). -1 makes it fail. May be NULL. */
	int (*reached)(const char *point, pid_t pid, int fd, void *arg, struct err *err);
	void *arg;
};

/* ret_pid: of a restored first process, which is our child; may be NULL otherwise. The message of a
 * failure has the first error that CRIU met. CRIU and what it has made end with a failure, with SIGHUP,
 * SIGINT and SIGTERM, which are one, and with us. */
int criu_run(const struct criu_request *r, pid_t *ret_pid, struct err *err);

/* Whether there is such a program. */
bool criu_is_there(void);
