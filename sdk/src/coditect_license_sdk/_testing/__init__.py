"""The parts of FakeLicenseServer. The public face is `coditect_license_sdk.testing`."""
