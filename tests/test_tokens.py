"""Rotating refresh tokens: the next one is kept before it is needed, and never spent for nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tap_zoom.api import token_store
from tap_zoom.api.token_store import LONGEST_TOKEN
from tap_zoom.config import load
from tests.simulator import Fault, SimulatedZoom
from tests.tap import Run, account, assert_exact, catalog_of, expected, kill, run_tap, start_tap

USERS = catalog_of("users")


def written(path: Path, config: dict[str, Any]) -> Path:
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def users(config: Any, zoom: SimulatedZoom, *arguments: str | Path, **how: Any) -> Run:
    return run_tap(config, *arguments, zoom=zoom, catalog=USERS, **how)


@pytest.mark.parametrize("rotation", ["strict", "lenient"])
def test_the_next_token_is_written_back_to_the_config(rotation: str, tmp_path: Path) -> None:
    """Readable by nobody else, everything else in the file kept; so that run after run works."""
    with SimulatedZoom(account(), rotation=rotation) as zoom:
        config = {**zoom.config("refresh_token"), "max_workers": 5, "note": {"deep": ["kept", 1.5, None, "é"]}}
        path = written(tmp_path / "config.json", config)
        os.chmod(path, 0o644)
        seen = {config["refresh_token"]}
        for _ in range(3):
            run = users(path, zoom)
            assert run.exit_status == 0
            assert read(path) == {**config, "refresh_token": zoom.refresh_token}
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            seen.add(zoom.refresh_token)
        assert len(seen) == 4
        assert zoom.oauth.grants == ["refresh_token"] * 3
    assert_exact({"users": expected()["users"]}, run.records)


def test_nothing_is_left_beside_the_config(tmp_path: Path) -> None:
    """No temporary file; at most an empty lock."""
    with SimulatedZoom(account()) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token"))
        users(path, zoom)
    left = {each.name: each.read_text("utf-8") for each in tmp_path.iterdir() if each != path}
    assert not any(left.values()) and len(left) <= 1


def test_a_config_that_is_a_link_stays_one(tmp_path: Path) -> None:
    """What it points at is replaced."""
    with SimulatedZoom(account()) as zoom:
        path = written(tmp_path / "real.json", zoom.config("refresh_token"))
        link = tmp_path / "config.json"
        link.symlink_to(path)
        assert users(link, zoom).exit_status == 0
        assert link.is_symlink()
        assert read(path)["refresh_token"] == zoom.refresh_token


def test_the_token_goes_back_to_the_config_that_it_came_from(tmp_path: Path) -> None:
    """Of several configs only that one is written."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        first = written(tmp_path / "1.json", {name: config[name] for name in ("refresh_token", "client_id")})
        rest = {name: value for name, value in config.items() if name not in ("refresh_token", "client_id")}
        second = written(tmp_path / "2.json", rest)
        assert users(first, zoom, "--config", second).exit_status == 0
        assert read(first) == {"refresh_token": zoom.refresh_token, "client_id": config["client_id"]}
        assert read(second) == rest


@pytest.mark.parametrize("rotation", ["strict", "lenient"])
def test_a_token_store_serves_callers_that_throw_the_config_away(rotation: str, tmp_path: Path) -> None:
    """The first token is given each time; the store goes on with the latest, and the config is not touched."""
    store = tmp_path / "deep" / "down" / "token.json"
    with SimulatedZoom(account(), rotation=rotation) as zoom:
        config = {**zoom.config("refresh_token"), "token_store": str(store)}
        for number in range(3):
            path = written(tmp_path / f"config-{number}.json", config)
            run = users(path, zoom, env={"MELTANO_PROJECT_ROOT": str(tmp_path)})
            assert run.exit_status == 0
            assert read(path) == config
            assert stat.S_IMODE(store.stat().st_mode) == 0o600
            assert zoom.refresh_token in store.read_text("utf-8")
            assert config["refresh_token"] not in store.read_text("utf-8")


def test_a_newly_configured_token_wins_over_the_store(tmp_path: Path) -> None:
    """After authorising again the old store is worth nothing."""
    store = tmp_path / "token.json"
    with SimulatedZoom(account()) as zoom:
        config = {**zoom.config("refresh_token"), "token_store": str(store)}
        assert users(config, zoom).exit_status == 0
        zoom.oauth.refresh_token = "SECRET-refresh-authorised-again"
        zoom.oauth.secrets.append(zoom.oauth.refresh_token)
        stale = users(config, zoom)
        assert stale.exit_status == 1
        assert "authorize" in stale.critical
        fresh = {**config, "refresh_token": zoom.oauth.refresh_token}
        assert users(fresh, zoom).exit_status == 0
        assert users(fresh, zoom).exit_status == 0


@pytest.mark.parametrize("content", ["", "{}", '{"refresh_token": 7, "grown_from": "x"}'])
def test_a_store_without_a_token_starts_anew(content: str, tmp_path: Path) -> None:
    """Empty, or not grown from this token: the configured one is used."""
    store = tmp_path / "token.json"
    store.write_text(content, encoding="utf-8")
    with SimulatedZoom(account()) as zoom:
        config = {**zoom.config("refresh_token"), "token_store": str(store)}
        assert users(config, zoom).exit_status == 0
        assert users(config, zoom).exit_status == 0


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_a_damaged_store_stops_the_run_before_a_token_is_spent(content: str, tmp_path: Path) -> None:
    """One CRITICAL line that names the file."""
    store = tmp_path / "token.json"
    store.write_text(content, encoding="utf-8")
    with SimulatedZoom(account()) as zoom:
        run = users({**zoom.config("refresh_token"), "token_store": str(store)}, zoom)
        assert zoom.oauth.grants == []
    assert run.exit_status == 1
    assert str(store) in run.critical


def _env(config: dict[str, Any]) -> dict[str, str]:
    return {f"TAP_ZOOM_{name.upper()}": value for name, value in config.items()}


@pytest.mark.parametrize("way", ["meltano", "environment"])
def test_without_a_store_a_config_that_is_thrown_away_stops_the_run(way: str, tmp_path: Path) -> None:
    """Before any request: the next token would be lost. The line names token_store."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        if way == "meltano":
            run = users(written(tmp_path / "config.json", config), zoom, env={"MELTANO_PROJECT_ROOT": str(tmp_path)})
        else:
            run = users("ENV", zoom, env=_env(config))
        assert zoom.requests == []
    assert run.exit_status == 1
    assert "token_store" in run.critical


def test_with_a_store_the_environment_will_do(tmp_path: Path) -> None:
    """--config ENV, run after run with the first token."""
    with SimulatedZoom(account()) as zoom:
        env = _env({**zoom.config("refresh_token"), "token_store": str(tmp_path / "token.json")})
        for _ in range(2):
            assert users("ENV", zoom, env=env).exit_status == 0


def test_where_the_token_can_not_be_kept_it_is_not_spent(tmp_path: Path) -> None:
    """A store in a place where no file can be: one CRITICAL line, and no request."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with SimulatedZoom(account()) as zoom:
        for store in (tmp_path / "file" / "token.json", Path("/proc/nowhere/token.json"), tmp_path):
            run = users({**zoom.config("refresh_token"), "token_store": str(store)}, zoom)
            assert run.exit_status == 1
            assert str(store) in run.critical
        assert zoom.requests == []


def test_a_refused_token_is_said_and_not_tried_again(tmp_path: Path) -> None:
    """invalid_grant: asked once, the file stays as it was, and the line says to authorise again."""
    with SimulatedZoom(account()) as zoom:
        config = {**zoom.config("refresh_token"), "refresh_token": "SECRET-not-any-more"}
        path = written(tmp_path / "config.json", config)
        run = users(path, zoom, secrets=["SECRET-not-any-more"])
        assert zoom.oauth.grants == ["refresh_token"]
        assert read(path) == config
    assert run.exit_status == 1
    assert "authorize" in run.critical


def test_however_many_workers_see_a_token_end_it_is_renewed_once(tmp_path: Path) -> None:
    """All access tokens end in the middle: one refresh, the token on disk is the latest."""
    with SimulatedZoom(account(), latency=0.01) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token"))
        process = start_tap(path, zoom=zoom)
        process.read_until("STATE", 2)
        zoom.expire_tokens()
        run = process.finish()
        assert run.exit_status == 0
        assert zoom.oauth.grants == ["refresh_token"] * 2
        assert read(path)["refresh_token"] == zoom.refresh_token
    assert_exact(expected(), run.records)


def test_tokens_that_end_on_time_are_renewed_before(tmp_path: Path) -> None:
    """Short lives need more refreshes, and no request is refused for them."""
    with SimulatedZoom(account(1, "tiny"), token_lifetime=2, latency=0.05) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token", max_workers=8))
        run = run_tap(path, zoom=zoom)
        assert run.exit_status == 0
        assert len(zoom.oauth.grants) >= 2
        assert all(asked.status != 401 for asked in zoom.requests)
        assert read(path)["refresh_token"] == zoom.refresh_token


def test_at_any_moment_of_a_rotation_the_file_is_whole(tmp_path: Path) -> None:
    """Line by line it holds the old token, then the new one, and all else: so whenever the process ends."""
    content = {"client_id": "x", "client_secret": "y", "refresh_token": "old", "note": ["é", 1.5]}
    path = written(tmp_path / "config.json", content)
    store = token_store.token_store(load([str(path)], {}, print))
    seen: list[str] = []

    def trace(frame: Any, event: str, _: object) -> Any:
        if frame.f_code.co_filename == token_store.__file__:
            seen.append(read(path)["refresh_token"])
            assert read(path) == {**content, "refresh_token": seen[-1]}
        return trace

    sys.settrace(trace)
    try:
        with store.rotation() as rotation:
            assert rotation.token == "old"
            rotation.keep("new")
    finally:
        sys.settrace(None)
    assert seen == sorted(seen, key=("old", "new").index)
    assert seen.count("old") > 20 and seen.count("new") > 5


def test_the_room_for_the_next_token_is_there_before_it_is_needed(tmp_path: Path) -> None:
    """As large as all that is in the file, with a token that is longer by LONGEST_TOKEN; readable by nobody else."""
    content = {"client_id": "x", "client_secret": "y", "refresh_token": "old", "other": "z" * 3000}
    path = written(tmp_path / "config.json", content)
    with token_store.token_store(load([str(path)], {}, print)).rotation() as rotation:
        [room] = [each for each in tmp_path.iterdir() if each.suffix not in (".json", ".lock")]
        before = room.stat()
        rotation.keep("n" * (LONGEST_TOKEN + len("old")))
        assert before.st_size == path.stat().st_size
        assert before.st_ino == path.stat().st_ino
    assert stat.S_IMODE(before.st_mode) == 0o600


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_around_the_rotation_leaves_a_token_that_works(seed: int, tmp_path: Path) -> None:
    """With a server that honours the former token until the new pair is used, whenever the run is killed."""
    rng = random.Random(seed)
    store = tmp_path / "token.json"
    with SimulatedZoom(account(), rotation="lenient") as zoom:
        config = {**zoom.config("refresh_token"), "token_store": str(store)}
        asked = threading.Event()
        zoom.watchers.append(lambda _: asked.set())
        for _ in range(8):
            asked.clear()
            process = start_tap(config, zoom=zoom, catalog=USERS)
            assert asked.wait(20)
            # A moment of a few thousandths of a second after the token was asked for: the kill falls anywhere in it.
            threading.Event().wait(rng.uniform(0, 0.012))
            kill(process)
        assert users(config, zoom).exit_status == 0


@pytest.mark.parametrize("when", ["at the login", "in the middle"])
def test_a_signal_around_the_rotation_does_not_lose_the_token(when: str, tmp_path: Path) -> None:
    """SIGTERM while the answer with the new token is on its way: it is kept before the run ends."""
    store = tmp_path / "token.json"
    with SimulatedZoom(account(), rotation="strict", latency=0.1) as zoom:
        asked = threading.Event()
        refreshes = 1 if when == "at the login" else 2
        zoom.watchers.append(lambda _: asked.set() if len(zoom.oauth.grants) == refreshes else None)
        process = start_tap({**zoom.config("refresh_token"), "token_store": str(store)}, zoom=zoom)
        if when == "in the middle":
            process.read_until("RECORD")
            zoom.expire_tokens()
        assert asked.wait(20)
        process.process.send_signal(signal.SIGTERM)
        run = process.finish()
        assert run.exit_status == 143
        assert zoom.refresh_token in (store.read_text("utf-8") if store.exists() else "")


@pytest.mark.parametrize("rotation", ["strict", "lenient"])
def test_two_runs_at_once_share_a_store(rotation: str, tmp_path: Path) -> None:
    """The second waits for the first one's new token instead of spending the same."""
    store = tmp_path / "token.json"
    with SimulatedZoom(account(), rotation=rotation, latency=0.01) as zoom:
        config = {**zoom.config("refresh_token"), "token_store": str(store)}
        processes = [start_tap(config, zoom=zoom, catalog=USERS) for _ in range(3)]
        runs = [process.finish() for process in processes]
        assert [run.exit_status for run in runs] == [0, 0, 0]
        assert zoom.refresh_token in store.read_text("utf-8")
    for run in runs:
        assert_exact({"users": expected()["users"]}, run.records)


@pytest.mark.parametrize("kind", ["500", "invalid_json", "html_502"])
def test_a_refresh_that_fails_for_a_moment_is_tried_again(kind: str, tmp_path: Path) -> None:
    """With a token that was not spent yet."""
    with SimulatedZoom(account(), rotation="lenient", faults=[Fault(kind, "/oauth/token")]) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token"))
        assert users(path, zoom).exit_status == 0
        assert read(path)["refresh_token"] == zoom.refresh_token


def test_an_answer_without_a_new_token_keeps_the_old_one(tmp_path: Path) -> None:
    """Some servers do not rotate: the file stays as it was."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        path = written(tmp_path / "config.json", config)
        token = zoom.oauth.issue()
        zoom.faults.append(Fault.answer(200, token, match="/oauth/token", times=None))
        assert users(path, zoom).exit_status == 0
        assert read(path) == config
