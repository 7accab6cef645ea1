#!/bin/bash
# The incident script as the hardening strategy printed it, but for its pictures: what the tests of ours must find fault
# with. Nobody runs it but tests/deploy/incident_response/strategy.bats.
set -euo pipefail
echo "SECURITY INCIDENT DETECTED"
echo "================================"
# Step 1: Isolate (block all traffic to License API)
echo "1. Blocking all traffic to License API..."
kubectl patch ingress coditect-unified-ingress -n coditect-app \
	--type=json \
	-p='[{"op": "remove", "path": "/spec/rules/0"}]'
# Step 2: Capture forensics (logs, metrics)
echo "2. Capturing forensics..."
kubectl logs -n coditect-app -l app=coditect-license-api --since=1h \
	> /tmp/license-api-incident-$(date +%s).log
# Step 3: Snapshot database (before potential data loss)
echo "3. Creating database snapshot..."
gcloud sql backups create --instance=coditect-license-db \
	--description="Incident response snapshot $(date)"
# Step 4: Notify on-call engineer
echo "4. Sending PagerDuty alert..."
curl -X POST https://events.pagerduty.com/v2/enqueue \
	-H 'Content-Type: application/json' \
	-d '{
"routing_key": "'"$PAGERDUTY_KEY"'",
"event_action": "trigger",
"payload": {
"summary": "License API security incident - traffic blocked",
"severity": "critical",
"source": "kubernetes",
"component": "license-api"
}
}'
echo "Incident response complete. Awaiting human investigation."
