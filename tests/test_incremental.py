"""Incremental sync: runs start at the bookmarks of the last complete run, minus the look-back."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.simulator import Account, Fault, SimulatedZoom, further, truth
from tests.simulator.further.truth import truth_of
from tests.tap import NO_DIFFERENCE, Record, Run, catalog_of, key_of, run_tap, start_tap

NOW = datetime(2026, 8, 20, 9, 30, tzinfo=timezone.utc)
SIZE = {
    "users": 5,
    "meetings_per_user": 2,
    "occurrences": 3,
    "participants": 3,
    "registrants": 2,
    "crowd": 9,
    "future": 40,
}
HELD = tuple(
    name for name in truth.KEYS if name.startswith(("report_", "webinar_absentees")) or name.endswith("_results")
)
START = "2026-08-01"
FAST = {"Light": 10_000, "Medium": 10_000, "Heavy": 10_000, "Resource-intensive": 600_000}
NEW = {"replication_method": "INCREMENTAL"}


def zoom_of(seed: int = 2, **settings: Any) -> SimulatedZoom:
    return SimulatedZoom(Account(seed, now=NOW, **SIZE), per_second=FAST, page_cap=5, **settings)  # type: ignore[arg-type]


def together(*runs: Run) -> dict[str, list[Record]]:
    """Return the rows of a target after these runs: the last record of each key."""
    held: dict[str, dict[str, Record]] = {}
    for run in runs:
        for stream, records in run.records.items():
            held.setdefault(stream, {}).update((key_of(stream, record), record) for record in records)
    return {stream: list(records.values()) for stream, records in held.items()}


def without_what_is_gone(
    found: dict[str, list[Record]], right: dict[str, list[Record]]
) -> tuple[dict[str, list[Record]], dict[str, list[Record]]]:
    """Drop records whose keys aren't expected: Zoom may have deleted them since an earlier run."""
    keys = {stream: {key_of(stream, record) for record in records} for stream, records in right.items()}
    kept = {
        stream: [record for record in records if key_of(stream, record) in keys.get(stream, ())]
        for stream, records in found.items()
    }
    return kept, right


def assert_all_there(zoom: SimulatedZoom, streams: tuple[str, ...], *runs: Run, start: str | None = None) -> None:
    """The runs emitted every record that a full sync would emit now, with its current values."""
    core = truth.expected(zoom.account, start_date=start, at=zoom.as_of)
    right = {name: core[name] if name in core else truth_of(zoom, name, start) for name in streams}
    kept, right = without_what_is_gone(together(*runs), right)
    differences = truth.compare(right, kept)
    assert not any(differences[name] for name in NO_DIFFERENCE), json.dumps(differences, indent=1)[:3000]


def asked(zoom: SimulatedZoom, since: int) -> Counter[str]:
    """Count the requests of each rate limit label, without the first `since` requests."""
    return Counter(request.label for request in zoom.requests[since:])


def test_a_second_run_requests_only_recent_meetings() -> None:
    """Together the runs emit the same as a full sync. The second run requests about as many past meetings as are new,
    and no lists of instances."""
    with zoom_of() as zoom:
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD))
        full = asked(zoom, 0)["Heavy"]
        zoom.travel(days=30)
        begun = len(zoom.requests)
        second = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD), state=first.states[-1])
        assert first.exit_status == second.exit_status == 0
        assert_all_there(zoom, HELD, first, second)
        held = [each for each in zoom.account.held if each.end <= zoom.as_of]
        new = [each for each in held if each.start >= NOW - timedelta(days=7)]
        assert len(new) < len(held) / 2
        assert asked(zoom, begun)["Heavy"] <= full * len(new) / len(held) * 1.1 + 20
        assert not [request.path for request in zoom.requests[begun:] if request.path.endswith("/instances")]
        assert any("report_meetings and" in line and "from 2026-08-13" in line for line in second.logged("INFO"))


@pytest.mark.long
def test_three_runs_emit_everything() -> None:
    """All streams, with and without a replication key. Every STATE is below 16 KiB."""
    streams = (*truth.KEYS, *further.KEYS)
    with zoom_of(5, scopes="classic") as zoom:
        config, catalog = zoom.config(start_date=START, **NEW), catalog_of(*streams)
        runs = [run_tap(config, zoom=zoom, catalog=catalog)]
        for days in (5, 25):
            zoom.travel(days=days)
            runs.append(run_tap(config, zoom=zoom, catalog=catalog, state=runs[-1].states[-1]))
            assert runs[-1].exit_status == 0, runs[-1].stderr[-2000:]
        assert_all_there(zoom, streams, *runs, start=START)
        assert max(len(json.dumps(state)) for run in runs for state in run.states) < 16 * 1024


def test_full_table_runs_write_bookmarks_too() -> None:
    """The next full-table run ignores the bookmarks. A switch to INCREMENTAL starts from them."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings")
        first = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
        second = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=first.states[-1])
        third = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog, state=second.states[-1])
        assert len(second.records["report_meetings"]) == len(first.records["report_meetings"])
        assert len(third.records.get("report_meetings", [])) < len(first.records["report_meetings"]) / 2
        assert first.schemas["report_meetings"].get("bookmark_properties") in (None, [])
        assert third.schemas["report_meetings"]["bookmark_properties"] == ["start_time"]


def test_replication_method_in_the_catalog_overrides_the_setting() -> None:
    """Only `replication-method` is read: `forced-replication-method` and `replication-key` are ignored.

    A stream without a replication key is read in full, with an INFO line.
    """
    with zoom_of() as zoom:
        first = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings", "report_webinars", "users"))
        catalog = catalog_of("report_meetings", "report_webinars", "users")
        for entry in catalog["streams"]:
            mark = entry["metadata"][0]["metadata"]
            mark |= {"forced-replication-method": "FULL_TABLE", "replication-key": "nonsense"}
            if entry["stream"] in ("report_webinars", "users"):
                mark["replication-method"] = "INCREMENTAL"
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=first.states[-1])
        assert len(run.records["report_meetings"]) == len(first.records["report_meetings"])
        assert len(run.records.get("report_webinars", [])) < len(first.records["report_webinars"])
        assert len(run.records["users"]) == len(first.records["users"])
        assert len([line for line in run.logged("INFO") if "read in full: users." in line]) == 1


def test_an_unknown_replication_method_is_ignored_with_a_warning() -> None:
    """LOG_BASED isn't supported: the run logs one WARNING and succeeds."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings")
        for entry in catalog["streams"]:
            entry["metadata"][0]["metadata"]["replication-method"] = "LOG_BASED"
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
        assert run.exit_status == 0
        assert len([line for line in run.logged("WARNING") if "replication-method" in line]) == 1


def test_the_next_run_retries_failed_requests() -> None:
    """The next run, 20 days later, retries the failed request. Together the runs are complete."""
    with zoom_of() as zoom:
        streams = ("report_meetings", "report_meeting_participants", "meeting_poll_results")
        zoom.faults = [Fault.answer(400, {"code": 9999, "message": "x"}, match=r"report/meetings/[^/]*$", after=3)]
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*streams))
        assert first.exit_status == 1
        zoom.travel(days=20)
        second = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*streams), state=first.states[-1])
        assert second.exit_status == 0
        assert_all_there(zoom, streams, first, second)


def test_a_newly_selected_stream_is_read_in_full() -> None:
    """Other streams continue from their bookmarks. A stream that is deselected for one run keeps its bookmark."""
    with zoom_of() as zoom:
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of("report_meetings", "report_webinars"))
        zoom.travel(days=10)
        both = ("report_meetings", "meeting_poll_results")
        second = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*both), state=first.states[-1])
        assert_all_there(zoom, both, first, second)
        assert len(second.records["report_meetings"]) < len(first.records["report_meetings"]) / 2
        zoom.travel(days=10)
        everything = (*both, "report_webinars")
        third = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*everything), state=second.states[-1])
        assert_all_there(zoom, everything, first, second, third)
        assert len(third.records.get("report_webinars", [])) < len(first.records["report_webinars"])


def test_a_refused_stream_keeps_its_bookmark() -> None:
    """With `on_missing_access: skip`, its bookmark stays where it is while those of other streams move."""
    with zoom_of() as zoom:
        streams = ("report_meetings", "webinar_absentees")
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*streams))
        zoom.travel(days=12)
        zoom.refuse("/past_webinars/{id}/absentees", 400, {"code": 200, "message": "No permission."})
        skip = {**NEW, "on_missing_access": "skip"}
        second = run_tap(zoom.config(**skip), zoom=zoom, catalog=catalog_of(*streams), state=first.states[-1])
        assert second.exit_status == 0
        marks = [run.states[-1]["bookmarks"] for run in (first, second)]
        assert marks[0]["webinar_absentees"] == marks[1]["webinar_absentees"]
        assert marks[0]["report_meetings"] != marks[1]["report_meetings"]


@pytest.mark.long
def test_an_interrupted_run_resumes_with_its_original_bookmarks() -> None:
    """The run resumes from every third STATE, 20 hours later."""
    with zoom_of() as zoom:
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD))
        zoom.travel(days=15)
        whole = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD), state=first.states[-1])
        zoom.travel(hours=20)
        for number in range(0, len(whole.states), 3):
            emitted = Run(0, "", "", whole.messages[: _index_of_state(whole, number) + 1])
            rest = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD), state=whole.states[number])
            assert rest.exit_status == 0
            assert_all_there(zoom, HELD, first, emitted, rest)


def _index_of_state(run: Run, number: int) -> int:
    return [index for index, message in enumerate(run.messages) if message["type"] == "STATE"][number]


@pytest.mark.parametrize(
    "bookmark",
    [{"start_time": "2999-01-01T00:00:00Z"}, {"start_time": 7}, {"start_time": None}, {"time": "2026-01-01"}, {}],
)
@pytest.mark.few(2)
def test_an_invalid_bookmark_is_ignored_with_a_warning(bookmark: Any) -> None:
    """The stream is read in full if its bookmark is in the future, isn't a time or lacks the replication key."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings", "report_webinars")
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog)
        state = json.loads(json.dumps(first.states[-1]))
        state["bookmarks"]["report_meetings"] = bookmark
        second = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog, state=state)
        assert len(second.records["report_meetings"]) == len(first.records["report_meetings"])
        assert len(second.records.get("report_webinars", [])) < len(first.records["report_webinars"])
        assert len([line for line in second.logged("WARNING") if "bookmark" in line and "report_meetings" in line]) == 1


def test_the_later_of_start_date_and_bookmark_applies() -> None:
    """If start_date is earlier than in the last run, an INFO line says so."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings")
        first = run_tap(zoom.config(start_date="2026-07-01", **NEW), zoom=zoom, catalog=catalog)
        later = run_tap(zoom.config(start_date="2026-08-18", **NEW), zoom=zoom, catalog=catalog, state=first.states[-1])
        assert all(record["start_time"] >= "2026-08-18" for record in later.records.get("report_meetings", []))
        earlier = run_tap(
            zoom.config(start_date="2026-03-01", **NEW), zoom=zoom, catalog=catalog, state=first.states[-1]
        )
        assert len([line for line in earlier.logged("INFO") if "start_date of the last run was later" in line]) == 1
        assert all(record["start_time"] >= "2026-08-13" for record in earlier.records.get("report_meetings", []))


@pytest.mark.long
def test_incremental_runs_resume_after_a_daily_limit() -> None:
    """A first sync and one 14 days later. After each daily limit, the next run resumes a day later."""
    with zoom_of(daily_limits={"Heavy": 40}, daily_reset=3600) as zoom:
        streams = ("report_meetings", "report_meeting_participants")
        runs: list[Run] = []
        for days in (0, 14):
            if days:
                zoom.travel(days=days)
            while True:
                state = runs[-1].states[-1] if runs else None
                runs.append(run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*streams), state=state))
                if runs[-1].exit_status == 0:
                    break
                assert "daily limit" in runs[-1].critical
                assert len(runs) < 30
                zoom.travel(days=1)
        assert len(runs) > 3
        assert_all_there(zoom, streams, *runs)


def test_killed_incremental_runs_resume() -> None:
    """The second run is killed, and so is the run that resumes it."""
    with zoom_of(latency=0.002) as zoom:
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD))
        zoom.travel(days=25)
        runs, state = [first], first.states[-1]
        for states in (2, 2):
            process = start_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD), state=state)
            process.read_until("STATE", states)
            process.process.kill()
            runs.append(process.finish(killed=True))
            state = runs[-1].states[-1]
        runs.append(run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*HELD), state=state))
        assert runs[-1].exit_status == 0
        assert_all_there(zoom, HELD, *runs)
