# Ducha in one image: `ducha broker`, `ingest`, `cameras`, `console`, `migrate`; the command is given by docker-compose.yml.

FROM python:3.12-slim-bookworm AS build
WORKDIR /source
RUN pip install --no-cache-dir --upgrade pip build
COPY pyproject.toml README.md LICENSE ./
COPY geofence geofence
COPY analytics analytics
COPY store store
COPY ingest ingest
COPY hardware hardware
COPY console console
# The wheel holds the built web pages; its build hook brings its own Node.
RUN python -m build --wheel --outdir /wheels .
RUN python -m venv /opt/ducha && /opt/ducha/bin/pip install --no-cache-dir /wheels/*.whl

FROM python:3.12-slim-bookworm
# Volumes take their owner from the folders made here.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends openssl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/ducha --create-home ducha \
 && cd /var/lib/ducha \
 && install --directory --owner ducha --mode 0700 broker recordings key run exports exporter
COPY --from=build /opt/ducha /opt/ducha
COPY --chmod=0755 docker/nats/make-certs docker/install-certs /usr/local/bin/
ENV PATH=/opt/ducha/bin:$PATH PYTHONUNBUFFERED=1
USER ducha
WORKDIR /var/lib/ducha
STOPSIGNAL SIGTERM
ENTRYPOINT ["ducha"]
CMD ["--help"]
