"""Runs the tap as a process, reads its output, and checks the rules that hold for every run."""

from __future__ import annotations

import base64
import copy
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tap_zoom.streams import BY_NAME
from tap_zoom.sync.windows import Window, Windows
from tap_zoom.text import escaped
from tests.forks import Fork
from tests.simulator import Account, SimulatedZoom, further, truth

ROOT = Path(__file__).parent.parent
LONGEST_RUN = 120  # seconds, after which a test fails
SECRET_SETTINGS = ("client_secret", "refresh_token", "jwt")
# Duplicates are allowed: a run may emit a record twice, with the same key and values.
NO_DIFFERENCE = {"missing", "extra", "key_collisions", "null_keys", "fields_lost", "fields_added", "fields_changed"}

Record = dict[str, Any]
UNDER_WAY: list[Process] = []


@dataclass
class Run:
    """The exit status and the output of a run."""

    exit_status: int
    stdout: str
    stderr: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def records(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for message in self.of_type("RECORD"):
            found.setdefault(message["stream"], []).append(message["record"])
        return found

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        return {message["stream"]: message for message in self.of_type("SCHEMA")}

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.of_type("STATE")]

    @property
    def log(self) -> list[str]:
        return self.stderr.splitlines()

    @property
    def critical(self) -> str:
        """The line that says why the run failed."""
        assert self.log and self.log[-1].startswith("CRITICAL "), self.stderr[-2000:]
        return self.log[-1]

    @property
    def without_times(self) -> list[str]:
        """The messages as JSON, without times and bookmarks."""
        lines = []
        for message in self.messages:
            lines.append(json.dumps(without(message, "time_extracted", "started_at", "bookmarks")))
        return lines

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == type_]

    def logged(self, level: str) -> list[str]:
        """The log lines of one level."""
        return [line for line in self.log if line.startswith(f"{level} ")]


def without(value: Any, *names: str) -> Any:
    """Return a message without these members, in nested objects as well."""
    if not isinstance(value, dict):
        return value
    return {name: without(part, *names) for name, part in value.items() if name not in names}


class Process:
    """A run in progress."""

    def __init__(
        self, process: subprocess.Popen[bytes] | Fork, stderr: Any, secrets: Callable[[], Iterable[str]]
    ) -> None:
        self.process = process
        self.lines: list[bytes] = []
        self._stderr = stderr
        self._secrets = secrets
        self._late = threading.Timer(LONGEST_RUN, process.kill)
        self._late.daemon = True
        self._late.start()
        UNDER_WAY.append(self)

    @property
    def err(self) -> str:
        """The stderr so far."""
        return Path(self._stderr.name).read_text("utf-8")

    def read(self, lines: int) -> None:
        """Read a number of lines of stdout, or up to its end."""
        assert self.process.stdout
        for _ in range(lines):
            line = self.process.stdout.readline()
            if not line:
                return
            self.lines.append(line)

    def read_until(self, type_: str, count: int = 1) -> None:
        """Read stdout until `count` more messages of a type have been read."""
        assert self.process.stdout
        while count:
            line = self.process.stdout.readline()
            assert line, f"the output ended before a {type_}:\n{self.err[-2000:]}"
            self.lines.append(line)
            count -= json.loads(line)["type"] == type_

    def finish(self, *, document: bool = False, killed: bool = False) -> Run:
        """Read the rest of the output and check the run. `killed`: its last line may be cut off."""
        rest = self.process.stdout.read() if self.process.stdout else b""
        stdout = (b"".join(self.lines) + rest).decode("utf-8")
        self.process.wait()
        run = Run(self.process.returncode, stdout, self.err)
        self.end()
        check(run, set(self._secrets()), document=document, killed=killed)
        return run

    def end(self) -> None:
        """Kill the process and close its files."""
        UNDER_WAY.remove(self)
        self._late.cancel()
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self._stderr.close()


def check(run: Run, secrets: set[str], *, document: bool, killed: bool) -> None:
    """Check the rules that hold for every run: no secrets in the output, valid messages, CRITICAL only on failure."""
    for secret in (secret for secret in secrets if len(secret) >= 8):
        assert secret not in run.stdout, f"a secret is in stdout: {secret[:12]}..."
        assert secret not in run.stderr, f"a secret is in stderr: {secret[:12]}..."
    assert "Traceback" not in run.stderr, run.stderr[-4000:]
    assert escaped(run.stderr.replace("\n", "")) == run.stderr.replace("\n", ""), (
        "something for a terminal is in the log"
    )
    if killed:
        run.stdout = run.stdout[: run.stdout.rfind("\n") + 1]
    if not document:
        run.messages = [_message(line) for line in run.stdout.split("\n")[:-1]]
        assert run.stdout == "" or run.stdout.endswith("\n")
        announced: set[str] = set()
        for message in run.messages:
            if message["type"] == "SCHEMA":
                announced.add(message["stream"])
            elif message["type"] == "RECORD":
                assert message["stream"] in announced, "a RECORD came before its SCHEMA"
    critical = run.logged("CRITICAL")
    if killed:
        return
    assert run.exit_status != -signal.SIGKILL, f"the run took too long:\n{run.stderr[-3000:]}"
    if run.exit_status == 0:
        assert not critical, critical
    else:
        assert len(critical) == 1, run.stderr[-3000:]
        assert run.log[-1] == critical[0], run.stderr[-3000:]
        assert run.stderr.endswith("\n")


def _message(line: str) -> dict[str, Any]:
    message = json.loads(line)
    assert isinstance(message, dict), line[:200]
    assert message.get("type") in ("SCHEMA", "RECORD", "STATE"), line[:200]
    return message


def start_tap(
    config: Mapping[str, Any] | str | Path | None,
    *arguments: str | Path,
    zoom: SimulatedZoom | None = None,
    catalog: Any = None,
    state: Any = None,
    env: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
    stdout: int = subprocess.PIPE,
    at: datetime | None = None,
    patch: str = "",
    anew: bool = False,
) -> Process:
    """Start the command. `config`, `catalog` and `state` may be values, or paths of files.

    Secrets of the config, of `zoom` and in `secrets` must not appear in the output. `at`: the tap's current time;
    default: that of `zoom`. `patch`: Python statements that run in the process before the tap, for shorter waits or
    fewer resources. `anew`: start `python -m tap_zoom`, as users do, instead of a fork, which starts faster.
    """
    directory = Path(tempfile.mkdtemp(prefix="tap-zoom-test-", dir=os.environ["TAP_ZOOM_TEST_FILES"]))
    if at is None and zoom is not None and zoom.clock.is_moved:
        at = zoom.now
    command: list[str] = []
    hidden = set(secrets)
    for name, value in (("config", config), ("catalog", catalog), ("state", state)):
        if value is None:
            continue
        if isinstance(value, (str, Path)):
            path = str(value)
        else:
            path = str(directory / f"{name}.json")
            Path(path).write_text(json.dumps(value), encoding="utf-8")
        command += [f"--{name}", path]
    if isinstance(config, Mapping):
        hidden.update(str(config[name]) for name in SECRET_SETTINGS if isinstance(config.get(name), str))
    if zoom is not None:
        hidden.add(base64.b64encode(f"{zoom.account.client_id}:{zoom.account.client_secret}".encode()).decode())
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_ZOOM_", "MELTANO_"))}
    env = {**inherited, "TAP_ZOOM_LOGLEVEL": "DEBUG", "no_proxy": "*", **(env or {})}
    command += map(str, arguments)
    stderr = open(directory / "stderr", "wb")  # noqa: SIM115 (closed by finish)
    process: subprocess.Popen[bytes] | Fork
    if anew:
        assert at is None and not patch, "at another time, or patched, the tap is a fork"
        command = [sys.executable, "-m", "tap_zoom", *command]
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, cwd=ROOT, env=env)
    else:
        moment = at.timestamp() if at else None
        process = Fork(command, stdout=stdout, stderr=stderr, cwd=ROOT, env=env, at=moment, patch=patch)
    return Process(process, stderr, lambda: hidden | set(zoom.secrets if zoom else ()))


def run_tap(
    config: Mapping[str, Any] | str | Path | None, *arguments: str | Path, document: bool = False, **how: Any
) -> Run:
    """Run the tap to its end."""
    return start_tap(config, *arguments, **how).finish(document=document)


def kill(process: Process) -> Run:
    """Kill a run and return its output so far."""
    process.process.send_signal(signal.SIGKILL)
    return process.finish(killed=True)


# --- accounts and their expected records --------------------------------------------------------------------


TINY = {"users": 6, "meetings_per_user": 1, "occurrences": 1, "participants": 3, "registrants": 3, "crowd": 0}
PAGED = {"users": 6, "meetings_per_user": 2, "occurrences": 1, "participants": 3, "registrants": 3, "crowd": 320}
LISTS = {
    "users": 12,
    "meetings_per_user": 2,
    "webinars_per_user": 0,
    "occurrences": 1,
    "participants": 1,
    "registrants": 1,
    "crowd": 0,
}
SIZES: dict[str, dict[str, int]] = {
    "tiny": TINY, "paged": PAGED, "lists": LISTS, "small": {},
    "few": {**TINY, "users": 3, "occurrences": 2, "edges": False},
}  # fmt: skip
FEW = (17, "few")  # rows of every stream, with a fifth of the requests of a tiny account


def account(seed: int = FEW[0], size: str = FEW[1]) -> Account:
    """Return a shared account, which tests must not change."""
    return _account(seed, size)


def copy_of(seed: int = FEW[0], size: str = FEW[1]) -> Account:
    """Return a copy of the account, for a test that changes it."""
    copied = copy.deepcopy(account(seed, size))
    copied.made.clear()
    return copied


def expected(seed: int = FEW[0], size: str = FEW[1]) -> dict[str, list[Record]]:
    return _expected(seed, size)


@cache
def _account(seed: int, size: str) -> Account:
    return Account(seed, **SIZES[size])


@cache
def _expected(seed: int, size: str) -> dict[str, list[Record]]:
    return truth.expected(_account(seed, size))


def windows_of(account: Account, stream: str = "history_meetings") -> list[Window]:
    """Return the windows in which a full run that starts now reads a stream."""
    today = account.now.date()
    windows = Windows({stream: None}, None, today, lambda: today, lambda each: (each,))
    return [windows.window(BY_NAME[stream], name) for name in windows.names(BY_NAME[stream])]


def assert_exact(right: dict[str, list[Record]], emitted: dict[str, list[Record]]) -> None:
    """Assert that exactly the expected records were emitted, with all their fields."""
    difference = truth.compare(right, emitted)
    if any(difference[name] for name in NO_DIFFERENCE):
        __tracebackhide__ = True  # otherwise pytest prints the whole account
        raise AssertionError(json.dumps(difference, indent=1)[:4000])


def assert_complete(right: dict[str, list[Record]], *runs: Run) -> None:
    """Assert that the runs together emitted exactly the expected records. The latest version of a record counts."""
    union: dict[str, dict[str, Record]] = {}
    for run in runs:
        for stream, records in run.records.items():
            for record in records:
                union.setdefault(stream, {})[key_of(stream, record)] = record
    assert_exact(right, {stream: list(records.values()) for stream, records in union.items()})


def key_of(stream: str, record: Record) -> str:
    return json.dumps([record.get(name) for name in truth.KEYS.get(stream) or further.KEYS[stream]])


def catalog_of(*streams: str, **fields: Mapping[tuple[str, ...], bool]) -> dict[str, Any]:
    """Return a catalog that selects these streams. `fields`: for each stream, `selected` of fields by breadcrumb."""
    entries = []
    for name in (*truth.KEYS, *further.KEYS):
        marks: list[dict[str, Any]] = [{"breadcrumb": [], "metadata": {"selected": name in streams}}]
        for breadcrumb, selected in fields.get(name, {}).items():
            marks.append({"breadcrumb": list(breadcrumb), "metadata": {"selected": selected}})
        entries.append({"tap_stream_id": name, "stream": name, "metadata": marks})
    return {"streams": entries}
