"""A full disk when the refresh token is rotated: the token isn't used, or the next one can still be stored."""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Fault, SimulatedZoom
from tests.tap import Run, account, catalog_of, run_tap

NO_LARGE_FILES = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"  # bytes


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system with room for a few small files."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk: Path) -> None:
    """Fill the disk completely."""
    with (disk / "filler").open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError as error:
            assert error.errno == errno.ENOSPC


def written(path: Path, settings: dict[str, Any]) -> Path:
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


def kept(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))["refresh_token"]


def users(path: Path, zoom: SimulatedZoom, **how: Any) -> Run:
    return run_tap(path, zoom=zoom, catalog=catalog_of("users"), **how)


def said(run: Run, path: Path) -> None:
    assert run.exit_status == 1
    assert str(path) in run.critical and "disk space" in run.critical


def test_no_token_is_used_without_room_for_the_next(small_disk: Path) -> None:
    """The CRITICAL line names the file, and no request is sent. Once there is room, the run works."""
    with SimulatedZoom(account()) as zoom:
        path = written(small_disk / "config.json", zoom.config("refresh_token"))
        fill(small_disk)
        said(users(path, zoom), path)
        assert zoom.requests == []
        assert kept(path) == zoom.refresh_token
        (small_disk / "filler").unlink()
        assert users(path, zoom).exit_status == 0
        assert kept(path) == zoom.refresh_token


def test_the_next_token_is_stored_if_the_disk_fills_up_while_zoom_answers(small_disk: Path) -> None:
    """Space is reserved before the request, at the first rotation and at the next."""
    with SimulatedZoom(account(), faults=[Fault("tokens_end", r"/v2/users\?")]) as zoom:
        path = written(small_disk / "config.json", zoom.config("refresh_token"))
        handle = zoom._server.handle

        def with_less_room(request: Any) -> Any:
            if request.target == "/oauth/token":
                fill(small_disk)
            else:
                (small_disk / "filler").unlink(missing_ok=True)
            return handle(request)

        zoom._server.handle = with_less_room
        run = users(path, zoom)
        assert zoom.oauth.grants == ["refresh_token"] * 2
        assert kept(path) == zoom.refresh_token
    assert run.exit_status == 0


def test_a_disk_that_fills_up_during_the_run_stops_it_before_the_next_rotation(small_disk: Path) -> None:
    """Every rotation reserves space first. The last message is a STATE."""
    with SimulatedZoom(account(), faults=[Fault("tokens_end", r"/v2/users\?")]) as zoom:
        path = written(small_disk / "config.json", zoom.config("refresh_token"))
        handle = zoom._server.handle

        def with_less_room(request: Any) -> Any:
            if request.target != "/oauth/token":
                fill(small_disk)
            return handle(request)

        zoom._server.handle = with_less_room
        run = users(path, zoom)
        assert zoom.oauth.grants == ["refresh_token"]
        assert kept(path) == zoom.refresh_token
    said(run, path)
    assert run.messages[-1]["type"] == "STATE"


def test_a_file_size_limit_is_treated_as_a_full_disk(tmp_path: Path) -> None:
    """For example a quota. The token isn't used, the file is unchanged, and only the lock file is added."""
    with SimulatedZoom(account()) as zoom:
        settings = {**zoom.config("refresh_token"), "note": "x" * 5000}
        path = written(tmp_path / "config.json", settings)
        said(users(path, zoom, patch=NO_LARGE_FILES), path)
        assert zoom.requests == []
    assert json.loads(path.read_text("utf-8")) == settings
    assert {each.name for each in tmp_path.iterdir()} == {"config.json", "config.json.lock"}
