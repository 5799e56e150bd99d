"""Contact Center, Events, Revenue Accelerator: time zones, rate limits, rows that span pages, unusual refusals."""

from __future__ import annotations

import re

import pytest

from tap_zoom.api.rate_limits import limit_of
from tap_zoom.errors import EmptyAnswer, NoAccess, PageTokenExpired, RequestRefused
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.streams.model import RateLimit
from tests.scripted import says, scripted
from tests.simulator.further.model import APART, documented
from tests.tap import catalog_of, run_tap
from tests.test_client import error, meaning
from tests.test_tables import facts_of

CENTER = [stream for stream in STREAMS if stream.rate_limit.product == "Contact Center"]
TALK = {"conversation_id": "a/b==,1667893163000", "iq_processed_time": "2026-11-20T08:00:00Z"}
LISTED = says(r"/v2/zra/conversations\?", {"conversations": [TALK]})
# The analysis of a conversation, on two pages.
FIRST = {
    "summary": "About prices", "topics": [{"section": [{"label": "price"}]}], "next_steps": None,
    "deal_memo": {"potential_wins": [{"factor": "api"}], "potential_concerns": []}, "page_size": 300, "next_page_token": "t1",
}  # fmt: skip
SECOND = {
    "summary": "", "topics": [{"section": [{"label": "terms"}]}], "next_steps": [{"section": []}],
    "deal_memo": {"potential_wins": [{"factor": "sso"}]}, "page_size": 300, "next_page_token": "",
}  # fmt: skip
ANALYSIS = r"/v2/zra/conversations/[^/]+/content_analysis.*"
WHOLE = {
    "conversation_id": TALK["conversation_id"], "summary": "About prices", "page_size": 300,
    "topics": [{"section": [{"label": "price"}]}, {"section": [{"label": "terms"}]}], "next_steps": [{"section": []}],
    "deal_memo": {"potential_wins": [{"factor": "api"}, {"factor": "sso"}], "potential_concerns": []},
}  # fmt: skip


def test_contact_center_requests_use_utc() -> None:
    """Operations with a `timezone` parameter get UTC: the Z at the end of their times is a literal, not an offset."""
    zoned = [stream for stream in CENTER if "timezone" in facts_of(stream)["parameters"]]
    assert len(zoned) == 9
    for stream in zoned:
        assert stream.params["timezone"] == "UTC" and stream.date_range is not None
        assert all(re.search(r"T\d\d:\d\d:\d\dZ$", template) for template in stream.date_range.params.values()), (
            stream.name
        )


def test_contact_center_has_separate_rate_limits() -> None:
    """All streams from Zoom's Contact Center file have them. The numbers are the same as for Phone."""
    of_file = {path for path, facts in documented().items() if facts["product"] == "Contact-Center"}
    assert len(CENTER) == len(of_file) and APART["Contact-Center"] == "Contact Center"
    for plan, limits in (("pro", (20, 10, 5)), ("business", (40, 20, 10))):
        assert (
            tuple(limit_of(RateLimit(each, "Contact Center"), plan) for each in ("Light", "Medium", "Heavy")) == limits
        )


def test_a_row_that_spans_pages_is_one_record() -> None:
    """It has the lists of all pages, including those in objects. The page token isn't a column."""
    with scripted(LISTED, says(ANALYSIS + "next_page_token=t1", SECOND), says(ANALYSIS, FIRST)) as zoom:
        run = run_tap(zoom.config(start_date="2026-11-15"), zoom=zoom, catalog=catalog_of("zra_content_analysis"))
        [_, page, _] = [asked.path for asked in zoom.requests if "zra" in asked.path]
    assert page.startswith("/v2/zra/conversations/a%252Fb") and run.exit_status == 0
    assert run.records["zra_content_analysis"] == [WHOLE]
    assert run.logged("WARNING") == []


def test_a_row_that_spans_pages_is_read_again_after_its_token_expires() -> None:
    """No part of it is duplicated."""
    first = says(ANALYSIS, FIRST)
    expired = says(ANALYSIS + "next_page_token=t1", error(300, "The next page token is invalid or expired."), 400)
    expired.times = 1
    with scripted(LISTED, expired, says(ANALYSIS + "next_page_token=t1", SECOND), first) as zoom:
        run = run_tap(zoom.config(start_date="2026-11-15"), zoom=zoom, catalog=catalog_of("zra_content_analysis"))
    assert run.exit_status == 0
    assert run.records["zra_content_analysis"] == [WHOLE]


@pytest.mark.parametrize(
    ("stream", "status", "body", "kind"),
    [
        ("phone_numbers", 400, error(1003100, "The next page token is either invalid or has expired"), PageTokenExpired),
        ("phone_numbers", 400, error(1002010, "The site does not exist"), RequestRefused),
        ("contact_center_engagement_surveys", 444, error(444, "The survey for this engagement has no answer."), EmptyAnswer),
        ("contact_center_engagements", 401, error(1601, "Access denied. Invalid or insufficient permissions."), NoAccess),
        ("zoom_event_attendance", 403, {}, NoAccess),
        ("zoom_event_attendance", 403, b"", NoAccess),
    ],
)  # fmt: skip
def test_unusual_refusals_are_recognized(stream: str, status: int, body: object, kind: type[Exception]) -> None:
    """Codes that other products don't have, a non-standard status, and a 403 without a code."""
    assert meaning(stream, status, body) is kind


def test_streams_of_these_products_are_not_selected_by_default() -> None:
    """They need licenses and scopes that few accounts have."""
    assert (
        not any(stream.core for stream in CENTER) and not BY_NAME["zoom_events"].core and not BY_NAME["zra_deals"].core
    )
