# The OWASP rule sets and the throttles: the rules whose number comes from a variable.
locals {
  waf_priorities = {
    sqli             = 2000
    xss              = 2010
    lfi              = 2020
    rfi              = 2030
    rce              = 2040
    scannerdetection = 2050
    protocolattack   = 2060
    sessionfixation  = 2070
    java             = 2080
  }

  # How signatures are named: the version of the rule set they come from, their number, the set.
  waf_prefix = { v422 = "owasp-crs-v042200-id", v33 = "owasp-crs-v030301-id" }[var.waf_version]

  waf_options = { for name, set in var.waf_rule_sets : name => join(", ", concat(
    ["'sensitivity': ${set.sensitivity}"],
    length(set.opt_out) == 0 ? [] : ["'opt_out_rule_ids': [${join(", ", [for number in set.opt_out : "'${local.waf_prefix}${number}-${name}'"])}]"],
  )) }

  waf_rules = [for name, set in var.waf_rule_sets : {
    name        = name
    priority    = local.waf_priorities[name]
    action      = "deny(403)"
    expression  = "evaluatePreconfiguredWaf('${name}-${var.waf_version}-stable', {${local.waf_options[name]}})"
    description = "OWASP rule set ${name}"
    previewable = true
  }]

  canary_rules = [{
    name        = "cve-canary"
    priority    = 2900
    action      = "deny(403)"
    expression  = "evaluatePreconfiguredWaf('cve-canary', {'sensitivity': 1})"
    description = "Newly found vulnerabilities, Log4Shell among them"
    previewable = true
  }]

  # Seats behind one address, and what each may ask in a minute: an office behind one NAT address is
  # one caller here.
  calls_per_minute = coalesce(
    var.general_throttle_per_minute,
    max(600, var.seats_per_address * var.calls_per_seat_per_minute),
  )

  path_throttles = merge(
    {
      acquire = {
        priority         = 3000
        path             = "/api/v1/licenses/acquire"
        count            = max(120, var.seats_per_address * var.acquires_per_seat_per_minute)
        interval_seconds = 60
      }
      validate = {
        priority         = 3010
        path             = "/api/v1/licenses/validate"
        count            = max(120, var.seats_per_address * var.acquires_per_seat_per_minute)
        interval_seconds = 60
      }
      staff-pages = {
        priority         = 3020
        path             = "/admin/"
        count            = var.staff_calls_per_minute
        interval_seconds = 60
      }
    },
    var.path_throttles,
  )

  throttle_rules = concat(
    [for name, throttle in local.path_throttles : {
      name        = "throttle-${name}"
      priority    = throttle.priority
      action      = "throttle"
      expression  = "request.path.startsWith('${throttle.path}')"
      description = substr("Throttle of ${throttle.path}", 0, 64)
      throttle    = { count = throttle.count, interval_seconds = throttle.interval_seconds }
      previewable = true
    }],
    [{
      name          = "general-throttle"
      priority      = 3900
      action        = "throttle"
      src_ip_ranges = local.everybody
      description   = "Throttle of everything, sized from seats behind an address"
      throttle      = { count = local.calls_per_minute, interval_seconds = 60 }
      previewable   = true
    }],
  )

  default_rule = [{
    name          = "default"
    priority      = 2147483647
    action        = var.default_action
    src_ip_ranges = local.everybody
    description   = "What no rule above has decided"
    previewable   = false
  }]

  named_rules = concat(
    local.incident_rule, local.temporary_rules, local.allow_list_rules, local.deny_list_rules,
    local.threat_rules, local.adaptive_rules, local.geo_rules, local.form_rules, local.waf_rules,
    local.canary_rules, local.throttle_rules, local.default_rule,
  )

  previewable = toset([for rule in local.named_rules : rule.name if rule.previewable])
  preview = { for rule in local.named_rules : rule.name =>
    rule.previewable && lookup(var.preview, rule.name, !contains(keys(var.temporary_blocks), rule.name) && var.preview_by_default)
  }

  rules = [for rule in local.named_rules : {
    name          = rule.name
    priority      = rule.priority
    action        = rule.action
    preview       = local.preview[rule.name]
    description   = rule.description
    expression    = try(rule.expression, null)
    src_ip_ranges = try(rule.src_ip_ranges, null)
    throttle      = try(rule.throttle, null)
  }]
}
