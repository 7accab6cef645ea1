# Every rule of the policy, in one list. The lowest priority that matches ends the evaluation, so what
# allows (a throttle allows whoever conforms) stands behind everything that denies.
locals {
  everybody = ["*"]
  # A documentation address (RFC 5737), from which no request comes: a rule that waits for its incident.
  nobody = ["192.0.2.1/32"]

  inspected_bytes = {
    "8KB"   = 8192
    "16KB"  = 16384
    "32KB"  = 32768
    "48KB"  = 49152
    "64KB"  = 65536
    "128KB" = 131072
  }[var.request_body_inspection_size]

  incident_rule = [{
    name          = "incident"
    priority      = 1
    action        = var.incident.action
    src_ip_ranges = var.incident.active ? var.incident.src_ip_ranges : local.nobody
    expression    = var.incident.active ? var.incident.expression : null
    description   = "Incident: refuses at once; waits on an unused address"
    previewable   = false
  }]

  temporary_rules = [for name, block in var.temporary_blocks : {
    name          = name
    priority      = block.priority
    action        = block.action
    src_ip_ranges = block.src_ip_ranges
    expression    = block.expression
    description   = "Temporary: ${name}"
    previewable   = true
  }]

  # A rule holds ten ranges at most.
  allow_list_rules = [for index, ranges in chunklist(sort(var.allowed_ip_ranges), 10) : {
    name          = "ip-allow-${index}"
    priority      = 100 + index
    action        = "allow"
    src_ip_ranges = ranges
    description   = "IP allow list, part ${index + 1}"
    previewable   = false
  }]

  deny_list_rules = [for index, ranges in chunklist(sort(var.denied_ip_ranges), 10) : {
    name          = "ip-deny-${index}"
    priority      = 200 + index
    action        = "deny(403)"
    src_ip_ranges = ranges
    description   = "IP deny list, part ${index + 1}"
    previewable   = false
  }]

  threat_rules = [for index, feed in sort(var.threat_intelligence_feeds) : {
    name        = "threat-${trimprefix(feed, "iplist-")}"
    priority    = 300 + index
    action      = "deny(403)"
    expression  = "evaluateThreatIntelligence('${feed}')"
    description = substr("Threat intelligence: ${feed}", 0, 64)
    previewable = true
  }]

  adaptive_rules = var.adaptive_protection.auto_deploy == null ? [] : [{
    name        = "adaptive-protection"
    priority    = 400
    action      = "deny(403)"
    expression  = "evaluateAdaptiveProtectionAutoDeploy()"
    description = "What adaptive protection suggests during an attack"
    previewable = true
  }]

  geo_rules = concat(
    length(var.allowed_countries) == 0 ? [] : [{
      name        = "geo"
      priority    = 1000
      action      = "deny(403)"
      expression  = "!'[${join(",", var.allowed_countries)}]'.contains(origin.region_code)"
      description = "Countries that are not on the list"
      previewable = true
    }],
    length(var.denied_countries) == 0 ? [] : [{
      name        = "geo-denied"
      priority    = 1010
      action      = "deny(403)"
      expression  = "'[${join(",", var.denied_countries)}]'.contains(origin.region_code)"
      description = "Countries that are refused"
      previewable = true
    }],
  )

  form_rules = [
    {
      name        = "body-size"
      priority    = 1500
      action      = "deny(403)"
      expression  = "has(request.headers['content-length']) && int(request.headers['content-length']) > ${var.max_body_bytes}"
      description = "Bodies longer than what is inspected and taken"
      previewable = true
    },
    {
      name        = "method"
      priority    = 1600
      action      = "deny(403)"
      expression  = "!request.method.matches('^(${join("|", var.allowed_methods)})$')"
      description = "Methods that no address of the API takes"
      previewable = true
    },
  ]
}
