# docker build -t tap-zoom . && docker run --rm -v "$PWD/config.json:/config.json:ro" tap-zoom --config /config.json
FROM python:3.13-slim
COPY setup.py pyproject.toml README.md LICENSE /src/
COPY tap_zoom /src/tap_zoom
RUN pip install --no-cache-dir /src && rm -rf /src
RUN useradd --create-home tap
USER tap
WORKDIR /home/tap
ENTRYPOINT ["tap-zoom"]
