/* The payload of every start: an exec and nothing else. */
int main(void)
{
	return 0;
}
