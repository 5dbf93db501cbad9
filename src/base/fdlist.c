#include "base/fdlist.h"

#include "base/fd.h"
#include "base/streams.h"

void fd_list_add(struct fd_list *list, const int *fds, size_t n)
{
	for (size_t i = 0; i < n && list->count < FD_LIST_MAX; i++)
		if (fds[i] >= 0)
			list->fds[list->count++] = fds[i];
}

int fd_list_close_others(const struct fd_list *list, struct err *err)
{
	if (streams_apply(list->streams, err) < 0)
		return -1;
	return fd_close_others(list->first, list->fds, list->count) == 0
		       ? 0
		       : err_sys(err, "cannot close file descriptors");
}
