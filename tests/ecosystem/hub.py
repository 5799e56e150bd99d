"""A local replacement for https://hub.meltano.com, with the plugins that the tests need."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

ROOT = "/meltano/api/v1/plugins"
TARGET_JSONL = {
    "name": "target-jsonl",
    "namespace": "target_jsonl",
    "variant": "andyh1203",
    "label": "JSON Lines",
    "pip_url": "target-jsonl==0.1.4",
    "settings": [
        {"name": "destination_path", "value": "output"},
        {"name": "do_timestamp_file", "kind": "boolean", "value": False},
    ],
}
TARGET_POSTGRES = {
    "name": "target-postgres",
    "namespace": "target_postgres",
    "variant": "meltanolabs",
    "label": "Postgres",
    "pip_url": "meltanolabs-target-postgres",
    "executable": "target-postgres",
    "settings": [
        {"name": "host"},
        {"name": "port", "kind": "integer"},
        {"name": "user"},
        {"name": "password", "kind": "string", "sensitive": True},
        {"name": "database"},
        {"name": "default_target_schema", "value": "$MELTANO_EXTRACT__LOAD_SCHEMA"},
    ],
}


class Hub:
    """Serves plugin definitions by type in its `with` block."""

    def __init__(self, **plugins: list[dict[str, Any]]) -> None:
        """`plugins`: lists of definitions, by type: extractors, loaders."""
        self.plugins = plugins
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = hub.answer(self.path.partition("?")[0])
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str) -> dict[str, Any] | None:
        """Return the index of a plugin type, or one definition."""
        _, _, rest = path.partition(f"{ROOT}/")
        type_, _, name = rest.partition("/")
        known = self.plugins.get(type_, [])
        if name == "index":
            return {each["name"]: self._entry(type_, each) for each in known}
        return next((each for each in known if name == f"{each['name']}--{each['variant']}"), None)

    def _entry(self, type_: str, definition: dict[str, Any]) -> dict[str, Any]:
        name, variant = definition["name"], definition["variant"]
        ref = f"{self.url}{ROOT}/{type_}/{name}--{variant}"
        return {"default_variant": variant, "logo_url": None, "variants": {variant: {"ref": ref}}}

    def __enter__(self) -> Hub:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
