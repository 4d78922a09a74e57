# syntax=docker/dockerfile:1
# A web application, built in one stage and run in another.
ARG PYTHON=3.11

FROM --platform=$BUILDPLATFORM python:${PYTHON}-slim AS builder
WORKDIR /build
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    python -m venv /build/venv && \
    # keep the cache out of the layer
    /build/venv/bin/pip install -r requirements.txt
RUN <<EOT
set -e
find /build/venv -name '*.pyc' -delete
EOT

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="app" \
      org.opencontainers.image.version=1.0.0
ENV PATH="/app/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
COPY --from=builder --chown=1000:1000 --link /build/venv /app/venv
COPY <<-'CONFIG' /app/config.toml
	port = 5000
	CONFIG
USER 1000:1000
EXPOSE 5000/tcp
VOLUME /data
STOPSIGNAL SIGTERM
ONBUILD COPY . /app
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD curl -f http://localhost:5000/health || exit 1
ENTRYPOINT ["gunicorn"]
CMD ["--bind", "0.0.0.0:5000", "app:app"]
