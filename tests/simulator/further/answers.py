"""Answers of the further operations: pages, windows, refusals and files, as the table defines them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .. import refusals
from ..dates import year_ago
from ..refusals import Refusal
from ..wire import Request, Response, answer, dumps
from . import BY_PATH, Further
from .contents import FurtherContents, Made, Parent, Row
from .model import documented
from .periods import Period, asked_period

if TYPE_CHECKING:
    from ..server import SimulatedZoom

_FILE, _SIGNED = "/rec/download/", "/signed/"


class FurtherAnswers:
    """Serves the further operations of an account."""

    def __init__(self, zoom: SimulatedZoom) -> None:
        self._zoom = zoom
        self.contents = FurtherContents(zoom.account, lambda: zoom.url)
        # Path of a signed URL -> content and content type.
        self._signed: dict[str, tuple[bytes, str]] = {}

    def answer(self, request: Request, template: str, raw: str, query: dict[str, str]) -> Response | Refusal:
        """Answer a request of an operation. `raw`: the variable part of the path, still encoded."""
        stream = BY_PATH[template]
        parent = self._parent(stream, raw, query)
        if isinstance(parent, Refusal):
            return parent
        if not _is_below(stream, request.raw_path, parent):
            return _missing(stream, parent.id)
        period = self._period(request, stream, query)
        if isinstance(period, Refusal):
            return period
        refused = self.contents.refusal(stream, parent)
        if refused is not None:
            return refused
        rows = self._rows(stream, parent, query, period)
        if not stream.rows:
            return self._single(request, stream, query, rows)
        return self._page(request, stream, parent, query, rows, period)

    def _period(self, request: Request, stream: Further, query: dict[str, str]) -> Period | Refusal | None:
        if stream.window is None:
            return None
        period = asked_period(stream.window, query, self._zoom.as_of, may_be_days=stream.path.startswith("/phone"))
        if isinstance(period, Refusal):
            self._zoom.violate(request, str(period.body.get("errors") or period.body["message"]))
        elif period.was_cut:
            self._zoom.violate(request, "a window that is longer than it is answered for")
        elif "snapshot_date" in query and not period.first <= query["snapshot_date"] <= period.last:
            self._zoom.violate(request, "a snapshot_date outside of the window")
            return refusals.validation("snapshot_date", "Not between from and to.")
        return period

    # Parents

    def _parent(self, stream: Further, raw: str, query: dict[str, str]) -> Parent | Refusal:
        if not stream.parent:
            if raw not in ("", "me", self._zoom.account.account_id):
                return Refusal(404, {"code": 2001, "message": f"Account does not exist: {unquote(raw)}"})
            return Parent()
        if stream.parent == "history_meetings":
            held = self._zoom.answers.occurrence(raw, stream.kind)
            if isinstance(held, Refusal):
                return held
            if held.start < year_ago(self._zoom.as_of):
                return refusals.MEETING_YEAR
            return self.contents.parents(stream)[held.uuid]
        id_ = query[stream.asked_as] if stream.asked_as else self._decoded(raw)
        parent = self.contents.parents(stream).get(id_ or "")
        if parent is None or (parent.moment is not None and parent.moment > self._zoom.as_of):
            return _missing(stream, id_ or raw)
        if stream.params.get("type") == "@type" and query.get("type") != parent.ask["type"]:
            # A meeting is found only under the type with which it was listed.
            return _missing(stream, parent.id)
        return parent

    def _decoded(self, raw: str) -> str | None:
        once = unquote(raw)
        twice = unquote(once)
        if once == twice and (once.startswith("/") or "//" in once):
            self._zoom.answers.badly_encoded.append(raw)
            return None
        return twice

    # Rows

    def _rows(self, stream: Further, parent: Parent, query: dict[str, str], period: Period | None) -> list[Made]:
        asked = stream.asked(query)
        if not self._asks_for_all(stream, query):
            return []
        if period is not None and stream.is_sum:
            return [Made(row) for row in self.contents.sums(stream, asked, period.name)]
        rows = self.contents.rows(stream, parent, asked)
        hidden = self._hidden(stream, query)
        rows = [made._replace(row={name: made.row[name] for name in made.row if name not in hidden}) for made in rows]
        rows = [made for made in rows if made.state not in hidden]
        if period is None:
            return rows
        rows = [made for made in rows if self._is_in(stream, parent, made, period)]
        return rows[::-1] if query.get("sort") == "1" else rows

    def _is_in(self, stream: Further, parent: Parent, made: Made, period: Period) -> bool:
        assert made.moment is not None
        if made.moment > self._zoom.as_of + timedelta(days=stream.ahead):
            return False
        if stream.until:
            # Listed only if it begins and ends in the window.
            return period.start <= made.moment and made.moment + timedelta(hours=2) <= period.end
        return any(period.start <= moment <= period.end for moment in self.contents.happened(stream, parent, made))

    def _asks_for_all(self, stream: Further, query: dict[str, str]) -> bool:
        """True if the request has the `params` without which Zoom lists only the caller's rows, live ones or others."""
        facts = documented()[stream.path]["parameters"]
        return all(
            query.get(name, facts[name].get("default")) == value
            for name, value in stream.params.items()
            if name != "sort" and not name.startswith("include_") and not value.startswith("@")
        )

    def _hidden(self, stream: Further, query: dict[str, str]) -> set[str]:
        """Return the fields and lists that the answer leaves out because `include_fields` doesn't name them."""
        choices = documented()[stream.path]["parameters"].get("include_fields", {}).get("enum", ())
        names = {name for choice in choices for name in choice.split(",")}
        return names - set(query.get("include_fields", "").split(","))

    # Responses

    def _single(self, request: Request, stream: Further, query: dict[str, str], rows: list[Made]) -> Response | Refusal:
        if not rows:
            return _missing(stream, request.raw_path)
        if stream.page:
            return self._page_of_row(request, query, rows[0].row)
        content = self._zoom.answers.with_more(dumps(rows[0].row))
        if stream.name == "phone_recording_transcripts":
            return self._redirect(content, "application/json")
        return answer(200, content)

    def _page_of_row(self, request: Request, query: dict[str, str], row: Row) -> Response | Refusal:
        """Return a page of a single row: one item of each list. The first page has the other fields too."""
        longest = max((len(part) for part in row.values() if isinstance(part, list)), default=1)
        page = self._zoom.pages.cut(request.raw_path, query, longest, cap=1)
        if page is None:
            return refusals.PAGE_TOKEN
        lists = {name: part[page.offset : page.offset + 1] for name, part in row.items() if isinstance(part, list)}
        content = {**({} if page.offset else row), **lists, "next_page_token": page.next_token or ""}
        return answer(200, self._zoom.answers.with_more(dumps(content)))

    def _page(
        self,
        request: Request,
        stream: Further,
        parent: Parent,
        query: dict[str, str],
        rows: list[Made],
        period: Period | None,
    ) -> Response | Refusal:
        zoom, offset, step, token = self._zoom, 0, len(rows), None
        asked = stream.asked(query)
        body = self.contents.envelope(stream, parent, asked)
        *_, above, name = ("", *stream.rows.split("."))
        # The page token, page size and so on are in the same object as the list.
        beside = (
            body.setdefault(above, {}) if stream.answer["properties"].get(above, {}).get("type") == "object" else body
        )
        documents = (
            stream.answer["properties"][above]["properties"] if beside is not body else stream.answer["properties"]
        )
        if "next_page_token" in stream.operation().parameters:
            # Zoom was seen to send a token on the last page of the call history.
            page = zoom.pages.cut(
                request.raw_path, query, len(rows), cap=zoom.page_cap, one_more=stream.older[0] == "call_logs"
            )
            if page is None:
                return refusals.NUMBERS_PAGE_TOKEN if "number_management" in stream.path else refusals.PAGE_TOKEN
            offset, step, token = page.offset, page.step, page.next_token or ""
            beside |= {"page_size": page.size, "total_records": len(rows), "next_page_token": token}
        if period is not None:
            beside |= {"from": period.first, "to": period.last}
        for word in beside.keys() - documents.keys():
            del beside[word]
        sent = rows[offset : offset + step]
        content = self._lists(stream, parent, asked, sent)
        if stream.rows.count(".") and beside is body:
            content = {above: _grouped(name, sent)}
        beside |= content
        return answer(200, self._zoom.answers.with_more(self._with_more_rows(dumps(body), stream)))

    def _with_more_rows(self, content: bytes, stream: Further) -> bytes:
        """Add the undocumented members to each row."""
        if not self._zoom.undocumented:
            return content
        more = json.loads(b"{%s}" % self._zoom.undocumented)

        def added(value: Any, path: list[str]) -> Any:
            if not path:
                return {**value, **more}
            inside = value[path[0]]
            made = [added(item, path[1:]) for item in inside] if isinstance(inside, list) else added(inside, path[1:])
            return {**value, path[0]: made}

        body = json.loads(content)
        for rows in (stream.rows, *stream.states, stream.older[0]):
            if rows.split(".")[0] in body:
                body = added(body, rows.split("."))
        return dumps(body)

    def _lists(self, stream: Further, parent: Parent, asked: tuple[str | None, ...], sent: list[Made]) -> Row:
        name = stream.rows.rpartition(".")[2]
        if stream.states:
            return {state: [made.row for made in sent if made.state == state] for state in stream.states}
        rows = [made.row for made in sent]
        older, key = stream.older
        if not older:
            return {name: rows}
        former = [
            {key: row[stream.key[0]], **{field: row[field] for field in row if field != stream.key[0]}} for row in rows
        ]
        return {older: former} if self.contents.is_older_form(stream, parent, asked) else {older: former, name: rows}

    # Files

    def is_file(self, path: str) -> bool:
        """True if the path is that of a file, not of an operation."""
        return path.startswith((_FILE, _SIGNED))

    def file(self, request: Request) -> Response:
        """Answer a download. It needs the access token, and redirects to a signed URL, which must not get the token."""
        path = request.raw_path
        if path.startswith(_SIGNED):
            if b"authorization" in request.headers:
                self._zoom.violate(request, "an access token shown to a signed URL")
            content, type_ = self._signed.get(path, (b"", ""))
            return Response(200, content, content_type=type_) if type_ else answer(404, {})
        refused = self._zoom.oauth.check(request)
        if refused is not None:
            return answer(*refused)
        text = self.contents.texts.get(path)
        return answer(404, {}) if text is None else self._redirect(text.encode(), "text/vtt")

    def _redirect(self, content: bytes, type_: str) -> Response:
        path = f"{_SIGNED}{len(self._signed):x}"
        self._signed[path] = (content, type_)
        return Response(302, b"", [("Location", f"{self._zoom.url}{path}?signature=SIMULATED")])


def _is_below(stream: Further, raw_path: str, parent: Parent) -> bool:
    """True if the ids before the last one in the path match the parent's row."""
    pairs = list(zip(stream.path.split("/"), raw_path.removeprefix("/v2").split("/"), strict=True))
    asked = [(part, segment) for part, segment in pairs if part.startswith("{")][:-1]
    return all(unquote(segment) == parent.row[re.sub("(?=[A-Z])", "_", part[1:-1]).lower()] for part, segment in asked)


def _grouped(name: str, sent: list[Made]) -> list[Row]:
    """Put rows into lists of their outer rows."""
    made = []
    for outer, rows in groupby(sent, key=lambda each: each.outer):
        made.append({**outer, name: [each.row for each in rows]})
    return made


def _missing(stream: Further, id_: str) -> Refusal:
    status, code, message = stream.nothing[0] if stream.nothing else (404, 1001, "User does not exist.")
    return Refusal(status, {} if code is None else {"code": code, "message": message.replace("{", "").replace("}", "")})
