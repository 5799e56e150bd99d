"""Failures over several runs, one each night: retried, resolved or given up. All runs are in this process."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from tap_zoom.api.request import Request
from tap_zoom.state import Failure, State, merged
from tap_zoom.streams import BY_NAME
from tap_zoom.sync import failures, retries
from tests.in_process import Answer, day, fault, kept, night, no_access, refused, usual

PAST = ("report_meetings", "meeting_poll_results")
DAYS = [f"2026-03-{day:02}" for day in range(11, 16)]


def test_many_known_failures_do_not_stop_later_runs() -> None:
    """Requests for 22 meetings fail every night and are given up after five nights. Every run completes, and the
    bookmark moves every night."""
    meetings = {f"m{number}==": f"{DAYS[number % 5]}T10:00:00Z" for number in range(44)}

    def answer(request: Request) -> dict[str, Any]:
        if request.stream.name == "meeting_poll_results" and int(request.ids["meeting_uuid"][1:-2]) % 2:
            raise fault(request)
        return usual(request, meetings)

    state, statuses, bookmarks = None, [], []
    for number in range(14):
        result = night(answer, PAST, state, number, incremental=PAST)
        state = result.states[-1]
        statuses.append(result.status)
        bookmarks.append(state["bookmarks"]["report_meetings"]["start_time"])
        assert state["unfinished"] == []
    assert statuses == [1] * 5 + [0] * 9
    assert bookmarks == sorted(set(bookmarks))


@pytest.mark.parametrize("how", ["its second page is refused", "a row lacks its key", "it never ends"])
def test_a_list_that_was_given_up_stays_given_up(how: str) -> None:
    """Its first page can be read, but not the whole list. Once it is given up, full syncs end with status 0."""

    def answer(request: Request) -> dict[str, Any]:
        body = usual(request, {"m==": "2026-03-20T10:00:00Z"})
        if request.stream.name == "report_meeting_participants":
            if how == "a row lacks its key":
                body["participants"].append({"name": "no key"})
            elif how == "it never ends" or request.page == 1:
                body["next_page_token"] = "same"
            else:
                raise refused(request)
        return body

    state, statuses = None, []
    for number in range(9):
        result = night(answer, ("report_meetings", "report_meeting_participants"), state, number)
        state = result.states[-1]
        statuses.append(result.status)
    assert statuses == [1] * 5 + [0] * 4


@pytest.mark.parametrize("first", ["history_meetings", "user_past_meetings"])
@pytest.mark.parametrize("why", ["the scope", "refused"])
def test_failed_windows_are_read_by_the_replacing_stream(first: str, why: str) -> None:
    """A window fails. From the next night on, the other of the two streams is requested and reads those days too."""
    meetings = {"old==": "2026-03-12T10:00:00Z", "new==": "2026-03-28T10:00:00Z"}
    everything = frozenset(scope for stream in BY_NAME.values() for scope in (stream.granular,) if scope)
    state, found = None, set()
    for number in range(4):
        uses_history = (first == "history_meetings") == (number == 0)

        def answer(request: Request, number: int = number, uses_history: bool = uses_history) -> dict[str, Any]:
            lists = request.stream.name in ("history_meetings", "user_past_meetings")
            if request.stream.name == "history_meetings" and not uses_history:
                raise no_access(request)
            body = usual(request, meetings)
            if lists and number == 0 and "old==" in str(body):
                raise fault(request)
            return body

        lacks = {BY_NAME["history_meetings"].granular} if not uses_history and why == "the scope" else set()
        result = night(
            answer, ("users", "report_meetings"), state, number, incremental=("report_meetings",), scopes=everything - lacks
        )  # fmt: skip
        state = result.states[-1]
        found |= {record["uuid"] for stream, record in result.records if stream == "report_meetings"}
        assert number or result.status == 1
    assert found == {"old==", "new=="}
    assert result.status == 0 and kept(result) == []


def test_a_refused_retry_does_not_resolve_a_failure() -> None:
    """The failed window is kept until the fifth night and then given up, although the stream has a fallback."""

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            body = usual(request, {"old==": "2026-03-12T10:00:00Z"})
            if request.stream.name == "history_meetings" and "old==" in str(body):
                raise no_access(request) if number else fault(request)
            return body

        return answer

    state, outcomes = None, []
    for number in range(5):
        result = night(answer_of(number), ("report_meetings",), state, number, incremental=("report_meetings",))
        state = result.states[-1]
        outcomes.append((result.status, kept(result) == ["history_meetings"]))
    assert outcomes == [(1, True)] * 4 + [(1, False)]
    assert any("given up" in line for line in result.log)


def test_on_missing_access_skip_applies_to_retries() -> None:
    """A failure whose retry is refused no longer counts as lost, and the run ends with status 0."""

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            if request.stream.name == "meeting_poll_results" and request.ids["meeting_uuid"] == "b==":
                raise no_access(request) if number else fault(request)
            return usual(request, {"a==": "2026-03-27T10:00:00Z", "b==": "2026-03-28T10:00:00Z"})

        return answer

    first = night(answer_of(0), PAST, None, 0, skip=True)
    second = night(answer_of(1), PAST, first.states[-1], 1, skip=True)
    assert (first.status, second.status) == (1, 0)
    assert kept(second) == [] and not [line for line in second.log if "Lost" in line]


def test_a_refused_variant_of_an_account_list_causes_a_hold() -> None:
    """The list of inactive users is refused one night: no bookmark is written. The next run reads their recordings."""

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            name, params = request.stream.name, request.params
            if name == "users":
                if params["status"] == "inactive" and not number:
                    raise no_access(request)
                return {"users": [{"id": f"u-{params['status']}", "status": params["status"]}]}
            user, start = request.ids["user_id"], "2026-03-12T10:00:00Z"
            inside = params["from"] <= start[:10] <= params["to"]
            return {"meetings": [{"uuid": user, "start_time": start}] if inside else []}

        return answer

    first = night(answer_of(0), ("recordings",), None, 0, incremental=("recordings",))
    second = night(answer_of(1), ("recordings",), first.states[-1], 1, incremental=("recordings",))
    assert (first.status, second.status) == (1, 0)
    assert first.states[-1]["bookmarks"] == {}
    assert {record["uuid"] for _, record in second.records} >= {"u-active", "u-inactive"}


def test_a_retry_failure_without_room_in_the_state_holds_child_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """The retried list leads to older meetings, which an incremental run doesn't read otherwise."""

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            name = request.stream.name
            if (name, number) in (("user_meetings", 0), ("meeting_instances", 1)):
                raise refused(request)
            if name == "user_meetings":
                return {"meetings": [{"id": 7}]}
            if name == "meeting_instances":
                return {"meetings": [{"uuid": "older==", "start_time": "2025-07-01T10:00:00Z"}]}
            return usual(request, {})

        return answer

    state, found = None, set()
    for number in range(5):
        if number == 1:
            monkeypatch.setattr(failures.Failures, "_fits", lambda *_: False)
        elif number == 2:
            monkeypatch.undo()
        result = night(answer_of(number), ("report_meetings",), state, number, incremental=("report_meetings",))
        state = result.states[-1]
        found |= {record["uuid"] for _, record in result.records}
    assert found == {"older=="}
    assert result.status == 0 and kept(result) == []


def test_move_back_ignores_a_bookmark_that_is_not_a_string() -> None:
    """Other bookmarks move back to the first day of the failure."""
    state = State("a")
    state.bookmarks = {
        "report_meetings": {"start_time": None},
        "meeting_poll_results": {"start_time": "2026-03-20T00:00:00Z"},
    }  # type: ignore[dict-item]
    failure = Failure("history_meetings", window="2026-03-01", days=["2026-03-01", "2026-03-28"])
    retries.move_back(state, [BY_NAME[name] for name in state.bookmarks], failure)
    assert state.bookmarks == {
        "report_meetings": {"start_time": None}, "meeting_poll_results": {"start_time": "2026-03-01T00:00:00Z"}
    }  # fmt: skip


def test_failed_lists_are_retried_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each adds its checkpoint to the state, so at most MAX_LISTS start at once. All 11 are retried."""
    users = [f"u{number}" for number in range(12)]
    opened: list[int] = []
    start = retries.Retries.start

    def counted(self: retries.Retries) -> Any:
        found = list(start(self))
        opened.append(len(found))
        return iter(found)

    monkeypatch.setattr(retries.Retries, "start", counted)

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            name = request.stream.name
            if name == "users":
                return {
                    "users": [
                        {"id": each, "status": "active"} for each in users if request.params["status"] == "active"
                    ]
                }
            if name == "user_meetings" and not number and request.ids["user_id"] != "u0":
                raise refused(request)
            return usual(request, {})

        return answer

    first = night(answer_of(0), ("report_meetings",), None, 0, incremental=("report_meetings",))
    assert kept(first).count("user_meetings") == 1  # one entry with eleven tasks
    opened.clear()
    second = night(answer_of(1), ("report_meetings",), first.states[-1], 1, incremental=("report_meetings",))
    assert (second.status, kept(second)) == (0, [])
    assert (max(opened), sum(opened)) == (retries.MAX_LISTS, 11)


@pytest.mark.parametrize("how", ["deselected", "without scope", "refused"])
@pytest.mark.parametrize("budget", [9, 11, 13])
def test_an_interrupted_retry_moves_back_bookmarks_of_streams_that_are_not_read(how: str, budget: int) -> None:
    """A failed window is retried by a run that doesn't read the polls, and that a daily limit stops. The next run
    continues the retry behind the first meetings, so it reads their polls from the bookmark."""
    meetings = {f"m{hour}==": f"2026-03-12T1{hour}:00:00Z" for hour in range(8)}
    everything = frozenset(stream.granular for stream in BY_NAME.values() if stream.granular)
    without_polls = everything - {BY_NAME["meeting_poll_results"].granular}

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            if request.stream.name == "history_meetings" and number == 0 and request.params["to"] >= "2026-03-12":
                raise fault(request)
            if request.stream.name == "meeting_poll_results" and number == 1 and how == "refused":
                raise no_access(request)
            return usual(request, meetings)

        return answer

    state, found = None, set()
    for number in range(4):
        result = night(
            answer_of(number), ("report_meetings",) if how == "deselected" and number == 1 else PAST, state, number,
            incremental=PAST, skip=how == "without scope",
            scopes=None if how != "without scope" else without_polls if number == 1 else everything,
            budget=budget if number == 1 else 10**9,
        )  # fmt: skip
        state = result.states[-1]
        found |= {(stream, record.get("uuid") or record.get("meeting_uuid")) for stream, record in result.records}
    assert result.status == 0
    assert found == {(stream, uuid) for stream in PAST for uuid in meetings}


def test_pages_with_the_same_rows_in_another_order_end_a_list() -> None:
    """Each has a new token, so the list would never end."""
    pages = iter(range(1000))

    def answer(request: Request) -> dict[str, Any]:
        if request.stream.name != "users" or request.params["status"] != "active":
            return {"users": []}
        number = next(pages)
        rows = [{"id": f"u{user}", "status": "active"} for user in range(30)]
        random.Random(number).shuffle(rows)
        return {"users": rows, "next_page_token": f"token {number}"}

    result = night(answer, ("users",), None, 0)
    assert result.status == 1 and next(pages) < 10
    assert any("brought no new row" in line for line in result.log)


def test_refusals_between_faults_show_that_zoom_answers() -> None:
    """A run stops after 20 faults in a row, and a refusal with Zoom's code isn't one."""

    def answer(request: Request) -> dict[str, Any]:
        name, params = request.stream.name, request.params
        if name == "users":
            return {"users": [{"id": f"u{n}", "status": "active"} for n in range(60) if params["status"] == "active"]}
        if name == "user_meetings":
            return {"meetings": [{"id": 1000 + int(request.ids["user_id"][1:])}]}
        raise fault(request) if params["status"] == "approved" else refused(request)

    result = night(answer, ("meeting_registrants",), None, 0)
    assert result.error.startswith("The run has reached its end")


@pytest.mark.parametrize("how", ["deselected", "new"])
@pytest.mark.parametrize("budget", [8, 9, 10, 12])
def test_a_list_that_fails_again_is_retried_from_its_start(how: str, budget: int) -> None:
    """An interrupted retry had read the first meetings, without their polls. The next run reads polls, too, and the
    window fails again."""
    meetings = {f"m{hour}==": f"2026-03-12T1{hour}:00:00Z" for hour in range(8)}

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            if (
                request.stream.name == "history_meetings"
                and number in (0, 2)
                and request.params["from"] <= "2026-03-12" <= request.params["to"]
            ):
                raise fault(request)
            return usual(request, meetings)

        return answer

    state, found = None, set()
    for number in range(5):
        has_polls = number >= 2 or (number == 0 and how == "deselected")
        result = night(
            answer_of(number), PAST if has_polls else PAST[:1], state, number, incremental=PAST,
            budget=budget if number == 1 else 10**9,
        )  # fmt: skip
        state = result.states[-1]
        found |= {(stream, record.get("uuid") or record.get("meeting_uuid")) for stream, record in result.records}
    assert result.status == 0
    assert {uuid for stream, uuid in found if stream == PAST[1]} == meetings.keys()


def test_a_given_up_window_with_later_days_is_a_new_failure() -> None:
    """The newest window fails for two weeks. The days since it was given up have never been named."""
    stream = "report_activities"
    state, statuses = None, []
    for number in range(16):

        def answer(request: Request, number: int = number) -> dict[str, Any]:
            if 0 < number < 14 and request.params["to"] >= day(number)[:10]:
                raise fault(request)
            return {"activity_logs": []}

        result = night(answer, (stream,), state, number, incremental=(stream,))
        state = result.states[-1]
        statuses.append(result.status)
    assert statuses == [0, *[1] * 13, 0, 0]


@pytest.mark.parametrize("budget", [8, 9])
def test_a_merged_failure_is_retried_from_its_start(budget: int) -> None:
    """An interrupted retry had read the first meetings, without their polls. A full refresh with polls, in which the
    window fails again, is merged into that state."""
    meetings = {f"m{hour}==": f"2026-03-12T1{hour}:00:00Z" for hour in range(8)}

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            name, params = request.stream.name, request.params
            if name == "history_meetings" and number in (0, 2) and params["from"] <= "2026-03-12" <= params["to"]:
                raise fault(request)
            return usual(request, meetings)

        return answer

    state: Any = None
    found = set()
    for number in range(5):
        given = None if number == 2 else state
        result = night(
            answer_of(number), PAST if number >= 2 else PAST[:1], given, number, incremental=PAST,
            budget=budget if number == 1 else 10**9,
        )  # fmt: skip
        state = merged(state, result.states[-1]) if number == 2 else result.states[-1]
        found |= {record["meeting_uuid"] for stream, record in result.records if stream == PAST[1]}
    assert result.status == 0 and found == meetings.keys()


def test_a_full_run_from_an_earlier_start_date_with_a_hold_is_read_so_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state has no room for its failed window. The next incremental run begins there, not at the old bookmark."""
    stream = "report_activities"
    times, found, state, statuses = [day(-80), day(-1)], set(), None, []
    for number, age in enumerate((30, 100, 100, 100)):
        has_no_room = number == 1
        if has_no_room:
            monkeypatch.setattr(failures.Failures, "_fits", lambda *_: False)

        def answer(request: Request, has_no_room: bool = has_no_room) -> dict[str, Any]:
            rows = [each for each in times if request.params["from"] <= each[:10] <= request.params["to"]]
            if has_no_room and times[0] in rows:
                raise fault(request)
            return {"activity_logs": [{"time": each, "email": "a@x"} for each in rows]}

        start = datetime.fromisoformat(day(-age).removesuffix("Z") + "+00:00")
        result = night(answer, (stream,), state, number, incremental=() if has_no_room else (stream,), start=start)
        monkeypatch.undo()
        state = result.states[-1]
        statuses.append(result.status)
        found |= {record["time"] for _, record in result.records}
    assert statuses == [0, 1, 0, 0] and found == set(times)
