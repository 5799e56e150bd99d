"""Only what is new: runs that begin where the last complete one ended, less a look-back."""

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
    """What a target has after the runs: the last record of each key."""
    held: dict[str, dict[str, Record]] = {}
    for run in runs:
        for stream, records in run.records.items():
            held.setdefault(stream, {}).update((key_of(stream, record), record) for record in records)
    return {stream: list(records.values()) for stream, records in held.items()}


def without_what_is_gone(
    found: dict[str, list[Record]], right: dict[str, list[Record]]
) -> tuple[dict[str, list[Record]], dict[str, list[Record]]]:
    """Only what is right at the end: what an earlier run found may be gone since."""
    keys = {stream: {key_of(stream, record) for record in records} for stream, records in right.items()}
    kept = {
        stream: [record for record in records if key_of(stream, record) in keys.get(stream, ())]
        for stream, records in found.items()
    }
    return kept, right


def assert_all_there(zoom: SimulatedZoom, streams: tuple[str, ...], *runs: Run, start: str | None = None) -> None:
    """Each record that a full run would give now is there, and as it is now."""
    core = truth.expected(zoom.account, start_date=start, at=zoom.as_of)
    right = {name: core[name] if name in core else truth_of(zoom, name, start) for name in streams}
    kept, right = without_what_is_gone(together(*runs), right)
    differences = truth.compare(right, kept)
    assert not any(differences[name] for name in NO_DIFFERENCE), json.dumps(differences, indent=1)[:3000]


def asked(zoom: SimulatedZoom, since: int) -> Counter[str]:
    """How many requests of each label there were since so many."""
    return Counter(request.label for request in zoom.requests[since:])


def test_a_second_run_asks_for_what_happened_since_the_first() -> None:
    """Together they give what a full run gives; it asks for as many occurrences as there are new ones, and for no list
    of instances."""
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
def test_three_runs_in_a_row_hold_everything() -> None:
    """All streams at once, in time and not."""
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


def test_a_full_run_reads_everything_and_writes_bookmarks_all_the_same() -> None:
    """So that switching over costs nothing."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings")
        first = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
        second = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=first.states[-1])
        third = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog, state=second.states[-1])
        assert len(second.records["report_meetings"]) == len(first.records["report_meetings"])
        assert len(third.records.get("report_meetings", [])) < len(first.records["report_meetings"]) / 2
        assert first.schemas["report_meetings"].get("bookmark_properties") in (None, [])
        assert third.schemas["report_meetings"]["bookmark_properties"] == ["start_time"]


def test_the_catalog_wins_over_the_setting() -> None:
    """Of its marks only replication-method is read."""
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


def test_an_unknown_method_is_a_warning_and_the_setting_holds() -> None:
    """LOG_BASED is none of ours."""
    """No word of a catalog stops a run."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings")
        for entry in catalog["streams"]:
            entry["metadata"][0]["metadata"]["replication-method"] = "LOG_BASED"
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
        assert run.exit_status == 0
        assert len([line for line in run.logged("WARNING") if "replication-method" in line]) == 1


def test_what_was_lost_is_there_after_the_next_run() -> None:
    """A bookmark never moves past it, however long ago it happened."""
    with zoom_of() as zoom:
        streams = ("report_meetings", "report_meeting_participants", "meeting_poll_results")
        zoom.faults = [Fault.answer(400, {"code": 9999, "message": "x"}, match=r"report/meetings/[^/]*$", after=3)]
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*streams))
        assert first.exit_status == 1
        zoom.travel(days=20)
        second = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog_of(*streams), state=first.states[-1])
        assert second.exit_status == 0
        assert_all_there(zoom, streams, first, second)


def test_a_stream_that_is_new_in_the_selection_is_read_whole() -> None:
    """Alone: the others go on from their bookmarks; one that was left out for a run keeps its own."""
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
    """And is read from there on when it is allowed again."""
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
def test_a_stopped_run_goes_on_with_the_bookmarks_that_it_began_with() -> None:
    """From any STATE of it, on the same day and on the next."""
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
def test_a_bookmark_that_is_none_is_a_warning_and_all_is_read(bookmark: Any) -> None:
    """In the future, no time, of another field."""
    with zoom_of() as zoom:
        catalog = catalog_of("report_meetings", "report_webinars")
        first = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog)
        state = json.loads(json.dumps(first.states[-1]))
        state["bookmarks"]["report_meetings"] = bookmark
        second = run_tap(zoom.config(**NEW), zoom=zoom, catalog=catalog, state=state)
        assert len(second.records["report_meetings"]) == len(first.records["report_meetings"])
        assert len(second.records.get("report_webinars", [])) < len(first.records["report_webinars"])
        assert len([line for line in second.logged("WARNING") if "bookmark" in line and "report_meetings" in line]) == 1


def test_a_later_start_date_wins_over_a_bookmark_and_an_earlier_one_is_told() -> None:
    """Only a full run reads what lies before the start_date of the run that made the bookmark."""
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
def test_a_limit_of_the_day_is_gone_on_from() -> None:
    """A run of a few days in the middle of incremental ones."""
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


def test_a_kill_loses_nothing() -> None:
    """In the middle of the second run, and again in its continuation."""
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
