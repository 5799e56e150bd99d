"""A PostgreSQL server that the tests start and stop."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WHO = ("postgres", "nobody")  # the server refuses to run as root
INSTALL = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql"


@dataclass
class Postgres:
    """A running server."""

    programs: Path
    port: int

    def database(self, name: str) -> dict[str, Any]:
        """Create a database, and return the connection settings for targets."""
        self.ask("postgres", f'CREATE DATABASE "{name}"')
        return {"host": "127.0.0.1", "port": self.port, "user": "postgres", "password": "none"}

    def ask(self, database: str, sql: str) -> list[str]:
        """Run SQL with psql, and return the lines of its output."""
        command = [self.programs / "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", "postgres", "-d", database, "-c", sql]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def rows(self, database: str, table: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ask(database, f"SELECT row_to_json(t) FROM {table} t")]

    def types(self, database: str, schema: str) -> dict[tuple[str, str], str]:
        """Return the type of each column, by table and column."""
        sql = (
            "SELECT json_build_array(c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) "
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            f"WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = '{schema}'::regnamespace"
        )
        return {(table, column): type_ for table, column, type_ in map(json.loads, self.ask(database, sql))}

    def counts(self, database: str, tables: list[str]) -> dict[str, int]:
        return {table: int(self.ask(database, f"SELECT count(*) FROM {table}")[0]) for table in tables}


@contextmanager
def server() -> Iterator[Postgres]:
    """Run a local server with an empty cluster. Skips the test if PostgreSQL is missing and can't be installed."""
    programs = _programs()
    user = _user()
    place = Path(tempfile.mkdtemp(prefix="tap-zoom-postgres-"))
    try:
        if user:
            shutil.chown(place, user)
        port = _free_port()
        run = {"user": user, "cwd": place, "check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(
            [programs / "initdb", "-D", place / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"],
            **run,
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
        control = [programs / "pg_ctl", "-w", "-D", place / "data", "-l", place / "log"]
        subprocess.run([*control, "-o", options, "start"], **run)
        try:
            yield Postgres(programs, port)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **run)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _programs() -> Path:
    """Return the directory of the server's programs. Installs PostgreSQL if it is missing and the user is root."""
    found = _find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        done = subprocess.run(["sh", "-c", INSTALL], capture_output=True, encoding="utf-8")
        found = _find()
        if found is None:
            pytest.skip(f"No PostgreSQL server, and apt-get install postgresql failed: {done.stderr.strip()[-200:]}")
    if found is None:
        pytest.skip("No PostgreSQL server: there is no initdb. Install it, for example: apt-get install postgresql.")
    return found


def _find() -> Path | None:
    places = [Path(path) for path in os.environ.get("PATH", "").split(os.pathsep)]
    config = shutil.which("pg_config")
    if config:
        places.append(Path(subprocess.run([config, "--bindir"], capture_output=True, encoding="utf-8").stdout.strip()))
    versions = Path("/usr/lib/postgresql").glob("[0-9]*")
    places += [path / "bin" for path in sorted(versions, key=lambda path: float(path.name), reverse=True)]
    needed = ("initdb", "pg_ctl", "postgres", "psql")
    return next((place for place in places if all((place / name).exists() for name in needed)), None)


def _user() -> str | None:
    """Return a user other than root for the server, or None if the tests don't run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in WHO if name in known), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
