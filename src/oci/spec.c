#include "oci/command.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct spec_options {
	const char *bundle, *file;
	bool rootless;
};

static const struct flag spec_table[] = {
	{"bundle", 'b', "VALUE", "directory to write it to (.)", FLAG_TEXT(spec_options, bundle)},
	{"file", 'f', "VALUE", "its name (config.json)", FLAG_TEXT(spec_options, file)},
	{"rootless", 0, NULL, "for a user without rights", FLAG_BOOL(spec_options, rootless)},
	{NULL},
};

/* What others begin with as well, so that tools that edit it find what they look for. */
static const char config[] =
	"{'ociVersion':'1.3.0',"
	"'process':{'terminal':true,'user':{'uid':0,'gid':0},'args':['sh'],"
	"'env':['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin','TERM=xterm'],"
	"'cwd':'/',"
	"'capabilities':{'bounding':['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE'],"
	"'effective':['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE'],"
	"'permitted':['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE']},"
	"'rlimits':[{'type':'RLIMIT_NOFILE','hard':1024,'soft':1024}],'noNewPrivileges':true},"
	"'root':{'path':'rootfs','readonly':true},'hostname':'container',"
	"'mounts':["
	"{'destination':'/proc','type':'proc','source':'proc'},"
	"{'destination':'/dev','type':'tmpfs','source':'tmpfs',"
	"'options':['nosuid','strictatime','mode=755','size=65536k']},"
	"{'destination':'/dev/pts','type':'devpts','source':'devpts',"
	"'options':['nosuid','noexec','newinstance','ptmxmode=0666','mode=0620','gid=5']},"
	"{'destination':'/dev/shm','type':'tmpfs','source':'shm',"
	"'options':['nosuid','noexec','nodev','mode=1777','size=65536k']},"
	"{'destination':'/dev/mqueue','type':'mqueue','source':'mqueue',"
	"'options':['nosuid','noexec','nodev']},"
	"{'destination':'/sys','type':'sysfs','source':'sysfs',"
	"'options':['nosuid','noexec','nodev','ro']},"
	"{'destination':'/sys/fs/cgroup','type':'cgroup','source':'cgroup',"
	"'options':['nosuid','noexec','nodev','relatime','ro']}],"
	"'linux':{'resources':{'devices':[{'allow':false,'access':'rwm'}]},"
	"'namespaces':[{'type':'pid'},{'type':'network'},{'type':'ipc'},{'type':'uts'},"
	"{'type':'mount'},{'type':'cgroup'}],"
	"'maskedPaths':['/proc/acpi','/proc/asound','/proc/kcore','/proc/keys',"
	"'/proc/latency_stats','/proc/timer_list','/proc/timer_stats','/proc/sched_debug',"
	"'/sys/firmware','/proc/scsi'],"
	"'readonlyPaths':['/proc/bus','/proc/fs','/proc/irq','/proc/sys','/proc/sysrq-trigger']}}";

static json_t *parse(void)
{
	char text[sizeof(config)];

	memcpy(text, config, sizeof(config));
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	return json_loads(text, 0, NULL);
}

/* One id, the caller's own; and what only real root may mount or limit is left out. */
static int make_rootless(json_t *j)
{
	json_t *linux_ = json_object_get(j, "linux"), *pts;

	json_object_del(linux_, "resources");
	if (json_array_append_new(json_object_get(linux_, "namespaces"),
		    json_pack("{ss}", "type", "user")) < 0 ||
		json_object_set_new(linux_, "uidMappings",
			json_pack("[{si si si}]", "containerID", 0, "hostID", (int)geteuid(),
				"size", 1)) < 0 ||
		json_object_set_new(linux_, "gidMappings",
			json_pack("[{si si si}]", "containerID", 0, "hostID", (int)getegid(),
				"size", 1)) < 0)
		return -1;
	/* Group 5 is not among its ids. */
	pts = json_object_get(json_array_get(json_object_get(j, "mounts"), 2), "options");
	return json_array_remove(pts, json_array_size(pts) - 1);
}

static int spec(struct oci *oci, void *options, char **words, struct err *err)
{
	const struct spec_options *o = options;
	const char *dir = o->bundle ? o->bundle : ".", *file = o->file ? o->file : "config.json";
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autojson json_t *j = parse();
	autofree char *text = NULL;

	(void)oci, (void)words;
	if (fd < 0)
		return err_sys(err, "open the bundle %s", dir);
	if (!*file || strchr(file, '/'))
		return err_value(err, "--file", file, "is not a name in the bundle");
	if (faccessat(fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, "%s/%s is there already", dir, file);
	if (!j || (o->rootless && make_rootless(j) < 0))
		return err_set(err, "cannot make config.json");
	text = json_text(j, JSON_INDENT(2), err);
	if (!text)
		return -1;
	umask(program_users_umask());
	return file_write(fd, file, text, strlen(text), 0666, FILE_NOSYNC, err);
}

const struct oci_command oci_spec = {
	.name = "spec",
	.summary = "Write a config.json to begin with",
	.options = spec_table,
	.options_size = sizeof(struct spec_options),
	.stateless = true,
	.run = spec,
};
