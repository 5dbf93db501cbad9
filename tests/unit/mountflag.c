#include "spec/mountflag.h"
#include "spec/mounts.h"
#include "spec/target.h"

#include "spec/defaults.h"

#include <criterion/criterion.h>
#include <linux/mount.h>
#include <string.h>

static struct err err;
static struct spec spec;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int volume(const char *s)
{
	return mountflag_volume(&spec, "-v", s, "/work/dir", &err);
}
static int mount_field(const char *s)
{
	return mountflag_mount(&spec, "--mount", s, "/work/dir", &err);
}
static int tmpfs(const char *s)
{
	return mountflag_tmpfs(&spec, "--tmpfs", s, &err);
}
#define TAKE(fn, s) cr_assert_eq(fn(s), 0, "%s", err.text)

static const struct mount *last(void)
{
	return &spec.mounts[spec.mount_count - 1];
}

static void refuse_all(int (*fn)(const char *), const char *option, const char *const *bad,
	size_t count)
{
	size_t before = spec.mount_count;

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(fn(bad[i]), -1, "%s", bad[i]);
		cr_assert(!strncmp(err.text, option, strlen(option)), "%s: %s", bad[i], err.text);
	}
	cr_assert_eq(spec.mount_count, before);
}

Test(mountflag, volume)
{
	TAKE(volume, "/srv/data:/data");
	cr_assert(last()->kind == MOUNT_BIND && last()->recursive && last()->idmap &&
		  last()->make_source);
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NODEV);
	cr_assert(!last()->attr_clear && !last()->propagation);
	cr_assert_str_eq(last()->source, "/srv/data");
	cr_assert_str_eq(last()->target, "/data");
}

Test(mountflag, volume_sources)
{
	static const struct {
		const char *s, *source;
	} c[] = {{".:/x", "/work/dir"}, {"./:/x", "/work/dir"}, {"./a/b:/x", "/work/dir/a/b"},
		{"..:/x", "/work/dir/.."}, {"../a:/x", "/work/dir/../a"}, {"/:/x", "/"},
		{"/a b:/x", "/a b"}, {"./.h:/x", "/work/dir/.h"}};

	for (size_t i = 0; i < COUNT(c); i++) {
		TAKE(volume, c[i].s);
		cr_assert_str_eq(last()->source, c[i].source);
	}
	cr_assert_eq(mountflag_volume(&spec, "-v", "./a:/x", "/", &err), 0);
	cr_assert_str_eq(last()->source, "/a");
}

Test(mountflag, volume_options)
{
	TAKE(volume, "/a:/b:ro,nosuid,nodev,noexec,rslave,bind,noidmap,z,noatime");
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					       MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
	cr_assert_eq(last()->attr_clear, MOUNT_ATTR__ATIME);
	cr_assert_eq(last()->propagation, MS_SLAVE | MS_REC);
	cr_assert(!last()->recursive && !last()->idmap);
	TAKE(volume, "/a:/c:rw,suid,dev,exec,shared,rbind,idmap,Z,cached");
	cr_assert_eq(last()->attr_set, 0);
	cr_assert_eq(last()->attr_clear, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	cr_assert_eq(last()->propagation, MS_SHARED);
}

Test(mountflag, volume_refused)
{
	static const char *const bad[] = {"", ":", "::", "/", "a", "/a/../b", "/a:", ":/b",
		"a/b:/c", ".hidden:/c", "~/x:/c", "/a:b", "/a:./b", "/a:/", "/a:/.", "/a:///",
		"/a:/b/..", "/a:/../b", "/a:/b/../../c", "/a:/b:", "/a:/b:ro,", "/a:/b:,ro",
		"/a:/b:ro,,z", "/a:/b:ro,rw", "/a:/b:ro,ro", "/a:/b:shared,slave",
		"/a:/b:bind,rbind", "/a:/b:RO", "/a:/b:U", "/a:/b:O", "/a:/b:size=1m",
		"/a:/b:tmpcopyup", "/a:/b:ro:z", "/a:/b:x=y", "C:\\x:/b", "/a:/b:copy", "data:b",
		"data:/b:bind", "data:/b:rbind", "data:/b:U", "data:/b:copy,nocopy", "-data:/b",
		"_data:/b", "d\xc3\xa4ta:/b", "$HOME:/b"};
	char s[70000];

	refuse_all(volume, "-v: ", bad, COUNT(bad));
	memset(s, 'a', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	cr_assert_eq(volume(s), -1);
	memcpy(s, "/b:/", 4);
	cr_assert_eq(volume(s), -1);
	memcpy(s, "/bbb", 4);
	memcpy(s + sizeof(s) - 4, ":/c", 4);
	cr_assert_eq(volume(s), -1);
	volume("data/x:/b");
	cr_assert_str_eq(err.text, "-v: 'data/x' is not a name for a volume");
	cr_assert_str_eq(err.hint, "a path begins with / or ./: /data/x, ./data/x");
}

Test(mountflag, volume_by_name)
{
	TAKE(volume, "data:/b/");
	cr_assert(last()->kind == MOUNT_BIND && last()->idmap && !last()->recursive &&
		  !last()->make_source && !last()->nocopy && !last()->anonymous);
	cr_assert_str_eq(last()->volume, "data");
	cr_assert_null(last()->source);
	cr_assert_str_eq(last()->target, "/b");
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NODEV);
	TAKE(volume, "d.1:/c:ro,nocopy,z,noidmap");
	cr_assert(last()->nocopy && !last()->idmap);
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY);
	TAKE(volume, "/a/./b");
	cr_assert(last()->anonymous && !last()->volume && !last()->source);
	cr_assert_str_eq(last()->target, "/a/b");
	TAKE(mount_field, "type=volume,src=data,dst=/v,readonly,volume-nocopy,volume-driver=local");
	cr_assert_str_eq(last()->volume, "data");
	cr_assert(last()->nocopy && last()->attr_set & MOUNT_ATTR_RDONLY);
	TAKE(mount_field, "dst=/w,type=volume,volume-nocopy=false");
	cr_assert(last()->anonymous && !last()->nocopy);
	TAKE(mount_field, "source=data,target=/x");
	cr_assert_str_eq(last()->volume, "data");
}

Test(mountflag, volumes_of_images)
{
	size_t before;

	TAKE(volume, "/host:/given");
	mountflag_of_image(&spec, "/data/../x//y/");
	cr_assert(last()->anonymous);
	cr_assert_str_eq(last()->target, "/x/y");
	before = spec.mount_count;
	mountflag_of_image(&spec, "/given");
	mountflag_of_image(&spec, "/x/y");
	mountflag_of_image(&spec, "/");
	mountflag_of_image(&spec, "/..");
	mountflag_of_image(&spec, "relative");
	mountflag_of_image(&spec, "");
	cr_assert_eq(spec.mount_count, before);
}

Test(mountflag, targets_are_normalised)
{
	static const struct {
		const char *s, *target;
	} c[] = {{"/b", "/b"}, {"//b//", "/b"}, {"/./b/./c/.", "/b/c"}, {"/...", "/..."},
		{"/..b", "/..b"}};
	const char *target;

	for (size_t i = 0; i < COUNT(c); i++) {
		cr_assert_eq(target_parse(&spec.arena, "x", c[i].s, &target, &err), 0);
		cr_assert_str_eq(target, c[i].target);
	}
}

Test(mountflag, mount_bind)
{
	TAKE(mount_field, "type=bind,source=/a,target=/b");
	cr_assert(last()->kind == MOUNT_BIND && last()->recursive && last()->idmap &&
		  !last()->make_source);
	TAKE(mount_field,
		"src=./a,dst=/b,type=bind,readonly,bind-propagation=rshared,bind-nonrecursive,"
		"idmap=false,consistency=cached");
	cr_assert_str_eq(last()->source, "/work/dir/a");
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	cr_assert_eq(last()->propagation, MS_SHARED | MS_REC);
	cr_assert(!last()->recursive && !last()->idmap);
	TAKE(mount_field, "type=bind,src=/a,destination=/b,ro=false,bind-nonrecursive=0,idmap=1");
}

Test(mountflag, mount_csv_quotes)
{
	TAKE(mount_field, "type=bind,\"src=/a,b:c\",\"dst=/say \"\"hi\"\"\"");
	cr_assert_str_eq(last()->source, "/a,b:c");
	cr_assert_str_eq(last()->target, "/say \"hi\"");
	TAKE(mount_field, "TYPE=bind,Source=/A,TARGET=/B,bind-create-src");
	cr_assert_str_eq(last()->source, "/A");
	cr_assert(last()->make_source);
}

Test(mountflag, mount_tmpfs)
{
	TAKE(mount_field, "type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=700");
	cr_assert_str_eq(last()->data, "size=67108864,mode=0700");
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	cr_assert_null(last()->source);
	TAKE(mount_field, "type=tmpfs,dst=/t,noexec=false,tmpcopyup,ro");
	cr_assert_str_eq(last()->data, "mode=1777");
	cr_assert(last()->copy_up);
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY);
}

Test(mountflag, mount_refused)
{
	static const char *const bad[] = {"", ",", "type", "type=", "type=bind", "src=/a,dst=/b",
		"type=volume,src=a/b,dst=/b", "type=volume,src=/a,dst=/b", "type=volume",
		"type=volume,src=a,dst=/b,volume-driver=nfs",
		"type=volume,src=a,dst=/b,volume-opt=x", "type=volume,src=a,dst=/b,bind-create-src",
		"type=volume,src=a,dst=/b,bind-recursive=disabled",
		"type=bind,src=/a,dst=/b,volume-nocopy=x", "type=tmpfs,dst=/b,volume-nocopy",
		"type=volume,src=a,src=b,dst=/b", "type=nfs,dst=/b",
		"type=bind,type=bind,src=/a,dst=/b", "type=bind,src=/a", "type=bind,dst=/b",
		"type=bind,src=,dst=/b", "type=bind,src,dst=/b", "type=bind,src=data,dst=/b",
		"type=bind,src=/a,dst=b", "type=bind,src=/a,dst=/", "type=bind,src=/a,dst=/b/../c",
		"type=bind,src=/a,source=/a,dst=/b", "type=bind,src=/a,dst=/b,target=/c",
		"type=bind,src=/a,dst=/b,", "type=bind,,src=/a,dst=/b",
		"type=bind,src=/a,dst=/b,ro=maybe", "type=bind,src=/a,dst=/b,ro,rw",
		"type=bind,src=/a,dst=/b,ro,readonly=false",
		"type=bind,src=/a,dst=/b,tmpfs-size=1m", "type=tmpfs,src=/a,dst=/b",
		"type=tmpfs,dst=/b,idmap", "type=tmpfs,dst=/b,bind-propagation=rslave",
		"type=bind,src=/a,dst=/b,bind-propagation=ro",
		"type=bind,src=/a,dst=/b,bind-recursive=writable",
		"type=bind,src=/a,dst=/b,volume-driver=x", "type=bind,src=/a,dst=/b,unknown",
		"type=tmpfs,dst=/b,tmpfs-size=0", "type=tmpfs,dst=/b,tmpfs-size=x",
		"type=tmpfs,dst=/b,tmpfs-mode=8", "type=tmpfs,dst=/b,tmpfs-mode=17777",
		"type=tmpfs,dst=/b,size=1m", "type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-size=2m",
		"type=bind,\"src=/a,dst=/b", "type=bind,sr\"c=/a,dst=/b",
		"type=bind,\"src=/a\"x,dst=/b", "\"", "\"\"", "type=tmpfs,dst=/b,bind-create-src",
		"type=bind,src=/a,dst=/b,bind-create-src=2", "type=tmpfs,dst=/b,tmpfs-size=1m\"",
		"type=bind,src=/a,dst=/b,=x"};

	refuse_all(mount_field, "--mount: ", bad, COUNT(bad));
}

Test(mountflag, tmpfs)
{
	TAKE(tmpfs, "/run");
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	cr_assert_str_eq(last()->data, "mode=1777");
	TAKE(tmpfs, "/tmp:rw,exec,size=50%,mode=755,uid=1000,gid=100,nr_inodes=10k");
	cr_assert_eq(last()->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	cr_assert_str_eq(last()->data, "size=50%,mode=0755,uid=1000,gid=100,nr_inodes=10240");
}

Test(mountflag, tmpfs_refused)
{
	static const char *const bad[] = {"", "run", "/", "/a/..", "/a:", "/a:size",
		"/a:size=", "/a:size=0", "/a:size=0%", "/a:size=101%", "/a:size=%", "/a:size=-1",
		"/a:size=1m,size=2m", "/a:mode=9", "/a:uid=-1", "/a:uid=4294967295",
		"/a:uid=4294967296", "/a:gid=root", "/a:mpol=bind:0", "/a:ro,rw", "/a:exec,noexec",
		"/a:rslave", "/a:bind", "/a:z", "/a:huge=always", "/a:size=1m:ro", "/a:source=x",
		"/a:nr_inodes=50%%", "/a:,", "/a:nosuid,suid"};

	refuse_all(tmpfs, "--tmpfs: ", bad, COUNT(bad));
}

Test(mountflag, one_mount_at_a_target)
{
	spec_init(&spec);
	TAKE(volume, "/a:/b");
	TAKE(volume, "/a:/b/c");
	cr_assert_eq(mounts_check(&spec, &err), 0);
	TAKE(tmpfs, "//b/");
	cr_assert_eq(mounts_check(&spec, &err), -1);
	cr_assert_str_eq(err.text, "mount: '/b' is the target of two mounts");
}

Test(mountflag, own_mounts_stay)
{
	spec_init(&spec);
	TAKE(volume, "/proc:/proc");
	cr_assert_eq(mounts_check(&spec, &err), -1);
	cr_assert_str_eq(err.text, "mount: '/proc' is mounted in every container");
}

Test(mountflag, shm_can_be_replaced)
{
	size_t count;

	spec_init(&spec);
	count = spec.mount_count;
	TAKE(tmpfs, "/dev/shm:size=1g");
	cr_assert_eq(spec.mount_count, count);
	cr_assert_eq(mounts_check(&spec, &err), 0);
	TAKE(volume, "/a:/dev/shm");
	TAKE(volume, "/a:/dev/shm");
	cr_assert_eq(mounts_check(&spec, &err), -1);
}

Test(mountflag, what_lies_within_another_comes_behind_it)
{
	size_t n;

	spec_init(&spec);
	TAKE(volume, "/1:/b/c/d");
	TAKE(volume, "/2:/b/c");
	TAKE(volume, "/3:/z");
	TAKE(volume, "/4:/a");
	mounts_sort(&spec);
	n = spec.mount_count;
	cr_assert_str_eq(spec.mounts[n - 1].source, "/1");
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			size_t len = strlen(spec.mounts[k].target);

			cr_assert(strncmp(spec.mounts[k].target, spec.mounts[i].target, len) != 0 ||
					  spec.mounts[i].target[len] != '/',
				"%s before %s", spec.mounts[i].target, spec.mounts[k].target);
			cr_assert(!spec.mounts[i].source || !spec.mounts[k].source ||
				  strcmp(spec.mounts[i].source, "/4") != 0 ||
				  strcmp(spec.mounts[k].source, "/3") != 0);
		}
}
