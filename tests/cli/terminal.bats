# shellcheck shell=bash disable=SC2016
# A person at a terminal; terminal.py plays them.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

terminal() { timeout 120 python3 "$BATS_TEST_DIRNAME/terminal.py" "$@"; }
RUN=(ctr run --rm -it --rootfs)

@test "run -it gives a terminal, and the status" {
	terminal 'see:/dev/pts/0' end:7 -- "${RUN[@]}" "$FS" -- sh -c 'tty; exit 7'
	terminal 'see:tty' end:0 -- ctr run --rm -t --rootfs "$FS" -- sh -c '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo tty'
	TERM='' terminal 'see:xterm' end:0 -- "${RUN[@]}" "$FS" -- sh -c 'echo $TERM'
}

@test "the terminal has the window's size from the beginning" {
	terminal 'see:24 80' end:0 -- "${RUN[@]}" "$FS" -- stty size
}

@test "without -t there is none, though ctr has one" {
	terminal 'see:not a tty' end:1 -- ctr run --rm --rootfs "$FS" -- tty
}

@test "a shell takes what is typed" {
	terminal 'see:# ' 'type:echo $((6 * 7))\r' 'see:\n42' 'type:exit 5\r' end:5 -- "${RUN[@]}" "$FS" -- sh
	terminal 'see:# ' 'type:\x04' end:0 -- "${RUN[@]}" "$FS" -- sh
}

@test "a new size of the window is passed on" {
	terminal 'see:ready' size:50,132 'see:50 132' end:0 -- "${RUN[@]}" "$FS" -- \
		sh -c 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep .05; done'
}

@test "Ctrl-C goes to the payload, handler or not" {
	terminal 'see:ready' 'type:\x03' 'see:caught' end:9 -- "${RUN[@]}" "$FS" -- \
		sh -c 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep .05; done'
	terminal 'see:# ' 'type:(echo now; exec sleep 60)\r' 'see:\nnow' 'type:\x03' 'see:# ' 'type:exit\r' end:130 -- "${RUN[@]}" "$FS" -- sh
}

@test "the detach keys leave it running, and attach comes back" {
	terminal 'see:# ' 'type:echo before\r' 'see:\nbefore' 'type:\x10\x11' end:0 -- \
		ctr run -it --name left --rootfs "$FS" -- sh
	alive "$(payload left)"
	terminal 'type:echo after\r' 'see:\nafter' 'type:exit 4\r' end:4 -- ctr attach left
	[ "$(ctr wait left)" = 4 ]
	ctr rm left
}

@test "--detach-keys chooses others; half of them is just typed" {
	terminal 'see:# ' 'type:\x01x' 'type:\x08\x08echo on\r' 'see:\non' 'type:\x01d' end:0 -- \
		ctr run -it --name keys --detach-keys ctrl-a,d --rootfs "$FS" -- sh
	alive "$(payload keys)"
	terminal 'type:echo back\r' 'see:\nback' 'type:\x01d' end:0 -- ctr attach keys
	terminal 'type:echo again\r' 'see:\nagain' 'type:\x10\x11' end:0 -- ctr attach --detach-keys ctrl-p,ctrl-q keys
	ctr rm -f keys
	ctr run -dit --name keys --detach-keys '' --rootfs "$FS" -- sh -c 'while :; do echo word; sleep .1; done'
	terminal 'see:attached to keys; closing this terminal leaves' 'see:word' close: end:129 -- ctr attach keys
	ctr rm -f keys
	ctr create -it --name keys --detach-keys ctrl-a,d --rootfs "$FS" -- sh
	terminal 'see:# ' 'type:\x01d' end:0 -- ctr start -a -i keys
	ctr rm -f keys
	refused 125 'detach' ctr run --rm -t --detach-keys ctrl-- --rootfs "$FS" -- true
}

@test "the end of what is piped into an attach is one for a shell that reads lines by itself, too, and for what it runs" {
	local fed
	for fed in 'echo word' 'sleep 2; echo word' $'cat\nword'; do
		ctr run -dit --name fed --rootfs "$FS" -- sh -c 'sh; exit 5'
		run -5 eval 'timeout $((20 * ${TEST_PATIENCE:-1})) ctr attach fed <<< "$fed"'
		[[ "$output" == *$'\n'word* ]]
		ctr rm fed
	done
}

@test "attach sees what a detached container's terminal shows" {
	started shown -t -i -- sh
	terminal 'type:echo hi-$((1 + 1))\r' 'see:\nhi-2' 'type:\x10\x11' end:0 -- ctr attach shown
	# What has been printed before is shown again.
	terminal 'see:hi-2' 'type:\x10\x11' end:0 -- ctr attach shown
	ctr rm -f shown
	refused 125 shown ctr attach shown
}

@test "attach --no-stdin watches: what is typed goes nowhere, the output comes, the status too" {
	started watched -t -i -- sh -c 'read -r x; echo "got $x"; exit 3'
	echo nothing | timeout 20 ctr attach --no-stdin watched > out 2>&1 3>&- &
	watcher=$!
	sleep .5
	alive "$(payload watched)"
	not grep -q got out
	terminal 'type:word\r' 'see:got word' end:3 -- ctr attach watched
	status=0
	wait $watcher || status=$?
	[ "$status" -eq 3 ]
	grep -q 'got word' out
	not grep -q nothing out
	ctr rm watched
}

@test "detaching is said, and how to come back" {
	terminal 'see:# ' 'type:\x10\x11' 'see:ctr: detached from away, which runs on; ctr attach away comes back' end:0 -- \
		ctr run -it --name away --rootfs "$FS" -- sh
	ctr rm -f away
}

@test "who attaches to something is told how to leave it, and leaves it so; not in a file" {
	started shown -t -i -- sh -c 'while :; do echo word; sleep .1; done'
	terminal 'see:ctr: attached to shown; ctrl-p,ctrl-q leaves it running\r\n' 'see:word' 'type:\x10\x11' end:0 -- ctr attach shown
	terminal 'see:shown; ctrl-a,d leaves' 'see:word' 'type:\x01d' end:0 -- ctr attach --detach-keys ctrl-a,d shown
	terminal 'see:shown; closing this terminal leaves' 'see:word' close: end:129 -- ctr attach --detach-keys '' shown
	terminal 'see:shown; Ctrl-C leaves' 'see:word' 'type:\x03' end:130 -- ctr attach --no-stdin shown
	started plain -i -- sh -c 'trap "" INT; while :; do echo word; sleep .1; done'
	terminal 'see:plain, which gets Ctrl-C; closing this terminal leaves' 'see:word' 'type:\x03' 'see:word' close: end:129 -- ctr attach plain
	terminal 'see:plain; Ctrl-C leaves' 'see:word' 'type:\x03' end:130 -- ctr attach --sig-proxy=false plain
	alive "$(payload plain)"
	alive "$(payload shown)"
	timeout 20 ctr attach --no-stdin plain 2> said | head -n 1
	[ ! -s said ]
	ctr rm -f shown plain
}

# watched_by STATUS SIGNAL FLAG... CONTAINER: attach with FLAGs ends by SIGNAL with STATUS.
watched_by() {
	local want=$1 status=0
	env --default-signal=INT ctr attach "${@:3}" < /dev/null > out 2> said &
	until_true "it watches" attached "${!#}"
	kill -"$2" $!
	wait $! || status=$?
	[ "$status" -eq "$want" ]
}
attached() { [ "$(find /proc/"$(supervisor "$1")"/fd -lname 'socket:*' | wc -l)" -gt 1 ]; }

@test "logs of a terminal make no terminal answer; in a file, and with --raw, it is all there" {
	ctr run -t --name asks --rootfs "$FS" -- printf '\033[31mred\033[m \033[6n\033]0;title\007\033[cdone' > /dev/null
	terminal 'see:\x1b\[31mred\x1b\[m done' end:0 -- ctr logs asks
	terminal 'see:\x1b\[6n\x1b\]0;title\x07\x1b\[cdone' end:0 -- ctr logs --raw asks
	ctr logs asks | grep -q $'\033\[6n\033]0;title\007\033\[cdone'
	ctr rm asks
}

@test "what was on a terminal before does not make that of who attaches answer, nor what is only watched" {
	started asks -i -t -- sh -c 'stty -echo; printf "\033[6nbefore\n"; while read -r x; do printf "\033[c$x\n"; done'
	until_true "it has asked" logged asks before
	terminal see:before 'type:now\r' 'see:\x1b\[cnow' 'type:\x10\x11' end:0 -- ctr attach asks > screen
	not grep -q $'\033\[6n' screen
	terminal see:before 'see:now' 'type:\x03' end:130 -- ctr attach --no-stdin asks > screen
	not grep -q $'\033\[c' screen
	ctr rm -f asks
}

@test "a signal to an attach that only watches ends the watching; --sig-proxy chooses" {
	started minds -- sh -c 'trap "exit 5" INT; while :; do sleep .05; done'
	watched_by 130 INT --no-stdin minds
	watched_by 130 INT --sig-proxy=false minds
	alive "$(payload minds)"
	watched_by 5 INT --no-stdin --sig-proxy minds
	ctr rm minds
}

twice() { [ "$(ctr events --filter name=deaf --filter event=kill | wc -l)" -ge 2 ]; }

@test "a Ctrl-C that the container has no use for is told, once, and so is a container that is paused" {
	started deaf -- sleep 1000
	# Two of a kind at once are one to the kernel.
	(until_true "two arrived" twice; ctr kill deaf) 3>&- &
	terminal 'see:deaf, which gets Ctrl-C' 'type:\x03' 'see:deaf has no handler for SIGINT, which does not end' \
		'see:which ctr stop does' 'type:\x03' 'type:\x03' end:137 -- ctr attach deaf > screen
	[ "$(grep -c 'has no handler' screen)" -eq 1 ]
	ctr rm deaf
	started deaf -- sleep 1000
	ctr pause deaf
	terminal 'see:deaf is paused: it says and hears nothing until ctr resume deaf' 'type:\x03' end:130 -- \
		ctr attach --no-stdin deaf
	ctr resume deaf
	watched_by 143 TERM --sig-proxy=false deaf
	not grep -q 'has no handler' said
	ctr rm -f deaf
}

@test "an attach whose reader has gone leaves, though nothing more comes" {
	started quiet -- sh -c 'sleep 1; echo ready; sleep 1000'
	timeout 60 ctr attach --no-stdin quiet 3>&- | timeout 60 grep -m 1 ready
	[ "${PIPESTATUS[*]}" = '141 0' ]
	alive "$(payload quiet)"
	ctr rm -f quiet
}

@test "a reader that takes its time loses nothing, and the status comes" {
	ctr run --rm -t --rootfs "$FS" -- sh -c 'seq 400000; echo END; exit 3' 2> said |
		{ sleep 13; tr -d '\r' > out; }
	status=${PIPESTATUS[0]}
	[ "$status" -eq 3 ]
	[ "$(tail -n 1 out)" = END ]
	[ "$(wc -l < out)" -eq 400001 ]
}

@test "nor does one of an attach, whether the container goes on or ends meanwhile" {
	local lines
	for lines in 100 5000 100000; do
		started slow -- sh -c "sleep .5; seq $lines; exit 3"
		ctr attach --no-stdin slow 2> said | { sleep 4; cat > out; }
		status=${PIPESTATUS[0]}
		[ "$status" -eq 3 ]
		[ "$(wc -l < out)" -eq "$lines" ]
		[ "$(tail -n 1 out)" = "$lines" ]
		ctr rm slow
	done
}

@test "when nobody reads any more, run -t hangs up, and attach leaves, both in silence" {
	ctr run --rm -t --rootfs "$FS" -- sh -c 'while :; do echo x; done' 2> said | head -n 1
	[ "${PIPESTATUS[0]}" -eq 129 ]
	until_true "it is gone" gone
	started on -- sh -c 'while :; do echo x; sleep .01; done'
	ctr attach --no-stdin on 2>> said | head -n 1
	[ "${PIPESTATUS[0]}" -eq 141 ]
	alive "$(payload on)"
	[ ! -s said ]
	ctr rm -f on
}

@test "a client that stands still does not hold the end up, and is told what it has lost" {
	started over -- sh -c 'sleep 1; seq 200000; exit 3'
	ctr attach --no-stdin over > out 2> said &
	until_true "it is attached" attached over
	kill -STOP $!
	# What does not fit into the socket is waited for, a minute at most.
	until_true "it has begun" logged over ' 2000$'
	timeout 20 ctr kill over
	timeout 20 ctr wait over
	kill -CONT $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 125 ]
	grep -q 'lost the console of over before its end' said
	ctr rm over
}

# unread COMMAND...: on a terminal that nobody reads; once that is full and the payload stands still, TERM. Says
# the status and how many seconds it took to end from then on; with NAME as $TIMED, no signal is sent.
unread() {
	timeout 120 python3 - "$@" <<-'END'
		import array, fcntl, os, pty, signal, subprocess, sys, termios, time
		master, slave = pty.openpty()
		child = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL,
		                         start_new_session=True,
		                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
		def waiting():
		    n = array.array("i", [0])
		    fcntl.ioctl(master, termios.FIONREAD, n)
		    return n[0]
		while waiting() < 4000: time.sleep(.05)
		time.sleep(1)
		began = time.monotonic()
		if not os.environ.get("TIMED"): child.send_signal(signal.SIGTERM)
		try: child.wait(20 * int(os.environ.get("TEST_PATIENCE", 1)))
		except subprocess.TimeoutExpired: child.kill(); print("never", child.wait()); sys.exit(1)
		print(child.returncode, int(time.monotonic() - began))
	END
}

@test "a terminal that nobody reads holds up neither signals, nor a timeout, nor the end" {
	started held -- sleep 600
	run -0 unread ctr exec -t held yes
	[[ "$output" = "143 "[0-5] ]]
	run -0 unread ctr exec -it held sh -c 'trap "exit 7" TERM; yes & wait'
	[[ "$output" = "7 "[0-5] ]]
	ctr rm -f held
	run -0 unread ctr run --rm -t --rootfs "$FS" -- yes
	[[ "$output" = "143 "[0-5] ]]
	TIMED=yes run -0 unread ctr run --rm -it --timeout 3 --rootfs "$FS" -- yes
	[[ "$output" = "124 "[0-5] ]]
}

@test "nobody reads exec -t any more: the command gets HUP" {
	started held -- sleep 600
	{ timeout 20 ctr exec -t held yes < /dev/null 2> err || echo $? > status; } | head -n 1 > /dev/null
	grep -qx 129 status
	[ ! -s err ]
	ctr rm -f held
}

@test "stop does not wait for whoever is attached and does not read" {
	started talks -t -- sh -c 'trap "exit 4" TERM; while :; do seq 1000; done'
	# shellcheck disable=SC2216 # that it reads nothing is the point
	ctr attach --no-stdin talks 2> /dev/null | sleep 30 &
	until_true "it is attached" attached talks
	sleep 1
	timeout 20 ctr stop -t 3 talks
	kill %%
	ctr rm talks
}

@test "a signal to ctr leaves the terminal as it was" {
	terminal 'see:ready' signal:TERM end:6 -- "${RUN[@]}" "$FS" -- \
		sh -c 'trap "exit 6" TERM; echo ready; while :; do sleep .05; done'
	terminal 'see:ready' signal:HUP end:7 -- "${RUN[@]}" "$FS" -- \
		sh -c 'trap "exit 7" HUP; echo ready; while :; do sleep .05; done'
}

@test "exec -it: a terminal of its own, with size, resize and status" {
	started host -- sleep 600
	terminal 'see:24 80' 'see:# ' size:30,90 'type:stty size\r' 'see:30 90' 'type:exit 3\r' end:3 -- \
		ctr exec -it host sh -c 'stty size; exec sh'
	terminal 'see:# ' 'type:(echo now; exec sleep 60)\r' 'see:\nnow' 'type:\x03' 'see:# ' 'type:exit 0\r' end:0 -- ctr exec -it host sh
	ctr rm -f host
}

@test "a command that is not there leaves the terminal as it was" {
	terminal 'see:nosuch' end:127 -- "${RUN[@]}" "$FS" -- nosuch
	started host -- sleep 600
	terminal 'see:nosuch' end:127 -- ctr exec -it host nosuch
	ctr rm -f host
}

gone() { [ -z "$(containers)" ]; }
noted() { grep -qs "$1" note/it; }

@test "the window closed on run -it: the payload gets HUP, and ctr ends" {
	mkdir note
	terminal 'see:ready' close: end:7 -- ctr run --rm -it --name shut -v "$PWD/note:/note" --rootfs "$FS" -- \
		sh -c 'trap "echo told > /note/it; exit 7" HUP; echo ready; while :; do sleep .05; done'
	noted told
	until_true "it is gone" gone
}

@test "the window closed on run -it of what does not mind HUP: it ends all the same" {
	terminal 'see:# ' close: end:129 -- "${RUN[@]}" "$FS" -- sh
	until_true "it is gone" gone
	terminal 'see:ready' close: end:129 -- ctr run --rm -t --rootfs "$FS" -- sh -c 'echo ready; sleep 60'
	until_true "it is gone" gone
}

@test "the window closed on run -it of what goes on after HUP: ctr ends, and the container lives" {
	terminal 'see:ready' close: end:129 -- ctr run -it --name stays --rootfs "$FS" -- \
		sh -c 'trap "" HUP; echo ready; sleep 60'
	alive "$(payload stays)"
	ctr rm -f stays
}

@test "the window closed on attach is no business of the container" {
	started long -it -- sh -c 'trap "exit 7" HUP; echo ready; while :; do sleep .05; done'
	terminal 'see:ready' close: end:129 -- ctr attach long
	sleep .2
	alive "$(payload long)"
	ctr rm -f long
}

@test "the window closed on exec -it: the command gets HUP, and ctr ends" {
	mkdir note
	started host -v "$PWD/note:/note" -- sleep 600
	terminal 'see:ready' close: end:7 -- ctr exec -it host \
		sh -c 'trap "echo told > /note/it; exit 7" HUP; echo ready; while :; do sleep .05; done'
	noted told
	terminal 'see:ready' close: end:129 -- ctr exec -it host sh -c 'trap "" HUP; echo ready; sleep 60'
	alive "$(payload host)"
	ctr rm -f host
}

@test "a signal that the payload does not mind ends run -it as it ends run" {
	terminal 'see:ready' signal:TERM end:143 -- "${RUN[@]}" "$FS" -- sh -c 'echo ready; sleep 60'
	until_true "it is gone" gone
}

@test "much output comes whole" {
	terminal 'see:\n20000\r' end:0 -- "${RUN[@]}" "$FS" -- seq 20000
}

@test "-it without a terminal is refused" {
	refused 125 terminal ctr run --rm -it --rootfs "$FS" -- sh
	hinted '-t'
	[ "$(ctr run --rm -t --rootfs "$FS" -- echo hi < /dev/null | tr -d '\r')" = hi ]
	started host -- sleep 600
	refused 125 terminal ctr exec -it host sh
	hinted '-t'
	[ "$(ctr exec -t host echo hi < /dev/null | tr -d '\r')" = hi ]
	ctr rm -f host
}

@test "what goes out is as the container wrote it, whether or not something can be typed" {
	started held -- sleep 600
	local how
	for how in 'ctr run --rm -it' 'ctr run --rm -t' 'ctr exec -it' 'ctr exec -t'; do
		local where=(--rootfs "$FS" --)
		[[ $how = *run* ]] || where=(held)
		# shellcheck disable=SC2086
		terminal 'see:one\r\ntwo\r\n' end:0 -- $how "${where[@]}" sh -c 'echo one; echo two'
	done
	ctr rm -f held
	started shown -t -- sh -c 'until [ -e /tmp/go ]; do sleep .05; done; echo one; echo two'
	terminal 'see:one\r\ntwo\r\n' end:0 -- sh -c '(sleep 1; ctr exec shown touch /tmp/go) & exec ctr attach --no-stdin shown'
	ctr rm shown
}

@test "Ctrl-Z and Ctrl-C at a terminal from which nothing is typed: the shell has it as it was" {
	cat > job <<-END
		exec ctr run --rm -t --rootfs "$FS" -- sh -c 'trap "echo on; exit 0" INT; echo ready; while :; do sleep .1; echo tick; done'
	END
	echo "stty -a | grep -o -- '-*opost'" > modes
	terminal 'see:\$ ' 'type:sh job\r' 'see:ready\r\n' 'type:\x1a' 'see:Stopped' 'see:\$ ' 'type:sh modes\r' 'see:\nopost' 'see:\$ ' \
		'type:fg\r' 'see:sh job' 'see:tick\r\n' 'type:\x03' 'see:on\r\n' 'see:\$ ' 'type:sh modes\r' 'see:\nopost' 'type:exit\r' end:0 -- \
		env PS1='$ ' bash --norc --noediting -i
	# In the background it is not ours to change.
	terminal 'see:\$ ' 'type:sh job & sleep 2; sh modes; kill -INT $!; wait; exit\r' 'see:ready' 'see:\nopost' 'see:\non' end:0 -- \
		env PS1='$ ' bash --norc --noediting -i
}

@test "Ctrl-C ends the loop in a script that ctr runs in, unless what runs in the container goes on" {
	local how
	for how in '' -t; do
		terminal 'see:ready' 'type:\x03' end:130 -- bash -c \
			"while :; do ctr run --rm $how --rootfs '$FS' -- sh -c 'echo ready; sleep 60'; done"
		terminal 'see:ready' 'type:\x03' 'see:taken' 'see:ready' 'type:\x03' end:7 -- bash -c \
			"for i in 1 2; do ctr run --rm $how --rootfs '$FS' -- sh -c 'trap \"echo taken; exit 3\" INT; echo ready; while :; do sleep .1; done'; done; exit 7"
	done
	started held -- sleep 600
	terminal 'see:ready' 'type:\x03' end:130 -- bash -c \
		"while :; do ctr exec held sh -c 'echo ready; sleep 60'; done"
	ctr rm -f held
}

@test "TERM is the caller's, and -e decides" {
	export TERM=vt100-w
	[ "$(ctr run --rm -t --rootfs "$FS" -- sh -c 'echo $TERM' | tr -d '\r')" = vt100-w ]
	[ "$(ctr run --rm -t -e TERM=mine --rootfs "$FS" -- sh -c 'echo $TERM' | tr -d '\r')" = mine ]
	[ "$(ctr run --rm --rootfs "$FS" -- sh -c 'echo $TERM')" = '' ]
	started host -t -- sleep 600
	[ "$(TERM=vt220 ctr exec -t host sh -c 'echo $TERM' | tr -d '\r')" = vt220 ]
	[ "$(ctr exec -t -e TERM=mine host sh -c 'echo $TERM' | tr -d '\r')" = mine ]
	[ "$(TERM='' ctr exec -t host sh -c 'echo $TERM' | tr -d '\r')" = vt100-w ]
	ctr rm -f host
}

@test "--detach-keys that are none are refused, with or without a terminal" {
	for how in '' -d -i -t; do
		refused 125 'detach keys .bogus-zz' ctr run --rm $how --detach-keys bogus-zz --rootfs "$FS" -- true
	done
	refused 125 'detach keys .bogus-zz' ctr attach --detach-keys bogus-zz nobody
	run -0 box --detach-keys ctrl-x -- true
}

# timeout(1) makes a group of its own, which is not in the foreground.
@test "a job in the background that waits for its terminal ends by TERM" {
	started waits -- sleep 1000
	for command in 'exec -it waits true' 'run --rm -it --rootfs $FS -- true'; do
		command timeout $((60 * TEST_PATIENCE)) python3 - "timeout 1 ctr $command; echo status \$?" > said <<-'END'
			import os, pty, sys
			pid, master = pty.fork()
			if pid == 0:
			    os.execvp("bash", ["bash", "-c", sys.argv[1]])
			try:
			    while data := os.read(master, 4096):
			        os.write(1, data)
			except OSError:
			    pass
		END
		grep -q 'status 124' said
	done
	ctr rm -f waits
	[ -z "$(containers)" ]
}

@test "Ctrl-C: PID 1 hears each once, with a terminal of its own and without, and its status is passed on" {
	cat > press.py <<- 'PY'
		import os, pty, re, select, sys, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[1], sys.argv[1:])
		said, patience = b"", 30 * int(os.environ["TEST_PATIENCE"])
		def wait_for(word, count):
		    global said
		    end = time.monotonic() + patience
		    while said.count(word) < count and time.monotonic() < end:
		        if select.select([fd], [], [], .1)[0]:
		            try: said += os.read(fd, 4096)
		            except OSError: return
		wait_for(b"ready", 1)
		for n in 1, 2, 3:
		    os.write(fd, b"\x03")
		    wait_for(b"got", n)
		    time.sleep(.3)
		wait_for(b"never", 1) if said.count(b"got") < 3 else None
		print(said.count(b"got"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PY
	local payload="trap 'echo got; n=\$((n+1)); [ \$n -lt 3 ] || exit 5' INT; echo ready; while :; do sleep .05; done"
	[ "$(python3 press.py ctr run --rm --rootfs "$FS" -- sh -c "$payload")" = '3 5' ]
	[ "$(python3 press.py ctr run --rm -it --rootfs "$FS" -- sh -c "$payload")" = '3 5' ]
	ctr create --name a --rootfs "$FS" -- sh -c "$payload" > made
	[ "$(python3 press.py ctr start -a a)" = '3 5' ]
	[ "$(ctr wait a)" = 5 ]
	ctr rm a
}
