"""Storage of a rotated refresh token: files that can't be replaced, and files that several plugins share."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap_zoom.api import token_store
from tap_zoom.api.token_store import LONGEST_TOKEN, Rotation, TokenStore, is_mount_point
from tap_zoom.config import Config
from tap_zoom.errors import ConfigError
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, catalog_of, run_tap, start_tap
from tests.test_interrupts import wait_for

USERS = catalog_of("users")
MOUNTING = ["unshare", "-m", "mount", "--bind"]


def can_mount() -> bool:
    probe = [*MOUNTING, "/dev/null", __file__]
    return (
        shutil.which("unshare") is not None and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    )


def stored(path: Path, configured: str = "first") -> TokenStore:
    return token_store.token_store(Config(client_id="c", client_secret="s", refresh_token=configured, token_store=path))


def rotate(store: TokenStore, following: str) -> str:
    """Use the current token and store the next one. Returns the used token."""
    with store.rotation() as rotation:
        rotation.keep(following)
        return rotation.token


# --- mounted files ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not can_mount(), reason="only where files can be mounted")
@pytest.mark.parametrize("which", ["token_store", "config"])
def test_a_mounted_file_is_written_in_place(which: str, tmp_path: Path) -> None:
    """As with `docker run -v file:file`: two runs in a row work, and the file outside has the new token."""
    outside, inside = tmp_path / "outside.json", tmp_path / "home" / "file.json"
    inside.parent.mkdir()
    inside.touch()
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        if which == "config":
            outside.write_text(json.dumps(config), encoding="utf-8")
            path = inside
        else:
            outside.touch()
            path = tmp_path / "config.json"
            path.write_text(json.dumps({**config, "token_store": str(inside)}), encoding="utf-8")
        catalog = tmp_path / "catalog.json"
        catalog.write_text(json.dumps(USERS), encoding="utf-8")
        tap = [sys.executable, "-m", "tap_zoom", "--config", path, "--catalog", catalog]
        mounted = [
            "unshare",
            "-m",
            "bash",
            "-c",
            'mount --bind "$1" "$2"; shift 2; exec "$@"',
            "x",
            outside,
            inside,
            *tap,
        ]
        for _ in range(2):
            done = subprocess.run(
                mounted, capture_output=True, text=True, env={**os.environ, "no_proxy": "*"}, check=False
            )
            assert done.returncode == 0, done.stderr
        assert zoom.oauth.grants == ["refresh_token"] * 2
        kept = json.loads(outside.read_text("utf-8"))
        assert kept["refresh_token"] == zoom.refresh_token
    assert inside.read_text("utf-8") == ""
    if which == "config":
        assert kept == {**config, "refresh_token": kept["refresh_token"]}
    assert list(inside.parent.iterdir()) == [inside]


@pytest.mark.skipif(not can_mount(), reason="only where files can be mounted")
def test_a_mount_from_the_same_disk_is_detected(tmp_path: Path) -> None:
    """os.path.ismount doesn't detect it."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    script = "import sys\nfrom pathlib import Path\nfrom tap_zoom.api.token_store import is_mount_point\nprint(*(is_mount_point(Path(p)) for p in sys.argv[1:]))"
    command = [
        "unshare",
        "-m",
        "bash",
        "-c",
        'mount --bind "$3" "$4"; exec "$0" -c "$1" "$3" "$4"',
        sys.executable,
        script,
        "",
        tmp_path / "a",
        tmp_path / "b",
    ]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["False", "True"]
    assert not is_mount_point(tmp_path / "b")


@pytest.fixture(params=["a mount point", "a directory that is not writable"])
def mounted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can be replaced by renaming."""

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "rename", busy)
    if request.param == "a mount point":
        monkeypatch.setattr(token_store, "is_mount_point", lambda _: True)
    else:
        monkeypatch.setattr(os, "access", lambda path, _: not Path(path).is_dir())
        monkeypatch.setattr(tempfile, "mkstemp", busy)


@pytest.mark.usefixtures("mounted")
@pytest.mark.parametrize(
    "before", ["", '{"other": "kept"}', '{"x": "' + "long" * 5000 + '"}'], ids=["empty", "short", "long"]
)
def test_in_place_space_for_the_next_token_is_reserved(before: str, tmp_path: Path) -> None:
    """Afterwards the file has no extra space, even if no token was stored."""
    path = tmp_path / "token.json"
    path.write_text(before, encoding="utf-8")
    inode = path.stat().st_ino
    with stored(path).rotation() as rotation:
        room = path.stat().st_size
        assert path.read_text("utf-8").rstrip() == before
    assert path.read_text("utf-8") == before
    following = "n" * LONGEST_TOKEN
    with stored(path).rotation() as rotation:
        rotation.keep(following)
        assert path.stat().st_size <= room
    assert json.loads(path.read_text("utf-8"))["refresh_token"] == following
    assert path.stat().st_ino == inode
    assert rotate(stored(path), "last") == following
    assert path.stat().st_size < 200 and list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("mounted")
def test_in_place_the_file_is_complete_throughout_a_rotation(tmp_path: Path) -> None:
    """At each line of code it has the old token or the new one."""
    path = tmp_path / "token.json"
    path.touch()
    rotate(stored(path), "old")
    seen: list[str] = []

    def trace(frame: Any, event: str, _: object) -> Any:
        if frame.f_code.co_filename == token_store.__file__:
            seen.append(json.loads(path.read_text("utf-8"))["refresh_token"])
        return trace

    store = stored(path)
    sys.settrace(trace)
    try:
        rotate(store, "new")
    finally:
        sys.settrace(None)
    assert seen == sorted(seen, key=("old", "new").index)
    assert seen.count("old") > 20 and seen.count("new") > 3


@pytest.mark.usefixtures("mounted")
def test_in_place_two_runs_do_not_use_the_same_token(tmp_path: Path) -> None:
    """The file itself is locked, because other containers wouldn't see a lock file next to it."""
    path = tmp_path / "token.json"
    path.touch()
    spent: list[str] = []
    with stored(path).rotation() as rotation:
        with open(path, "rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        second = threading.Thread(target=lambda: spent.append(rotate(stored(path), "third")))
        second.start()
        rotation.keep("second")
    second.join(20)
    assert spent == ["second"]
    assert rotate(stored(path), "x") == "third"


@pytest.mark.usefixtures("mounted")
def test_in_place_a_full_disk_is_noticed_before_the_token_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is unchanged."""
    path = tmp_path / "token.json"
    path.touch()
    rotate(stored(path), "kept")
    before = path.read_bytes()

    def full(file: Any, content: bytes, size: int) -> None:
        file.seek(0)
        file.write(content[: size // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(token_store, "_write", full)
    with (
        pytest.raises(ConfigError, match=r"can't be stored in .*token\.json .No space left on device."),
        stored(path).rotation(),
    ):
        pass
    assert path.read_bytes() == before


def test_the_token_is_written_in_place_if_renaming_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For example another user's file in a sticky directory. By then, the old token has been used."""

    def denied(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    path = tmp_path / "token.json"
    rotate(stored(path), "long" * 100)
    inode = path.stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", denied)
        rotate(stored(path), "short")
    assert rotate(stored(path), "x") == "short"
    assert path.stat().st_ino != inode  # the next rotation renames again
    assert {each.name for each in tmp_path.iterdir()} == {"token.json", "token.json.lock"}


def test_a_directory_instead_of_the_file_is_an_error(tmp_path: Path) -> None:
    """Docker creates one if the file to mount doesn't exist. No token is used, and no file is created next to it."""
    (tmp_path / "token.json").mkdir()
    with SimulatedZoom(account()) as zoom:
        run = run_tap(
            {**zoom.config("refresh_token"), "token_store": str(tmp_path / "token.json")}, zoom=zoom, catalog=USERS
        )
        assert zoom.requests == []
    assert run.exit_status == 1
    assert "Is a directory" in run.critical and "token.json" in run.critical
    assert [each.name for each in tmp_path.iterdir()] == ["token.json"]


# --- shared files -----------------------------------------------------------------------------------------------


def test_plugins_that_share_a_store_have_separate_tokens(tmp_path: Path) -> None:
    """They may run in any order. Only the owner can read the file."""
    path = tmp_path / "token.json"
    emea, apac, us = (stored(path, name) for name in ("EMEA", "APAC", "US"))
    assert [rotate(emea, "emea 2"), rotate(apac, "apac 2"), rotate(emea, "emea 3"), rotate(us, "us 2")] == [
        "EMEA",
        "APAC",
        "emea 2",
        "US",
    ]
    assert [rotate(apac, "apac 3"), rotate(us, "us 3"), rotate(emea, "emea 4")] == ["apac 2", "us 2", "emea 3"]
    text = path.read_text("utf-8")
    assert [name in text for name in ("emea 4", "apac 3", "us 3", "EMEA", "apac 2")] == [True, True, True, False, False]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_accounts_share_a_store(tmp_path: Path) -> None:
    """Both run twice, with the token that was first configured."""
    store = str(tmp_path / "token.json")
    with SimulatedZoom(account()) as one, SimulatedZoom(account()) as other:
        other.oauth.refresh_token = "SECRET-refresh-of-the-other"
        configs = [({**zoom.config("refresh_token"), "token_store": store}, zoom) for zoom in (one, other)]
        for _ in range(2):
            assert [run_tap(config, zoom=zoom, catalog=USERS).exit_status for config, zoom in configs] == [0, 0]


def test_a_store_of_version_0_1_is_read(tmp_path: Path) -> None:
    """The plugin that wrote it uses its token. Other plugins keep that token."""
    path = tmp_path / "token.json"
    grown_from = hashlib.sha256(b"EMEA").hexdigest()
    path.write_text(json.dumps({"grown_from": grown_from, "refresh_token": "emea 2"}), encoding="utf-8")
    assert rotate(stored(path, "APAC"), "apac 2") == "APAC"
    assert rotate(stored(path, "EMEA"), "emea 3") == "emea 2"
    kept = json.loads(path.read_text("utf-8"))
    assert (kept["grown_from"], kept["refresh_token"]) == (grown_from, "emea 3")  # so that version 0.1 can read it


@pytest.mark.parametrize("others", [7, [], {"x": 7, "y": None, "z": ""}, "text"])
def test_invalid_entries_of_a_store_are_dropped(others: Any, tmp_path: Path) -> None:
    """Entries that aren't tokens are neither used nor kept."""
    path = tmp_path / "token.json"
    path.write_text(json.dumps({"others": others, "refresh_token": "of nobody"}), encoding="utf-8")
    assert rotate(stored(path), "second") == "first"
    assert set(json.loads(path.read_text("utf-8"))) == {"grown_from", "refresh_token"}


# --- signals ----------------------------------------------------------------------------------------------------


def sent(zoom: SimulatedZoom) -> Callable[[], bool]:
    """Return a function that waits until the refresh token has arrived at Zoom."""
    asked = threading.Event()
    zoom.watchers.append(lambda _: asked.set())
    return lambda: asked.wait(20)


@pytest.mark.parametrize("kind", ["late", "late and then refused"])
def test_a_signal_during_a_token_refresh_waits_for_the_next_token(kind: str, tmp_path: Path) -> None:
    """The process waits until the next token is stored or the refresh has failed. It sends no second refresh."""
    store = tmp_path / "token.json"
    fault = Fault("late", "/oauth/token", seconds=1.5)
    if kind != "late":
        fault = Fault.answer(500, {"message": "Oops"}, match="/oauth/token", seconds=1.5, times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        arrived = sent(zoom)
        process = start_tap({**zoom.config("refresh_token"), "token_store": str(store)}, zoom=zoom, catalog=USERS)
        assert arrived()
        process.process.send_signal(signal.SIGTERM)
        run = process.finish()
        assert zoom.counts["oauth"] == 1
        assert (zoom.refresh_token in store.read_text("utf-8") if store.exists() else False) == (kind == "late")
    assert run.exit_status == 143
    assert any("Waiting for Zoom to return the next refresh token" in line for line in run.logged("WARNING"))


def test_a_second_signal_ends_the_wait_for_a_refresh_token(tmp_path: Path) -> None:
    """For example if the token endpoint hangs."""
    with SimulatedZoom(account(), faults=[Fault("hang", "/oauth/token", times=None)]) as zoom:
        process = start_tap(
            {**zoom.config("refresh_token"), "token_store": str(tmp_path / "token.json")}, zoom=zoom, catalog=USERS
        )
        wait_for(lambda: zoom.counts["oauth"] > 0)
        process.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Waiting for Zoom to return" in process.err)
        process.process.send_signal(signal.SIGINT)
        process.process.wait(timeout=20)
        run = process.finish()
    assert run.exit_status == 143


def test_a_rotation_has_the_token_to_use(tmp_path: Path) -> None:
    """Its repr doesn't show the token."""
    with stored(tmp_path / "token.json", "SECRET-token").rotation() as rotation:
        assert isinstance(rotation, Rotation)
        assert rotation.token == "SECRET-token"
        assert "SECRET" not in repr(rotation)
