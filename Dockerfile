# The license server as an image. Each process is the same image with another argument of manage.py:
# serve (which is the default), work, migrate, … (docs/how-to/build-the-image.md).
#
# The base is Python 3.12.14 on Debian 13, slim, by the digest of its index for all architectures: the
# engine refuses any other. A newer one is a new digest here, or --build-arg BASE=….
ARG BASE=python:3.12.14-slim-trixie@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \
	PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
COPY requirements/build.txt requirements/image.txt ./
# Two environments: what builds stays in the first, the second has not even pip. Wheels alone, each by
# its hash: nothing that was fetched is run before it is known.
RUN python3 -m venv tools \
	&& tools/bin/pip install --quiet --require-hashes --only-binary :all: -r build.txt \
	&& python3 -m venv --without-pip /opt/license \
	&& tools/bin/pip --python /opt/license/bin/python install --quiet --no-compile \
		--require-hashes --only-binary :all: --report report.json -r image.txt
COPY token token
RUN tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels ./token \
	&& tools/bin/pip --python /opt/license/bin/python install --quiet --no-compile --no-deps \
		--no-index wheels/coditect_license_token-*.whl
COPY scripts/image/bill_of_materials.py ./
ARG VERSION=0
RUN /opt/license/bin/python bill_of_materials.py --pins image.txt --report report.json \
	--image-version "${VERSION}" --output license-server.cdx.json
COPY backend /srv/license/backend
COPY scripts/license-admin /srv/license/scripts/license-admin
COPY scripts/image/alive.py /srv/license/alive.py
# Compiled now, because the file system is read-only later; by the source's hash and never looked at
# again, so that the same sources give the same bytes. What is not there is not run: a server that
# cannot be compiled is an image that is not built.
RUN /opt/license/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
	/srv/license /opt/license/lib

# The bill of materials alone, for: docker build --target bill --output DIRECTORY .
FROM scratch AS bill
COPY --from=build /build/license-server.cdx.json /

FROM ${BASE} AS server
# No way to install anything, nothing that runs as somebody else than its caller, and a login that
# owns nothing but the folder for data of the embedded profile.
RUN groupadd --gid 10001 license \
	&& useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
		--shell /usr/sbin/nologin license \
	&& python3 -c 'import ensurepip, shutil; shutil.rmtree(ensurepip.__path__[0])' \
	&& rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/* /usr/share/python-wheels \
	&& find / -xdev -type f -perm /6000 -exec chmod ug-s {} + \
	&& install -d -o 10001 -g 10001 -m 0700 /var/lib/license
# Read and run by everybody, written by nobody, whatever the modes were where it was built.
COPY --from=build --chown=0:0 --chmod=0555 /opt/license /opt/license
COPY --from=build --chown=0:0 --chmod=0555 /srv/license /srv/license
COPY --from=build --chown=0:0 --chmod=0444 /build/license-server.cdx.json \
	/usr/share/doc/license-server/license-server.cdx.json
ENV PATH=/opt/license/bin:/usr/local/bin:/usr/bin:/bin \
	PYTHONDONTWRITEBYTECODE=1 \
	PYTHONUNBUFFERED=1 \
	LICENSE_HOST=0.0.0.0 \
	LICENSE_METRICS_HOST=0.0.0.0 \
	LICENSE_DATA_DIR=/var/lib/license \
	PORT=8000
WORKDIR /srv/license
USER 10001:10001
EXPOSE 8000 9464
STOPSIGNAL SIGTERM
# For engines that look at it; Kubernetes has probes of its own. Commands other than serve are run
# with --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
	CMD ["/opt/license/bin/python", "/srv/license/alive.py"]
# No shell between: SIGTERM reaches the server, which drains.
ENTRYPOINT ["/opt/license/bin/python", "/srv/license/backend/manage.py"]
CMD ["serve"]
# Last, because these change with every commit, and what stands above is then kept from before.
ARG BASE
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="CODITECT license server" \
	org.opencontainers.image.description="Floating licenses: acquire, heartbeat, release; signed answers" \
	org.opencontainers.image.vendor="CODITECT" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}" \
	org.opencontainers.image.base.name="${BASE}"
