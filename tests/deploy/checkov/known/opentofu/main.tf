# Known findings: a run of checkov that does not see them is no run.

resource "google_storage_bucket" "open" {
  name                        = "known-findings"
  location                    = "US"
  uniform_bucket_level_access = false
}
