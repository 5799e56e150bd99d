"""All records of an account are emitted with all their fields, for each login, set of scopes and fallback."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_zoom.streams import STREAMS
from tests.scripted import says, scripted
from tests.simulator import Account, SimulatedZoom, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import FEW, PAGED, TINY, Run, account, assert_exact, catalog_of, expected, key_of, run_tap

LOGINS = ("server_to_server", "refresh_token", "jwt")
HISTORY_SCOPE = "report:read:list_history_meetings:admin"


def assert_clean(zoom: SimulatedZoom, run: Run) -> None:
    """Assert that the run succeeded, with documented requests only."""
    assert run.exit_status == 0
    assert zoom.violations == []
    assert zoom.by_number == []


@pytest.mark.parametrize("login", LOGINS)
def test_all_records_are_emitted_for_each_login(login: str) -> None:
    """No record is missing, and no field is lost or changed. The tap is started as users do."""
    with SimulatedZoom(account(), rotation="strict") as zoom:
        run = run_tap(zoom.config(login), zoom=zoom, anew=True)
        assert_clean(zoom, run)
    assert_exact(expected(), run.records)


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "size", "page_cap", "login"),
    [(2, "small", None, "jwt"), (3, "paged", None, "refresh_token"), (4, "paged", 25, "server_to_server")],
)
def test_all_records_of_larger_accounts_are_emitted(seed: int, size: str, page_cap: int | None, login: str) -> None:
    """Many users, long lists and short pages."""
    with SimulatedZoom(account(seed, size), page_cap=page_cap) as zoom:
        run = run_tap(zoom.config(login), zoom=zoom, env={"TAP_ZOOM_LOGLEVEL": "INFO"})
        assert_clean(zoom, run)
    assert_exact(expected(seed, size), run.records)


@pytest.mark.parametrize("scopes", ["granular", "classic"])
def test_granular_or_classic_scopes_are_sufficient(scopes: str) -> None:
    """All records are emitted with granular scopes alone, and with classic scopes alone."""
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(expected(), run.records)


@pytest.mark.parametrize("form", ["granular", "classic"])
def test_master_scopes_are_accepted_for_admin_scopes(form: str) -> None:
    """Scopes for sub-accounts end with :master instead of :admin. The classic ones are one for each product, such as
    report:master."""
    scopes = [scope.removesuffix(":admin") + ":master" for scope in GRANULAR_SCOPES]
    if form == "classic":
        scopes = sorted({f"{stream.classic.split(':')[0]}:master" for stream in STREAMS})
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(expected(), run.records)


def records_of(run: Run) -> list[str]:
    return sorted(line for line in run.without_times if '"RECORD"' in line)


@pytest.mark.long
def test_a_second_run_emits_the_same_records() -> None:
    """Neither the order of Python's sets nor the order in which answers arrive changes the records."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        first = run_tap(zoom.config(), zoom=zoom, anew=True, env={"PYTHONHASHSEED": "1"})
    rng = random.Random(5)
    with SimulatedZoom(account(3, "paged"), latency=lambda: rng.uniform(0, 0.02)) as zoom:
        second = run_tap(zoom.config(), zoom=zoom, anew=True, env={"PYTHONHASHSEED": "2"})
        assert_clean(zoom, second)
    assert set(records_of(first)) == set(records_of(second))
    assert len(set(records_of(first))) > 1000


def test_rows_of_a_list_keep_zooms_order() -> None:
    """Page after page, although several lists are read at the same time."""
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
def test_few_workers_emit_the_same_records(workers: int) -> None:
    """max_workers limits the number of simultaneous requests and doesn't change the records."""
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
def test_a_refused_history_falls_back_to_user_reports(login: str, history: str, of: tuple[int, str]) -> None:
    """Reports of users have the past meetings of current users. A warning is logged, and the exit status is 0."""
    with SimulatedZoom(account(*of), history=history) as zoom:
        run = run_tap(zoom.config(login), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(truth.expected(account(*of), history=False), run.records)
    assert any("history_meetings" in line for line in run.logged("WARNING"))


def test_the_history_is_not_requested_without_its_scope() -> None:
    """The tap sees it in the token's list of scopes. A warning names the missing scope."""
    scopes = [scope for scope in GRANULAR_SCOPES if scope != HISTORY_SCOPE]
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
        assert zoom.operations["/report/history_meetings"] == 0
    assert_exact(truth.expected(account(), history=False), run.records)
    assert any(HISTORY_SCOPE in line for line in run.logged("WARNING"))


@pytest.mark.parametrize("kind", ["5", 5.0, "9"])
def test_the_type_of_a_webinar_may_be_a_string(kind: Any) -> None:
    """In user reports, the type shows whether to request the report of a webinar or of a meeting."""
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
def test_start_date_excludes_older_meetings(days: int, time_of_day: str) -> None:
    """Past meetings start at start_date or later, to the second. Users and scheduled meetings are complete."""
    streams = DATED if time_of_day else tuple(truth.KEYS)
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=days)}{time_of_day}"
    with SimulatedZoom(account(1, "tiny")) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom, catalog=catalog_of(*streams))
        assert_clean(zoom, run)
    right = truth.expected(account(1, "tiny"), start_date=start)
    assert len(right["report_meetings"]) < len(expected(1, "tiny")["report_meetings"])
    assert_exact({name: right[name] for name in streams}, run.records)


def test_a_recent_start_date_saves_requests() -> None:
    """Windows before it and instances of meeting numbers are not requested."""
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=9)}"
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom)
        assert_clean(zoom, run)
        assert zoom.operations["/report/history_meetings"] <= 2
        assert zoom.operations["/past_meetings/{meetingId}/instances"] == 0


def test_a_start_date_before_retention_causes_a_warning() -> None:
    """All available records are read."""
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=500)}"
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom)
        assert_clean(zoom, run)
    assert any("start_date" in line for line in run.logged("WARNING"))
    assert_exact(expected(), run.records)


def test_the_api_url_of_the_token_answer_is_used() -> None:
    """All API requests go to the regional URL in the token answer."""
    with SimulatedZoom(account()) as region, SimulatedZoom(account(), api_url=region.url) as zoom:
        region.oauth.accept_tokens_of(zoom.oauth)  # one Zoom behind two hosts
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(region, run)
        assert sum(zoom.operations.values()) == 0
    assert_exact(expected(), run.records)


@pytest.mark.parametrize("suffix", ["", "/", "/v2", "/v2/"])
def test_the_setting_api_url_overrides_the_token_answer(suffix: str) -> None:
    """It may end with /v2 or a slash."""
    with SimulatedZoom(account(), api_url="https://127.0.0.1:9") as zoom:
        run = run_tap(zoom.config(api_url=zoom.url + suffix), zoom=zoom, catalog=catalog_of("users", "meetings"))
        assert_clean(zoom, run)
    assert_exact({name: expected()[name] for name in ("users", "meetings")}, run.records)


@pytest.mark.long
def test_rate_limits_of_the_plan_are_respected_without_headers() -> None:
    """If Zoom reports no limits, those of the plan are assumed. No request gets a 429."""
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
def test_unusual_accounts_are_read_completely(size: dict[str, int]) -> None:
    """One user; no webinars; all values as documented."""
    odd = Account(7, **{**PAGED, **size})  # type: ignore[arg-type]
    with SimulatedZoom(odd) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert_clean(zoom, run)
    assert_exact(truth.expected(odd), run.records)


def test_records_have_a_time_extracted(zoom: SimulatedZoom) -> None:
    """time_extracted is a time during the run, in UTC. All SCHEMAs come before the records, and users come first."""
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
