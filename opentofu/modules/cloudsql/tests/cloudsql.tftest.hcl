# What the instance is, and what the module refuses.

variables {
  project_id          = "coditect-citus-prod"
  network_id          = "projects/coditect-citus-prod/global/networks/coditect-license"
  allocated_ip_range  = "license-sql"
  encryption_key_name = "projects/coditect-citus-prod/locations/us-central1/keyRings/coditect-license-cmek/cryptoKeys/cloudsql"
  owner_password      = "correct-horse-battery-staple"
}

run "the_instance" {
  command = plan

  assert {
    condition     = google_sql_database_instance.postgres.name == "coditect-license-db" && google_sql_database_instance.postgres.region == "us-central1"
    error_message = "the instance has another name or region"
  }

  assert {
    condition     = google_sql_database_instance.postgres.database_version == "POSTGRES_16" && google_sql_database_instance.postgres.settings[0].edition == "ENTERPRISE" && google_sql_database_instance.postgres.settings[0].tier == "db-custom-2-7680"
    error_message = "the machine is another one"
  }

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].availability_type == "REGIONAL"
    error_message = "no standby takes over"
  }

  assert {
    condition     = google_sql_database_instance.postgres.encryption_key_name == var.encryption_key_name
    error_message = "Google's own key encrypts"
  }

  assert {
    condition = (
      google_sql_database_instance.postgres.settings[0].ip_configuration[0].ipv4_enabled == false
      && google_sql_database_instance.postgres.settings[0].ip_configuration[0].private_network == var.network_id
      && google_sql_database_instance.postgres.settings[0].ip_configuration[0].allocated_ip_range == "license-sql"
      && length(google_sql_database_instance.postgres.settings[0].ip_configuration[0].authorized_networks) == 0
    )
    error_message = "the instance has a public address, or one elsewhere"
  }

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "connections without TLS are admitted"
  }

  assert {
    condition = (
      google_sql_database_instance.postgres.settings[0].backup_configuration[0].enabled
      && google_sql_database_instance.postgres.settings[0].backup_configuration[0].point_in_time_recovery_enabled
      && google_sql_database_instance.postgres.settings[0].backup_configuration[0].transaction_log_retention_days == 7
      && google_sql_database_instance.postgres.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30
      && google_sql_database_instance.postgres.settings[0].backup_configuration[0].backup_retention_settings[0].retention_unit == "COUNT"
      && google_sql_database_instance.postgres.settings[0].retain_backups_on_delete
    )
    error_message = "there are fewer than 30 backups, or no way back to a second"
  }

  assert {
    condition     = google_sql_database_instance.postgres.deletion_protection && google_sql_database_instance.postgres.settings[0].deletion_protection_enabled
    error_message = "the instance can be deleted"
  }

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].maintenance_window[0].day == 7 && google_sql_database_instance.postgres.settings[0].maintenance_window[0].hour == 8 && google_sql_database_instance.postgres.settings[0].maintenance_window[0].update_track == "stable"
    error_message = "Cloud SQL restarts the instance when it likes"
  }

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].insights_config[0].query_insights_enabled && !google_sql_database_instance.postgres.settings[0].insights_config[0].record_client_address
    error_message = "slow statements are not seen, or callers' addresses are"
  }

  assert {
    condition = { for flag in google_sql_database_instance.postgres.settings[0].database_flags : flag.name => flag.value } == {
      "cloudsql.enable_pgaudit"           = "on"
      "pgaudit.log"                       = "ddl,role"
      "log_connections"                   = "on"
      "log_disconnections"                = "on"
      "log_checkpoints"                   = "on"
      "log_lock_waits"                    = "on"
      "log_temp_files"                    = "0"
      "log_statement"                     = "ddl"
      "log_min_duration_statement"        = "-1"
      "log_min_error_statement"           = "panic"
      "log_parameter_max_length"          = "0"
      "log_parameter_max_length_on_error" = "0"
      "log_error_verbosity"               = "terse"
      "max_connections"                   = "400"
    }
    error_message = "the log tells more, or less, than it should"
  }

  assert {
    condition     = [for database in google_sql_database.this : database.name] == ["license"] && output.databases == toset(["license"])
    error_message = "the database is not there"
  }

  assert {
    condition     = google_sql_user.owner.name == "license_owner" && google_sql_user.owner.type == "BUILT_IN" && google_sql_user.owner.password_wo_version == 1
    error_message = "the owner is another login, or its password is never sent"
  }

  assert {
    condition     = output.port == 5432 && output.max_connections == 400 && output.logins == { owner = "license_owner", leasing = "license_leasing", control = "license_control" }
    error_message = "what others rely on is not told"
  }
}

run "the_plus_edition" {
  command = plan

  variables {
    edition                        = "ENTERPRISE_PLUS"
    tier                           = "db-perf-optimized-N-4"
    transaction_log_retention_days = 14
    max_connections                = 800
    more_database_flags            = { "autovacuum_vacuum_cost_limit" = "2000" }
  }

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].edition == "ENTERPRISE_PLUS" && google_sql_database_instance.postgres.settings[0].tier == "db-perf-optimized-N-4"
    error_message = "a larger machine cannot be had"
  }

  assert {
    condition = (
      { for flag in google_sql_database_instance.postgres.settings[0].database_flags : flag.name => flag.value }["max_connections"] == "800"
      && { for flag in google_sql_database_instance.postgres.settings[0].database_flags : flag.name => flag.value }["autovacuum_vacuum_cost_limit"] == "2000"
    )
    error_message = "flags are not what was asked for"
  }
}

run "a_custom_tier_needs_the_enterprise_edition" {
  command = plan

  variables {
    edition = "ENTERPRISE_PLUS"
  }

  expect_failures = [var.tier]
}

run "a_large_tier_needs_the_plus_edition" {
  command = plan

  variables {
    tier                           = "db-perf-optimized-N-4"
    transaction_log_retention_days = 8
  }

  expect_failures = [var.tier, var.transaction_log_retention_days]
}

run "what_is_refused" {
  command = plan

  variables {
    name                        = "License"
    database_version            = "POSTGRES_15"
    tier                        = "db-f1-micro"
    availability_type           = "LOCAL"
    disk_size_gb                = 9
    server_ca_mode              = "NONE"
    encryption_key_name         = ""
    retained_backups            = 3
    backup_start_time           = "25:00"
    maintenance_window          = { day = 8, hour = 8, update_track = "stable" }
    max_connections             = 10
    slow_statement_milliseconds = 0
    more_database_flags         = { "log_statement" = "all" }
    owner_password              = "short"
  }

  expect_failures = [
    var.name, var.database_version, var.tier, var.availability_type, var.disk_size_gb,
    var.server_ca_mode, var.encryption_key_name, var.retained_backups, var.backup_start_time,
    var.maintenance_window, var.max_connections, var.slow_statement_milliseconds,
    var.more_database_flags, var.owner_password,
  ]
}

run "a_limit_below_the_disk" {
  command = plan

  variables {
    disk_autoresize_limit_gb = 20
  }

  expect_failures = [var.disk_autoresize_limit_gb]
}

run "an_edition_that_is_none" {
  command = plan

  variables {
    edition = "STANDARD"
  }

  expect_failures = [var.edition]
}
