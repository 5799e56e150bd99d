"""A run that resumes days later: Zoom's lists have changed in between, and all losses are logged."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_zoom.sync.windows import months_before
from tests.scripted import paths, says, scripted
from tests.simulator import Account, Fault, SimulatedZoom
from tests.tap import Run, account, assert_complete, catalog_of, expected, run_tap, windows_of

NOW = datetime.now(timezone.utc)
CLIP = months_before(NOW.date(), 6)
TOO_EARLY = {"code": 300, "message": "Invalid parameter: from. Only the last six months are available."}


def a_day_ago(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state as if its run had started a day earlier."""
    [run] = state["unfinished"]
    begun = datetime.fromisoformat(run["started_at"].replace("Z", "+00:00")) - timedelta(days=1)
    return {**state, "unfinished": [{**run, "started_at": begun.strftime("%Y-%m-%dT%H:%M:%SZ")}]}


@pytest.mark.parametrize("nights", [False, True])
def test_a_night_between_runs_costs_no_extra_run_without_past_meetings(nights: bool) -> None:
    """Users and meetings under a daily limit take three runs, whether or not a night passes between them.

    With one worker: more workers read further ahead of a slow answer. That is read again, and may cost a run.
    """
    runs: list[Run] = []
    state = None
    crowd = Account(
        3, users=40, meetings_per_user=3, webinars_per_user=0, occurrences=1, participants=1, registrants=1, crowd=0
    )
    with SimulatedZoom(crowd, daily_limits={"Light": 45}) as zoom:
        while len(runs) < 10:
            runs.append(
                run_tap(zoom.config(max_workers=1), zoom=zoom, catalog=catalog_of("users", "meetings"), state=state)
            )
            state = runs[-1].states[-1]
            if not state["unfinished"]:
                break
            zoom.limits.per_day["Light"] += 45
            state = a_day_ago(state) if nights else state
    assert len(runs) == 3
    assert runs[-1].exit_status == 0
    assert not any("reports" in line for run in runs for line in run.logged("WARNING"))


@pytest.mark.parametrize("fails", [False, True])
def test_data_that_an_earlier_part_lacks_is_named_by_the_last_one(fails: bool) -> None:
    """An earlier part refused a stream. The last one finds access again, whether or not another request of it fails."""
    streams = catalog_of("users", "meetings", "meeting_polls", "meeting_questions")
    with SimulatedZoom(account(), page_cap=3) as zoom:
        whole = run_tap(zoom.config(), zoom=zoom, catalog=streams)
        state = next(each for each in whole.states if each["unfinished"][0]["resume_at"].get("user"))
        since = state["unfinished"][0]["started_at"]
        state["failures"][since] = [{"stream": "meeting_polls", "last": since, "runs": 1, "hold": True}]
        if fails:
            zoom.faults.append(Fault.answer(400, {"code": 9999, "message": "Not now."}, match="/questions"))
        zoom.travel(minutes=1)
        run = run_tap(zoom.config(), zoom=zoom, catalog=streams, state=state)
    assert run.exit_status == 1
    assert "an earlier part of the run lacks data of meeting_polls" in run.critical
    assert ("1 item missing" in run.critical) is fails


def test_a_complete_fallback_is_not_read_again_after_a_night() -> None:
    """The history is refused, the report of each user has been read, and the run stopped while reading the users'
    meetings."""
    with SimulatedZoom(account(), history="no_permission") as zoom:
        whole = run_tap(zoom.config(), zoom=zoom)
        state = next(each for each in whole.states if each["unfinished"][0]["resume_at"].get("user"))
        resume_at = state["unfinished"][0]["resume_at"] = {
            "user_past_meetings": None,
            "user": state["unfinished"][0]["resume_at"]["user"],
        }
        resumed = run_tap(zoom.config(), zoom=zoom, state=a_day_ago(state))
    assert resumed.exit_status == 0
    assert resumed.states[0]["unfinished"][0]["resume_at"] == resume_at
    assert not [line for line in resumed.logged("WARNING") if "retention" in line]


# --- Zoom's retention is shorter than expected -----------------------------------------------------------------


def held(uuid: str, day: Any, number: int = 111) -> dict[str, Any]:
    return {
        "meeting_uuid": uuid,
        "uuid": uuid,
        "meeting_id": number,
        "id": number,
        "type": "Meeting",
        "start_time": f"{day}T12:00:00Z",
    }


@pytest.mark.parametrize("later", [1, 2])
@pytest.mark.parametrize("fallback", [False, True], ids=["history", "fallback"])
def test_the_oldest_window_starts_on_the_first_day_that_zoom_accepts(fallback: bool, later: int) -> None:
    """Zoom's clock or time zone may be ahead. The window loses only the days that are out of retention. Their meetings
    are found by meeting number."""
    refused = [
        says(rf"/v2/report/(history_|users/.*)meetings\?.*from={CLIP + timedelta(days=n)}", TOO_EARLY, 400)
        for n in range(later)
    ]
    first = CLIP + timedelta(days=later)
    new, following = [held("NEW==", first)], [held("NEXT==", first + timedelta(days=30), 222)]
    window = rf"from={first}&"
    with scripted(
        *refused,
        *([says("/v2/report/history_meetings", {"code": 200, "message": "No permission."}, 400)] if fallback else []),
        says(rf"/v2/report/history_meetings\?.*{window}", {"history_meetings": new}),
        says("/v2/report/history_meetings", {"history_meetings": following}),
        says(rf"/v2/report/users/u1/meetings\?{window}.*type=past(&|$)", {"meetings": new}),
        says(r"/v2/report/users/u1/meetings\?.*type=past(&|$)", {"meetings": following}),
        says("/past_meetings/111/instances", {"meetings": [held("OLD==", CLIP), held("NEW==", first)]}),
        *(says(rf"/v2/report/meetings/{uuid}%3D%3D$", {"uuid": f"{uuid}=="}) for uuid in ("OLD", "NEW", "NEXT")),
    ) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings"))
    assert run.exit_status == 0, run.log[-1]
    assert {record["uuid"] for record in run.records["report_meetings"]} == {"NEW==", "NEXT==", "OLD=="}
    assert sum("no longer has data from before" in line for line in run.logged("WARNING")) == 1 + fallback


def test_a_window_that_zoom_always_refuses_is_lost() -> None:
    """It gets 300 with later first days as well. The ERROR has its days, and the exit status is 1."""
    with scripted(says("/v2/report/history_meetings", TOO_EARLY, 400)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings"))
        assert len(paths(zoom)) < 40
    assert run.exit_status == 1
    assert all("from=" in line for line in run.logged("ERROR"))


def test_an_occurrence_in_both_lists_is_requested_twice() -> None:
    """This happens on the first two days of the history. The key makes it one row. Later occurrences are requested
    once."""
    day = CLIP + timedelta(days=1)
    there = [("BOTH==", day), ("LATE==", day + timedelta(days=1))]
    with scripted(
        *(
            says(
                rf"/v2/report/history_meetings\?.*from={window.from_}&",
                {"history_meetings": [held(uuid, each) for uuid, each in there if window.from_ <= each <= window.to]},
            )
            for window in windows_of(account())
        ),
        says("/past_meetings/111/instances", {"meetings": [held(*each) for each in there]}),
        *(says(rf"/v2/report/meetings/{uuid}%3D%3D$", {"uuid": f"{uuid}=="}) for uuid in ("BOTH", "LATE")),
    ) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings"))
        assert paths(zoom).count("report/meetings/BOTH%3D%3D") == 2
        assert paths(zoom).count("report/meetings/LATE%3D%3D") == 1
    assert {record["uuid"] for record in run.records["report_meetings"]} == {"BOTH==", "LATE=="}


# --- unexpected answers ----------------------------------------------------------------------------------------


def test_a_loop_of_page_tokens_ends_with_an_error() -> None:
    """The tokens are A, B, A: after three requests the list is an ERROR. The rows of its pages are emitted."""
    pages = {"": "A", "A": "B", "B": "A"}
    faults = [
        says(
            rf"/v2/meetings/111/registrants.*approved.*next_page_token={token}",
            {"registrants": [{"id": token}], "next_page_token": pages[token]},
        )
        for token in ("A", "B")
    ]
    faults.append(
        says("/v2/meetings/111/registrants.*approved", {"registrants": [{"id": "first"}], "next_page_token": "A"})
    )
    with scripted(*faults, says("/v2/meetings/111/registrants", {"registrants": []})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_registrants"))
        asked = [each for each in zoom.requests if each.query.get("status") == "approved"]
    assert run.exit_status == 1
    assert len(asked) == 3
    [error] = run.logged("ERROR")
    assert "registrants" in error and "token" in error
    assert [record["id"] for record in run.records["meeting_registrants"]] == ["first", "A", "B"]


def test_history_requests_name_both_types(zoom: SimulatedZoom) -> None:
    """Zoom documents no default for meeting_type and report_type."""
    run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_webinars"))
    history = [asked.query for asked in zoom.requests if asked.path.endswith("history_meetings")]
    assert history
    assert all(query["meeting_type"] == query["report_type"] == "all" for query in history)


def test_a_host_without_scheduling_rights_has_no_meetings() -> None:
    """3161 at a meeting concerns its host, as it does at the list of the host's meetings. It is an empty answer, and
    the exit status is 0."""
    refusal = {
        "code": 3161,
        "message": "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    }
    with scripted(says(r"/v2/meetings/111\?", refusal, 400)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users", "meetings"))
    assert run.exit_status == 0
    assert any("may not host 1" in line for line in run.logged("INFO"))


# --- pending users ---------------------------------------------------------------------------------------------


def test_a_failed_user_look_up_is_one_lost_item() -> None:
    """Zoom answers 400/300 about a page token, which a look-up doesn't have. All other users are emitted."""
    odd = Fault.answer(
        400,
        {"code": 300, "message": "The next page token is invalid or expired."},
        match=r"/v2/users/[^/]+%40",
        times=1,
    )
    with SimulatedZoom(account(), faults=[odd]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users", "meetings"))
    assert run.exit_status == 1
    assert run.states[-1]["unfinished"] == []
    [error] = run.logged("ERROR")
    assert "user_lookup" in error
    assert len(run.records["users"]) == len(expected()["users"]) - 1
    assert_complete(
        {"meetings": expected()["meetings"]}, Run(0, "", "", [m for m in run.messages if m.get("stream") == "meetings"])
    )


def test_a_user_with_a_numeric_id_is_synced() -> None:
    """Its record is emitted, and its meetings are requested like those of other users."""
    with scripted(says(r"/v2/users\?.*status=active", {"users": [{"id": 5, "email": "a@x.org"}]})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users", "meetings"))
        assert "users/5/meetings" in paths(zoom)
    assert run.exit_status == 0
    assert [record["id"] for record in run.records["users"]] == ["5"]
    assert [record["id"] for record in run.records["meetings"]] == [111]
