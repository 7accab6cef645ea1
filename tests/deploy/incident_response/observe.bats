#!/usr/bin/env bats
# observe: what is taken down, in which order, and what a failing step costs.
bats_require_minimum_version 1.5.0
load incident

@test "without consent every command is printed and nothing is run" {
	run incident observe --incident inc-1
	[ "$status" -eq 0 ]
	[[ $output == *"gcloud sql backups create --instance=coditect-license-db"* ]]
	[[ $output == *"dry run: nothing was done"* ]]
	[ ! -s "$FAKE_STATE/calls" ]
	[ ! -e "$LICENSE_INCIDENT_DIRECTORY" ]
}

@test "what was printed is what is run" {
	incident observe --incident inc-1 | grep -E '^(gcloud|kubectl)' | grep -vE 'POD|TENANT' |
		sed -E "s/ > .*//; s/[0-9-]{10}T[0-9:]{8}Z/TIME/g; s/'//g" | sort -u >"$FAKE_STATE/printed"
	incident observe "${SURE[@]}"
	sed -E 's/[0-9-]{10}T[0-9:]{8}Z/TIME/g' "$FAKE_STATE/calls" | sort -u >"$FAKE_STATE/done"
	while read -r line; do
		[[ $line == *"storage cp"* ]] || grep -qxF -- "$line" "$FAKE_STATE/done"
	done <"$FAKE_STATE/printed"
	[ "$(grep -c . "$FAKE_STATE/printed")" -ge 24 ]
}

@test "page first, then a backup, whole logs, rights, keys, the edge, the audit, and the locked bucket" {
	run incident observe "${SURE[@]}" --summary "keys are tried"
	[ "$status" -eq 0 ]
	[ "$(calls | head -1)" = PAGE ]
	[ "$(events '.event_action + " " + .dedup_key' | head -1)" = "trigger inc-1" ]
	[ "$(events .payload.severity | head -1)" = critical ]
	[[ $(events .payload.summary | head -1) == *"keys are tried"* ]]
	[[ $(events '.payload.custom_details["block everybody"]' | head -1) == *"block-all --incident inc-1 --yes --confirm inc-1" ]]
	for app in api console worker migrate; do
		calls | grep -- "--selector=app=coditect-license-$app" | grep -- --all-containers |
			grep -- --prefix | grep -- --timestamps | grep -- --tail=-1 | grep -q -- --since=1h
	done
	calls | grep 'logs .*api-1 --container=server --previous' | grep -q -- --tail=-1
	for wanted in SetIamPolicy cloudkms.googleapis.com secretmanager.googleapis.com enforcedSecurityPolicy \
		9464/proxy/metrics verify_audit 'export_audit acme --checkpoint' 'export_audit globex$' 'get .*events'; do
		calls | grep -q -- "$wanted"
	done
	never_called 'secrets versions|get .*[ ,]secrets'
	calls | grep 'sql backups create' | grep -q -- --async
	[ "$(at 'sql backups list')" -gt "$(at 'sql backups create')" ]
	calls | grep 'storage cp' | grep -- --no-clobber | grep -q 'gs://coditect-license-evidence/inc-1/'
}

@test "a backup that failed is a failed step" {
	FAKE_BACKUP=FAILED run incident observe "${SURE[@]}"
	[ "$status" -eq 1 ]
	[ "$(results failed)" = "snapshot checked" ]
}

@test "every step that fails is counted, and none stops the next" {
	FAKE_FAIL='logging read|sql backups create' run incident observe "${SURE[@]}"
	[ "$status" -eq 6 ]
	calls | grep -q 'storage cp'
	[ "$(results ok | grep -c .)" -eq 27 ] # of 33
	[[ $(jq -r 'select(.step == "snapshot" and .result == "failed") | .output' "$JOURNAL") == *"fake failure"* ]]
}

@test "a pager that is away does not stop the evidence, and is tried again" {
	echo 500 >"$FAKE_STATE/refuse"
	run incident observe "${SURE[@]}"
	[ "$status" -eq 2 ]
	[ "$(results failed | tr '\n' ,)" = "page,page the seal," ]
	[ "$(calls | grep -c PAGE)" -eq 6 ]
	calls | grep -q 'storage cp'
}

@test "without gcloud and kubectl the page still goes out" {
	rm -rf "${BATS_TEST_TMPDIR:?}/bin" && mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in sh dirname; do ln -s "$(command -v $tool)" "$BATS_TEST_TMPDIR/bin/$tool"; done
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$BATS_TEST_TMPDIR/bin/python3"
	run env PATH="$BATS_TEST_TMPDIR/bin" "$TOOLS/license-incident" observe "${SURE[@]}"
	[ "$status" -gt 20 ]
	[ "$(calls | head -1)" = PAGE ]
	[[ $output == *"gcloud cannot be run"* ]]
}

@test "the evidence is private, sealed, and verifiable by two programs" {
	incident observe "${SURE[@]}"
	folder=$(echo "$LICENSE_INCIDENT_DIRECTORY"/inc-1/evidence-*)
	[ "$(stat -c %a "$LICENSE_INCIDENT_DIRECTORY/inc-1")" = 700 ]
	[ "$(stat -c %a "$folder")" = 500 ]
	[ -z "$(find "$LICENSE_INCIDENT_DIRECTORY" -perm /077)" ]
	(cd "$folder" && sha256sum --check --quiet MANIFEST.sha256)
	seal=$(events '.payload.custom_details.seal // empty')
	run incident verify "$folder" --seal "$seal"
	[ "$status" -eq 0 ]
	chmod u+w "$folder" "$folder"/*
	echo more >>"$folder/pods.json"
	rm "$folder/events.json"
	echo new >"$folder/planted"
	run incident verify "$folder" --seal "$seal"
	[ "$status" -eq 3 ]
	[[ $output == *"changed: pods.json"* && $output == *"missing: events.json"* && $output == *"added: planted"* ]]
	(cd "$folder" && sha256sum ./*.json | sed 's|\./||' >MANIFEST.sha256)
	run incident verify "$folder" --seal "$seal"
	[[ $output == *"not the one that was sealed"* ]]
}

@test "the key is in no argument, no journal, no output and no evidence" {
	FAKE_FAIL='logging read' run incident observe "${SURE[@]}"
	[[ $output != *"$KEY"* ]]
	! grep -rq "$KEY" "$LICENSE_INCIDENT_DIRECTORY" "$FAKE_STATE/calls" || false
	[ "$(events .routing_key | sort -u)" = "$KEY" ]
}

@test "the breach script observes, and closes the edge only when it is told to" {
	run "$TOOLS/license-api-breach.sh" "${SURE[@]}"
	[ "$status" -eq 0 ]
	never_called 'rules update'
	run "$TOOLS/license-api-breach.sh" --block-all "${SURE[@]}"
	[ "$status" -eq 0 ]
	calls | grep -q 'rules update 1 .*--src-ip-ranges=\*'
}

@test "the breach script without consent runs nothing" {
	run "$TOOLS/license-api-breach.sh" --incident inc-1 --block-all
	[ "$status" -eq 0 ]
	[ ! -s "$FAKE_STATE/calls" ]
	[[ $output == *"rules update 1"* ]]
}
