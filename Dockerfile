# syntax=docker/dockerfile:1
# Two stages: the first builds a virtual environment, the second carries only what runs.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/fairstar
ENV PATH=/opt/fairstar/bin:$PATH
WORKDIR /src
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY server ./server
RUN pip install --no-deps .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Fairstar" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/fairstar fairstar \
    && install --directory --owner=fairstar --group=fairstar /var/lib/fairstar /var/lib/fairstar/var
COPY --from=build /opt/fairstar /opt/fairstar
ENV PATH=/opt/fairstar/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FAIRSTAR_MODE=production \
    FAIRSTAR_BIND=0.0.0.0:8000 \
    FAIRSTAR_LOG_FORMAT=json
USER fairstar
WORKDIR /var/lib/fairstar
VOLUME /var/lib/fairstar
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["fairstar"]
CMD ["serve"]
