/* A payload that goes on for ever and costs nothing. */
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
