# What both stand-ins do first: note the words, one line a call, and fail where FAKE_FAIL matches them.
words=("$@")
line="$(basename "$0") $*"
printf '%s\n' "$line" >>"$FAKE_STATE/calls"
if [ -n "${FAKE_KILL:-}" ] && [[ $line =~ $FAKE_KILL ]]; then
	kill -KILL "$PPID"
	exit 1
fi
if [ -n "${FAKE_FAIL:-}" ] && [[ $line =~ $FAKE_FAIL ]]; then
	echo "fake failure" >&2
	exit 1
fi
