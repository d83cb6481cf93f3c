# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Debian's archive beyond this host's own sources: suites of other releases and packages
# of another architecture, read with apt configurations in the cache. apt's own state of
# the host is neither read nor changed. To be sourced, after lib.sh.

# shellcheck disable=SC2154 # lib.sh sets it
archive=$cache/archive
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
debian_releases='bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable'

# collection_suites COLLECTION: the suites that apt reads together.
collection_suites() {
	case $1 in
	bullseye | bookworm | trixie) echo "$1 $1-security" ;;
	newest) echo trixie-backports sid experimental ;;
	*) die "no collection of suites '$1'" ;;
	esac
}

collection_architectures() {
	case $1 in
	trixie) echo amd64 arm64 ;;
	*) echo amd64 ;;
	esac
}

# host_mirror SUFFIX: the mirror in the host's own sources for a release with that suffix.
# apt knows which sources are Debian's; before its first update the name decides. Prints
# nothing if there is none.
host_mirror() {
	local mirrors

	# shellcheck disable=SC2016 # apt-get expands it
	mirrors=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' \
		'Origin: Debian' 'Component: main' 2>/dev/null |
		sed -nE "s,^((https?|file):[^ ]*[^/ ])/* ($debian_releases)$1\$,\\1,p") || true
	[ -n "$mirrors" ] ||
		mirrors=$(apt-get --print-uris update 2>/dev/null |
			sed -nE "s,^'((https?|file):[^']*/debian(-security)?)/+dists/($debian_releases)$1/main/.*,\\1,p") || true
	head -n 1 <<<"$mirrors"
}

# The collection as lines of a sources.list.
collection_sources() {
	local suite mirror security arches

	mirror=${TCP_TEARDOWN_MIRROR:-$(host_mirror '(-updates)?')}
	[ -n "$mirror" ] ||
		die "this host's sources name no mirror of Debian; set TCP_TEARDOWN_MIRROR to one"
	security=$(host_mirror -security)
	arches=$(collection_architectures "$1")
	for suite in $(collection_suites "$1"); do
		case $suite in
		*-security) [ -z "$security" ] || echo "$security $suite main" ;;
		*) echo "$mirror $suite main" ;;
		esac
	done | sed "s|^|deb [arch=${arches// /,} signed-by=$keyring] |"
}

write_apt_conf() {
	cat <<-END
		Dir::Etc::sourcelist "$1/live.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$1/state";
		Dir::State::status "$1/status";
		Dir::Cache "$1/cache";
		APT::Architectures { "amd64"; "arm64"; };
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
		APT::Get::AllowUnauthenticated "false";
		APT::Update::Error-Mode "any";
	END
}

# Write the configuration; keep an existing one if it is equal.
make_collection() {
	local dir=$archive/$1

	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial}
	[ -e "$dir/status" ] || : >"$dir/status"
	collection_sources "$1" >"$dir/sources.list.new"
	write_apt_conf "$dir" >"$dir/apt.conf.new" && mv "$dir/apt.conf.new" "$dir/apt.conf"
	if cmp -s "$dir/sources.list.new" "$dir/sources.list"; then
		rm "$dir/sources.list.new"
	else
		rm -f "$dir/updated"
		mv "$dir/sources.list.new" "$dir/sources.list"
	fi
}

# in_archive COLLECTION COMMAND...: run apt-get or apt-cache for that collection.
in_archive() {
	APT_CONFIG=$archive/$1/apt.conf "${@:2}"
}

# The suites that the mirror lacks, from apt's error messages on stdin.
absent_suites() {
	sed -nE "s,^E: The repository '[^ ]+ ([^ ]+) (In)?Release' (does not have|no longer has) a Release file.*,\\1,p"
}

# Fetch the lists, leaving out suites that the mirror no longer has.
fetch_lists() {
	local dir=$archive/$1 said suite absent

	cp "$dir/sources.list" "$dir/live.list" || return
	until said=$(in_archive "$1" apt-get -qq update 2>&1); do
		mapfile -t absent < <(absent_suites <<<"$said")
		[ ${#absent[@]} -gt 0 ] || { printf '%s\n' "$said" >&2; return 1; }
		for suite in "${absent[@]}"; do
			say "the mirror has no $suite any more"
			sed -i "/ $suite main\$/d" "$dir/live.list"
		done
	done
}

# Fetch the lists of packages, unless they are younger than MINUTES.
update_collection() {
	local dir=$archive/$1 minutes=$2

	make_collection "$1"
	[ -z "$(find "$dir/updated" -mmin "-$minutes" 2>/dev/null)" ] || return 0
	say "fetching the lists of $(collection_suites "$1")"
	fetch_lists "$1" || return
	touch "$dir/updated"
}

# archive_update COLLECTION [MINUTES]: make the lists at most so old, by default a day.
archive_update() {
	[ -e "$keyring" ] || die "no $keyring: install debian-archive-keyring"
	locked "archive-$1" update_collection "$1" "${2:-1440}"
}

# archive_names COLLECTION PREFIX: the packages whose names have that prefix.
archive_names() {
	in_archive "$1" apt-cache pkgnames "$2"
}

# archive_depends COLLECTION PACKAGE: the names of its dependencies and their
# alternatives.
archive_depends() {
	in_archive "$1" apt-cache show --no-all-versions "$2" |
		sed -n 's/^Depends: //p' | tr -s ',|' '\n' | awk '{ print $1 }' | sort -u
}

# archive_unpack COLLECTION PACKAGE...: into the current directory. The status is 76 if
# one cannot be fetched.
archive_unpack() {
	local deb

	in_archive "$1" apt-get -qq download "${@:2}" >&2 || return 76
	for deb in *.deb; do
		dpkg-deb -x "$deb" . && rm "$deb" || return
	done
}

# archive_source SERIES: the path of a kernel's source, linux-source-SERIES.tar.xz; the
# host's installed one, if there is one.
archive_source() {
	local name=linux-source-$1 collection=bookworm

	[[ $1 = [56].* ]] || collection=newest
	if [ -e "/usr/src/$name.tar.xz" ]; then
		echo "/usr/src/$name.tar.xz"
		return
	fi
	archive_update "$collection" >&2
	locked "$name" archive_fetch_source "$collection" "$name" || die "cannot fetch $name"
	echo "$archive/source/$name.tar.xz"
}

archive_fetch_source() {
	local tmp=$archive/source.$$

	[ ! -e "$archive/source/$2.tar.xz" ] || return 0
	say "fetching $2"
	mkdir -p "$tmp" "$archive/source"
	(cd "$tmp" && archive_unpack "$1" "$2") && mv "$tmp/usr/src/$2.tar.xz" "$archive/source/" &&
		rm -rf "$tmp"
}

# archive_source_files SERIES DIR FILE...: unpack these files of a kernel's source into DIR,
# once. FILE is relative to the top of the source.
archive_source_files() {
	local source directory=$2

	[ ! -d "$directory" ] || return 0
	source=$(archive_source "$1") || return
	shift 2
	mkdir -p "$directory.new"
	tar -C "$directory.new" --strip-components=1 --wildcards -xf "$source" "${@/#/*/}"
	mv -T "$directory.new" "$directory"
}
