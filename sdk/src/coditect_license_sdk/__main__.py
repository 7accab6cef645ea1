"""`python -m coditect_license_sdk` is `coditect-license`."""

import sys

from coditect_license_sdk._cli import main

if __name__ == "__main__":
    sys.exit(main())
