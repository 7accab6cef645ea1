-- The logins of the servers, made once by the owner in the database of the licenses, before the
-- first `manage.py migrate`; again does no harm:
--
--   psql "host=ADDRESS dbname=license user=license_owner sslmode=verify-ca sslrootcert=CA.pem" \
--     -v ON_ERROR_STOP=1 -f logins.sql
--
-- No password is in here: Cloud SQL logs statements that change roles. psql's \password sends a
-- verifier in place of the password:
--
--   \password license_control
--   \password license_leasing

BEGIN;

SELECT format('CREATE ROLE %I NOLOGIN', wanted)
FROM unnest(ARRAY['control_plane', 'installation', 'leasing']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

-- The owner writes what a tenant's transaction writes when it migrates data, and never inherits
-- leasing, whose policies know no tenant.
GRANT control_plane, installation TO CURRENT_USER;
GRANT leasing TO CURRENT_USER WITH INHERIT FALSE;

SELECT format('CREATE ROLE %I LOGIN %s', name, inherits)
FROM (VALUES ('license_control', 'INHERIT'), ('license_leasing', 'NOINHERIT')) AS wanted (name, inherits)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

GRANT control_plane, installation TO license_control;
GRANT leasing TO license_leasing WITH INHERIT FALSE;

-- Whoever logs in finds nothing that was not granted to him.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO license_control, license_leasing', current_database()) \gexec
GRANT USAGE ON SCHEMA public TO control_plane, installation, leasing;

COMMIT;

-- Who changed tables and rights is told by pgaudit, where the flag has loaded it.
SELECT 'CREATE EXTENSION IF NOT EXISTS pgaudit'
WHERE EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pgaudit') \gexec
