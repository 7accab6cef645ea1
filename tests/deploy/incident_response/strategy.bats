#!/usr/bin/env bats
# The negative control: what is expected of our tool, asked of the script of the hardening strategy. It fails each
# expectation, so they can be failed.
bats_require_minimum_version 1.5.0
load incident

strategy() { PAGERDUTY_KEY=$KEY "$BATS_TEST_DIRNAME/fakes/breach-of-the-strategy.sh"; }

teardown() {
	kill "$PAGER" 2>/dev/null || :
	find /tmp -maxdepth 1 -name 'license-api-incident-*.log' -newer "$FAKE_STATE/key" -delete
}

@test "expected: somebody is paged first; the strategy's script pages last" {
	run strategy
	[ "$status" -eq 0 ]
	[ "$(at curl)" -gt "$(at 'backups create')" ]
}

@test "expected: a failing step never stops the next; the strategy's script pages nobody then" {
	FAKE_FAIL='kubectl patch' run strategy
	[ "$status" -eq 1 ]
	never_called 'curl|backups|logs'
}

@test "expected: nothing is done without consent; the strategy's script cuts everybody off" {
	run strategy
	calls | grep -q 'kubectl patch ingress coditect-unified-ingress'
}

@test "expected: what is blocked has a name; the strategy's script removes whatever comes first" {
	run strategy
	calls | grep -q '/spec/rules/0'
}

@test "expected: whole logs of all containers; the strategy's script gets ten lines a pod" {
	run strategy
	never_called '--tail=-1|--all-containers|--previous'
}

@test "expected: the key is in no argument; the strategy's script has it there" {
	run strategy
	grep -q "$KEY" "$FAKE_STATE/calls"
}

@test "expected: evidence is private; the strategy's script leaves it open" {
	umask 022
	run strategy
	log=$(find /tmp -maxdepth 1 -name 'license-api-incident-*.log' -newer "$FAKE_STATE/key" | head -1)
	[ "$(stat -c %a "$log")" = 644 ]
}

@test "expected: the backup is not waited for; the strategy's script waits" {
	run strategy
	never_called --async
}
