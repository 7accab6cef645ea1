# What every bats file here begins with: stand-ins on PATH, a PagerDuty on loopback, a folder of its own.
REPOSITORY=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
TOOLS=$REPOSITORY/scripts/incident-response
KEY=routing-key-that-nobody-may-see

setup() {
	export FAKE_STATE=$BATS_TEST_TMPDIR/state
	mkdir "$FAKE_STATE"
	cat >"$FAKE_STATE/policy.json" <<-'JSON'
		[{"rules": [
		  {"priority": 1, "description": "Incident: refuses at once; waits on an unused address",
		   "match": {"config": {"srcIpRanges": ["192.0.2.1/32"]}}},
		  {"priority": 2, "description": "Temporary: partner",
		   "match": {"config": {"srcIpRanges": ["198.51.100.0/24"]}}},
		  {"priority": 2147483647, "description": "default", "match": {"config": {"srcIpRanges": ["*"]}}}]}]
	JSON
	cp "$FAKE_STATE/policy.json" "$FAKE_STATE/policy.before"
	: >"$FAKE_STATE/calls"
	"${PYTHON:-python3}" "$BATS_TEST_DIRNAME/fakes/pagerduty.py" "$FAKE_STATE" 3>&- &
	PAGER=$!
	for _ in $(seq 500); do
		[ -e "$FAKE_STATE/port" ] && break
		read -rt 0.02 <> <(:) || :
	done
	PAGERDUTY_URL=http://127.0.0.1:$(cat "$FAKE_STATE/port")/v2/enqueue
	export PAGERDUTY_URL
	printf '%s\n' "$KEY" >"$FAKE_STATE/key"
	export PAGERDUTY_KEY_FILE=$FAKE_STATE/key
	export LICENSE_INCIDENT_DIRECTORY=$BATS_TEST_TMPDIR/incidents
	export HOME=$BATS_TEST_TMPDIR
	PATH=$BATS_TEST_DIRNAME/fakes:$PATH
	SURE=(--incident inc-1 --yes --confirm inc-1)
	JOURNAL=$LICENSE_INCIDENT_DIRECTORY/inc-1/journal.jsonl
}

teardown() { kill "$PAGER" 2>/dev/null || :; }

incident() { "$TOOLS/license-incident" "$@"; }

calls() { cat "$FAKE_STATE/calls"; }

# A command after `!` fails no test of bats unless it is the last: this fails wherever it stands.
never_called() { if calls | grep -qE -- "$1"; then return 1; fi; }

events() { jq -r "$1" "$FAKE_STATE/events"; }

at() { calls | grep -n -m1 -- "$1" | cut -d: -f1; } # the place of the first call that matches

results() { jq -r 'select(.result == "'"$1"'") | .step' "$JOURNAL"; }
