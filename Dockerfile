# How to use it: docs/container.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.py pyproject.toml README.md LICENSE ./
COPY tap_zoom ./tap_zoom
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tap \
    && install --directory --owner=tap --mode=0700 /data
# A number, so that Kubernetes can check that it isn't root.
USER 10001
# State, tokens and catalogs: what has to outlive the container.
VOLUME /data
WORKDIR /data
ENTRYPOINT ["tap-zoom"]
