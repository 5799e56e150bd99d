"""Everything that an account holds comes out, once, with every field, whichever way the tap has to take."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.scripted import says, scripted
from tests.simulator import Account, SimulatedZoom, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import FEW, PAGED, TINY, Run, account, assert_exact, catalog_of, expected, key_of, run_tap

LOGINS = ("server_to_server", "refresh_token", "jwt")
HISTORY_SCOPE = "report:read:list_history_meetings:admin"


def assert_clean(zoom: SimulatedZoom, run: Run) -> None:
    """The run was fine, and it asked nothing that Zoom does not document."""
    assert run.exit_status == 0
    assert zoom.violations == []
    assert zoom.by_number == []


@pytest.mark.parametrize("login", LOGINS)
def test_every_record_comes_out_exact_for_each_login(login: str) -> None:
    """Nothing missing, nothing twice, no field lost or changed, from the command as users start it."""
    with SimulatedZoom(account(), rotation="strict") as zoom:
        run = run_tap(zoom.config(login), zoom=zoom, anew=True)
        assert_clean(zoom, run)
    assert_exact(expected(), run.records)


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "size", "page_cap", "login"),
    [(2, "small", None, "jwt"), (3, "paged", None, "refresh_token"), (4, "paged", 25, "server_to_server")],
)
def test_every_record_of_larger_accounts_comes_out_exact(
    seed: int, size: str, page_cap: int | None, login: str
) -> None:
    """Many people, long lists, short pages: the same."""
    with SimulatedZoom(account(seed, size), page_cap=page_cap) as zoom:
        run = run_tap(zoom.config(login), zoom=zoom, env={"TAP_ZOOM_LOGLEVEL": "INFO"})
        assert_clean(zoom, run)
    assert_exact(expected(seed, size), run.records)


@pytest.mark.parametrize("scopes", ["granular", "classic"])
def test_either_vocabulary_of_scopes_opens_everything(scopes: str) -> None:
    """Granular scopes alone or classic scopes alone: the same records."""
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(expected(), run.records)


def test_master_scopes_stand_for_admin_scopes() -> None:
    """The names of scopes for sub-accounts are as good as those for the account itself."""
    scopes = [scope.removesuffix(":admin") + ":master" for scope in GRANULAR_SCOPES]
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(expected(), run.records)


def records_of(run: Run) -> list[str]:
    return sorted(line for line in run.without_times if '"RECORD"' in line)


@pytest.mark.long
def test_a_second_run_gives_the_same_records() -> None:
    """Whatever order Python's sets have, and whether answers come at once or each after a time of its own."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        first = run_tap(zoom.config(), zoom=zoom, anew=True, env={"PYTHONHASHSEED": "1"})
    rng = random.Random(5)
    with SimulatedZoom(account(3, "paged"), latency=lambda: rng.uniform(0, 0.02)) as zoom:
        second = run_tap(zoom.config(), zoom=zoom, anew=True, env={"PYTHONHASHSEED": "2"})
        assert_clean(zoom, second)
    assert set(records_of(first)) == set(records_of(second))
    assert len(set(records_of(first))) > 1000


def test_rows_of_one_list_come_in_zooms_order() -> None:
    """Page after page, although all lists are read at the same time."""
    rng = random.Random(5)
    with SimulatedZoom(account(3, "paged"), latency=lambda: rng.uniform(0, 0.02), page_cap=30) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meeting_participants"))
        assert_clean(zoom, run)
    stream, right = "report_meeting_participants", expected(3, "paged")["report_meeting_participants"]
    for meeting in {record["meeting_uuid"] for record in right}:
        rows = [record for record in run.records[stream] if record["meeting_uuid"] == meeting]
        came = list(dict.fromkeys(key_of(stream, record) for record in rows))
        assert came == [key_of(stream, record) for record in right if record["meeting_uuid"] == meeting]


@pytest.mark.parametrize("workers", [1, 3])
def test_few_workers_give_the_same_records(workers: int) -> None:
    """max_workers bounds the requests in flight and changes nothing in what comes out."""
    with SimulatedZoom(account(), latency=0.002) as zoom:
        run = run_tap(zoom.config(max_workers=workers), zoom=zoom)
        assert_clean(zoom, run)
        assert zoom.max_in_flight <= workers
    assert_exact(expected(), run.records)


@pytest.mark.parametrize(
    ("login", "history", "of"),
    [
        ("jwt", "no_scope", FEW),
        ("server_to_server", "no_permission", (3, "paged")),
        ("refresh_token", "no_scope", (1, "tiny")),
    ],
)
def test_where_the_history_is_refused_each_user_is_asked(login: str, history: str, of: tuple[int, str]) -> None:
    """The way over the report of each user finds what users of today have held, with a warning and exit status 0."""
    with SimulatedZoom(account(*of), history=history) as zoom:
        run = run_tap(zoom.config(login), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(truth.expected(account(*of), history=False), run.records)
    assert any("history_meetings" in line for line in run.logged("WARNING"))


def test_without_the_scope_the_history_is_not_asked_at_all() -> None:
    """A scope list that lacks the history's scope is enough to know; the warning says so."""
    scopes = [scope for scope in GRANULAR_SCOPES if scope != HISTORY_SCOPE]
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
        assert zoom.operations["/report/history_meetings"] == 0
    assert_exact(truth.expected(account(), history=False), run.records)
    assert any(HISTORY_SCOPE in line for line in run.logged("WARNING"))


@pytest.mark.parametrize("kind", ["5", 5.0, "9"])
def test_the_type_of_a_webinar_may_come_as_text(kind: Any) -> None:
    """Where occurrences are found user by user, a webinar is asked about as one."""
    start = (datetime.now(timezone.utc) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = {"uuid": "w==", "id": "222", "type": kind, "start_time": start}
    with scripted(
        says("/v2/report/history_meetings", {"code": 200, "message": "No permission."}, 400),
        says(r"/v2/report/users/u1/meetings.*type=past(&|$)", {"meetings": [row]}),
        says(r"/v2/report/webinars/w%3D%3D$", {"uuid": "w==", "id": 222}),
        says("/v2/report/meetings/", {"code": 300, "message": "Cannot access webinar info."}, 400),
    ) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings", "report_webinars"))
    assert run.exit_status == 0
    assert {record["uuid"] for record in run.records["report_webinars"]} == {"w=="}
    assert "report_meetings" not in run.records


DATED = ("users", "meetings", "webinars", "report_meetings", "report_webinars")


@pytest.mark.parametrize("days", [9, 70, 240])
@pytest.mark.parametrize("time_of_day", ["", "T09:00:00Z", "T11:30:00+02:00"])
@pytest.mark.few(4)
def test_what_was_held_before_start_date_is_left_out(days: int, time_of_day: str) -> None:
    """Occurrences from start_date on, to the second; users and scheduled things whole."""
    streams = DATED if time_of_day else tuple(truth.KEYS)
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=days)}{time_of_day}"
    with SimulatedZoom(account(1, "tiny")) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom, catalog=catalog_of(*streams))
        assert_clean(zoom, run)
    right = truth.expected(account(1, "tiny"), start_date=start)
    assert len(right["report_meetings"]) < len(expected(1, "tiny")["report_meetings"])
    assert_exact({name: right[name] for name in streams}, run.records)


def test_a_recent_start_date_saves_requests() -> None:
    """Windows before it are not asked for, nor older occurrences by number."""
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=9)}"
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom)
        assert_clean(zoom, run)
        assert zoom.operations["/report/history_meetings"] <= 2
        assert zoom.operations["/past_meetings/{meetingId}/instances"] == 0


def test_a_start_date_beyond_what_zoom_keeps_is_moved_forward() -> None:
    """Further back than a year: a warning, and everything that Zoom lists is read."""
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=500)}"
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom)
        assert_clean(zoom, run)
    assert any("start_date" in line for line in run.logged("WARNING"))
    assert_exact(expected(), run.records)


def test_the_api_is_where_the_token_answer_says() -> None:
    """A regional api_url in the token answer is used, and nothing is asked elsewhere."""
    with SimulatedZoom(account()) as region, SimulatedZoom(account(), api_url=region.url) as zoom:
        region.oauth.accept_tokens_of(zoom.oauth)  # one Zoom behind two hosts
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(region, run)
        assert sum(zoom.operations.values()) == 0
    assert_exact(expected(), run.records)


@pytest.mark.parametrize("suffix", ["", "/", "/v2", "/v2/"])
def test_the_setting_api_url_wins_and_may_end_in_v2(suffix: str) -> None:
    """api_url is taken with and without /v2, whatever the token answer names."""
    with SimulatedZoom(account(), api_url="https://127.0.0.1:9") as zoom:
        run = run_tap(zoom.config(api_url=zoom.url + suffix), zoom=zoom, catalog=catalog_of("users", "meetings"))
        assert_clean(zoom, run)
    assert_exact({name: expected()[name] for name in ("users", "meetings")}, run.records)


@pytest.mark.long
def test_limits_without_headers_are_kept_to() -> None:
    """Where Zoom announces no limits the plan's are assumed, and none is broken."""
    with SimulatedZoom(account(1, "tiny"), plan="business", limit_headers=False) as zoom:
        run = run_tap(zoom.config(plan="business", rate_limit_share=100), zoom=zoom)
        assert_clean(zoom, run)
        assert zoom.counts["Heavy"] > 40
        assert not +zoom.throttled
    assert_exact(expected(1, "tiny"), run.records)


@pytest.mark.parametrize(
    "size", [{"users": 1}, {"users": 3, "webinars_per_user": 0, "crowd": 0}, {**TINY, "drift": False}]
)
@pytest.mark.few(1)
def test_odd_accounts_come_out_whole_as_well(size: dict[str, int]) -> None:
    """One user; nobody with webinars; values all as documented."""
    odd = Account(7, **{**PAGED, **size})  # type: ignore[arg-type]
    with SimulatedZoom(odd) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(truth.expected(odd), run.records)


def test_records_say_when_they_were_read(zoom: SimulatedZoom) -> None:
    """time_extracted is the time of the page, in UTC; users come first."""
    before = datetime.now(timezone.utc)
    run = run_tap(zoom.config(), zoom=zoom)
    after = datetime.now(timezone.utc)
    times = [
        datetime.fromisoformat(message["time_extracted"].replace("Z", "+00:00")) for message in run.of_type("RECORD")
    ]
    assert all(message["time_extracted"].endswith("Z") for message in run.of_type("RECORD"))
    assert before <= min(times) <= max(times) <= after
    assert run.messages[0]["stream"] == "users"
    assert run.of_type("RECORD")[0]["stream"] == "users"
    schemas_end = max(number for number, message in enumerate(run.messages) if message["type"] == "SCHEMA")
    assert all(message["type"] != "RECORD" for message in run.messages[:schemas_end])
