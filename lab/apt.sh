# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# apt.sh - packages to be unpacked, of this Debian release or of another one
#
# Sourced after lab/lib.sh. Nothing is installed, and nothing that apt knows
# about this machine is changed. Another release has a state of its own.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror which this machine's own packages come from, without the security
# part.
mirror()
{
	# shellcheck disable=SC2016 # apt-get expands these, not the shell
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME)' \
		'Created-By: Packages' 'Component: main' 2>/dev/null |
	awk -v c="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" \
		'$2 == c || $3 == c { print $1; exit }'
}

# write_apt_config <suite> <directory>: use it with APT_CONFIG=<directory>/apt.conf
write_apt_config()
{
	mkdir -p "$2/lists/partial" "$2/cache/archives/partial"
	: > "$2/status"
	uri=$(mirror | grep .) ||
		die "apt has no source of this machine's own release to take the address of a mirror from: add one to /etc/apt"
	cat > "$2/sources.sources" <<-END
		Types: deb
		URIs: $uri
		Suites: $1
		Components: main
		Signed-By: $keyring
	END
	cat > "$2/apt.conf" <<-END
		Dir::Etc::SourceList "$2/sources.sources";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State "$2";
		Dir::State::Lists "$2/lists";
		Dir::State::Status "$2/status";
		Dir::Cache "$2/cache";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		Acquire::Retries "3";
	END
}

# unpack_debs <directory> <package>...: those of this release and the libraries which
# they depend on. A directory with all of it, or none.
unpack_debs()
{
	to=$1
	shift
	rm -rf "$to.tmp" "$to.deb"
	mkdir -p "$to.tmp" "$to.deb"
	(cd "$to.deb" && apt-cache depends --recurse --no-recommends --no-suggests \
		--no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
		grep '^[a-z]' | grep -x "$(printf '%s\n' "$@" 'lib.*' 'zlib.*')" | sort -u |
		xargs apt-get download)
	for deb in "$to.deb"/*.deb; do
		dpkg-deb -x "$deb" "$to.tmp"
	done
	rm -rf "$to" "$to.deb"
	mv "$to.tmp" "$to"
}
