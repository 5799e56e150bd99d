# How it is used: docs/command-line.md, In a container.
FROM python:3.13-slim
COPY setup.py pyproject.toml README.md LICENSE /src/
COPY tap_zoom /src/tap_zoom
RUN pip install --no-cache-dir /src && rm -rf /src
RUN useradd --create-home tap
USER tap
WORKDIR /home/tap
ENTRYPOINT ["tap-zoom"]
