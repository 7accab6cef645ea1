#!/usr/bin/env bats
# The tiers that block, and what takes them back.
bats_require_minimum_version 1.5.0
load incident

everybody() { jq -r '.[0].rules[] | select(.priority == 1) | .match.config.srcIpRanges[]' "$FAKE_STATE/policy.json"; }
unchanged() { diff <(jq -S . "$FAKE_STATE/policy.before") <(jq -S . "$FAKE_STATE/policy.json"); }

@test "page first, then leases, then the block" {
	run incident block-all "${SURE[@]}"
	[ "$status" -eq 0 ]
	[ "$(at PAGE)" -eq 1 ]
	[ "$(at extend_leases)" -lt "$(at 'rules update')" ]
	[ "$(everybody)" = "*" ]
}

@test "programs are waited for as long as they take between two heartbeats" {
	FAKE_INTERVAL=1 run incident block-all "${SURE[@]}"
	[[ $(jq -r 'select(.step == "wait for heartbeats") | .output' "$JOURNAL") == "waited 1.2 s of 1 s"* ]]
	[ "$(jq 'select(.step == "wait for heartbeats") | .seconds >= 1.2' "$JOURNAL")" = true ]
}

@test "who has no time does not wait" {
	FAKE_INTERVAL=28800 run incident block-all "${SURE[@]}" --wait-seconds 0
	[ "$status" -eq 0 ]
	[ "$(everybody)" = "*" ]
}

@test "leases that cannot be extended are a failed step, and the person's block stands" {
	FAKE_FAIL=extend_leases run incident block-all "${SURE[@]}"
	[ "$status" -eq 1 ]
	[ "$(everybody)" = "*" ]
}

@test "a block that does not arrive is seen" {
	FAKE_FAIL='rules update' run incident block-all "${SURE[@]}"
	[ "$status" -eq 2 ]
	[ "$(results failed | tr '\n' ,)" = "block all,block checked," ]
}

@test "a block says whose it is and when it ends" {
	incident block-all "${SURE[@]}" --for 30m
	description=$(jq -r '.[0].rules[] | select(.priority == 1) | .description' "$FAKE_STATE/policy.json")
	[[ $description =~ ^incident\ inc-1\ until\ 20[0-9-]+T[0-9:]+Z$ ]]
	[ "${#description}" -le 64 ]
}

@test "a source gets the first priority that is free and leaves other rules alone" {
	incident block-source "${SURE[@]}" --source 203.0.113.7 --source 2001:db8::/48
	[ "$(jq -c '.[0].rules[] | select(.priority == 3) | .match.config.srcIpRanges' "$FAKE_STATE/policy.json")" = \
		'["203.0.113.7/32","2001:db8::/48"]' ]
	calls | grep 'rules create 3' | grep -q -- --action=deny-403
}

@test "harmful sources are refused before anything is run" {
	for source in 0.0.0.0/0 ::/0 0.0.0.0/1 35.191.1.0/24 130.211.0.0/22 10.1.2.3 169.254.169.254 127.0.0.1 \
		203.0.113.7/24 not-an-address '1.2.3.4;reboot' 8.0.0.0/15; do
		run incident block-source "${SURE[@]}" --source "$source"
		[ "$status" -eq 64 ]
	done
	LICENSE_INCIDENT_NEVER_BLOCK=203.0.113.0/24 run incident block-source "${SURE[@]}" --source 203.0.113.7
	[ "$status" -eq 64 ]
	[ ! -s "$FAKE_STATE/calls" ]
}

@test "half a consent is refused" {
	for consent in '--yes' '--confirm inc-1' '--yes --confirm inc-2' '--yes --confirm inc-1 --dry-run'; do
		# The words are apart on purpose.
		# shellcheck disable=SC2086
		run incident block-all --incident inc-1 $consent
		[ "$status" -eq 64 ] || [[ $consent == *--dry-run ]]
		[ ! -s "$FAKE_STATE/calls" ]
	done
}

@test "a tenant is suspended, and every other one extended" {
	incident block-tenant "${SURE[@]}" --tenant acme
	[ -e "$FAKE_STATE/suspended" ]
	calls | grep extend_leases | grep -q -- '--except acme'
	[ "$(at 'tenant show')" -lt "$(at extend_leases)" ]
	[ "$(at extend_leases)" -lt "$(at 'tenant suspend')" ]
}

@test "an unknown tenant blocks nobody and extends nothing" {
	run incident block-tenant "${SURE[@]}" --tenant mallory
	[ "$status" -eq 1 ]
	[[ $output == *"there is no tenant mallory"* ]]
	never_called 'suspend|extend_leases'
	[ "$(results skipped | grep -c .)" -eq 3 ]
}

@test "a tenant whose look-up fails for another reason is blocked all the same" {
	FAKE_FAIL='tenant show' run incident block-tenant "${SURE[@]}" --tenant acme
	[ "$status" -eq 1 ]
	[ -e "$FAKE_STATE/suspended" ]
}

@test "a tenant that the vendor had suspended is not resumed by our restore" {
	touch "$FAKE_STATE/suspended"
	run incident block-tenant "${SURE[@]}" --tenant acme
	[ "$status" -eq 1 ]
	incident restore "${SURE[@]}"
	[ -e "$FAKE_STATE/suspended" ]
	never_called 'tenant resume'
}

@test "restore takes back exactly what was done, and resolves the page" {
	incident block-all "${SURE[@]}"
	incident block-source "${SURE[@]}" --source 203.0.113.7
	incident block-tenant "${SURE[@]}" --tenant acme
	run incident restore "${SURE[@]}"
	[ "$status" -eq 0 ]
	unchanged
	[ ! -e "$FAKE_STATE/suspended" ]
	[ "$(events .event_action | tail -1)" = resolve ]
}

@test "restore again changes nothing" {
	incident block-source "${SURE[@]}" --source 203.0.113.7
	incident restore "${SURE[@]}"
	: >"$FAKE_STATE/calls"
	run incident restore "${SURE[@]}"
	[ "$status" -eq 0 ]
	[ "$(calls)" = PAGE ]
	unchanged
}

@test "restore without consent shows what it would take back" {
	incident block-source "${SURE[@]}" --source 203.0.113.7
	: >"$FAKE_STATE/calls"
	run incident restore --incident inc-1
	[[ $output == *"unblock 203.0.113.7/32"* ]]
	[ ! -s "$FAKE_STATE/calls" ]
}

@test "after a crash between a block and its record restore still finds it" {
	FAKE_KILL='rules update' run incident block-all "${SURE[@]}"
	[ "$status" -eq 137 ]
	incident block-all "${SURE[@]}" # the rule is set now; the journal of the first run ends in the middle
	sed -i '$d' "$JOURNAL"
	printf '{"at": "cut o' >>"$JOURNAL"
	incident restore "${SURE[@]}"
	unchanged
}

@test "a restore that failed in the middle is finished by the next" {
	incident block-source "${SURE[@]}" --source 203.0.113.7
	incident block-tenant "${SURE[@]}" --tenant acme
	FAKE_FAIL='rules delete' run incident restore "${SURE[@]}"
	[ "$status" -eq 2 ] # the rule, and the page that stays open
	[ ! -e "$FAKE_STATE/suspended" ]
	[ "$(events .event_action | tail -1)" = trigger ]
	run incident restore "${SURE[@]}"
	[ "$status" -eq 0 ]
	unchanged
	[ "$(events .event_action | tail -1)" = resolve ]
}

@test "restore leaves another incident's blocks alone" {
	incident block-all "${SURE[@]}"
	run incident block-all --incident inc-2 --yes --confirm inc-2
	[ "$status" -eq 2 ] # inc-1 has everybody blocked already; and the check finds no rule of inc-2
	run incident restore --incident inc-2 --yes --confirm inc-2
	[ "$(everybody)" = "*" ]
	incident restore "${SURE[@]}"
	unchanged
}

@test "an incident that never was has nothing to restore" {
	run incident restore --incident inc-9 --yes --confirm inc-9
	[ "$status" -eq 64 ]
}

@test "a block whose end has passed is taken back, one that runs is not" {
	incident block-source "${SURE[@]}" --source 203.0.113.7 --for 24h
	incident block-all "${SURE[@]}"
	jq '(.[0].rules[] | select(.priority == 1)).description = "incident inc-1 until 2020-01-01T00:00:00Z"' \
		"$FAKE_STATE/policy.json" >"$FAKE_STATE/p" && mv "$FAKE_STATE/p" "$FAKE_STATE/policy.json"
	run incident expire --edge-only
	[ "$(everybody)" = "*" ]
	run incident expire --edge-only --yes
	[ "$status" -eq 0 ]
	[ "$(everybody)" = 192.0.2.1/32 ]
	[ "$(jq '.[0].rules | map(select(.priority == 3)) | length' "$FAKE_STATE/policy.json")" = 1 ]
}

@test "a tenant's suspension ends where the journal says" {
	incident block-tenant "${SURE[@]}" --tenant acme
	incident expire --yes
	[ -e "$FAKE_STATE/suspended" ]
	sed -i -E 's/"until": "[^"]+"/"until": "2020-01-01T00:00:00+00:00"/' "$JOURNAL"
	incident expire --yes
	[ ! -e "$FAKE_STATE/suspended" ]
}

@test "two runs of one incident do not cross" {
	incident observe "${SURE[@]}"
	exec 8>"$LICENSE_INCIDENT_DIRECTORY/inc-1/lock"
	flock 8
	run incident block-all "${SURE[@]}" 8>&-
	[ "$status" -eq 64 ]
	[[ $output == *"another run of inc-1 is under way"* ]]
	exec 8>&-
}

@test "a folder that is open to others keeps no evidence" {
	mkdir -p "$LICENSE_INCIDENT_DIRECTORY/inc-1"
	chmod 777 "$LICENSE_INCIDENT_DIRECTORY/inc-1"
	run incident observe "${SURE[@]}"
	[ "$status" -eq 64 ]
	[ ! -s "$FAKE_STATE/calls" ]
}

@test "a key is not sent in the clear to another machine" {
	PAGERDUTY_URL=http://example.com/v2/enqueue run incident page "${SURE[@]}"
	[ "$status" -eq 64 ]
}
