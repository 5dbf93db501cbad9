#include "process/seccomp_cache.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC "ctrbpf2"

enum { PROFILE_MAX_BYTES = 1 << 20 };

struct hash {
	uint64_t lane[2];
};

/* A file is head, program, profile. The name is only a hash of the key; the whole key is in the
 * file and compared byte by byte, so two keys with one hash cost time, not safety. */
struct head {
	char magic[8];
	struct hash check; /* of everything after it */
	uint64_t flags, program_len, profile_len;
	char params[sizeof(((struct seccomp_key *)0)->params)];
	char note[sizeof(((struct seccomp_program_bytes *)0)->note)];
};

enum {
	FILE_MAX = sizeof(struct head) + BPF_MAXINSNS * sizeof(struct sock_filter) +
		   PROFILE_MAX_BYTES
};

static void hash_word(struct hash *h, uint64_t word)
{
	h->lane[0] = (h->lane[0] ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	h->lane[0] ^= h->lane[0] >> 32;
	h->lane[1] = (h->lane[1] + word) * UINT64_C(0xc2b2ae3d27d4eb4f);
	h->lane[1] ^= h->lane[1] >> 29;
}

static void hash_bytes(struct hash *h, const void *data, size_t len)
{
	const char *p = data;
	uint64_t word;

	hash_word(h, len);
	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash_word(h, word);
	}
	word = 0;
	memcpy(&word, p, len);
	hash_word(h, word);
}

static void key_name(const struct seccomp_key *key, char name[33])
{
	struct hash h = {{1, 2}};

	hash_bytes(&h, key->params, sizeof(key->params));
	hash_bytes(&h, key->profile, key->profile_len);
	snprintf(name, 33, "%016" PRIx64 "%016" PRIx64, h.lane[0], h.lane[1]);
}

static struct hash check_of(const char *file, size_t len)
{
	size_t from = offsetof(struct head, flags);
	struct hash h = {{3, 4}};

	hash_bytes(&h, file + from, len - from);
	return h;
}

static bool file_is(const char *file, size_t len, const struct seccomp_key *key, struct head *ret)
{
	struct hash check;

	if (len < sizeof(*ret))
		return false;
	memcpy(ret, file, sizeof(*ret));
	if (memcmp(ret->magic, MAGIC, sizeof(ret->magic)) != 0 ||
		ret->profile_len != key->profile_len || !ret->program_len ||
		ret->program_len % sizeof(struct sock_filter) ||
		ret->program_len > BPF_MAXINSNS * sizeof(struct sock_filter) ||
		len != sizeof(*ret) + ret->program_len + ret->profile_len)
		return false;
	check = check_of(file, len);
	return !memcmp(&check, &ret->check, sizeof(check)) &&
	       !memcmp(ret->params, key->params, sizeof(key->params)) &&
	       !memcmp(file + sizeof(*ret) + ret->program_len, key->profile, key->profile_len);
}

static int cache_open(int store_fd, bool make)
{
	if (store_fd < 0)
		return -1;
	if (make)
		mkdirat(store_fd, "seccomp", 0700);
	return openat(store_fd, "seccomp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int seccomp_cache_find(int store_fd, const struct seccomp_key *key,
	struct seccomp_program_bytes *ret)
{
	autofd int dir = cache_open(store_fd, false);
	autofree char *file = NULL;
	struct head head;
	struct err err;
	char name[33];
	size_t len;

	if (dir < 0)
		return -1;
	key_name(key, name);
	if (file_read(dir, name, FILE_MAX, &file, &len, &err) < 0 ||
		!file_is(file, len, key, &head))
		return -1;
	ret->bytes = file + sizeof(head);
	ret->len = head.program_len;
	ret->flags = head.flags;
	memcpy(ret->note, head.note, sizeof(ret->note));
	ret->note[sizeof(ret->note) - 1] = '\0';
	ret->owned = take_ptr(&file);
	return 0;
}

/* Several may find out the same at once: each has a file of its own, without a name until it is whole. */
static void publish(int dir, const char *name, const void *data, size_t len)
{
	autofd int fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	struct err ignored;
	char path[32];

	/* Not every file system has files without a name: overlayfs only since 6.3. */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		file_write(dir, name, data, len, 0600, FILE_NOSYNC, &ignored);
	if (fd < 0 || fd_write_all(fd, data, len) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* One that is there was found damaged, or is as good as ours. */
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		(void)!linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW);
}

void seccomp_cache_store(int store_fd, const struct seccomp_key *key,
	const struct seccomp_program_bytes *program)
{
	size_t len = sizeof(struct head) + program->len + key->profile_len;
	autofd int dir = cache_open(store_fd, true);
	autofree char *file = malloc(len);
	struct head head = {
		.magic = MAGIC,
		.flags = program->flags,
		.program_len = program->len,
		.profile_len = key->profile_len,
	};
	char name[33];

	if (dir < 0 || !file)
		return;
	memcpy(head.params, key->params, sizeof(head.params));
	memcpy(head.note, program->note, sizeof(head.note));
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), program->bytes, program->len);
	memcpy(file + sizeof(head) + program->len, key->profile, key->profile_len);
	head.check = check_of(file, len);
	memcpy(file, &head, sizeof(head));
	key_name(key, name);
	publish(dir, name, file, len);
}
