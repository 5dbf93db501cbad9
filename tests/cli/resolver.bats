#!/usr/bin/env bats
# The names that one container sees: ctr-resolver, at sockets in a network namespace of the test's own, with servers
# that say what the test wants.
load helpers

setup() { mkdir "$BATS_TEST_TMPDIR/scratch"; }

case_of() {
	timeout 60 unshare -n \
		python3 "$BATS_TEST_DIRNAME/resolver.py" "$BUILD" "$BATS_TEST_TMPDIR/scratch" "$1" 3>&-
}

@test "names of a network: both families, reverse, with the network's name, by UDP and TCP" { case_of names; }
@test "a name that several have: all answer, in turns" { case_of names_that_several_share; }
@test "a name that goes is gone at once, and no server is asked for it" { case_of names_that_go; }
@test "names without a dot and addresses of the network are for no server" { case_of what_no_server_is_asked; }
@test "all other names are for the servers, by UDP and TCP" { case_of servers; }
@test "answers that are too long are asked for by TCP" { case_of long_answers; }
@test "servers that are silent or fail: the next one is asked, and then first" { case_of servers_that_fail; }
@test "no server there: said at once" { case_of servers_that_are_not_there; }
@test "a server that says nothing is asked twice" { case_of servers_that_are_silent; }
@test "without servers no other name is known" { case_of no_servers; }
@test "a server's address of IPv6" { case_of servers_of_the_other_family; }
@test "servers given by address are asked from the container's network" {
	case_of servers_in_the_network_of_the_container
}
@test "what is no question is refused, or passed over" { case_of malformed; }
@test "it ends when nobody asks, and what comes then waits" { case_of ends_when_idle; }
@test "it ends when its configuration is replaced" { case_of ends_with_its_configuration; }
@test "it ends with its parent" { case_of ends_with_its_parent; }
@test "a configuration with a mistake in it is refused whole" { case_of begins_whole_or_not_at_all; }
@test "it runs as the container's id, without capabilities, behind a filter, with nothing else open" { case_of confined; }
