#include "cli/command.h"

#include <stdbool.h>
#include <string.h>

/* names: of one thing, with blanks between; letters too. */
struct advice {
	const char *names, *text;
};

#define NO_PULL "nothing is pulled: leave it out; ctr image import or ctr image build make an image"
#define MACHINE "an image is run as it is; foreign architectures need binfmt_misc on the host"
#define NO_HEALTH                                                                                  \
	"ctr has --health-cmd, -interval, -retries, -start-interval, -start-period and -timeout"
#define IDS      "a container has 65536 ids of its own, or the host's with --userns host"
#define NO_POD   "there are no pods: each container has its own name and its own network"
#define NEWEST   "name it: $(ctr ps -q -l) is the newest"
#define NO_RT    "cgroup v2 has no realtime scheduler limits; use --cpu-weight"
#define OWN_FILE "mount a file of your own over it: -v FILE:/etc/"

static const struct advice run_flags_elsewhere[] = {
	{"link-local-ip", "the kernel makes one of IPv6; --ip and --ip6 are for others"},
	{"link", "containers of one network have each other's names: ctr network create"},
	{"domainname", "use --hostname with the full name"},
	{"no-hosts hosts-file", OWN_FILE "hosts:ro"},
	{"no-hostname", OWN_FILE "hostname:ro"},
	{"passwd passwd-entry hostuser", OWN_FILE "passwd:ro"},
	{"group-entry", OWN_FILE "group:ro"},
	{"http-proxy", "no proxy is passed on unasked: -e http_proxy passes it on"},
	{"privileged",
		"name what is needed: --cap-add, --device, --security-opt seccomp=unconfined, "
		"--userns host"},
	{"seccomp-policy", "use --security-opt seccomp=FILE"},
	{"gpus", "pass the device nodes with --device"},
	{"device-cgroup-rule", "name each device with --device, and its rights: SRC:DST:rwm"},
	{"uidmap gidmap subuidname subgidname", IDS},
	{"isolation",
		"namespaces are chosen one by one: --pid, --ipc, --uts, --net, --userns, --cgroupns"},
	{"cgroups", "a container always has a cgroup; --cgroup-parent says where"},
	{"arch os variant", MACHINE},
	{"authfile creds cert-dir tls-verify decryption-key retry retry-delay", NO_PULL},
	{"disable-content-trust", "every blob of an image is checked by its digest"},
	{"quiet q", "nothing is pulled, so that there is nothing to be quiet about"},
	{"rmi", "remove it afterwards: ctr image rm NAME"},
	{"requires", "start the other one before; with systemd, Requires= and After= of a unit"},
	{"sdnotify", "use a systemd unit with Type=exec around ctr run"},
	{"systemd", "an init system is run like any command; --security-opt writable-cgroups "
		    "lets it make cgroups"},
	{"pod pod-id-file", NO_POD},
	{"runtime", "ctr is the runtime; docker and podman can have ctr-oci as theirs"},
	{"use-api-socket", "show the container the socket: -v /run/docker.sock:/run/docker.sock"},
	{"secret", "show it as a file: -v FILE:/run/secrets/NAME:ro"},
	{"preserve-fds preserve-fd",
		"no descriptors are passed on but the three streams; use -v for a FIFO or socket"},
	{"log-driver", "ctr keeps one log per detached container; read it with ctr logs"},
	{"log-opt", "use --log-max-size"},
	{"attach a",
		"without -d, standard streams are attached; ctr attach joins a detached container"},
	{"sig-proxy", "signals are always passed on"},
	{"conmon-pidfile pidfile", "ctr inspect prints the process id"},
	{"init-path", "--init runs ctr-init; another init can be the command itself"},
	{"kernel-memory", "cgroup v2 has no separate kernel memory limit; use --memory"},
	{"memory-swappiness", "cgroup v2 has no swappiness; use --memory-swap"},
	{"oom-kill-disable", "cgroup v2 cannot disable the OOM killer; use --oom-score-adj"},
	{"cpu-rt-runtime cpu-rt-period", NO_RT},
	{"cpu-count cpu-percent", "it is for Windows; use --cpus"},
	{"rdt-class",
		"the kernel's resctrl is not used; --cpuset-cpus and --cpuset-mems are there"},
	{"blkio-weight", "use --io-weight"},
	{"blkio-weight-device", "use --cgroup-conf 'io.weight=MAJOR:MINOR WEIGHT'"},
	{"io-maxbandwidth", "it is for Windows; use --io-max DEVICE:rbps=N,wbps=N"},
	{"io-maxiops", "it is for Windows; use --io-max DEVICE:riops=N,wiops=N"},
	{"storage-opt",
		"the writable layer lies below CTR_ROOT; put that on a limited file system"},
	{"shm-size-systemd", "an init system mounts what it wants to; --shm-size is for /dev/shm"},
	{"read-only-tmpfs", "name each directory: --tmpfs /tmp --tmpfs /run"},
	{"volumes-from", "repeat the other container's -v flags"},
	{"volume-driver", "mount it on the host and use -v"},
	{"image-volume",
		"what an image calls a volume is one; -v or --tmpfs at its place is that instead"},
	{"chrootdirs", "show the file there as well: -v /etc/hosts:DIR/etc/hosts:ro"},
	{"health-on-failure health-startup-cmd health-startup-interval "
	 "health-startup-retries health-startup-success health-startup-timeout "
	 "health-log-destination health-max-log-count health-max-log-size",
		NO_HEALTH},
	{"env-merge", "give the whole value: -e NAME=VALUE"},
	{"unsetenv", "run the command by env: env -u NAME COMMAND"},
	{"unsetenv-all", "run the command by env: env -i COMMAND"},
	{"tz", "use -e TZ=ZONE, or -v /etc/localtime:/etc/localtime:ro"},
	{"personality", "run the command by setarch: setarch linux32 COMMAND"},
	{0},
};

static const struct advice exec_flags_elsewhere[] = {
	{"detach-keys",
		"a command of exec cannot be left and found again; the console of ctr attach can"},
	{"privileged cap-add", "a command gets no more than the container has: ctr run --cap-add"},
	{"preserve-fds preserve-fd", "no descriptors are passed on but the three streams"},
	{"cidfile", "name it: ctr exec $(cat FILE) COMMAND"},
	{"wait", "ctr run -d returns when the command of the container runs"},
	{"latest l", NEWEST},
	{0},
};

static const struct advice cp_flags_elsewhere[] = {
	{"overwrite",
		"files are replaced; a directory and what is none do not take each other's place"},
	{"extract pause", "leave it out: there is no other way"},
	{0},
};

static const struct advice update_flags_elsewhere[] = {
	{"device-read-bps", "use --io-max DEVICE:rbps=N"},
	{"device-write-bps", "use --io-max DEVICE:wbps=N"},
	{"device-read-iops", "use --io-max DEVICE:riops=N"},
	{"device-write-iops", "use --io-max DEVICE:wiops=N"},
	{"latest l", NEWEST},
	{"device", "a container has the devices that it was created with: ctr create --device"},
	{"env e unsetenv", "the environment is that of its first process, given by ctr create -e"},
	{"name", "ctr rename OLD NEW"},
	{"device-read-bps device-read-iops device-write-bps device-write-iops",
		"--io-max DEV:rbps=N,wbps=N,riops=N,wiops=N"},
	{"health-cmd health-interval health-retries health-timeout health-start-period "
	 "no-healthcheck",
		"a container has the health check that it was created with: ctr run --health-cmd"},
	{0},
};

static const struct advice prune_flags_elsewhere[] = {
	{"all a", "images with a name are removed anyway: leave it out"},
	{"build external", "there are none: leave it out"},
	{0},
};

static const struct advice latest_elsewhere[] = {
	{"latest l", NEWEST},
	{0},
};

static const struct advice ps_flags_elsewhere[] = {
	{"external", "ctr knows of no containers but its own; use --all"},
	{"noheading", "use --quiet for ids, or --format json"},
	{"ns", "ctr inspect prints the process id, lsns -p PID its namespaces"},
	{"pod p", NO_POD},
	{"sync", "ps always asks the kernel what runs"},
	{"watch w", "use watch(1) around it, or ctr stats"},
	{0},
};

static const struct advice rm_flags_elsewhere[] = {
	{"link", "there are no links between containers: leave it out"},
	{"latest l", "name it: ctr rm $(ctr ps -q -l)"},
	{"depend", "no container depends on another: leave it out"},
	{"time t", "ctr stop -t SECONDS first"},
	{0},
};

static const struct advice logs_flags_elsewhere[] = {
	{"details", "labels and variables are told by ctr inspect"},
	{"color names", "the log is that of one container, and printed as it was written"},
	{"latest l", NEWEST},
	{0},
};

static const struct advice inspect_flags_elsewhere[] = {
	{"latest l", NEWEST},
	{0},
};

static const struct advice kill_flags_elsewhere[] = {
	{"1 2 3 6 9 H I K Q T U", "a signal follows -s: ctr kill -s KILL NAME"},
	{"latest l", NEWEST},
	{0},
};

static const struct advice start_flags_elsewhere[] = {
	{"checkpoint checkpoint-dir", "ctr-oci restore starts what ctr-oci checkpoint wrote"},
	{"sig-proxy", "with -a, signals are always passed on"},
	{"latest l", NEWEST},
	{0},
};

static const struct advice wait_flags_elsewhere[] = {
	{"condition", "wait is for the end; ctr ps tells who runs"},
	{"interval i", "the kernel tells of the end at once: leave it out"},
	{"ignore", "one that is not there is an error: look with ctr ps -a -q --filter name=NAME"},
	{"latest l", NEWEST},
	{0},
};

static const struct advice attach_flags_elsewhere[] = {
	{"latest l", NEWEST},
	{0},
};

static const struct advice stats_flags_elsewhere[] = {
	{"all a", "one that has ended uses nothing; ctr ps -a lists it"},
	{"no-reset", "use --format json, an array to a line"},
	{"interval i", "use --no-stream and sleep"},
	{"latest l", NEWEST},
	{0},
};

static const struct {
	const char *command;
	const struct advice *flags;
} flags_elsewhere[] = {
	{"run", run_flags_elsewhere},
	{"create", run_flags_elsewhere},
	{"update", update_flags_elsewhere},
	{"prune", prune_flags_elsewhere},
	{"update", run_flags_elsewhere},
	{"exec", exec_flags_elsewhere},
	{"cp", cp_flags_elsewhere},
	{"diff", latest_elsewhere},
	{"top", latest_elsewhere},
	{"ps", ps_flags_elsewhere},
	{"rm", rm_flags_elsewhere},
	{"logs", logs_flags_elsewhere},
	{"inspect", inspect_flags_elsewhere},
	{"start", start_flags_elsewhere},
	{"restart", latest_elsewhere},
	{"stop", latest_elsewhere},
	{"kill", kill_flags_elsewhere},
	{"wait", wait_flags_elsewhere},
	{"attach", attach_flags_elsewhere},
	{"stats", stats_flags_elsewhere},
	{"pause", latest_elsewhere},
	{"resume", latest_elsewhere},
};

#define CLIENT "this is not containerd's client; that one is /usr/bin/ctr"

static const struct advice commands_elsewhere[] = {
	{"images", "ctr image ls lists images; for containerd's client, run /usr/bin/ctr"},
	{"containers tasks task",
		"ctr ps lists containers; for containerd's client, run /usr/bin/ctr"},
	{"namespaces content snapshots leases plugins -n --namespace", CLIENT},
	{"pull search login logout",
		"images are not pulled but come from archives: ctr image import FILE NAME; one that "
		"is in ctr image ls is used by its name"},
	{"push", "ctr image save NAME writes what skopeo copies to a registry"},
	{"build", "ctr image build RECIPE"},
	{"rmi", "ctr image rm NAME"},
	{"load import", "ctr image import FILE NAME"},
	{"save", "ctr image save NAME"},
	{"tag", "ctr image save NAME | ctr image import - OTHER"},
	{"commit", "images are made of recipes and archives: ctr image build, ctr image import"},
	{"history", "ctr image inspect NAME"},
	{"fsck", "ctr image fsck"},
	{"list ls", "ctr ps"},
	{"delete remove", "ctr rm NAME"},
	{"unpause", "ctr resume NAME"},
	{"container", "the commands stand by themselves: ctr ps, ctr rm, ctr prune, ctr inspect"},
	{"system", "ctr prune, ctr info, ctr check and ctr gc"},
	{"pod kube play compose stack service",
		"each container is run by itself: ctr run, in a systemd unit of its own"},
	{"export", "ctr exec NAME tar -c DIR"},
	{"sh shell enter", "ctr exec -it NAME sh"},
	{0},
};

/* Whether name is one of the words of names. */
static bool is_among(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = names; *p; p += strspn(p, " ")) {
		size_t word = strcspn(p, " ");

		if (word == len && memcmp(p, name, len) == 0)
			return true;
		p += word;
	}
	return false;
}

static const char *find(const struct advice *table, const char *name)
{
	for (; table->names; table++)
		if (is_among(table->names, name))
			return table->text;
	return NULL;
}

const char *flag_advice(const char *command, const char *name)
{
	const char *text = NULL;

	for (size_t i = 0; !text && i < sizeof(flags_elsewhere) / sizeof(flags_elsewhere[0]); i++)
		if (strcmp(flags_elsewhere[i].command, command) == 0)
			text = find(flags_elsewhere[i].flags, name);
	return text;
}

const char *command_advice(const char *name)
{
	return find(commands_elsewhere, name);
}
