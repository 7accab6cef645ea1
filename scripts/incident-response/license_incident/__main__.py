"""``python -m license_incident``."""

import sys

from license_incident.program import main

sys.exit(main())
