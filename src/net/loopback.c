#include "net/loopback.h"

#include "base/fd.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int loopback_up(struct err *err)
{
	autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (fd < 0)
		return err_sys(err, "cannot open a socket in the container's network");
	if (ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		return err_sys(err, "cannot bring up the loopback interface");
	return 0;
}
