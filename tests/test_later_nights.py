"""Failures over several runs, one each night: retried, resolved or given up. All runs are in this process."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_zoom.access import check
from tap_zoom.api.request import Request
from tap_zoom.errors import DatesTooOld, EmptyAnswer, NoAccess, RequestRefused, RetriesExhausted
from tap_zoom.state import Failure, State
from tap_zoom.streams import BY_NAME
from tap_zoom.sync import failures, retries
from tap_zoom.sync.tasks import Tasks
from tests.in_process import FIRST_NIGHT, Answer, Night, night
from tests.random_zoom import DAY0

PAST = ("report_meetings", "meeting_poll_results")
DAYS = [f"2026-03-{day:02}" for day in range(11, 16)]


def refused(request: Request, code: int = 9999) -> RequestRefused:
    return RequestRefused(f"{request} answered 400 code {code}")


def no_access(request: Request) -> NoAccess:
    return NoAccess(f"{request} answered 400 code 4711", True, "400/4711")


def fault(request: Request) -> RetriesExhausted:
    return RetriesExhausted(f"{request} answered 500 (8 tries)")


def usual(request: Request, meetings: dict[str, str]) -> dict[str, Any]:
    """Answer for an account with one user and these past meetings, given by UUID and start time."""
    name, params = request.stream.name, request.params
    held = [
        (uuid, start)
        for uuid, start in meetings.items()
        if params.get("from", "") <= start[:10] <= params.get("to", "")
    ]
    answers: dict[str, Any] = {
        "users": {"users": [{"id": "u0", "status": "active"}] if params.get("status") == "active" else []},
        "history_meetings": {"history_meetings": [
            {"meeting_uuid": uuid, "meeting_id": 1, "type": "Meeting", "start_time": start} for uuid, start in held
        ]},
        "user_past_meetings": {"meetings": [
            {"uuid": uuid, "id": 1, "type": 2, "start_time": start} for uuid, start in held if params.get("type") == "past"
        ]},
        "user_meetings": {"meetings": []}, "meeting_instances": {"meetings": []},
        "report_meetings": {"uuid": request.ids.get("meeting_uuid"), "id": 1},
        "meeting_poll_results": {"questions": [{"name": "a", "question_details": []}]},
        "report_meeting_participants": {"participants": [{"user_id": "1", "join_time": "2026-01-01T00:00:00Z"}]},
    }  # fmt: skip
    answer: dict[str, Any] = answers[name]
    return answer


def kept(result: Night) -> list[str]:
    """Return the streams of the failures and holds in the last state."""
    return [entry["stream"] for entries in result.states[-1]["failures"].values() for entry in entries]


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


def test_the_fallback_has_the_same_traversals_for_older_meetings() -> None:
    """If days expire while a run is interrupted, these traversals start again. They find meetings that
    `user_past_meetings` no longer lists."""
    stream = BY_NAME["user_past_meetings"]
    tasks = Tasks(check(("users", "report_meetings"), None, older=True, skip=False, warn=lambda _: None))
    assert tasks.lists_older_than(stream) == tasks.lists_older_than(BY_NAME["history_meetings"]) != []


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


def day(number: float) -> str:
    """Return the time so many days after the first night, as Zoom writes it."""
    moment = datetime(DAY0.year, DAY0.month, DAY0.day, tzinfo=timezone.utc) + timedelta(days=FIRST_NIGHT + number)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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


def test_bookmarks_below_a_list_whose_rows_move_go_back_to_the_start() -> None:
    """A conversation is listed by its last message, so its first messages may be much older than the failed window."""
    state = State("a")
    state.bookmarks = {"phone_sms_messages": {"date_time": "2026-03-20T00:00:00Z"}}
    failure = Failure("phone_sms_sessions", window="2026-03-01", days=["2026-03-01", "2026-03-28"])
    retries.move_back(state, [BY_NAME["phone_sms_messages"]], failure)
    assert state.bookmarks["phone_sms_messages"]["date_time"] < "2012"


def test_a_failure_that_is_too_old_when_it_is_retried_is_given_up() -> None:
    """Zoom keeps details of past meetings for a year. The meeting is named once more, and exit status 1."""

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            name = request.stream.name
            if name == "user_meetings":
                return {"meetings": [{"id": 7}]}
            if name == "meeting_instances":
                return {"meetings": [{"uuid": "old==", "start_time": day(-364)}]}
            if name == "report_meetings" and number == 0:
                raise fault(request)
            if name == "report_meetings":
                raise EmptyAnswer("too old", "400/12702")
            return usual(request, {})

        return answer

    runs, state = [], None
    for number in (0, 3, 4):
        runs.append(night(answer_of(number), PAST[:1], state, number, incremental=PAST[:1]))
        state = runs[-1].states[-1]
    assert [run.status for run in runs] == [1, 1, 0]
    [line] = [line for line in runs[1].log if line.startswith("ERROR")]
    assert "Zoom no longer has it" in line and "given up" in line and "old" in line
    assert kept(runs[1]) == [] and sum(map(len, runs[1].states[-1]["given_up"].values())) == 1


def test_a_refused_conversation_with_new_messages_is_given_up() -> None:
    """The time of its last message changes each day, but it is the same failure."""
    streams = ("phone_sms_sessions", "phone_sms_messages")

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            if request.stream.name == "phone_sms_sessions":
                last = day(number - 0.1)
                named = [{"session_id": each, "last_access_time": last} for each in "ST"]
                return {"sms_sessions": named if request.params["from"] <= last <= request.params["to"] else []}
            if request.ids["session_id"] == "S" and request.params["from"] <= day(-1) < request.params["to"]:
                raise refused(request)
            return {"sms_histories": []}

        return answer

    runs, state = [], None
    for number in range(8):
        runs.append(night(answer_of(number), streams, state, number))
        state = runs[-1].states[-1]
    assert [run.status for run in runs] == [1] * failures.MAX_RUNS + [0] * (8 - failures.MAX_RUNS)
    assert sum(map(len, runs[-1].states[-1]["given_up"].values())) == 1


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


def test_a_session_that_outlasts_the_look_back_is_read() -> None:
    """A whiteboard session is listed by its start, once it has ended."""
    start, end = day(1), day(10.2)
    state, found = None, []
    for number in range(14):

        def answer(request: Request, number: int = number) -> dict[str, Any]:
            is_listed = day(number) >= end and request.params["from"] <= start and end <= request.params["to"]
            return {"sessions": [{"id": "s1", "start_time": start, "end_time": end}] if is_listed else []}

        result = night(answer, ("whiteboard_sessions",), state, number, incremental=("whiteboard_sessions",))
        state = result.states[-1]
        found += result.records
        assert result.status == 0
    assert found


def test_a_late_resume_warns_of_unread_days_only() -> None:
    """All chats were read before the stop, and so were the messages in their windows."""
    streams = ("chat_sessions", "chat_messages", "report_meetings")

    def answer(request: Request) -> dict[str, Any]:
        name, params = request.stream.name, request.params
        if name == "users":
            return {"users": [{"id": f"u{n}", "status": "active"} for n in range(200) if params["status"] == "active"]}
        if name == "chat_sessions":
            return {"sessions": [{"id": "C", "last_message_sent_time": f"{params['to']}T00:00:00Z"}]}
        return {"chat_messages": {"messages": []}, "user_meetings": {"meetings": []}}.get(
            name, {"history_meetings": []}
        )

    first = night(answer, streams, None, 0, budget=210)
    [unfinished] = first.states[-1]["unfinished"]
    assert unfinished["resume_at"]["chat_sessions"] is None and unfinished["resume_at"]["user"]
    second = night(answer, streams, first.states[-1], 10)
    assert second.status == 0 and not any("chat" in line for line in second.log if line.startswith("WARNING"))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget", [20, 40, 60, 10**9])
def test_meetings_between_180_days_and_six_months_are_found_through_their_numbers(seed: int, budget: int) -> None:
    """Zoom refuses the first days of history_meetings. Whenever that becomes known, and also if the run is resumed
    after it, the lists of instances lead to the meetings of these days."""
    number = 154  # 31 August: six months are 184 days
    refused_before = day(number - 180)[:10]
    meetings = {f"m{age}==": day(number - age) for age in (175.5, 178.5, 179.5, 180.5, 181.5, 182.5, 183.5)}

    def answer(request: Request) -> dict[str, Any]:
        name, params = request.stream.name, request.params
        if name == "users":
            return {"users": [{"id": f"u{n}", "status": "active"} for n in range(60) if params["status"] == "active"]}
        if name == "history_meetings" and params["from"] < refused_before:
            raise DatesTooOld(f"{request} answered 400 code 300: Invalid parameter: from")
        if name == "user_meetings":
            return {"meetings": [{"id": 1}] if request.ids["user_id"] == "u9" else []}
        if name == "meeting_instances":
            return {"meetings": [{"uuid": uuid, "start_time": start} for uuid, start in meetings.items()]}
        return usual(request, meetings)

    first = night(answer, PAST[:1], None, number, budget=budget, seed=seed)
    runs = [first] if first.status == 0 else [first, night(answer, PAST[:1], first.states[-1], number)]
    assert runs[-1].status == 0
    assert {record["uuid"] for run in runs for _, record in run.records} == meetings.keys()
