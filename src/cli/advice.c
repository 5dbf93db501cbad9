#include "cli/command.h"

#include <string.h>

struct advice {
	const char *name, *text;
};

static const struct advice flags[] = {
	{"publish", "ctr has no port publishing yet; --net host shares the host's network"},
	{"p", "ctr has no port publishing yet; --net host shares the host's network"},
	{"publish-all", "ctr has no port publishing yet; --net host shares the host's network"},
	{"P", "ctr has no port publishing yet; --net host shares the host's network"},
	{"network-alias", "names between containers need a bridge; use --add-host NAME:ADDRESS"},
	{"link", "use --add-host NAME:ADDRESS"},
	{"privileged",
		"name what is needed: --cap-add, --device, --security-opt seccomp=unconfined, "
		"--userns host"},
	{"gpus", "pass the device nodes with --device"},
	{"volumes-from", "repeat the other container's -v flags"},
	{"volume-driver", "mount it on the host and use -v"},
	{"isolation", "namespaces are chosen one by one: --pid, --ipc, --uts, --net, --userns"},
	{"platform",
		"an image is run as it is; foreign architectures need binfmt_misc on the host"},
	{"pull", "import the image first: ctr image import or ctr image build"},
	{"restart", "use a systemd unit with Restart= around ctr run"},
	{"log-driver", "ctr keeps one log per detached container; read it with ctr logs"},
	{"log-opt", "use --log-max-size"},
	{"attach",
		"without -d, standard streams are attached; ctr attach joins a detached container"},
	{"a", "without -d, standard streams are attached; ctr attach joins a detached container"},
	{"sig-proxy", "signals are always passed on"},
	{"kernel-memory", "cgroup v2 has no separate kernel memory limit; use --memory"},
	{"memory-swappiness", "cgroup v2 has no swappiness; use --memory-swap"},
	{"oom-kill-disable", "cgroup v2 cannot disable the OOM killer; use --oom-score-adj"},
	{"cpu-rt-runtime", "cgroup v2 has no realtime scheduler limits"},
	{"cpu-rt-period", "cgroup v2 has no realtime scheduler limits"},
	{"blkio-weight", "use --io-weight"},
	{"device-read-bps", "use --io-max DEVICE:rbps=N"},
	{"device-write-bps", "use --io-max DEVICE:wbps=N"},
	{"device-read-iops", "use --io-max DEVICE:riops=N"},
	{"device-write-iops", "use --io-max DEVICE:wiops=N"},
	{"storage-opt",
		"the writable layer lies below CTR_ROOT; put that on a limited file system"},
	{"health-cmd", "run checks with ctr exec"},
	{"no-healthcheck", "ctr runs no health checks"},
	{"ip", "addresses need a bridge; --net none and --net host are there"},
	{"mac-address", "addresses need a bridge; --net none and --net host are there"},
	{"cgroupns", "a container always has its own cgroup namespace"},
	{"shm-size", "use --tmpfs /dev/shm:size=N"},
	{"disable-content-trust", "every blob of an image is checked by its digest"},
	{"domainname", "use --hostname with the full name"},
};

static const struct advice commands_elsewhere[] = {
	{"images", "ctr image ls lists images; for containerd's client, run /usr/bin/ctr"},
	{"containers", "ctr ps lists containers; for containerd's client, run /usr/bin/ctr"},
	{"tasks", "ctr ps lists containers; for containerd's client, run /usr/bin/ctr"},
	{"task", "ctr ps lists containers; for containerd's client, run /usr/bin/ctr"},
	{"namespaces", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"content", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"snapshots", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"leases", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"events", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"plugins", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"-n", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"--namespace", "this is not containerd's client; that one is /usr/bin/ctr"},
	{"pull", "import an image with ctr image import, or build one with ctr image build"},
	{"build", "ctr image build RECIPE"},
	{"rmi", "ctr image rm NAME"},
	{"load", "ctr image import FILE NAME"},
	{"save", "ctr image save NAME"},
	{"import", "ctr image import FILE NAME"},
	{"list", "ctr ps"},
	{"ls", "ctr ps"},
	{"unpause", "ctr resume NAME"},
	{"container", "the commands stand by themselves: ctr ps, ctr rm, ctr inspect"},
	{"system", "ctr info, ctr check and ctr gc"},
	{"create", "ctr run -d"},
	{"start", "a container runs once: ctr run"},
	{"top", "ctr exec NAME ps"},
};

static const char *find(const struct advice *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].text;
	return NULL;
}

const char *flag_advice(const char *name)
{
	return find(flags, sizeof(flags) / sizeof(flags[0]), name);
}

const char *command_advice(const char *name)
{
	return find(commands_elsewhere, sizeof(commands_elsewhere) / sizeof(commands_elsewhere[0]),
		name);
}
