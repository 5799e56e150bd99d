"""Whose turn it is: what leads on first, lanes that never run dry, and a front that widens with what came of it."""

from __future__ import annotations

import pytest

from tap_zoom.engine.agenda import (
    AT_FIRST,
    FASTEST,
    LEAST,
    MOST,
    PER_RESULT,
    SECONDS_AHEAD,
    SECONDS_WAITING,
    SOON,
    Agenda,
)
from tap_zoom.engine.branch import Branch, Node
from tap_zoom.engine.places import Place
from tap_zoom.engine.questions import Question
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.model import HEAVY, INTENSIVE, LIGHT, MEDIUM, PHONE_HEAVY, PHONE_LIGHT, PHONE_MEDIUM, Lane
from tap_zoom.zoom.limits import Announcement, limit_of
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


def test_the_branches_of_a_lane_take_turns(agenda: Agenda, branch: Branch) -> None:
    """However much one of them has to ask."""
    other = Branch("scheduled", [lambda _: ()], lanes=frozenset({HEAVY}))
    for number in range(3):
        agenda.add(detail(branch, number))
    agenda.add(detail(other, 9))
    assert [request.question.node.branch.name for request, _ in turns(agenda)] == ["held", "scheduled", "held", "held"]


def test_dues_are_the_lanes_own_time(agenda: Agenda, branch: Branch) -> None:
    """1/rate after the one before, never before what was taken last."""
    for number in range(4):
        agenda.add(detail(branch, number))
    under_way = turns(agenda)
    assert [due for _, due in under_way] == pytest.approx([number / RATE for number in (1, 2, 3, 4)])
    for turn in under_way:
        agenda.taken(*turn, None)
    agenda.add(detail(branch, 5))
    assert [due for _, due in turns(agenda)] == pytest.approx([5 / RATE])


def test_what_goes_ahead_is_taken_soon(agenda: Agenda, branch: Branch) -> None:
    """At once where nothing else is under way, or nothing else gets any further; else within a second, or in its turn."""
    page = detail(branch, 1).request("token", 2)
    assert agenda.at_once(page, first_of_all=False) == 0.0
    assert agenda.at_once(page, first_of_all=False) == pytest.approx(2 / RATE)
    assert agenda.at_once(page, first_of_all=True) == 0.0
    for _ in range(round(2 * RATE)):
        agenda.at_once(page, first_of_all=False)
    assert agenda.at_once(page, first_of_all=False) == SOON
    agenda.taken(page, 0.5, None)
    assert agenda.at_once(page, first_of_all=True) == 0.5
    assert agenda.at_once(page, first_of_all=False) == 0.5 + SOON


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        (None, RATE), (Announcement("Heavy", 5.0), 5.0), (Announcement("Heavy", 5.0, daily=True), RATE), (Announcement("Heavy"), RATE),
        (Announcement("Light", 5.0), RATE), (Announcement(None, 5.0), RATE), (Announcement("Heavy", 5000.0), FASTEST),
    ],
)  # fmt: skip
def test_a_lane_goes_at_the_limit_that_zoom_announces(agenda: Agenda, branch: Branch, said: Announcement | None, rate: float) -> None:
    """From the result on that says so; and no other lane."""
    phone = Branch("phone", [lambda _: ()], lanes=frozenset({PHONE_HEAVY}))
    assert agenda.most_open(phone) == round(SECONDS_AHEAD * limit_of(PHONE_HEAVY, "business"))
    agenda.add(detail(branch, 1))
    [turn] = turns(agenda)
    agenda.taken(*turn, said)
    assert agenda.most_open(branch) == round(SECONDS_AHEAD * rate)
    assert agenda.most_open(phone) == round(SECONDS_AHEAD * limit_of(PHONE_HEAVY, "business"))


def test_a_slow_lane_has_some_places_open(agenda: Agenda) -> None:
    """And fast ones not all of the account's."""
    assert agenda.most_open(Branch("slow", [lambda _: ()], lanes=frozenset({INTENSIVE}))) == LEAST
    fast = Agenda("business", 1.0)
    lanes = frozenset({HEAVY, LIGHT, MEDIUM, PHONE_HEAVY, PHONE_LIGHT, PHONE_MEDIUM})
    assert fast.most_open(Branch("fast", [lambda _: ()], lanes=lanes)) == MOST
