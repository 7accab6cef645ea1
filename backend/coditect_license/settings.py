"""Every setting, typed, read once; a wrong one refuses to start and says which.

``LICENSE_PROFILE`` decides what may be missing. ``production`` (the default) takes nothing for
granted: production.py says what it demands. ``embedded`` is one machine with no services: SQLite, a
local signing key and secrets made at first start, all under ``LICENSE_DATA_DIR``. There
``LICENSE_DATABASE_URL`` puts PostgreSQL in SQLite's place and ``LICENSE_SIGNER=kms`` Cloud KMS in
the local key's; ``LICENSE_LEASING_DATABASE_URL`` gives the leasing plane a login of its own there,
and ``LICENSE_PREPARED_STATEMENTS`` has the database keep its plans, where there is no pooler.
"""

import secrets
from pathlib import Path
from typing import Any

from coditect_license import embedded
from coditect_license.audit_settings import audit_name, note_keys
from coditect_license.database_url import address_beside, postgresql_database
from coditect_license.identity_settings import google_project
from coditect_license.kms_settings import cloud_kms_from_environment
from coditect_license.log_settings import log_levels, log_project, traces_endpoint
from coditect_license.peppers import peppers_from_environment
from coditect_license.production import require_production_settings
from coditect_license.workloads import workload_from_environment
from foundation import env
from soft_state.address import address_if_set

REPOSITORY = Path(__file__).resolve().parents[2]

LICENSE_PROFILE = env.text("LICENSE_PROFILE", "production")
if LICENSE_PROFILE not in {"production", "embedded"}:
    raise env.EnvironmentMistake("LICENSE_PROFILE must be production or embedded")
EMBEDDED = LICENSE_PROFILE == "embedded"
# Which part of an installation this process is; production demands its own secrets alone.
LICENSE_WORKLOAD = workload_from_environment()
if not EMBEDDED:
    require_production_settings()

LICENSE_DATA_DIR = Path(env.text("LICENSE_DATA_DIR", str(REPOSITORY / ".local"))).absolute()
if EMBEDDED:  # in production nothing is kept there
    embedded.make_data_dir(LICENSE_DATA_DIR)
PORT = env.integer("PORT", 8000, lowest=1, highest=65535)
HOST = env.text("LICENSE_HOST", "127.0.0.1")
# How long a server that got SIGTERM goes on before it takes nothing more: that long do balancers
# take to hear of it. The platform must wait for this and 30 s more before it kills.
LICENSE_DRAIN_NOTICE_SECONDS = env.integer(
    "LICENSE_DRAIN_NOTICE_SECONDS", 0 if EMBEDDED else 10, lowest=0, highest=300
)
# How long a connection may be idle. Longer than the balancer in front keeps one, or requests
# cross its end: Google's load balancers keep theirs 600 s and say so.
LICENSE_KEEP_ALIVE_SECONDS = env.integer(
    "LICENSE_KEEP_ALIVE_SECONDS", 5 if EMBEDDED else 620, lowest=1, highest=3_600
)
LICENSE_ISSUER = env.text("LICENSE_ISSUER", f"http://{HOST}:{PORT}")

if EMBEDDED:
    _made_secret = embedded.kept_secret(LICENSE_DATA_DIR / "django-secret-key")
else:  # for a workload that signs nothing with it and was not given one
    _made_secret = secrets.token_urlsafe(64)
SECRET_KEY = env.secret("DJANGO_SECRET_KEY") or _made_secret
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
GOOGLE_PROJECT_ID = google_project()
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
# Whether each entry of the audit leaves as a line of the log too; docs/audit.md.
LICENSE_AUDIT_STREAM = env.boolean("LICENSE_AUDIT_STREAM", default=not EMBEDDED)
# Metrics for Prometheus on a port of their own, without a credential; 0 for none.
LICENSE_METRICS_PORT = env.integer("LICENSE_METRICS_PORT", 0, lowest=0, highest=65535)
LICENSE_METRICS_HOST = env.text("LICENSE_METRICS_HOST", "127.0.0.1")
# How many licenses the metrics name, those used most; each is a series for as long as it is one.
LICENSE_METRICS_LICENSES = env.integer("LICENSE_METRICS_LICENSES", 20, lowest=0, highest=1_000)
# Which severities are written of what the program says, by module; docs/how-to/read-the-logs.md.
LICENSE_LOG_LEVELS = log_levels()
# The Google Cloud project whose traces the log lines belong to; not set, they name the id alone.
LICENSE_LOG_PROJECT = log_project()
# Where spans are sent (OTLP over HTTP); not set, none are made. Of traces that begin here so many
# in a hundred are recorded; docs/how-to/follow-a-trace.md.
LICENSE_TRACES_ENDPOINT = traces_endpoint()
LICENSE_TRACES_PERCENT = env.integer("LICENSE_TRACES_PERCENT", 100, lowest=0, highest=100)
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
# How many seats of a license one person may hold at once, unless the license says; 0 is any
# number.
LICENSE_SEATS_PER_PERSON = env.integer("LICENSE_SEATS_PER_PERSON", 0, lowest=0, highest=1_000_000)
# Calls a minute of the control plane: of one principal, and of all principals of a tenant; 0 for
# any number.
LICENSE_API_QUOTAS = {
    "per_principal": env.integer(
        "LICENSE_API_CALLS_PER_MINUTE", 600, lowest=0, highest=_MOST_CALLS
    ),
    "per_tenant": env.integer(
        "LICENSE_API_TENANT_CALLS_PER_MINUTE", 6_000, lowest=0, highest=_MOST_CALLS
    ),
}
# Failed credentials a minute from one address range, after which answers wait; 0 for never.
LICENSE_FAILURES_PER_MINUTE = env.integer(
    "LICENSE_FAILURES_PER_MINUTE", 20, lowest=0, highest=_MOST_CALLS
)
# How many entries of X-Forwarded-For our own proxies write: nginx 1, Google's load balancer 2.
LICENSE_FORWARDED_HOPS = env.integer("LICENSE_FORWARDED_HOPS", 0, lowest=0, highest=8)

DEBUG = False
LICENSE_PUBLIC_HOSTS = env.listing("LICENSE_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
# The staff's own pages, on a host name of their own; not set, they are nowhere.
LICENSE_ADMIN_HOST = env.text("LICENSE_ADMIN_HOST", "")
ALLOWED_HOSTS = [*LICENSE_PUBLIC_HOSTS, *([LICENSE_ADMIN_HOST] if LICENSE_ADMIN_HOST else [])]
# Whom to tell of a weakness, for /.well-known/security.txt; not set, there is none.
LICENSE_SECURITY_CONTACT = env.text("LICENSE_SECURITY_CONTACT", "")
if LICENSE_SECURITY_CONTACT and not LICENSE_SECURITY_CONTACT.startswith(("mailto:", "https://")):
    raise env.EnvironmentMistake("LICENSE_SECURITY_CONTACT must be mailto:… or https://…")
# How many processes a launcher starts of this server; it is the launchers' own variable.
LICENSE_PROCESSES = env.integer("WEB_CONCURRENCY", 1, lowest=1, highest=1_000)
# Of so many ports from LICENSE_METRICS_PORT on a process takes the first that is free.
LICENSE_METRICS_PORTS = env.integer(
    "LICENSE_METRICS_PORTS", LICENSE_PROCESSES, lowest=1, highest=1_000
)
if LICENSE_METRICS_PORT + LICENSE_METRICS_PORTS - 1 > 65535:
    raise env.EnvironmentMistake("LICENSE_METRICS_PORTS goes past port 65535")
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
    "privacy",
    "management_api",
    "leasing",
    "licenses",
    "signing",
    "identity",
    "audit",
    "tenants",
    "soft_state",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

_STAFF_APPS = [
    "coditect_license.staff",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
_STAFF_MIDDLEWARE = [
    "coditect_license.staff.host.StaffHost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
if LICENSE_ADMIN_HOST:  # else neither their pages nor their tables are there
    INSTALLED_APPS += _STAFF_APPS
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {}),
        ("CommonPasswordValidator", {}),
    )
]

MIDDLEWARE = [
    "coditect_license.headers.SecurityHeaders",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "coditect_license.middleware.JWTAuthenticationMiddleware",
    "coditect_license.abuse.RateLimitMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    *(_STAFF_MIDDLEWARE if LICENSE_ADMIN_HOST else ()),
    "coditect_license.middleware.ProblemMiddleware",
]

_STAFF_CONTEXT = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": _STAFF_CONTEXT if LICENSE_ADMIN_HOST else []},
    }
]

_SQLITE: dict[str, Any] = {
    "ENGINE": "leasing.stores.gated_sqlite",
    "NAME": LICENSE_DATA_DIR / "license.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        # What is deleted is overwritten: an erasure must not live on in free pages, nor in backups.
        "init_command": (
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"
        ),
    },
}
LICENSE_DATABASE_URL = env.secret("LICENSE_DATABASE_URL")
DATABASES = {
    "default": postgresql_database(LICENSE_DATABASE_URL, variable="LICENSE_DATABASE_URL")
    if LICENSE_DATABASE_URL
    else _SQLITE
}
LICENSE_LEASING_DATABASE_URL = address_beside(
    env.secret("LICENSE_LEASING_DATABASE_URL"),
    variable="LICENSE_LEASING_DATABASE_URL",
    default=LICENSE_DATABASE_URL,
)
# For backup and restore alone: a login that sees every row, and may make databases.
LICENSE_BACKUP_DATABASE_URL = address_beside(
    env.secret("LICENSE_BACKUP_DATABASE_URL"),
    variable="LICENSE_BACKUP_DATABASE_URL",
    default=LICENSE_DATABASE_URL,
)
LICENSE_PREPARED_STATEMENTS = env.boolean("LICENSE_PREPARED_STATEMENTS", default=False)

# Bounds of what Django itself parses; bodies are bounded before it (coditect_license.middleware).
DATA_UPLOAD_MAX_MEMORY_SIZE = 65_536
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# In production a proxy ends TLS and says so in X-Forwarded-Proto; who lies in it harms himself. The
# leasing plane's addresses, probes among them, are answered before Django and never redirected.
SECURE_PROXY_SSL_HEADER = None if EMBEDDED else ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = not EMBEDDED
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not EMBEDDED
SECURE_HSTS_PRELOAD = not EMBEDDED
_COOKIES = "license" if EMBEDDED else "__Host-license"  # no subdomain can set one of that name
LOGIN_REDIRECT_URL = "/admin/"  # staff whose sign-in named another place than ours, or none
SESSION_COOKIE_NAME = f"{_COOKIES}-session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not EMBEDDED
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_AGE = 8 * 3_600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = f"{_COOKIES}-csrf"
CSRF_FAILURE_VIEW = "coditect_license.refusals.csrf_failure"

# Pages of these origins may read answers of the API; exact origins, none by default, and without
# cookies unless that is asked for.
CORS_ALLOWED_ORIGINS = env.listing("LICENSE_CORS_ORIGINS", [])
CORS_ALLOW_CREDENTIALS = env.boolean("LICENSE_CORS_CREDENTIALS", default=False)
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ("authorization", "content-type", "idempotency-key", "if-match")
CORS_EXPOSE_HEADERS = (
    "etag",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "x-request-id",
)
CORS_PREFLIGHT_MAX_AGE = 600

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
        {"name": "sessions", "description": "Who holds what, who held it, and its end by force."},
        {"name": "usage", "description": "What was used of what was bought."},
        {"name": "members", "description": "The people of a tenant."},
        {"name": "service accounts", "description": "Programs that call with tokens of ours."},
        {"name": "audit", "description": "What happened, and what proves that nothing is missing."},
        {"name": "tenants", "description": "The customer organisations, for staff."},
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
