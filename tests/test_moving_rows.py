"""Conversations over several runs: their rows move to a later window with each message."""

from __future__ import annotations

from typing import Any

import pytest

from tap_zoom.api.request import Request
from tap_zoom.state import Failure, State
from tap_zoom.streams import BY_NAME
from tap_zoom.sync import failures, retries
from tests.in_process import Answer, day, fault, night, refused


def test_bookmarks_below_a_list_whose_rows_move_go_back_to_the_start() -> None:
    """A conversation is listed by its last message, so its first messages may be much older than the failed window."""
    state = State("a")
    state.bookmarks = {"phone_sms_messages": {"date_time": "2026-03-20T00:00:00Z"}}
    failure = Failure("phone_sms_sessions", window="2026-03-01", days=["2026-03-01", "2026-03-28"])
    retries.move_back(state, [BY_NAME["phone_sms_messages"]], failure)
    assert state.bookmarks["phone_sms_messages"]["date_time"] < "2012"


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


def test_messages_that_are_read_from_before_their_bookmark_are_read_so_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed list of conversations makes the next run read messages from their start. A message request fails in
    that run, and the state has no room for it, so the stream has a hold."""
    streams = ("phone_sms_sessions", "phone_sms_messages")
    messages = [day(-age) for age in (120, 90, 60)]
    state, found, statuses = None, set(), []
    for number in range(6):
        if number == 1:
            messages.append(day(0.9))  # the conversation moves to another window
            monkeypatch.setattr(failures.Failures, "_fits", lambda *_: False)
        elif number == 2:
            monkeypatch.undo()

        def answer(request: Request, number: int = number) -> dict[str, Any]:
            first, last = request.params["from"], request.params["to"]
            if request.stream.name == "phone_sms_sessions":
                if number == 0 and first <= messages[2] < last:
                    raise fault(request)
                latest = max(messages)
                return {
                    "sms_sessions": [{"session_id": "S", "last_access_time": latest}] if first <= latest <= last else []
                }
            if number == 1 and first <= messages[0] < last:
                raise fault(request)
            return {
                "sms_histories": [{"message_id": each, "date_time": each} for each in messages if first <= each <= last]
            }

        result = night(answer, streams, state, number, incremental=streams)
        state = result.states[-1]
        statuses.append(result.status)
        found |= {record["message_id"] for stream, record in result.records if stream == streams[1]}
    assert statuses[-1] == 0 and found == set(messages)


@pytest.mark.parametrize("budget", [800, 1200, 1500])
def test_a_conversation_that_moves_while_a_run_is_interrupted_is_read_from_its_start(budget: int) -> None:
    """Its window fails in the first part of the run. It moves to a window that this part has read, and the second part
    reads the failed window without it."""
    streams = ("phone_sms_sessions", "phone_sms_messages", "recordings")
    messages = [day(-age) for age in (120, 90, 60)]
    state, found, statuses = None, set(), []
    for number in range(5):
        if number == 1:
            messages.append(day(0.9))

        def answer(request: Request, number: int = number) -> dict[str, Any]:
            name, params = request.stream.name, request.params
            if name == "users":
                return {
                    "users": [{"id": f"u{n}", "status": "active"} for n in range(150) if params["status"] == "active"]
                }
            if name == "recordings":
                return {"meetings": []}
            if name == "phone_sms_sessions":
                if number == 0 and params["from"] <= messages[2] < params["to"]:
                    raise fault(request)
                last = max(messages)
                listed = params["from"] <= last <= params["to"]
                return {"sms_sessions": [{"session_id": "S", "last_access_time": last}] if listed else []}
            return {"sms_histories": [
                {"message_id": each, "date_time": each} for each in messages if params["from"] <= each <= params["to"]
            ]}  # fmt: skip

        result = night(answer, streams, state, number, incremental=streams, budget=budget if number == 0 else 10**9)
        state = result.states[-1]
        statuses.append(result.status)
        found |= {record["message_id"] for stream, record in result.records if stream == streams[1]}
    assert statuses[-1] == 0 and found == set(messages)
