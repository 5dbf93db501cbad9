#include "base/dents.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As getdents64(2) writes it. */
struct dent {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	uint8_t type;
	char name[];
};

void dents_init(struct dents *d, int fd)
{
	d->fd = fd;
	d->at = d->len = 0;
}

const char *dents_next(struct dents *d, unsigned char *ret_type)
{
	for (;;) {
		const struct dent *e = (const struct dent *)(d->buf + d->at);

		if (d->at == d->len) {
			errno = 0;
			d->at = 0;
			d->len = syscall(SYS_getdents64, d->fd, d->buf, sizeof(d->buf));
			if (d->len <= 0) {
				d->len = 0;
				return NULL;
			}
			continue;
		}
		d->at += e->size;
		if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
			continue;
		*ret_type = e->type;
		return e->name;
	}
}
