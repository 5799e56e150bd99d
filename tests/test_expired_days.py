"""Days that leave Zoom's retention while they are kept as a failure, while a run is interrupted, or during a run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tap_zoom.access import check
from tap_zoom.api.request import Request
from tap_zoom.errors import DatesTooOld, EmptyAnswer
from tap_zoom.streams import BY_NAME, date_range_of
from tap_zoom.streams.model import DateRange
from tap_zoom.sync.tasks import Tasks
from tap_zoom.sync.windows import first_of_window, last_of_window, oldest_day
from tests.in_process import FIRST_NIGHT, Answer, day, fault, kept, night, no_access, too_old, usual
from tests.random_zoom import DAY0

PAST = ("report_meetings", "meeting_poll_results")


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


@pytest.mark.parametrize("again", [too_old, no_access])
@pytest.mark.parametrize("stream", ["report_activities", "report_users"])
def test_a_retry_of_days_that_have_expired_ends(stream: str, again: Any) -> None:
    """The failed days were the oldest that Zoom had. The next nights, it refuses them."""
    dates = date_range_of(BY_NAME[stream])
    state, runs = None, []
    # On the first night, Zoom has four days of the oldest window, or the whole month.
    first = next(n for n in range(60) if (days_left(dates, n) == 4 if dates.days else days_left(dates, n) >= 30))

    def answer_of(number: int) -> Answer:
        def answer(request: Request) -> dict[str, Any]:
            oldest_to.append(request.params["to"])
            if request.params["from"] <= oldest_to[0]:
                raise fault(request) if number == 0 else again(request)
            return {BY_NAME[stream].records: []}

        return answer

    oldest_to: list[str] = []
    for number in range(4):
        result = night(
            answer_of(number), (stream,), state, first + number, incremental=(stream,), skip=again is no_access
        )
        runs.append(result)
        state = result.states[-1]
    assert runs[0].status == 1 and runs[-1].status == 0 and kept(runs[-1]) == []
    if again is too_old:
        assert any("Zoom no longer has" in line for run in runs for line in run.log if line.startswith("ERROR"))


def test_a_failed_month_is_resolved_while_zoom_answers_for_it() -> None:
    """report/daily takes a month by its number, so a month whose first days are too old is still answered."""
    state, runs = None, []
    for number in range(3):

        def answer(request: Request, number: int = number) -> dict[str, Any]:
            year, month = request.params["year"], int(request.params["month"])
            if number == 0 and f"{year}-{month:02}" == day(-180)[:7]:
                raise fault(request)
            return {"dates": [{"date": f"{year}-{month:02}-{n:02}", "new_users": 1} for n in (1, 15, 28)]}

        runs.append(night(answer, ("report_daily",), state, number, incremental=("report_daily",)))
        state = runs[-1].states[-1]
    assert [run.status for run in runs] == [1, 0, 0]
    assert any(record["date"].startswith(day(-180)[:7]) for _, record in runs[1].records)


def test_days_that_zoom_refuses_are_named_even_if_the_rest_of_a_failed_window_is_read() -> None:
    """A later full run reads the window without its first day, which had failed."""
    stream = "report_activities"
    first = next(n for n in range(60) if days_left(date_range_of(BY_NAME[stream]), n) == 3)
    lost = day(first - 176 + 0.5)
    state, runs = None, []
    for number in range(4):

        def answer(request: Request, number: int = number) -> dict[str, Any]:
            if request.params["from"] < day(first + number - 176)[:10]:
                raise too_old(request)
            has_row = request.params["from"] <= lost[:10] <= request.params["to"]
            if number == 0 and has_row:
                raise fault(request)
            return {"activity_logs": [{"time": lost, "email": "a@x"}] if has_row else []}

        incremental = (stream,) if number != 1 else ()
        runs.append(night(answer, (stream,), state, first + number, incremental=incremental))
        state = runs[-1].states[-1]
    assert [run.status for run in runs] == [1, 1, 0, 0] and not any(run.records for run in runs)
    assert any("given up" in line for line in runs[1].log if line.startswith("ERROR"))


def test_the_fallback_has_the_same_traversals_for_older_meetings() -> None:
    """If days expire while a run is interrupted, these traversals start again. They find meetings that
    `user_past_meetings` no longer lists."""
    stream = BY_NAME["user_past_meetings"]
    tasks = Tasks(check(("users", "report_meetings"), None, older=True, skip=False, warn=lambda _: None))
    assert tasks.lists_older_than(stream) == tasks.lists_older_than(BY_NAME["history_meetings"]) != []


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


def test_days_that_one_context_refuses_are_requested_for_the_others() -> None:
    """Zoom may answer the code of days that are too old for a conversation of which it can't tell anything."""
    streams = ("chat_sessions", "chat_messages")
    dates = date_range_of(BY_NAME["chat_messages"])
    number = next(n for n in range(60) if days_left(dates, n) > 20)
    chats, sent = [f"C{n}" for n in range(1500)], day(number - 177.5)

    def answer(request: Request) -> dict[str, Any]:
        has_row = request.params["from"] <= sent[:10] <= request.params["to"]
        if request.stream.name == "chat_sessions":
            return {"sessions": [{"id": each, "last_message_sent_time": sent} for each in ["A", *chats] if has_row]}
        if request.ids["session_id"] == "A":
            raise too_old(request)
        return {"messages": [{"id": request.ids["session_id"], "date_time": sent}] if has_row else []}

    result = night(answer, streams, None, number)
    assert {record["id"] for stream, record in result.records if stream == streams[1]} == set(chats)


def days_left(dates: DateRange, number: int) -> int:
    """Return how many days of the oldest window Zoom still has on a night."""
    today = DAY0 + timedelta(days=FIRST_NIGHT + number)
    oldest = oldest_day(dates, today) or today
    return (last_of_window(dates, first_of_window(dates, oldest)) - oldest).days + 1
