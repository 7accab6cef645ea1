"""The product's settings with the addresses of the comparison as its control plane."""

from coditect_license.settings import *  # noqa: F403  every other setting is the product's

ROOT_URLCONF = "benchmarks.drf.urls"
