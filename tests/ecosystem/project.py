"""A Meltano project, and the commands of both Meltano versions."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ecosystem.environments import PLACE, clean, program, skip_unreachable

PIPELINE = "dev:tap-zoom-to-target-jsonl"
LONGEST = 300  # seconds


@dataclass
class Result:
    """The exit status and output of a command."""

    status: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages on stdout."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith('{"type":')]

    @property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.messages:
            if message["type"] == "RECORD":
                found.setdefault(message["stream"], []).append(message["record"])
        return found


@dataclass
class Project:
    """A project directory, and the Meltano version that runs it."""

    version: str
    root: Path
    hub_url: str
    adding: Result = field(init=False)

    def meltano(self, *arguments: str, expect: int | None = 0, **env: str) -> Result:
        """Run `meltano ...` in the project. `expect`: the expected exit status; None: any."""
        done = subprocess.run(
            [str(program(f"meltano-{self.version}", "meltano")), *arguments],
            cwd=self.root, env=self.environment(**env), capture_output=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, timeout=LONGEST,
        )  # fmt: skip
        result = Result(done.returncode, done.stdout, done.stderr)
        if arguments[0] in ("add", "install"):
            skip_unreachable(result.status, result.said, " ".join(arguments))
        assert expect in (None, result.status), f"meltano {' '.join(arguments)}\n{result.said[-5000:]}"
        return result

    def environment(self, **more: str) -> dict[str, str]:
        own = {
            "MELTANO_HUB_URL": self.hub_url,
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "XDG_CACHE_HOME": str(PLACE / "cache"),
        }
        return clean(**{**own, **more})

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a command in its own process group."""
        return subprocess.Popen(
            [str(program(f"meltano-{self.version}", "meltano")), *arguments],
            cwd=self.root, env=self.environment(**env), stdin=subprocess.DEVNULL, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip

    # Commands that differ between the versions

    def add(self, *more: str, name: str = "tap-zoom", type_: str = "extractor") -> tuple[str, ...]:
        """Return the command that adds a plugin. Meltano 3 needs its type; Meltano 4 would take the type for a name."""
        return ("add", *((type_,) if self.version == "3" else ()), name, *more)

    def config(self, command: str, *arguments: str) -> tuple[str, ...]:
        """Return `meltano config tap-zoom set ...` for Meltano 3, or `meltano config set tap-zoom ...` for Meltano 4.
        In Meltano 3, printing has no command name."""
        if self.version == "3":
            return ("config", "tap-zoom", *((command,) if command != "print" else ()), *arguments)
        return ("config", command, "tap-zoom", *arguments)

    # Contents of the project

    def set(self, settings: dict[str, Any]) -> None:
        for name, value in settings.items():
            self.meltano(*self.config("set", name, str(value)))

    def settings(self) -> dict[str, Any]:
        """Return the settings as the tap gets them, with secrets hidden."""
        printed: dict[str, Any] = json.loads(self.meltano(*self.config("print")).stdout)
        return printed

    def selection(self) -> dict[str, str]:
        """Return the mark of each field in `meltano select --list --all`."""
        said = self.meltano("select", "tap-zoom", "--list", "--all").said
        lines = [line.strip() for line in said.splitlines() if line.strip().startswith("[")]
        return {name.strip(): mark.strip(" [") for mark, _, name in (line.partition("]") for line in lines)}

    def yaml(self) -> Any:
        """Return the contents of meltano.yml, parsed with Meltano's own library."""
        code = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
        command = [program(f"meltano-{self.version}", "python"), "-c", code]
        text = (self.root / "meltano.yml").read_text("utf-8")
        return json.loads(subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=True).stdout)

    def state(self) -> dict[str, Any]:
        """Return the state that Meltano stores, as the tap gets it."""
        kept = json.loads(self.meltano("state", "get", PIPELINE).stdout)
        state: dict[str, Any] = kept.get("singer_state", {})
        return state

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return the rows that target-jsonl wrote, by stream."""
        files = sorted((self.root / "output").glob("*.jsonl"))
        return {file.stem: [json.loads(line) for line in file.read_text("utf-8").splitlines()] for file in files}

    def taps(self) -> list[int]:
        """Return the process ids of this project's running syncs."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:  # the process has ended
                continue
            if str(self.root) in " ".join(command) and "--catalog" in command:
                found.append(int(process.name))
        return found

    def kill_tap(self) -> None:
        (tap,) = self.taps()
        os.kill(tap, signal.SIGKILL)

    # Saving and restoring the project

    def keep(self) -> None:
        """Save the project as it is now."""
        for name in ("meltano.yml", ".meltano/meltano.db"):
            shutil.copy(self.root / name, f"{self.root / name}.kept")

    def restore(self) -> None:
        """Restore the saved project: no settings, no selection, no state, no rows."""
        for name in ("meltano.yml", ".meltano/meltano.db"):
            shutil.copy(f"{self.root / name}.kept", self.root / name)
        for path in (self.root / ".env", *(self.root / ".meltano").glob("tap-zoom-token.json*")):
            path.unlink(missing_ok=True)
        for directory in ("output", ".meltano/run"):
            shutil.rmtree(self.root / directory, ignore_errors=True)
        (self.root / "output").mkdir()
