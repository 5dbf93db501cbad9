# shellcheck shell=sh
# What the scripts share; they source it. A job's variables are CUSTOM_ENV_ANYTHING and may have been written by
# whoever can push: nothing here trusts them where the runner's own word is to be had.

# fail WHY: the machine is to blame, not the job; of prepare the runner tries again.
fail() {
	echo "ctr: $*" >&2
	exit "${SYSTEM_FAILURE_EXIT_CODE:-2}"
}

# response FILTER: from the job as GitLab sent it; nothing if the runner is too old to tell.
response() {
	[ ! -f "${JOB_RESPONSE_FILE:-}" ] || jq -r "$1 // empty" "$JOB_RESPONSE_FILE"
}

# job_id: CI_JOB_ID can be set in .gitlab-ci.yml, to that of somebody else's job.
job_id() {
	id=$(response .id) || fail "$JOB_RESPONSE_FILE cannot be read"
	[ -n "$id" ] || id=${CUSTOM_ENV_CI_JOB_ID:-}
	case $id in
	'' | *[!0-9]*) fail "the runner told no id of the job" ;;
	esac
	echo "$id"
}
