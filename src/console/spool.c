#include "console/spool.h"

#include "base/unwaited.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 16384 };

struct piece {
	int fd;
	uint32_t len;
};

static int make_room(struct spool *s, size_t len)
{
	size_t used = s->to - s->from, room = s->room ? s->room : ROOM_LEAST;
	uint8_t *data;

	/* Not more often: what is moved must not grow with the square of what is kept. */
	if (s->from && s->from >= s->room / 2) {
		memmove(s->data, s->data + s->from, used);
		s->from = 0;
		s->to = used;
	}
	if (s->room - s->to >= len)
		return 0;
	while (room - s->to < len)
		room *= 2;
	data = realloc(s->data, room);
	if (!data)
		return -1;
	s->data = data;
	s->room = room;
	return 0;
}

int spool_add(struct spool *s, int fd, const void *data, size_t len)
{
	struct piece piece = {fd, (uint32_t)len};

	if (!len)
		return 0;
	if (s->room - s->to < sizeof(piece) + len && make_room(s, sizeof(piece) + len) < 0)
		return -1;
	memcpy(s->data + s->to, &piece, sizeof(piece));
	memcpy(s->data + s->to + sizeof(piece), data, len);
	s->to += sizeof(piece) + len;
	return 0;
}

int spool_fd(const struct spool *s)
{
	struct piece piece = {.fd = -1};

	if (s->from < s->to)
		memcpy(&piece, s->data + s->from, sizeof(piece));
	return piece.fd;
}

int spool_write(struct spool *s)
{
	struct piece piece;
	ssize_t n;

	memcpy(&piece, s->data + s->from, sizeof(piece));
	n = unwaited_write(piece.fd, s->data + s->from + sizeof(piece), piece.len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -1;
	piece.len -= (uint32_t)n;
	s->from += (size_t)n;
	if (piece.len)
		memcpy(s->data + s->from, &piece, sizeof(piece));
	else
		s->from += sizeof(piece);
	if (s->from == s->to)
		s->from = s->to = 0;
	return 0;
}

size_t spool_bytes(const struct spool *s)
{
	return s->to - s->from;
}

void spool_drop(struct spool *s)
{
	free(s->data);
	*s = (struct spool){0};
}
