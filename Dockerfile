# viapublica for cameras, Kafka and ClickHouse of a city; CPU inference. Build: docker build -t viapublica .
# Our own weights are part of it. Third-party weights, which have licenses of their own, and configuration are mounted.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/uv.lock requirements/run.lock requirements/
RUN python -m venv /opt/tools \
 && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.lock \
 && python -m venv /opt/viapublica \
 && VIRTUAL_ENV=/opt/viapublica /opt/tools/bin/uv pip install --no-cache --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY configs configs
COPY pipeline pipeline
RUN VIRTUAL_ENV=/opt/viapublica /opt/tools/bin/uv pip install --no-cache --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/viapublica --create-home viapublica
COPY --from=build /opt/viapublica /opt/viapublica
ENV PATH=/opt/viapublica/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    VIAPUBLICA_MODELS=/models
USER 10001
WORKDIR /var/lib/viapublica
EXPOSE 9108
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9108/health', timeout=4)"]
ENTRYPOINT ["viapublica"]
CMD ["run", "/etc/viapublica/city.yaml"]
