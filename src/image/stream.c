#include "image/stream.h"

#include "base/fd.h"
#include "image/digest.h"
#include "image/interrupt.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum {
	SLOTS = 8,
	SLOT_SIZE = 256 << 10,
	STALL_MS = 200,
	WRITEBACK = 8 << 20, /* dirty bytes of the copy after which the disk is set to work */
};

struct slot {
	size_t len;
	char data[SLOT_SIZE];
};

struct stream {
	int in, blob;
	enum stream_copy copy;
	uint64_t max_in, max_out;
	enum compression compression;
	bool skippable;  /* zstd that begins with such a frame */
	uint64_t packed; /* bytes of the compressed data */
	bool end_of_input;
	uint64_t read_size, out_size, blob_size, blob_flushed;
	struct digest *input, *diff; /* diff is NULL if the input is not compressed */
	char *raw;                   /* compressed input, SLOT_SIZE */
	size_t ahead;                /* bytes in raw that were read to tell the compression */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned filled, taken; /* slots given over so far */
	bool held;              /* the consumer still reads the slot it was given last */
	bool done, cancelled;   /* no more slots come; none are wanted */
	struct err err;
	bool failed;
	struct slot slots[SLOTS];
};

static bool is_cancelled(struct stream *s)
{
	return __atomic_load_n(&s->cancelled, __ATOMIC_RELAXED);
}

static int copy_to_blob(struct stream *s, const void *data, size_t len)
{
	if (fd_write_all(s->blob, data, len) < 0)
		return err_sys(&s->err, "write to the image store");
	s->blob_size += len;
	if (s->blob_size - s->blob_flushed >= WRITEBACK) {
		sync_file_range(s->blob, (off_t)s->blob_flushed,
			(off_t)(s->blob_size - s->blob_flushed), SYNC_FILE_RANGE_WRITE);
		s->blob_flushed = s->blob_size;
	}
	return 0;
}

/* One read, given up when the consumer is gone. */
static ssize_t read_patiently(struct stream *s, void *buf, size_t size)
{
	struct pollfd p = {.fd = s->in, .events = POLLIN};

	for (;;) {
		ssize_t n;

		if (is_cancelled(s))
			return err_set(&s->err, "cancelled");
		if (interrupt_check(&s->err) < 0)
			return -1;
		if (poll(&p, 1, STALL_MS) <= 0)
			continue;
		n = read(s->in, buf, size);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n < 0 ? err_sys(&s->err, "read") : n;
	}
}

/* Whether what is kept is what comes out of the decompressor. */
static bool copies_output(const struct stream *s)
{
	return s->copy == STREAM_COPY_OCI &&
	       (s->compression == COMPRESSION_XZ || s->compression == COMPRESSION_BZIP2 ||
		       s->skippable);
}

/* Fills buf unless the input ends; everything read is hashed. */
static ssize_t read_input(struct stream *s, char *buf, size_t size)
{
	size_t got = 0;

	while (got < size && !s->end_of_input) {
		ssize_t n = read_patiently(s, buf + got, size - got);

		if (n < 0)
			return -1;
		s->end_of_input = n == 0;
		got += (size_t)n;
	}
	__atomic_add_fetch(&s->read_size, got, __ATOMIC_RELAXED);
	if (s->read_size > s->max_in)
		return err_set(&s->err, "it is larger than the %llu bytes announced",
			(unsigned long long)s->max_in);
	digest_add(s->input, buf, got);
	return (ssize_t)got;
}

static int keep_input(struct stream *s, const char *buf, size_t len)
{
	return copies_output(s) || s->copy == STREAM_COPY_NONE ? 0 : copy_to_blob(s, buf, len);
}

static struct slot *slot_to_fill(struct stream *s)
{
	struct slot *slot;

	pthread_mutex_lock(&s->mutex);
	while (s->filled - s->taken == SLOTS && !s->cancelled)
		pthread_cond_wait(&s->changed, &s->mutex);
	slot = s->cancelled ? NULL : &s->slots[s->filled % SLOTS];
	pthread_mutex_unlock(&s->mutex);
	if (!slot)
		err_set(&s->err, "cancelled");
	return slot;
}

static int slot_filled(struct stream *s, struct slot *slot)
{
	s->out_size += slot->len;
	if (s->out_size > s->max_out) {
		err_set(&s->err, "it unpacks to more than %llu bytes",
			(unsigned long long)s->max_out);
		return err_hint(&s->err, "--max-size raises the limit");
	}
	if (s->diff)
		digest_add(s->diff, slot->data, slot->len);
	if (copies_output(s) && copy_to_blob(s, slot->data, slot->len) < 0)
		return -1;
	pthread_mutex_lock(&s->mutex);
	s->filled++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

static int pass_on_plain(struct stream *s)
{
	while (s->ahead || !s->end_of_input) {
		struct slot *slot = slot_to_fill(s);
		ssize_t n;

		if (!slot)
			return -1;
		memcpy(slot->data, s->raw, s->ahead);
		n = read_input(s, slot->data + s->ahead, SLOT_SIZE - s->ahead);
		if (n < 0)
			return -1;
		slot->len = s->ahead + (size_t)n;
		s->ahead = 0;
		if (keep_input(s, slot->data, slot->len) < 0)
			return -1;
		if (slot->len && slot_filled(s, slot) < 0)
			return -1;
	}
	return 0;
}

static ssize_t feed(struct archive *a, void *arg, const void **ret)
{
	struct stream *s = arg;
	ssize_t n = (ssize_t)s->ahead;

	s->ahead = 0;
	if (n == 0)
		n = read_input(s, s->raw, SLOT_SIZE);
	if (n < 0 || keep_input(s, s->raw, (size_t)n) < 0) {
		archive_set_error(a, EIO, "%s", s->err.text);
		return -1;
	}
	*ret = s->raw;
	return n;
}

static int decompress(struct stream *s, struct archive *a)
{
	for (;;) {
		struct slot *slot = slot_to_fill(s);
		size_t got = 0;
		ssize_t n = 1;

		if (!slot)
			return -1;
		while (got < SLOT_SIZE && n > 0) {
			n = archive_read_data(a, slot->data + got, SLOT_SIZE - got);
			got += n > 0 ? (size_t)n : 0;
		}
		if (n < 0)
			return -1;
		slot->len = got;
		if (got && slot_filled(s, slot) < 0)
			return -1;
		if (n == 0)
			return 0;
	}
}

static void support(struct archive *a, enum compression c)
{
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (c == COMPRESSION_GZIP)
		archive_read_support_filter_gzip(a);
	else if (c == COMPRESSION_ZSTD)
		archive_read_support_filter_zstd(a);
	else if (c == COMPRESSION_BZIP2)
		archive_read_support_filter_bzip2(a);
	else
		archive_read_support_filter_xz(a);
}

/* What follows the compressed data belongs to the blob and its digest. */
static int read_rest(struct stream *s)
{
	while (!s->end_of_input) {
		ssize_t n = read_input(s, s->raw, SLOT_SIZE);

		if (n < 0 || keep_input(s, s->raw, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

/* libarchive has no words for a gzip trailer that is missing, and odd ones for an xz that ends early. */
static int say_why(struct stream *s, struct archive *a)
{
	const char *why = archive_error_string(a);

	if (!why || strcasestr(why, "truncated") || strstr(why, "No progress is possible"))
		return err_set(&s->err, "its compressed data is cut short");
	return err_set(&s->err, "cannot decompress it: %s", why);
}

static int pass_on_decompressed(struct stream *s)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r = -1;

	s->err.text[0] = '\0';
	support(a, s->compression);
	if (archive_read_open(a, s, NULL, feed, NULL) != ARCHIVE_OK)
		goto out;
	if (archive_filter_count(a) != 2) {
		err_set(&s->err, archive_filter_count(a) > 2 ? "it is compressed more than once"
							     : "its compressed data is damaged");
		goto out;
	}
	r = archive_read_next_header(a, &e);
	if (r == ARCHIVE_OK)
		r = decompress(s, a);
	else
		r = r == ARCHIVE_EOF ? 0 : -1;
out:
	if (r < 0 && !s->err.text[0])
		say_why(s, a);
	s->packed = (uint64_t)archive_filter_bytes(a, -1);
	archive_read_free(a);
	return r < 0 ? -1 : read_rest(s);
}

static void *run(void *arg)
{
	struct stream *s = arg;
	int r = s->compression == COMPRESSION_NONE ? pass_on_plain(s) : pass_on_decompressed(s);

	pthread_mutex_lock(&s->mutex);
	s->failed = r < 0;
	s->done = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

/* RFC 8878, 3.1.2, as pzstd and zstd:chunked write them. */
static bool is_skippable(const unsigned char *p, size_t len)
{
	return len >= 4 && p[0] >> 4 == 5 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0;
}

static enum compression compression_of(const unsigned char *p, size_t len)
{
	if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return COMPRESSION_GZIP;
	if (len >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
		return COMPRESSION_ZSTD;
	if (is_skippable(p, len))
		return COMPRESSION_ZSTD;
	if (len >= 4 && memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9')
		return COMPRESSION_BZIP2;
	if (len >= 6 && memcmp(p,
				"\xfd"
				"7zXZ",
				6) == 0)
		return COMPRESSION_XZ;
	return COMPRESSION_NONE;
}

static void stream_free(struct stream *s)
{
	char hex[DIGEST_HEX + 1];

	if (s->input)
		digest_end(s->input, hex);
	if (s->diff)
		digest_end(s->diff, hex);
	pthread_mutex_destroy(&s->mutex);
	pthread_cond_destroy(&s->changed);
	free(s->raw);
	free(s);
}

static int look_ahead(struct stream *s, struct err *err)
{
	ssize_t n = read_input(s, s->raw, SLOT_SIZE);

	if (n < 0) {
		*err = s->err;
		return -1;
	}
	s->ahead = (size_t)n;
	s->compression = compression_of((unsigned char *)s->raw, s->ahead);
	s->skippable = is_skippable((unsigned char *)s->raw, s->ahead);
	if (s->compression != COMPRESSION_NONE)
		s->diff = digest_new();
	return 0;
}

struct stream *stream_start(int in, int blob, enum stream_copy copy, uint64_t max_in,
	uint64_t max_out, struct err *err)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s || !(s->raw = malloc(SLOT_SIZE))) {
		err_sys(err, "read");
		free(s);
		return NULL;
	}
	s->in = in;
	s->blob = blob;
	s->copy = copy;
	s->max_in = max_in;
	s->max_out = max_out;
	s->input = digest_new();
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->changed, NULL);
	posix_fadvise(in, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (look_ahead(s, err) < 0)
		goto fail;
	errno = pthread_create(&s->thread, NULL, run, s);
	if (errno == 0)
		return s;
	err_sys(err, "start a thread");
fail:
	stream_free(s);
	return NULL;
}

ssize_t stream_next(struct stream *s, const void **ret_data, struct err *err)
{
	ssize_t n = 0;

	pthread_mutex_lock(&s->mutex);
	if (s->held) {
		s->held = false;
		s->taken++;
		pthread_cond_broadcast(&s->changed);
	}
	while (s->filled == s->taken && !s->done)
		pthread_cond_wait(&s->changed, &s->mutex);
	if (s->filled != s->taken) {
		struct slot *slot = &s->slots[s->taken % SLOTS];
		*ret_data = slot->data;
		n = (ssize_t)slot->len;
		s->held = true;
	} else if (s->failed) {
		*err = s->err;
		n = -1;
	}
	pthread_mutex_unlock(&s->mutex);
	return n;
}

uint64_t stream_position(struct stream *s)
{
	return __atomic_load_n(&s->read_size, __ATOMIC_RELAXED);
}

int stream_end(struct stream *s, struct stream_totals *ret, struct err *err)
{
	const void *data;
	ssize_t n;
	bool plain = copies_output(s);

	while ((n = stream_next(s, &data, err)) > 0)
		;
	if (n < 0) {
		stream_cancel(s);
		return -1;
	}
	pthread_join(s->thread, NULL);
	ret->trailing = s->compression != COMPRESSION_NONE && !plain && s->packed < s->read_size;
	ret->kept = plain ? COMPRESSION_NONE : s->compression;
	ret->input_size = s->read_size;
	ret->output_size = s->out_size;
	ret->blob_size = s->blob_size;
	digest_end(s->input, ret->input);
	s->input = NULL;
	memcpy(ret->diff, ret->input, sizeof(ret->diff));
	if (s->diff)
		digest_end(s->diff, ret->diff);
	s->diff = NULL;
	memcpy(ret->blob, plain ? ret->diff : ret->input, sizeof(ret->blob));
	stream_free(s);
	return 0;
}

void stream_cancel(struct stream *s)
{
	pthread_mutex_lock(&s->mutex);
	__atomic_store_n(&s->cancelled, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->thread, NULL);
	stream_free(s);
}
