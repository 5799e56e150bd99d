"""Bookmarks skip no data: at the edges of days and seconds, and when requests fail."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.everything import config as everything
from tests.everything import right, zoom_with_everything
from tests.scripted import says, scripted
from tests.simulator import SimulatedZoom
from tests.tap import Run, assert_exact, catalog_of, run_tap

NOW = datetime(2026, 8, 20, 9, 30, tzinfo=timezone.utc)
NEW = {"replication_method": "INCREMENTAL"}
NO_ROLE = {"code": 200, "message": "No permission."}


def read(zoom: SimulatedZoom, *streams: str, at: datetime = NOW, state: Any = None, **changes: Any) -> Run:
    """Run the tap incrementally."""
    return run_tap(zoom.config(**NEW, **changes), zoom=zoom, catalog=catalog_of(*streams), state=state, at=at)


def test_lost_messages_are_kept_as_failures_with_their_days() -> None:
    """One month of a conversation that lasts until today can't be read. The bookmark moves, and the next run reads that
    month."""
    session = {"session_id": "s1", "last_access_time": "2026-08-19T08:00:00Z"}
    lost = says(r"/sms/sessions/s1\?.*from=2026-06-01", {"code": 9999, "message": "x"}, 400)
    message = {"message_id": "m1", "date_time": "2026-06-03T10:00:00Z"}
    there = says(r"/sms/sessions/s1\?.*from=2026-06-01", {"sms_histories": [message]})
    rest = says(r"/sms/sessions/s1\?", {"sms_histories": []})
    with scripted(lost, there, rest, says(r"/sms/sessions\?", {"sms_sessions": [session]})) as zoom:
        first = read(zoom, "phone_sms_messages", start_date="2026-06-01")
        assert first.exit_status == 1
        assert first.states[-1]["bookmarks"]["phone_sms_messages"]["date_time"] == "2026-08-20T09:30:00Z"
        [[entry]] = first.states[-1]["failures"].values()
        assert entry["stream"] == "phone_sms_messages" and entry["tasks"][0]["days"][0] == "2026-06-01"
        zoom.faults.remove(lost)
        second = read(
            zoom, "phone_sms_messages", start_date="2026-06-01", state=first.states[-1], at=NOW + timedelta(days=1)
        )
        assert second.exit_status == 0
        assert [record["message_id"] for record in second.records["phone_sms_messages"]] == ["m1"]
        assert list(second.states[-1]["failures"].values()) == [[]]


def test_past_meetings_that_could_not_be_listed_get_no_bookmark() -> None:
    """The history is refused, and so is its fallback. No past meetings were read."""
    refused = [says("/report/history_meetings", NO_ROLE, 400), says("/report/users/", NO_ROLE, 400)]
    with scripted(*refused) as zoom:
        for how in ("fail", "skip"):
            run = read(zoom, "users", "report_meetings", on_missing_access=how)
            assert "report_meetings" not in run.states[-1]["bookmarks"], how


@pytest.mark.parametrize("stream", ["report_daily", "report_cloud_recording"])
def test_the_day_of_the_bookmark_is_read_again(stream: str) -> None:
    """The day wasn't over, and its row has no time. It is read again even with `lookback_days: 0`."""
    rows = {"report_daily": "dates", "report_cloud_recording": "cloud_recording_storage"}[stream]
    with scripted(says("/report/(daily|cloud_recording)", {rows: [{"date": "2026-08-20"}]}), scopes="classic") as zoom:
        first = read(zoom, stream, lookback_days=0)
        second = read(zoom, stream, lookback_days=0, state=first.states[-1], at=NOW + timedelta(days=1))
        assert {record["date"] for record in second.records.get(stream, [])} == {"2026-08-20"}


def test_fractions_of_a_second_are_after_the_second() -> None:
    """Compared as text, a fraction would sort before the Z of the whole second."""
    rows = [
        {"time": "2026-08-01T00:00:00.250Z", "operator": "a"},
        {"time": "2026-07-31T23:59:59.999Z", "operator": "b"},
    ]
    first = says("/report/operationlogs.*from=2026-07-31", {"operation_logs": rows})
    with scripted(first, says("/report/operationlogs", {"operation_logs": []})) as zoom:
        run = read(zoom, "report_operation_logs", start_date="2026-08-01")
        assert [record["operator"] for record in run.records["report_operation_logs"]] == ["a"]


def test_pending_rows_are_emitted_if_the_next_page_is_an_empty_answer() -> None:
    """Rows with the same key wait for the next page, which may have more of them. Then the survey is deleted."""
    answers = [{"instance_id": "i", "submit_time": "2026-08-01T08:00:00Z", "name": name} for name in "ab"]
    with scripted(
        says("/surveys/s1/answers.*next_page_token", {"code": 6701, "message": "No survey."}, 404),
        says("/surveys/s1/answers", {"survey_answers": answers, "next_page_token": "t"}),
        says("/surveys", {"surveys": [{"survey_id": "s1"}]}),
    ) as zoom:
        run = read(zoom, "survey_answers")
        assert [record["name"] for record in run.records["survey_answers"]] == ["a", "b"]


@pytest.mark.parametrize("start", [5, ["2026"], "now", {}])
def test_an_invalid_start_date_in_the_state_is_a_warning(start: Any) -> None:
    """One WARNING, and exit status 0."""
    with scripted() as zoom:
        state = {**read(zoom, "report_meetings").states[-1], "start_date": start}
        run = read(zoom, "report_meetings", state=state, start_date="2026-08-01")
        assert run.exit_status == 0
        assert len([line for line in run.logged("WARNING") if "state" in line]) == 1


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "0001-01-03T00:00:00Z"])
def test_a_bookmark_in_year_one_is_damaged(when: str) -> None:
    """The look-back would lead before year 1, Python's first. One WARNING, and exit status 0."""
    with scripted(says("/report/operationlogs", {"operation_logs": []})) as zoom:
        state = read(zoom, "report_operation_logs").states[-1]
        state["bookmarks"]["report_operation_logs"]["time"] = when
        run = read(zoom, "report_operation_logs", state=state)
        assert run.exit_status == 0
        assert len([line for line in run.logged("WARNING") if "bookmark" in line]) == 1


def test_nothing_is_requested_from_before_zoom_existed() -> None:
    """Zoom doesn't document the retention of recordings. With a start_date in year 1, the first day is 2010-12-31."""
    with scripted(says("/recordings", {"meetings": []}), per_second={"Medium": 10_000}) as zoom:
        run = read(zoom, "recordings", start_date="0001-01-01")
        assert run.exit_status == 0
        assert min(asked.query["from"] for asked in zoom.requests if asked.path.endswith("/recordings")) == "2010-12-31"


def test_a_shorter_retention_than_expected_only_loses_its_days() -> None:
    """Midnight may pass between the start of the run and the request, or Zoom may use the day of an account in the
    east. The rest of the oldest window is emitted. A sum whose period is out of retention is left out."""
    streams = ("report_operation_logs", "phone_call_charges", "phone_call_queue_analytics", "metrics_zoomroom_meetings")
    with zoom_with_everything() as zoom:
        midnight = zoom.travel(days=1).replace(hour=0, minute=0, second=5, microsecond=0) + timedelta(days=1)
        zoom.travel(seconds=(midnight - zoom.now).total_seconds() + 1)
        before = midnight - timedelta(seconds=30)
        run = run_tap(everything(zoom), zoom=zoom, catalog=catalog_of(*streams), at=before)
        assert run.exit_status == 0, run.log[-1]
        assert_exact(right(zoom, *streams), run.records)
        for stream in set(streams) - {"phone_call_queue_analytics"}:
            assert (
                len(
                    [
                        line
                        for line in run.logged("WARNING")
                        if f"WARNING {stream}: Zoom no longer has data from before" in line
                    ]
                )
                == 1
            )


def test_a_list_that_fails_every_night_does_not_stop_the_bookmark() -> None:
    """The failure is kept with all of its days, and the bookmark moves every night."""
    with scripted(says("/users/u1/recordings", {"meetings": []})) as zoom:
        state = read(zoom, "recordings", start_date="2026-08-01").states[-1]
        lost = says("/users/u1/recordings", {"code": 9999, "message": "x"}, 400)
        zoom.faults.insert(0, lost)
        for night in range(1, 4):
            run = read(zoom, "recordings", state=state, at=NOW + timedelta(days=night), start_date="2026-08-01")
            assert run.exit_status == 1
            state = run.states[-1]
            assert state["bookmarks"]["recordings"] == {"start_time": f"2026-08-{20 + night}T09:30:00Z"}
            [[entry]] = state["failures"].values()
            assert entry["runs"] == night and max(task["days"][1] for task in entry["tasks"]) == f"2026-08-{20 + night}"
        zoom.faults.remove(lost)
        run = read(zoom, "recordings", state=state, at=NOW + timedelta(days=9), start_date="2026-08-01")
        assert run.exit_status == 0 and not any(run.states[-1]["failures"].values())


def test_a_bookmark_out_of_retention_is_a_warning() -> None:
    """Data after it is no longer available. The WARNING names the bookmark, not start_date."""
    with scripted() as zoom:
        first = read(zoom, "report_activities")
        state = {**first.states[-1], "bookmarks": {"report_activities": {"time": "2025-01-01T00:00:00Z"}}}
        run = read(zoom, "report_activities", state=state)
    assert len([line for line in run.logged("WARNING") if "bookmark" in line and "report_activities" in line]) == 1
    assert not [line for line in run.logged("WARNING") if "start_date" in line]


def test_a_failure_out_of_retention_is_given_up_without_a_request() -> None:
    """Zoom keeps six months of activities. No older days are requested, and an ERROR reports that the failure is given
    up."""
    lost = says("/report/activities.*from=2026-0[23]", {"code": 9999, "message": "x"}, 400)
    with scripted(lost, says("/report/activities", {"activity_logs": []}), scopes="classic") as zoom:
        first = read(zoom, "report_activities")
        assert first.states[-1]["failures"]
        asked = len(zoom.requests)
        second = read(zoom, "report_activities", state=first.states[-1], at=NOW + timedelta(days=60))
        days = [request.query["from"] for request in zoom.requests[asked:] if "from" in request.query]
    assert second.exit_status == 1 and min(days) >= "2026-04-19"
    assert [line for line in second.logged("ERROR") if "no longer has all of the days" in line and "given up" in line]
