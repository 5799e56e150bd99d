"""Whose turn it is: what leads on first, lanes that never run dry, and a front that widens with what came of it."""

from __future__ import annotations

import pytest

from tap_zoom.engine.agenda import AT_FIRST, PER_RESULT, SECONDS_AHEAD, SECONDS_WAITING, Agenda
from tap_zoom.engine.branch import Branch, Node
from tap_zoom.engine.places import Place
from tap_zoom.engine.questions import Question
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.model import HEAVY, Lane
from tap_zoom.zoom.limits import limit_of
from tap_zoom.zoom.request import Request

RATE = limit_of(HEAVY, "business")
DETAILS, LIST = BY_NAME["report_meetings"], BY_NAME["history_meetings"]


@pytest.fixture
def agenda() -> Agenda:
    return Agenda("business", 1.0)


@pytest.fixture
def branch() -> Branch:
    return Branch("held", [lambda _: ()], lanes=frozenset({HEAVY}))


def detail(branch: Branch, number: int) -> Question:
    return Question(DETAILS, Node(branch, (), None, number), Place(PAST_MEETING, {"meeting_uuid": f"{number}", "meeting_id": 1}), {})


def turns(agenda: Agenda) -> list[tuple[Request, float]]:
    return list(iter(agenda.next, None))  # type: ignore[arg-type]


def test_of_one_branch_what_was_begun_first_is_asked_first_and_what_leads_on_before_all(agenda: Agenda, branch: Branch) -> None:
    """Or nothing would be left to ask while it is awaited."""
    for number in (2, 3, 1):
        agenda.add(detail(branch, number))
    agenda.add(Question(LIST, Node(branch, (), None, 9), Place(), {}))
    asked = [request for request, _ in turns(agenda)]
    assert [request.stream.name for request in asked] == ["history_meetings", *["report_meetings"] * 3]
    assert [request.ids["meeting_uuid"] for request in asked[1:]] == ["1", "2", "3"]


def test_a_few_requests_first_and_then_more_for_each_result(agenda: Agenda, branch: Branch) -> None:
    """A limit of the day is not spent on what no bookmark can pass."""
    for number in range(1000):
        agenda.add(detail(branch, number))
    under_way = turns(agenda)
    assert len(under_way) == AT_FIRST
    agenda.taken(*under_way.pop(0), None)
    assert len(turns(agenda)) == 1 + PER_RESULT


def test_so_many_seconds_are_asked_ahead(agenda: Agenda, branch: Branch) -> None:
    """By the lane's own pace."""
    for number in range(2000):
        agenda.add(detail(branch, number))
    under_way = turns(agenda)
    while len(under_way) < SECONDS_AHEAD * RATE - 1:
        agenda.taken(*under_way.pop(0), None)
        under_way += turns(agenda)
    agenda.taken(*under_way.pop(0), None)
    under_way += turns(agenda)
    assert len(under_way) == pytest.approx(SECONDS_AHEAD * RATE, abs=1)


def test_more_is_looked_for_while_little_waits(agenda: Agenda, branch: Branch) -> None:
    """Unless as much as may be is under way."""
    idle = Branch("other", [lambda _: ()], lanes=frozenset({Lane("Light")}))
    assert agenda.hungry([branch, idle]) == [branch, idle]
    for number in range(round(SECONDS_WAITING * RATE) - 1):
        agenda.add(detail(branch, number))
    assert agenda.hungry([branch]) == [branch]
    agenda.add(detail(branch, 1000))
    assert agenda.hungry([branch]) == []
    for number in range(AT_FIRST):
        turn = agenda.next()
        assert turn is not None, number
    assert agenda.next() is None and agenda.hungry([branch]) == []
