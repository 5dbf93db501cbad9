/* For compile.sh, preloaded into nft(8): what it sends to nf_tables in one batch goes to the file CAPTURE, too. */
#include <dlfcn.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t (*next)(int, const struct msghdr *, int);
	const struct nlmsghdr *first = m->msg_iov->iov_base;
	FILE *f = NULL;

	if (first->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
		f = fopen(getenv("CAPTURE"), "a");
	for (size_t i = 0; f && i < m->msg_iovlen; i++)
		fwrite(m->msg_iov[i].iov_base, 1, m->msg_iov[i].iov_len, f);
	if (f)
		fclose(f);
	*(void **)&next = dlsym(RTLD_NEXT, "sendmsg");
	return next(fd, m, flags);
}
