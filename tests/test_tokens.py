"""Rotating refresh tokens: a token is only used if the next one can be stored, and that is stored right away."""

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
    """Only the owner can read the file, its other settings are kept, and further runs work."""
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


def test_no_temporary_file_remains_next_to_the_config(tmp_path: Path) -> None:
    """At most an empty lock file remains."""
    with SimulatedZoom(account()) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token"))
        users(path, zoom)
    left = {each.name: each.read_text("utf-8") for each in tmp_path.iterdir() if each != path}
    assert not any(left.values()) and len(left) <= 1


def test_a_config_that_is_a_symlink_stays_one(tmp_path: Path) -> None:
    """The target of the link is replaced."""
    with SimulatedZoom(account()) as zoom:
        path = written(tmp_path / "real.json", zoom.config("refresh_token"))
        link = tmp_path / "config.json"
        link.symlink_to(path)
        assert users(link, zoom).exit_status == 0
        assert link.is_symlink()
        assert read(path)["refresh_token"] == zoom.refresh_token


def test_the_token_is_written_to_the_config_it_came_from(tmp_path: Path) -> None:
    """If there are several configs, the others aren't written."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        first = written(tmp_path / "1.json", {name: config[name] for name in ("refresh_token", "client_id")})
        rest = {name: value for name, value in config.items() if name not in ("refresh_token", "client_id")}
        second = written(tmp_path / "2.json", rest)
        assert users(first, zoom, "--config", second).exit_status == 0
        assert read(first) == {"refresh_token": zoom.refresh_token, "client_id": config["client_id"]}
        assert read(second) == rest


@pytest.mark.parametrize("rotation", ["strict", "lenient"])
def test_a_token_store_works_with_temporary_configs(rotation: str, tmp_path: Path) -> None:
    """Each config has the first token. The latest one is read from the store, and the config isn't changed."""
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


def test_a_newly_configured_token_replaces_the_stored_one(tmp_path: Path) -> None:
    """After the app is authorized again, the token in the store is invalid."""
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
def test_the_configured_token_is_used_if_the_store_has_none(content: str, tmp_path: Path) -> None:
    """The store is empty, or has no token that follows the configured one."""
    store = tmp_path / "token.json"
    store.write_text(content, encoding="utf-8")
    with SimulatedZoom(account()) as zoom:
        config = {**zoom.config("refresh_token"), "token_store": str(store)}
        assert users(config, zoom).exit_status == 0
        assert users(config, zoom).exit_status == 0


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_a_damaged_store_stops_the_run_before_a_token_is_used(content: str, tmp_path: Path) -> None:
    """One CRITICAL line names the file."""
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
def test_a_temporary_config_without_a_store_stops_the_run(way: str, tmp_path: Path) -> None:
    """It stops before any request, because the next token would be lost. The message names token_store."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        if way == "meltano":
            run = users(written(tmp_path / "config.json", config), zoom, env={"MELTANO_PROJECT_ROOT": str(tmp_path)})
        else:
            run = users("ENV", zoom, env=_env(config))
        assert zoom.requests == []
    assert run.exit_status == 1
    assert "token_store" in run.critical


def test_the_config_may_be_in_the_environment_if_there_is_a_store(tmp_path: Path) -> None:
    """Two runs with --config ENV work with the same configured token."""
    with SimulatedZoom(account()) as zoom:
        env = _env({**zoom.config("refresh_token"), "token_store": str(tmp_path / "token.json")})
        for _ in range(2):
            assert users("ENV", zoom, env=env).exit_status == 0


def test_a_token_is_not_used_if_the_next_one_can_not_be_stored(tmp_path: Path) -> None:
    """No file can be created at the store's path: one CRITICAL line names it, and no request is sent."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with SimulatedZoom(account()) as zoom:
        for store in (tmp_path / "file" / "token.json", Path("/proc/nowhere/token.json"), tmp_path):
            run = users({**zoom.config("refresh_token"), "token_store": str(store)}, zoom)
            assert run.exit_status == 1
            assert str(store) in run.critical
        assert zoom.requests == []


def test_a_refused_token_is_not_retried(tmp_path: Path) -> None:
    """After invalid_grant, the file is unchanged, and the message says to authorize the app again."""
    with SimulatedZoom(account()) as zoom:
        config = {**zoom.config("refresh_token"), "refresh_token": "SECRET-not-any-more"}
        path = written(tmp_path / "config.json", config)
        run = users(path, zoom, secrets=["SECRET-not-any-more"])
        assert zoom.oauth.grants == ["refresh_token"]
        assert read(path) == config
    assert run.exit_status == 1
    assert "authorize" in run.critical


def test_an_expired_access_token_is_refreshed_once(tmp_path: Path) -> None:
    """All access tokens expire in the middle of a run with several workers. The config has the latest refresh token."""
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


def test_access_tokens_are_refreshed_before_they_expire(tmp_path: Path) -> None:
    """Short lifetimes need more refreshes, but no request gets a 401."""
    with SimulatedZoom(account(1, "tiny"), token_lifetime=2, latency=0.05) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token", max_workers=8))
        run = run_tap(path, zoom=zoom)
        assert run.exit_status == 0
        assert len(zoom.oauth.grants) >= 2
        assert all(asked.status != 401 for asked in zoom.requests)
        assert read(path)["refresh_token"] == zoom.refresh_token


def test_the_config_is_complete_throughout_a_rotation(tmp_path: Path) -> None:
    """At each line of code it has the old token or the new one, and all other settings, so a kill does no harm."""
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


def test_space_for_the_next_token_is_reserved(tmp_path: Path) -> None:
    """The temporary file has room for a token that is longer by LONGEST_TOKEN. Only the owner can read it."""
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
def test_a_kill_during_the_rotation_leaves_a_valid_token(seed: int, tmp_path: Path) -> None:
    """The server accepts the former token until the new pair is used. The run is killed at a random moment."""
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
            # Kill the run at a random moment, up to 12 milliseconds after the token request.
            threading.Event().wait(rng.uniform(0, 0.012))
            kill(process)
        assert users(config, zoom).exit_status == 0


@pytest.mark.parametrize("when", ["at the login", "in the middle"])
def test_a_signal_during_the_rotation_does_not_lose_the_token(when: str, tmp_path: Path) -> None:
    """SIGTERM comes while the answer with the new token is on its way. The token is stored before the run ends."""
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
def test_concurrent_runs_share_a_store(rotation: str, tmp_path: Path) -> None:
    """Three runs take turns: each waits for the new token of the previous one."""
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
def test_a_refresh_is_retried_after_a_temporary_error(kind: str, tmp_path: Path) -> None:
    """The failed attempt didn't use up the token."""
    with SimulatedZoom(account(), rotation="lenient", faults=[Fault(kind, "/oauth/token")]) as zoom:
        path = written(tmp_path / "config.json", zoom.config("refresh_token"))
        assert users(path, zoom).exit_status == 0
        assert read(path)["refresh_token"] == zoom.refresh_token


def test_an_answer_without_a_new_token_keeps_the_old_one(tmp_path: Path) -> None:
    """Some servers don't rotate tokens. The file is unchanged."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("refresh_token")
        path = written(tmp_path / "config.json", config)
        token = zoom.oauth.issue()
        zoom.faults.append(Fault.answer(200, token, match="/oauth/token", times=None))
        assert users(path, zoom).exit_status == 0
        assert read(path) == config
