# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# mail.sh - the mails of a series, as the tools of a sender make and see them
#
# Sourced by lab/source/send after lab/lib.sh; out is the directory of the mails. What
# is wrong is printed as a line that begins with "FAULT: ".

# Is a patch about KVM? kvmalloc() has nothing to do with it.
about_kvm()
{
	grep -qiE '(^|[^a-z])kvm([^a-z]|$)' "$1"
}

# Whom a patch goes to, "name <address> (role:section)". A patch which changes
# what KVM's ioctls do need not touch a file of KVM: it goes to KVM if it says so.
recipients()
{
	(cd "$tree" && scripts/get_maintainer.pl --nogit --nogit-fallback --nofixes "$1")
	if about_kvm "$1"; then
		(cd "$tree" && scripts/get_maintainer.pl --nogit --nogit-fallback \
			-f arch/x86/kvm/x86.c) | grep '(.*VIRTUAL MACHINE'
	fi
	# Documentation of PKRU, and code that obeys it, lies outside of arch/x86.
	if grep -qiE 'pkru|protection key' "$1"; then
		(cd "$tree" && scripts/get_maintainer.pl --nogit --nogit-fallback \
			-f arch/x86/kernel/fpu/xstate.c)
	fi
}

# base <commit> <series>: what it applies to, as "git format-patch --base" says it
base()
{
	[ "$1" ] || return 0
	printf '\nbase-commit: %s\n' "$1"
	for other in $tree_series; do
		[ "$other" != "$2" ] || break
		for p in $(patches "$other"); do
			echo "prerequisite-patch-id: $(git patch-id --stable < "$p" | cut -d' ' -f1)"
		done
	done
}

# The commit which a cover letter names
named_base()
{
	sed -n 's/^base-commit: //p' "$1"
}

# The headers of a mail, a line each.
headers()
{
	awk '/^$/ { exit } /^[ \t]/ { sub(/^[ \t]+/, " "); line = line $0; next }
		line != "" { print line } { line = $0 } END { print line }' "$1"
}

header()
{
	headers "$1" | sed -n "s/^$2: //p"
}

# Everybody gets the whole thread: a patch alone cannot be judged.
send_email()
{
	from=$(header "$out/0000-cover-letter.patch" From)
	email=${from##*<}
	email=${email%>}
	set -- --dry-run --confirm=never --smtp-server=/bin/false --no-smtp-auth \
		--thread --no-chain-reply-to --no-format-patch --suppress-cc=self --from="$from"
	while read -r who; do
		set -- "$@" --to="$who"
	done < "$out/to"
	while read -r who; do
		set -- "$@" --cc="$who"
	done < "$out/cc"
	cd "$out" || return
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES=$BUILD \
		GIT_COMMITTER_NAME=${from%% <*} GIT_COMMITTER_EMAIL="$email" \
		GIT_AUTHOR_NAME=${from%% <*} GIT_AUTHOR_EMAIL="$email" \
		git send-email "$@" ./*.patch
}

# The mails as a mailbox: the patches, with what send-email adds to their headers.
mailbox()
{
	i=0
	for p in "$out"/*.patch; do
		i=$((i + 1))
		headers "$p"
		awk -v i=$i '/^Subject: / { n++ } n == i && /^(Message-I[dD]|In-Reply-To|References): /' "$out/send-email.log"
		echo
		sed '1,/^$/d' "$p"
		echo
	done
}

b4_view()
{
	if ! command -v b4 > /dev/null; then
		echo "not there, so it was not asked: apt-get install b4"
		return
	fi
	mailbox > "$out/thread.mbox"
	# shellcheck disable=SC2030
	(export HOME="$out/b4" GIT_CONFIG_GLOBAL=/dev/null; unset XDG_CACHE_HOME XDG_DATA_HOME
	mkdir -p "$HOME"
	cd "$HOME"
	GIT_CEILING_DIRECTORIES=$BUILD b4 am -T -m "$out/thread.mbox" -o "$HOME" -n thread > "$out/b4.log" 2>&1) ||
		echo "FAULT: b4 does not accept the thread: $(tail -n 1 "$out/b4.log")"
	total=$(sed -n 's/^Total patches: //p' "$out/b4.log")
	[ "$total" = "$1" ] || echo "FAULT: b4 finds ${total:-no} patches, not $1"
	seen=$(grep -o -m 1 "base-commit [0-9a-f]*" "$out/b4.log" || echo "no base-commit")
	echo "${total:-no} patches in a thread, $seen"
}

# thread <patches>: what is wrong with the mails in the log of send-email
thread()
{
	awk -v n="$1" '
		function end(  i) {
			if (mail < 0) return
			if (subject !~ "^\\[PATCH " mail "/" n "\\] ")
				print "FAULT: mail " mail " has the subject \"" subject "\""
			if (mail == 0) first = id
			if (mail > 0 && reply != first)
				print "FAULT: mail " mail " is no reply to the cover letter"
			if (mail == 0 && reply != "")
				print "FAULT: the cover letter is a reply to " reply
			for (i in need) if (!index(who, need[i]))
				print "FAULT: mail " mail " does not go to " need[i]
		}
		BEGIN { mail = -1; split("x86@kernel.org linux-kernel@vger.kernel.org", need, " ") }
		/^(Dry-)?OK\. Log says:/ { end(); mail++; subject = id = reply = who = ""; field = "" }
		mail < 0 { next }
		/^[A-Z][A-Za-z-]*: / { field = $1 }
		field == "To:" || field == "Cc:" { who = who $0 }
		field == "Subject:" { subject = subject (subject == "" ? substr($0, 10) : $0) }
		/^Message-I[dD]: / { id = $2 }
		/^In-Reply-To: / { reply = $2 }
		END { end()
		      if (mail != n) printf "FAULT: %d mails, not a cover letter and %d patches\n", mail + 1, n }
	' "$out/send-email.log"
}

# Is anything of the template of a cover letter left?
cover()
{
	[ -f "$1" ] || { echo "FAULT: there is no cover letter"; return; }
	! grep -q '\*\*\* .* HERE \*\*\*' "$1" || echo "FAULT: the cover letter is not written"
}
