#!/usr/bin/env bats
# What a container does to the program that answers its questions for names, and what others on the way to a server do.
load attack

setup_file() { attack_file_setup; }
setup() { attack_setup; }
teardown() { attack_teardown; }

attack() {
	mkdir -p "$2"
	timeout 60 unshare -n python3 "$BATS_TEST_DIRNAME/resolver.py" "$BUILD" "$PWD/$2" "$1" "$2" 3>&-
}
# On a resolver with each of these mistakes, and on ours: status 0 is an attack that works, 1 one that does not.
tried() {
	control_fell attack "$1" control
	local status=0
	attack "$1" ours || status=$?
	[ $status = 1 ] || { echo "the attack works, or could not be made: $status" >&2; return 1; }
}

@test "answers forged under other ids and from other addresses are not believed" { tried forged_answers; }
@test "an answer to another question is not passed on" { tried answers_to_another_question; }
@test "neither port nor id of a question to a server can be guessed" { tried ports_and_ids_that_can_be_guessed; }
@test "names lead to no file outside of the network's names" { tried names_that_lead_out; }
@test "malformed messages do not end it" { tried malformed_messages; }
@test "a flood of questions takes a tenth of a CPU" { tried flood; }
@test "clients that say nothing do not keep others out" { tried clients_that_say_nothing; }
@test "questions that no server answers do not keep others waiting" { tried questions_that_nobody_answers; }
