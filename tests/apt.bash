# shellcheck shell=bash
# own_apt DIR SUITE...: from here on apt has lists and a cache of its own, in DIR, of these suites of the
# mirrors that the host's apt is configured for. Nothing of the host's changes.
own_apt() {
	local dir=$1 suite uri archive='' security=''
	shift
	for uri in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u); do
		case $uri in *security*) security=$uri ;; *) archive=${archive:-$uri} ;; esac
	done
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	: > "$dir/status"
	for suite; do
		case $suite in
		*-security) [ -z "$security" ] || echo "deb $security $suite main" ;;
		*) echo "deb $archive $suite main" ;;
		esac
	done > "$dir/sources"
	cat > "$dir/conf" <<-END
		Dir::State::Lists "$dir/lists";
		Dir::State::Status "$dir/status";
		Dir::Cache "$dir";
		Dir::Etc::SourceList "$dir/sources";
		Dir::Etc::SourceParts "/nonexistent";
		APT::Sandbox::User "root";
	END
	export APT_CONFIG=$dir/conf
	apt-get -qq update
}
