"""The README's quick start: it works in bash and zsh, typed, pasted or as a script, and if Ctrl-C is pressed."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.simulator import SimulatedZoom
from tests.tap import LONGEST_RUN, ROOT, account

SHELLS = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}
# Writes the last state when its input ends, as targets do.
TARGET = """
import json, sys
messages = [json.loads(line) for line in sys.stdin]
states = [message["value"] for message in messages if message["type"] == "STATE"]
print(json.dumps(states[-1]))
"""
BEGUN = 60  # requests after which the run has begun, but isn't near its end


def commands(page: str, after: str) -> str:
    """Return the first block of commands after this text on a page."""
    found = re.search(
        r"^```bash\n(.*?)^```$", (ROOT / page).read_text("utf-8").partition(after)[2], re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]


def load(page: str, after: str) -> str:
    """Return the subshell in such a block, with the file names and the target of the quick start."""
    found = re.search(r"^\($.*?^\)$\n", commands(page, after), re.DOTALL | re.MULTILINE)
    assert found
    return (
        found[0]
        .replace("postgres-state", "state")
        .replace("~/venvs/target-postgres/bin/target-postgres", "target-jsonl")
        .replace("target-postgres.json", "target.json")
    )


QUICK_START = ("README.md", "<!-- quick start -->")
BLOCK = commands(*QUICK_START)


@pytest.mark.parametrize("place", [("docs/state.md", "## Keep it"), ("docs/targets.md", "<!-- postgres -->")])
def test_the_load_is_the_same_on_all_pages(place: tuple[str, str]) -> None:
    """The tests below only run the block of the README."""
    assert load(*place) == load(*QUICK_START)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """The name of the shell. Skips the test if it isn't installed."""
    name: str = request.param
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    return name


@pytest.fixture
def slow_zoom() -> Iterator[SimulatedZoom]:
    """An account slow enough that a run can be interrupted."""
    with SimulatedZoom(account(), latency=0.05) as zoom:
        yield zoom


def environment(home: Path, zoom: SimulatedZoom) -> dict[str, str]:
    """Write config.json to `home`, and return an environment with the tap and a target on its PATH."""
    (home / "config.json").write_text(json.dumps(zoom.config(max_workers=4)), "utf-8")
    (home / "bin").mkdir()
    scripts = {"tap-zoom": "from tap_zoom import main; main()", "target-jsonl": TARGET}
    for name, script in scripts.items():
        (home / "bin" / name).write_text(f"#!{sys.executable}\n{script}", "utf-8")
        (home / "bin" / name).chmod(0o755)
    path = os.pathsep.join([str(home / "bin"), os.environ["PATH"]])
    return {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TERM": "xterm",
        "no_proxy": "*",
        "TAP_ZOOM_LOGLEVEL": "ERROR",
    }


def state_in(home: Path) -> dict[str, object]:
    state: dict[str, object] = json.loads((home / "state.json").read_text("utf-8"))
    return state


def test_the_quick_start_writes_the_state(shell: str, zoom: SimulatedZoom, tmp_path: Path) -> None:
    """As a script, twice in a row: the exit status is 0 and state.json is that of a finished run."""
    env = environment(tmp_path, zoom)
    for _ in range(2):
        done = subprocess.run([shell, "-c", BLOCK], cwd=tmp_path, env=env, capture_output=True, timeout=LONGEST_RUN)
        assert (done.returncode, done.stderr) == (0, b"")
        assert state_in(tmp_path)["unfinished"] == []


def test_the_shell_is_not_changed(shell: str, zoom: SimulatedZoom, tmp_path: Path) -> None:
    """No trap or option remains. In zsh, a trap would keep Ctrl-C from ending loops."""
    script = f"{{ trap; set -o; }} > before\n{BLOCK}\n{{ trap; set -o; }} > after"
    done = subprocess.run(
        [shell, "-c", script], cwd=tmp_path, env=environment(tmp_path, zoom), capture_output=True, timeout=LONGEST_RUN
    )
    assert done.returncode == 0, done.stderr
    before = (tmp_path / "before").read_text("utf-8")
    assert "pipefail" in before
    assert (tmp_path / "after").read_text("utf-8") == before


def test_the_exit_status_is_that_of_the_tap(shell: str, zoom: SimulatedZoom, tmp_path: Path) -> None:
    """Even if the tap fails before it writes a STATE. The state file is kept then."""
    env = environment(tmp_path, zoom)
    (tmp_path / "state.json").write_text("no JSON", "utf-8")
    (tmp_path / "bin" / "target-jsonl").write_text("#!/bin/sh\ncat > /dev/null", "utf-8")
    done = subprocess.run([shell, "-c", BLOCK], cwd=tmp_path, env=env, capture_output=True, timeout=LONGEST_RUN)
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "state.json").read_text("utf-8") == "no JSON"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_whole_script_keeps_state_and_status(
    number: int, status: int, shell: str, slow_zoom: SimulatedZoom, tmp_path: Path
) -> None:
    """As with Ctrl-C in a terminal, timeout or systemd. The script has the trap that docs/state.md recommends."""
    env = environment(tmp_path, slow_zoom)
    script = f"trap : INT TERM\n{BLOCK}"
    running = subprocess.Popen(
        [shell, "-c", script], cwd=tmp_path, env=env, stderr=subprocess.PIPE, start_new_session=True
    )
    until_begun(slow_zoom)
    os.killpg(running.pid, number)
    said = running.communicate(timeout=LONGEST_RUN)[1]
    assert running.returncode == status, said
    assert state_in(tmp_path)


@pytest.mark.parametrize("how", ["typed", "pasted"])
def test_ctrl_c_at_a_prompt_keeps_state_and_status(
    how: str, shell: str, slow_zoom: SimulatedZoom, tmp_path: Path
) -> None:
    """The terminal discards pending input, but the shell runs the rest of the block and shows its prompt again."""
    env = environment(tmp_path, slow_zoom)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe(SHELLS[shell][0], SHELLS[shell], env)
    try:
        read_until(terminal, r"[$%#] ")
        text = BLOCK
        os.write(terminal, (text if how == "typed" else f"\x1b[200~{text.rstrip()}\x1b[201~").encode())
        if how == "pasted":
            read_until(terminal, r"exit \$code")  # it shows the pasted text before it accepts the return key
            os.write(terminal, b"\r")
        until_begun(slow_zoom, terminal)
        os.write(terminal, b"\x03")
        read_until(terminal, r"CRITICAL Stopped by SIGINT")
        os.write(terminal, b'echo "it was ""$?".\r')
        assert read_until(terminal, r"it was (\d+)\.") == "130"
    finally:
        os.close(terminal)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert state_in(tmp_path)


def until_begun(zoom: SimulatedZoom, terminal: int | None = None) -> None:
    """Wait until the run has begun, and read its output from the terminal meanwhile."""
    deadline = time.monotonic() + LONGEST_RUN
    while len(zoom.requests) < BEGUN:
        assert time.monotonic() < deadline
        if select.select([] if terminal is None else [terminal], [], [], 0.02)[0] and terminal is not None:
            os.read(terminal, 65536)


def read_until(terminal: int, pattern: str) -> str:
    """Read the terminal until its output matches, and return the first group of the match."""
    shown = ""
    deadline = time.monotonic() + LONGEST_RUN
    while not (found := re.search(pattern, shown)):
        assert select.select([terminal], [], [], max(deadline - time.monotonic(), 0))[0], shown
        shown += os.read(terminal, 65536).decode(errors="replace")
    return found[1] if found.groups() else ""
