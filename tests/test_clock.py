"""The clocks of the simulated account and of the tap can be moved, and meetings and tokens expire accordingly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from tests.simulator import Account, SimulatedZoom, truth
from tests.simulator.model import Occurrence
from tests.tap import TINY, assert_exact, run_tap
from tests.test_simulator import Client, Reply

# Six months before the end of March is the end of September, which has one day less.
NOW = datetime(2027, 3, 30, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
ACCOUNT = Account(1, **TINY, future=5, now=NOW)  # type: ignore[arg-type]
EXPIRED = {"code": 124, "message": "Access token is expired."}


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with SimulatedZoom(ACCOUNT, daily_limits={"Light": 2}) as zoom:
        yield zoom


def history(client: Client, first: datetime, last: datetime) -> Reply:
    days = {"from": f"{first:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"}
    return client.get("/report/history_meetings", page_size=300, **days)


def report(client: Client, held: Occurrence) -> Reply:
    return client.get(f"/report/{held.of.kind}s/{quote(quote(held.uuid, safe=''), safe='')}/participants")


def uuids(reply: Reply) -> set[str]:
    return {row["meeting_uuid"] for row in reply.body["history_meetings"]}


@pytest.mark.long
def test_the_account_is_read_completely_at_any_time() -> None:
    """Runs on a future day, and 1, 6 and 46 days later, emit all records that exist at that time."""
    held, scheduled = [], []
    with SimulatedZoom(ACCOUNT) as zoom:
        for days in (0, 1, 5, 40):
            moment = zoom.travel(days=days)
            right = truth.expected(ACCOUNT, at=moment)
            run = run_tap(zoom.config("jwt"), zoom=zoom)
            assert run.exit_status == 0
            assert_exact(right, run.records)
            held.append({record["uuid"] for record in right["report_meetings"]})
            scheduled.append(len(right["meetings"]))
        assert zoom.violations == [] and zoom.by_number == []
    assert held[0] - held[-1] and held[-1] - held[0]
    assert scheduled[0] == scheduled[1] == scheduled[2] > scheduled[3] > 0


def test_the_tap_may_have_another_time_than_zoom(zoom: SimulatedZoom) -> None:
    """`at` is the time at which it starts."""
    early = NOW - timedelta(hours=9)
    run = run_tap(zoom.config(), zoom=zoom, at=early, catalog={"streams": []})
    [stopped] = run.states[0]["unfinished"]
    started = datetime.fromisoformat(stopped["started_at"].replace("Z", "+00:00"))
    assert early <= started < early + timedelta(minutes=2)


def test_the_simulated_clock_runs(zoom: SimulatedZoom) -> None:
    """It starts at the account's time. Answers only change when a test moves the clock, which can't go back."""
    assert NOW < zoom.now < zoom.now < NOW + timedelta(minutes=1)
    assert zoom.as_of == NOW
    assert NOW + DAY < zoom.travel(days=1) == zoom.as_of < zoom.now
    with pytest.raises(ValueError, match="forward"):
        zoom.travel(days=-1)


def test_reports_go_back_six_months(zoom: SimulatedZoom) -> None:
    """A day before that is refused, by the history and by reports of users."""
    first = datetime(2026, 9, 30)
    client = Client(zoom)
    assert history(client, first, first + DAY).status == 200
    zoom.travel(days=1)  # September has no 31st
    assert history(Client(zoom), first, first + DAY).status == 200
    zoom.travel(days=1)
    client = Client(zoom)
    days = {"from": f"{first:%Y-%m-%d}", "to": f"{first:%Y-%m-%d}"}
    for refused in (history(client, first, first), client.get(f"/report/users/{ACCOUNT.users[0].id}/meetings", **days)):
        assert (refused.status, refused.body["code"]) == (400, 300)
        assert "six months" in refused.body["message"]
    assert history(client, first + DAY, first + DAY).status == 200


def test_reports_expire_after_a_year(zoom: SimulatedZoom) -> None:
    """A meeting has a report just before a year has passed, and error 12702 just after."""
    year = timedelta(days=365)
    held = next(held for held in ACCOUNT.held if held.start > NOW - year and held.people > 1)
    zoom.travel(seconds=(held.start + year - NOW).total_seconds() - 60)
    assert report(Client(zoom), held).status == 200
    zoom.travel(minutes=2)
    assert report(Client(zoom), held).body["code"] == 12702


def test_instances_are_listed_for_fifteen_months(zoom: SimulatedZoom) -> None:
    """Past occurrences appear in the list of their number, and are removed when they are too old."""
    number = next(
        number for number in ACCOUNT.numbers.values() if number.occurrences[-1:] and number.occurrences[-1].start > NOW
    )

    def listed() -> list[str]:
        body = Client(zoom).get(f"/past_{number.kind}s/{number.number}/instances").body
        return [row["uuid"] for row in body[f"{number.kind}s"]]

    all_of_them = [held.uuid for held in number.occurrences]
    assert listed() == [held.uuid for held in number.occurrences if held.start < NOW]
    zoom.travel(days=6)
    assert listed() == all_of_them
    zoom.travel(days=400)
    assert 0 < len(listed()) < len(all_of_them)


def test_future_occurrences_can_not_be_read() -> None:
    """An occurrence is in no list and has no report until it ends. Then its number has the UUID of the next one."""
    coming = next(held for held in ACCOUNT.held if held.start > NOW and held.people > 1)
    with SimulatedZoom(ACCOUNT) as zoom:
        client, path = Client(zoom), f"/{coming.of.kind}s/{coming.of.number}"
        assert coming.uuid not in uuids(history(client, NOW, NOW + 9 * DAY))
        assert report(client, coming).body["code"] == 3001
        assert client.get(path).body["uuid"] == coming.uuid
        zoom.travel(seconds=(coming.end - NOW).total_seconds())
        client = Client(zoom)
        assert coming.uuid in uuids(history(client, NOW, NOW + 9 * DAY))
        assert report(client, coming).status == 200
        assert client.get(path).body["uuid"] != coming.uuid


def test_single_meetings_expire(zoom: SimulatedZoom) -> None:
    """After thirty days they are no longer listed and have no details. Series remain."""
    once, series = ([number for number in ACCOUNT.numbers.values() if (number.type == 2) is (kind == "once")
                     and number.kind == "meeting" and number.state == "listed" and number.host.may_host]
                    for kind in ("once", "series"))  # fmt: skip

    def found(number: Any) -> tuple[bool, int]:
        client = Client(zoom)
        listed = client.get(f"/users/{number.host.id}/meetings", page_size=300).body["meetings"]
        return number.number in {int(row["id"]) for row in listed}, client.get(f"/meetings/{number.number}").status

    assert found(once[0]) == found(series[0]) == (True, 200)
    zoom.travel(days=31, minutes=1)
    assert found(once[0]) == (False, 404)
    assert found(series[0]) == (True, 200)


def test_daily_limits_reset_at_midnight(zoom: SimulatedZoom) -> None:
    """Midnight UTC by the account's clock, as announced in Retry-After."""
    client = Client(zoom)

    def ask() -> Reply:
        return client.get("/users/nobody")

    assert [ask().status for _ in range(3)] == [404, 404, 429]
    assert ask().headers["Retry-After"] == "2027-03-31T00:00:00Z"
    zoom.travel(hours=11, minutes=50)
    assert ask().status == 429
    zoom.travel(minutes=11)
    client = Client(zoom)
    assert [ask().status for _ in range(3)] == [404, 404, 429]
    assert ask().headers["Retry-After"] == "2027-04-01T00:00:00Z"


def test_tokens_expire(zoom: SimulatedZoom) -> None:
    """Page tokens expire after 15 minutes, access tokens and JWTs after an hour. New ones are valid."""
    client, by_jwt = Client(zoom), Client(zoom, "jwt")
    page = client.get("/users", page_size=2).body["next_page_token"]
    zoom.travel(minutes=14)
    assert client.get("/users", page_size=2, next_page_token=page).status == 200
    zoom.travel(minutes=2)
    assert client.get("/users", page_size=2, next_page_token=page).body["code"] == 300
    zoom.travel(minutes=45)
    assert client.get("/users").body == by_jwt.get("/users").body == EXPIRED
    assert Client(zoom).get("/users").status == Client(zoom, "jwt").get("/users").status == 200
