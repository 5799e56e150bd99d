"""Rate-limit headers: odd numbers, limits without a time, and the plan that they reveal."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from tap_zoom.api.http import Answer
from tap_zoom.api.rate_limits import limit_of, read_headers
from tap_zoom.api.request import Request
from tap_zoom.api.responses import judge
from tap_zoom.errors import DailyLimitReached, RateLimited, RequestFailed, RunStopped
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import LIGHT
from tests.scripted import ACTIVE, says, scripted
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, assert_exact, catalog_of, expected, run_tap
from tests.test_client import ids_of

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
USERS = catalog_of("users")
ODD = [
    "nan",
    "inf",
    "-inf",
    "-1",
    "-0.5",
    "0",
    "1e309",
    "1e-9",
    "1_000",
    "\uff11\uff10",
    "99999999999999999999",
    "",
    "soon",
    "0x1F",
    "1,5",
]
DAILY = {"code": 429, "message": "You have reached the maximum daily rate limit for this API."}
PER_MINUTE = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}


def meaning(stream: str, headers: dict[str, str], body: bytes = b"{}") -> RequestFailed | RunStopped:
    """Return the error for a 429 with these headers."""
    with pytest.raises((RequestFailed, RunStopped)) as raised:
        judge(Request(BY_NAME[stream], ids_of(stream), {}), Answer(429, headers, body), read_headers(headers, NOW))
    return raised.value


# --- odd numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["QPS", "Daily-limit", None, "QPM"])
@pytest.mark.few(2)
def test_odd_numbers_in_headers_are_ignored(kind: str | None) -> None:
    """Successful answers contain them. All rows are read, and --test reports the assumed limit."""
    faults = []
    for number, odd in enumerate(value for value in ODD if value.isascii()):
        headers = {
            "X-RateLimit-Category": "Light",
            "X-RateLimit-Limit": odd,
            "X-RateLimit-Remaining": odd,
            "Retry-After": odd,
        }
        typed = {**headers, "X-RateLimit-Type": kind} if kind else headers
        faults.append(
            Fault.answer(200, {"id": 500 + number}, typed, match=rf"/v2/meetings/{500 + number}\?", times=None)
        )
    meetings = [{"id": 500 + number} for number in range(len(faults))]
    with scripted(*faults, says(r"/v2/users/[^/]+/meetings", {"meetings": meetings}), limit_headers=False) as zoom:
        run = run_tap(zoom.config(), "--test", document=True, zoom=zoom, catalog=catalog_of("meetings"))
        assert re.search(r"^  Light +30 per second \(assumed\)$", run.stdout, re.MULTILINE)
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meetings"))
    assert (run.exit_status, run.logged("ERROR")) == (0, [])
    assert len(run.records["meetings"]) == len(faults)


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_retry_after_is_ignored(odd: str) -> None:
    """The 429 is no daily limit, and doesn't change the limit per second."""
    headers = {
        "Retry-After": odd,
        "X-RateLimit-Reset": odd,
        "X-RateLimit-Limit": odd,
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Category": "Medium",
    }
    error = meaning("users", headers)
    assert isinstance(error, RateLimited)
    assert not error.wait and error.limit is None


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("headers", [{"X-RateLimit-Type": "Daily-limit"}, {}], ids=["by the header", "by the words"])
def test_a_daily_limit_with_an_odd_time_resets_at_midnight(odd: str, headers: dict[str, str]) -> None:
    """Midnight is relative to the Date of the answer."""
    headers = {**headers, "Retry-After": odd, "Date": format_datetime(NOW, usegmt=True)}
    error = meaning("users", headers, b'{"code":429,"message":"maximum daily rate limit"}')
    assert isinstance(error, DailyLimitReached)
    assert error.wait == 60_711


# --- limits without a time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": "inf"}], ids=["none", "0", "odd"])
def test_a_daily_limit_without_a_time_resets_at_midnight_utc(headers: dict[str, str]) -> None:
    """The CRITICAL line says so."""
    with scripted(Fault.answer(429, DAILY, headers, match=ACTIVE, times=None), limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=USERS)
    tomorrow = datetime.now(timezone.utc).date() + timedelta(days=1)
    assert run.exit_status == 1
    assert "daily limit" in run.critical and f"resets at {tomorrow}T00:00:00Z" in run.critical


def test_the_wait_for_midnight_is_logged() -> None:
    """With on_daily_limit set to wait. A second before midnight by the server's clock, the wait is short."""
    midnight = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    date = {"Date": format_datetime(midnight - timedelta(seconds=1), usegmt=True)}
    fault = Fault.answer(429, DAILY, date, match=ACTIVE)
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(on_daily_limit="wait"), zoom=zoom, catalog=USERS)
    assert (fault.happened, run.exit_status) == (1, 0)
    assert "Waiting 2 s" in run.stderr
    assert_exact({"users": expected()["users"]}, run.records)


GIVES_UP = "from tap_zoom.api import retry; retry.LONGEST_TIME = 59.0"  # less than a wait of a minute


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Type": "QPS", "X-RateLimit-Category": "Resource-intensive"},
    {"X-RateLimit-Type": "QPS", "X-RateLimit-Category": "RESOURCE-INTENSIVE", "X-RateLimit-Limit": "10", "Retry-After": "0"}])  # fmt: skip
def test_a_dashboard_is_retried_after_a_minute(headers: dict[str, str]) -> None:
    """Its limit is per minute, whatever type the headers report."""
    fault = Fault.answer(429, PER_MINUTE, headers, match="/v2/metrics/zoomrooms", times=None)
    with scripted(fault, limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("metrics_zoomrooms"), patch=GIVES_UP)
    assert fault.happened == 1
    [error] = run.logged("ERROR")
    assert "metrics/zoomrooms answered 429" in error and error.endswith("(1 tries)")


@pytest.mark.parametrize(
    ("stream", "headers", "body", "wait"),
    [
        ("metrics_meetings", {}, b"", 60.0), ("metrics_meetings", {"Retry-After": "7"}, b"", 7.0),
        ("metrics_meetings", {"X-RateLimit-Category": "Heavy"}, b"", None), ("users", {"X-RateLimit-Category": "Resource-intensive"}, b"", 60.0),
        ("users", {}, b'{"message":"maximum per-minute rate limit"}', 60.0), ("users", {}, b"", None), ("metrics_zoomroom_meetings", {}, b"", None),
    ],
)  # fmt: skip
def test_a_429_may_be_about_a_limit_per_minute(
    stream: str, headers: dict[str, str], body: bytes, wait: float | None
) -> None:
    """The category in the headers, else that of the operation, or the message decides. A reported time has priority."""
    error = meaning(stream, headers, body)
    assert isinstance(error, RateLimited) and error.wait == wait


def test_retry_after_0_does_not_use_up_all_tries_at_once() -> None:
    """A 503 that always names 0 is retried with growing delays. Only two tries fit into 1 s."""
    fault = Fault("503", ACTIVE, times=None, retry_after=0)
    patch = "import backoff; backoff.full_jitter = lambda most: most; from tap_zoom.api import retry; retry.LONGEST_TIME = 1.0"
    with scripted(fault) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, patch=patch)
    assert fault.happened == 2
    assert run.logged("ERROR")[0].endswith("(2 tries)")


# --- the plan -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assumed", "real"),
    [
        ("pro", "business"),
        pytest.param("pro", "free", marks=pytest.mark.long),
        ("business", "pro"),
        ("business", "business"),
    ],
)
def test_the_pace_follows_the_plan_that_the_daily_limit_reveals(assumed: str, real: str) -> None:
    """Headers contain the category and the daily limit, without a type. A changed plan is logged once."""
    with SimulatedZoom(account(), plan=real, limit_headers="day") as zoom:
        run = run_tap(zoom.config(plan=assumed), "--test", document=True, zoom=zoom)
        light = limit_of(LIGHT, real)
        assert re.search(rf"^  Light +{light:g} per second \(assumed\)$", run.stdout, re.MULTILINE)
        told = [line for line in run.log if f"daily limit of the plan {real}" in line]
        assert len(told) == (assumed != real)
