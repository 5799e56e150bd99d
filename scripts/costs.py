"""Estimate requests and time of streams for a typical account (typical_account.json), for docs/costs.md."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pages import link, page_of, table

from tap_zoom.api.rate_limits import limit_of
from tap_zoom.config import SETTINGS
from tap_zoom.streams import FALLBACKS, PARTS, parents_of, replication_key_of
from tap_zoom.streams.model import ACCOUNT, DateRange, RateLimit, Stream
from tap_zoom.sync.start_dates import retained_from
from tap_zoom.sync.windows import first_day, first_of_window, last_of_window

ACCOUNT_FILE = Path(__file__).with_name("typical_account.json")
Account = dict[str, Any]  # as in typical_account.json: numbers of entities and rows, in total and per month
TYPICAL: Account = json.loads(ACCOUNT_FILE.read_text("utf-8"))
TODAY = date(2026, 7, 31)  # fixed, so that the estimates don't change from day to day
DAYS_OF_A_MONTH = 365 / 12
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
NIGHT = 1 + int(DEFAULTS["lookback_days"] or 0)  # days that a nightly incremental run reads
SHARE = int(DEFAULTS["rate_limit_share"] or 0) / 100
PER_DAY = {
    "": {"pro": 30_000, "business": 60_000},
    "Phone": {"pro": 15_000, "business": 30_000},
    "Contact Center": {"pro": 15_000, "business": 30_000},
}
COUNTED_BY_DAY = ("Heavy", "Resource-intensive")  # for Zoom Phone, all categories have daily limits
SIZES = (500, 2_000, 5_000, 20_000)  # past meetings per month
LARGE = 1_000  # streams with more requests in the first sync get a row


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests of the first sync, and of each nightly incremental sync after it."""

    first: int
    nightly: int


def cost_of(stream: Stream, account: Account = TYPICAL) -> Cost:
    return Cost(requests(stream, None, account), requests(stream, NIGHT, account))


def scaled(factor: float) -> Account:
    """Return the typical account, scaled by a factor."""
    return {
        name: {each: count * factor for each, count in part.items()} if isinstance(part, dict) else part
        for name, part in TYPICAL.items()
    }


def requests(stream: Stream, nights: int | None, account: Account = TYPICAL) -> int:
    """Return the requests of one run for a stream. `nights`: the days to read; None: all available history."""
    if stream.name in FALLBACKS:
        return 0
    days = days_read(stream, nights)
    if stream.parent is ACCOUNT:
        contexts = 1.0
    elif stream.parent.name in account["entities"]:
        contexts = account["entities"][stream.parent.name]
    else:
        contexts = account["entities_a_month"][stream.parent.name] * days / DAYS_OF_A_MONTH
    if all(link.older_than for link in stream.links) and stream.links and nights:
        return 0  # leads only to contexts that are too old for an incremental run
    in_window = any(each.same_window for _, each in parents_of(stream.parent))
    cut = 1 if stream.date_range is None or in_window else windows_of(stream.date_range, days)
    tasks = math.ceil(contexts) * cut * len(stream.variants)
    rows = rows_of(stream, days, account)
    return tasks * max(1, math.ceil(rows / tasks / stream.page_size)) if stream.page_size > 0 and tasks else tasks


def days_read(stream: Stream, nights: int | None) -> float:
    """Return how many days back a run reads a stream, by its own dates or those of its parent."""
    if not replication_key_of(stream):
        return 0.0
    if nights:
        return nights
    own = stream.date_range or next(parent.date_range for parent, _ in parents_of(stream.parent) if parent.date_range)
    oldest = retained_from(stream, TODAY)
    # Older meetings than the reports list are found by known meeting numbers only: few, and not counted.
    listed = [parent for parent, each in parents_of(stream.parent) if parent.date_range and not each.older_than]
    if stream.date_range is None and listed and listed[0].date_range:
        oldest = first_day(listed[0].date_range, TODAY, None)
    return (TODAY - (oldest or first_day(own, TODAY, None))).days


def windows_of(dates: DateRange, days: float) -> int:
    first, count = TODAY - timedelta(days=days), 0
    while first <= TODAY + timedelta(days=max(dates.ends_in, 0)):
        first = last_of_window(dates, first_of_window(dates, first)) + timedelta(days=1)
        count += 1
    return count


def rows_of(stream: Stream, days: float, account: Account) -> float:
    """Return how many rows all tasks of a run return."""
    months = days / DAYS_OF_A_MONTH
    rows = account["rows"].get(stream.name, 0) + account["rows_a_month"].get(stream.name, 0) * months
    found = [link.entity.name for link in stream.links]
    things = max((account["entities"].get(name, 0) for name in found), default=0)
    things_a_month = max((account["entities_a_month"].get(name, 0) for name in found), default=0)
    return float(rows + things + things_a_month * months)


def time_of(streams: Iterable[Stream], plan: str, first: bool, account: Account = TYPICAL) -> str:
    """Return how long the requests of these streams take on a plan."""
    counts: Counter[RateLimit] = Counter()
    for stream in streams:
        cost = cost_of(stream, account)
        counts[stream.rate_limit] += cost.first if first else cost.nightly
    seconds = max(count / (limit_of(each, plan) * SHARE) for each, count in counts.items())
    days = max(
        sum(count for each, count in counts.items() if each.product == product and is_counted_by_day(each))
        / limits[plan]
        for product, limits in PER_DAY.items()
    )
    return spelled(seconds) if days <= 1 else f"{math.ceil(days)} days (daily limit)"


def is_counted_by_day(limit: RateLimit) -> bool:
    return limit.product == "Phone" or limit.category in COUNTED_BY_DAY


def spelled(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, math.ceil(seconds))} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def rounded(count: int) -> str:
    """Round to three significant figures, because it is an estimate."""
    return f"{round(count, min(0, 3 - len(str(count)))):,}"


def on_plan(streams: Iterable[Stream], plan: str) -> list[Stream]:
    return [each for each in streams if plan == "business" or not each.requires.startswith("Business")]


def account() -> str:
    """Describe the account and the settings behind the estimates."""
    return (
        f"The typical account has {TYPICAL['says']}. Times follow from {SHARE:.0%} of Zoom's limits "
        f"(`rate_limit_share`). A nightly run is incremental and reads {NIGHT} days: the last day and `lookback_days`."
    )


def parts_table() -> str:
    head = ("Part", "Requests: first sync", "on Pro", "on Business", "Requests: each night", "on Pro", "on Business")
    return table(head, (row(part, streams) for part, streams in PARTS.items()))


def large_table() -> str:
    """Return a table of the streams with more than LARGE requests in the first sync."""
    costs = {stream: cost_of(stream) for streams in PARTS.values() for stream in streams if stream.emitted}
    rows = (
        (link(stream, "streams/"), str(stream.rate_limit), rounded(cost.first), rounded(cost.nightly))
        for stream, cost in costs.items()
        if cost.first > LARGE
    )
    return table(("Stream", "Rate limit", "Requests: first sync", "Requests: each night"), rows)


def sizes_table() -> str:
    """Return a table of the core's requests and times for accounts of different sizes, by past meetings per month."""
    head = (
        "Meetings a month",
        *("Requests of a full run", "on Pro", "on Business"),
        *("Requests of an incremental run", "on Pro", "on Business"),
    )
    return table(head, map(size_row, SIZES))


def size_row(meetings: int) -> tuple[str, ...]:
    account, core = scaled(meetings / TYPICAL["entities_a_month"]["past_meeting"]), PARTS["Core"]
    costs = [cost_of(stream, account) for stream in core]
    cells = [f"{meetings:,}"]
    for first, total in ((True, sum(each.first for each in costs)), (False, sum(each.nightly for each in costs))):
        cells += [rounded(total), *(time_of(core, plan, first, account) for plan in ("pro", "business"))]
    return tuple(cells)


def row(part: str, streams: tuple[Stream, ...]) -> tuple[str, ...]:
    costs = [cost_of(stream) for stream in streams]
    cells = [f"[{part}](streams/{page_of(part)})"]
    for first, total in ((True, sum(each.first for each in costs)), (False, sum(each.nightly for each in costs))):
        cells.append(rounded(total))
        for plan in ("pro", "business"):
            there = on_plan(streams, plan)
            cells.append(time_of(there, plan, first) if any(each.emitted for each in there) else "not available")
    return tuple(cells)
