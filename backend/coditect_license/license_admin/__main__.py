"""``python -m coditect_license.license_admin``, which ``scripts/license-admin`` runs."""

import sys

from coditect_license.license_admin.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
