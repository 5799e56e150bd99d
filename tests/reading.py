"""Reads the simulated Zoom's further streams without the tap, as their table describes them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.simulator import SimulatedZoom, conversion, truth_of
from tests.simulator.further import STREAMS, Further
from tests.simulator.further.periods import month_end
from tests.test_simulator import Client

Row = dict[str, Any]


class Found(NamedTuple):
    """A row as received, the id of its parent, and the `type` parameter of the request."""

    row: Row
    parent: str = ""
    ask: str = ""


def path(stream: Further, parent: str = "", above: Row | None = None) -> str:
    """Return the path for a parent. Ids with a leading / or with // are encoded twice. `above`: has the other ids."""
    encoded = (
        quote(quote(parent, safe=""), safe="") if parent.startswith("/") or "//" in parent else quote(parent, safe="")
    )
    before, brace, after = stream.path.rpartition("{")
    made = before + (encoded or "me") + after.partition("}")[2] if brace else after
    return re.sub(
        r"{(\w+)}", lambda name: quote((above or {})[re.sub("(?=[A-Z])", "_", name[1]).lower()], safe=""), made
    )


def query(stream: Further, parent: str = "", ask: dict[str, str] | None = None, **more: str) -> dict[str, str]:
    fixed = {name: value for name, value in stream.params.items() if not value.startswith("@")}
    return {**fixed, **({stream.asked_as: parent} if stream.asked_as else {}), **(ask or {}), **more}


def windows(stream: Further, today: date) -> Iterator[dict[str, str]]:
    """Yield the date parameters of all windows of the retention period, or of two years if Zoom states none.

    Windows are as long as Zoom allows, but at most 31 days.
    """
    window = stream.window
    if window is None:
        yield {}
        return
    day = today - timedelta(days=window.keeps or 730)
    if window.unit == "month" and day.day > 1:
        day = month_end(day) + timedelta(days=1)
    step = {"month": 0, "day": 1}.get(window.unit, min(window.days or 31, 31))
    # Windows overlap by a day, so that a row that begins in one and ends in the next is found.
    overlap = 1 if stream.until else 0
    while day <= (latest := today + timedelta(days=stream.ahead + window.until)):
        last = day + timedelta(days=step - 1) if step else month_end(day)
        last = min(last, latest) if window.until else last
        more = {"snapshot_date": last.isoformat()} if "snapshot_date" in stream.params else {}
        yield {**dict(zip(window.names, ends(stream, day, last), strict=True)), **more}
        day = last + timedelta(days=1 - overlap)


def ends(stream: Further, first: date, last: date) -> tuple[str, str]:
    form = stream.window.form if stream.window else ""
    if form == "month":
        return str(first.year), str(first.month)
    return (f"{first}T00:00:00Z", f"{last}T23:59:59Z") if form == "date-time" else (str(first), str(last))


def pages(client: Client, path: str, query: dict[str, str], token_at: tuple[str, ...] = ()) -> Iterator[Row]:
    while True:
        reply = client.get(path, **query)
        if reply.status >= 400:
            return
        yield reply.body
        beside = reply.body
        for name in token_at:
            beside = beside[name]
        if not beside.get("next_page_token"):
            return
        query = {**query, "next_page_token": beside["next_page_token"]}


def in_one(bodies: Iterator[Row]) -> Iterator[Row]:
    """Merge the pages of one row: the lists of all pages are joined."""
    row: Row = {}
    for body in bodies:
        row = {
            **body,
            **row,
            **{name: [*row.get(name, ()), *part] for name, part in body.items() if isinstance(part, list)},
        }
    yield from [row] if row else []


def rows_in(stream: Further, body: Row) -> Iterator[Row]:
    if not stream.rows:
        yield body
    elif stream.states:
        yield from (row for state in stream.states for row in body.get(state, ()))
    elif stream.older[0] and stream.rows not in body:
        older, key = stream.older
        yield from ({stream.key[0]: row[key], **row} for row in body[older])
    else:
        name, *inner = stream.rows.split(".")
        inside = body[name] if not inner else body[name][inner[0]] if isinstance(body[name], dict) else [
            row for outer in body[name] for row in outer[inner[0]]
        ]  # fmt: skip
        yield from inside


class Reader:
    """Reads streams as the table describes them, each of them once."""

    def __init__(self, zoom: SimulatedZoom) -> None:
        self.zoom, self.client = zoom, Client(zoom)
        self.read = cache(self._read)

    def _parents(self, stream: Further) -> dict[str, str]:
        """Return the parents: id -> the `type` parameter with which it was listed."""
        if not stream.parent:
            return {"": ""}
        if stream.parent == "users":
            return {user.id: "" for user in self.zoom.account.users if user.status != "pending"}
        if stream.parent == "history_meetings":
            return {
                row["meeting_uuid"]: ""
                for row in truth_of(self.zoom, "history_meetings")
                if row["type"].lower() == stream.kind
            }
        return {str(found.row[stream.by]): found.ask for found in self.read(STREAMS[stream.parent])}

    def _read(self, stream: Further) -> list[Found]:
        token_at = ("past_meetings",) if stream.name == "metrics_zoomroom_meetings" else ()
        found, seen = [], set()
        above = self.zoom.further.contents.parents(stream)
        for parent, ask_of_parent in self._parents(stream).items():
            for ask in stream.asks:
                for window in windows(stream, self.zoom.as_of.date()):
                    asked = query(stream, parent, dict(ask), **window)
                    if stream.params.get("type") == "@type":
                        asked["type"] = ask_of_parent
                    where = path(stream, parent, above[parent].row if parent in above else None)
                    bodies = pages(self.client, where, asked, token_at)
                    if stream.page and not stream.rows:
                        bodies = in_one(bodies)
                    here = Counter(conversion.canonical(row) for body in bodies for row in rows_in(stream, body))
                    # A chat session is listed in each window it was used in, a row on a border in both. Keep one.
                    here = Counter(
                        {
                            row: count
                            for row, count in here.items()
                            if stream.is_sum or (parent, *ask.items(), row) not in seen
                        }
                    )
                    seen |= {(parent, *ask.items(), row) for row in here}
                    found += [Found(json.loads(row), parent, ask.get("type", "")) for row in here.elements()]
        return found
