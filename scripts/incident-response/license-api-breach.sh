#!/bin/sh
# Somebody breaks into the License API: page, a backup of the database and evidence; with --block-all the edge
# is closed first. Prints the commands and runs none without --yes --confirm ID.
# usage: license-api-breach.sh --incident ID [--block-all] [--yes --confirm ID] [--summary TEXT]
# Exit status: the number of failed steps; 64 and more: refused, nothing was run.
set -u
here=$(cd "$(dirname "$0")" && pwd)
block=
for word; do
	shift
	if [ "$word" = --block-all ]; then block=1; else set -- "$@" "$word"; fi
done
failed=0
if [ -n "$block" ]; then
	"$here/license-incident" block-all "$@"
	failed=$?
	[ "$failed" -lt 64 ] || exit "$failed"
fi
"$here/license-incident" observe "$@"
observed=$?
[ "$observed" -lt 64 ] || exit "$observed"
failed=$((failed + observed))
[ "$failed" -lt 64 ] || failed=63
exit "$failed"
