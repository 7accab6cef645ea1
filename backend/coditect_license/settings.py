"""Every setting, typed, read once; a wrong one refuses to start and says which.

``LICENSE_PROFILE`` decides what may be missing. ``production`` (the default) takes nothing for
granted: production.py says what it demands. ``embedded`` is one machine with no services: SQLite, a
local signing key and secrets made at first start, all under ``LICENSE_DATA_DIR``. There
``LICENSE_DATABASE_URL`` puts PostgreSQL in SQLite's place and ``LICENSE_SIGNER=kms`` Cloud KMS in
the local key's; ``LICENSE_LEASING_DATABASE_URL`` gives the leasing plane a login of its own there,
and ``LICENSE_PREPARED_STATEMENTS`` has the database keep its plans, where there is no pooler.
"""

from pathlib import Path
from typing import Any

from coditect_license import embedded
from coditect_license.audit_settings import audit_name, note_keys
from coditect_license.database_url import leasing_address, postgresql_database
from coditect_license.kms_settings import cloud_kms_from_environment
from coditect_license.peppers import peppers_from_environment
from coditect_license.production import require_production_settings
from foundation import env
from soft_state.address import address_if_set

REPOSITORY = Path(__file__).resolve().parents[2]

LICENSE_PROFILE = env.text("LICENSE_PROFILE", "production")
if LICENSE_PROFILE not in {"production", "embedded"}:
    raise env.EnvironmentMistake("LICENSE_PROFILE must be production or embedded")
EMBEDDED = LICENSE_PROFILE == "embedded"
if not EMBEDDED:
    require_production_settings()

LICENSE_DATA_DIR = Path(env.text("LICENSE_DATA_DIR", str(REPOSITORY / ".local"))).absolute()
if EMBEDDED:  # in production nothing is kept there
    embedded.make_data_dir(LICENSE_DATA_DIR)
PORT = env.integer("PORT", 8000, lowest=1, highest=65535)
HOST = env.text("LICENSE_HOST", "127.0.0.1")
LICENSE_ISSUER = env.text("LICENSE_ISSUER", f"http://{HOST}:{PORT}")

SECRET_KEY = env.secret("DJANGO_SECRET_KEY") or embedded.kept_secret(
    LICENSE_DATA_DIR / "django-secret-key"
)
# Peppers of stored license keys and API tokens by version; the highest is given to new ones.
LICENSE_KEY_PEPPERS: dict[int, bytes] = peppers_from_environment()
if EMBEDDED and 1 not in LICENSE_KEY_PEPPERS:
    LICENSE_KEY_PEPPERS[1] = bytes.fromhex(
        embedded.kept_secret(LICENSE_DATA_DIR / "license-key-pepper-1")
    )

# Where the root key lives: `local` is a file, for development; `kms` is Cloud KMS.
LICENSE_SIGNER = env.text("LICENSE_SIGNER", "local")
if LICENSE_SIGNER not in {"local", "kms"}:
    raise env.EnvironmentMistake("LICENSE_SIGNER must be local or kms")
LICENSE_CLOUD_KMS = cloud_kms_from_environment() if LICENSE_SIGNER == "kms" else None
LICENSE_ROOT_KEY_FILE = LICENSE_DATA_DIR / "root-key.pem"
# The project whose Identity Platform users are believed. No default: another project's are others.
GOOGLE_PROJECT_ID = env.text("GOOGLE_PROJECT_ID", "")
# Authorities to trust beside the public ones when issuers' keys are fetched, in PEM.
LICENSE_ISSUERS_CA_FILE = env.existing_file("LICENSE_ISSUERS_CA_FILE")
LICENSE_DEVELOPMENT_ISSUER_KEY_FILE = LICENSE_DATA_DIR / "development-issuer-key.pem"
# The seed's document, signed by the root at each acquire that asks for it. Off is an operator's
# choice: callers that need license_data then get 503.
LICENSE_DIRECT_SIGNING = env.boolean("LICENSE_DIRECT_SIGNING", default=True)
# What signs checkpoints of the audit (docs/audit.md): an Ed25519 key, PKCS #8 in PEM, used for
# nothing else. Embedded: a file of the data folder, made at first start.
LICENSE_AUDIT_KEY = env.secret("LICENSE_AUDIT_KEY")
# The installation's name in checkpoints; another one begins what looks like other chains.
LICENSE_AUDIT_NAME = audit_name(env.text("LICENSE_AUDIT_NAME", ""), issuer=LICENSE_ISSUER)
# The public halves of keys that signed checkpoints before, as `verify_audit` shows them.
LICENSE_AUDIT_RETIRED_KEYS = note_keys(env.listing("LICENSE_AUDIT_RETIRED_KEYS", []))
# Metrics for Prometheus on a port of their own, without a credential; 0 for none.
LICENSE_METRICS_PORT = env.integer("LICENSE_METRICS_PORT", 0, lowest=0, highest=65535)
LICENSE_METRICS_HOST = env.text("LICENSE_METRICS_HOST", "127.0.0.1")
LICENSE_API_DOCS = env.boolean("LICENSE_API_DOCS", default=True)

# Valkey or Redis, for what the processes of an installation tell each other. Absent: this process
# is the whole installation. Everything works without it (docs/adr/0009).
LICENSE_REDIS = address_if_set(
    env.secret("LICENSE_REDIS_URL"),
    password=env.secret("LICENSE_REDIS_PASSWORD"),
    ca_file=env.text("LICENSE_REDIS_CA_FILE", "") or None,
)

# Calls a minute. A license takes as many acquires as the larger of the first two allows, by its
# seats; each session as many heartbeats, releases and reads; a tenant any number when it is 0.
_MOST_CALLS = 1_000_000_000
LICENSE_QUOTAS = {
    "per_license": env.integer("LICENSE_CALLS_PER_MINUTE", 600, lowest=1, highest=_MOST_CALLS),
    "per_seat": env.integer("LICENSE_CALLS_PER_SEAT_PER_MINUTE", 60, lowest=0, highest=1_000),
    "per_session": env.integer(
        "LICENSE_SESSION_CALLS_PER_MINUTE", 120, lowest=60, highest=_MOST_CALLS
    ),
    "per_tenant": env.integer("LICENSE_TENANT_CALLS_PER_MINUTE", 0, lowest=0, highest=_MOST_CALLS),
}
# Failed credentials a minute from one address range, after which answers wait; 0 for never.
LICENSE_FAILURES_PER_MINUTE = env.integer(
    "LICENSE_FAILURES_PER_MINUTE", 20, lowest=0, highest=_MOST_CALLS
)
# How many entries of X-Forwarded-For our own proxies write: nginx 1, Google's load balancer 2.
LICENSE_FORWARDED_HOPS = env.integer("LICENSE_FORWARDED_HOPS", 0, lowest=0, highest=8)

DEBUG = False
ALLOWED_HOSTS = env.listing("LICENSE_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
ROOT_URLCONF = "coditect_license.urls"
ASGI_APPLICATION = "coditect_license.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
APPEND_SLASH = False

INSTALLED_APPS = [
    "coditect_license",
    "management_api",
    "leasing",
    "licenses",
    "signing",
    "identity",
    "audit",
    "tenants",
    "soft_state",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "coditect_license.middleware.JWTAuthenticationMiddleware",
    "django.middleware.common.CommonMiddleware",
    "coditect_license.middleware.ProblemMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
    }
]

_SQLITE: dict[str, Any] = {
    "ENGINE": "leasing.stores.gated_sqlite",
    "NAME": LICENSE_DATA_DIR / "license.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
    },
}
LICENSE_DATABASE_URL = env.secret("LICENSE_DATABASE_URL")
DATABASES = {
    "default": postgresql_database(LICENSE_DATABASE_URL, variable="LICENSE_DATABASE_URL")
    if LICENSE_DATABASE_URL
    else _SQLITE
}
LICENSE_LEASING_DATABASE_URL = leasing_address(
    env.secret("LICENSE_LEASING_DATABASE_URL"),
    variable="LICENSE_LEASING_DATABASE_URL",
    default=LICENSE_DATABASE_URL,
)
LICENSE_PREPARED_STATEMENTS = env.boolean("LICENSE_PREPARED_STATEMENTS", default=False)

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "coditect_license.openapi.management.ManagementSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["management_api.permissions.ByRole"],  # nobody
    "EXCEPTION_HANDLER": "management_api.problems.raise_as_ours",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "CODITECT floating licenses",
    "DESCRIPTION": (
        "A program acquires a seat of a license, renews its lease while it runs, and releases the "
        "seat at the end. Answers are signed and can be verified offline.\n\n"
        "Times are UTC with six decimals and `+00:00`; durations are seconds and say so in their "
        "name. Every error is a problem document (RFC 9457) with a stable code in `error`."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "This server"}],
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": False,  # what goes in and what comes out are types of their own
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "TAGS": [
        {"name": "leases", "description": "Acquire, heartbeat, release."},
        {"name": "licenses", "description": "The rights that were sold."},
        {"name": "tiers", "description": "The kinds of licenses that are sold."},
        {"name": "products", "description": "The programs that are sold."},
        {"name": "keys", "description": "The public keys that answers are verified with."},
        {"name": "health", "description": "Probes."},
        {"name": "documentation", "description": "This document."},
    ],
    "POSTPROCESSING_HOOKS": [
        "coditect_license.openapi.document.add_declared_operations",
    ],
}

# The request log has a line for each of these already; a stranger's typo is no warning.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
