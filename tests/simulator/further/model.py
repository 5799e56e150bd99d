"""The entries of the further streams' table: `Further` and `Window`.

A further stream is one GET operation and the rows that it returns. Its parameters, scopes, rate limit and fields come
from Zoom's OpenAPI files (tests/fixtures/operations.json). An entry adds the rest: where the rows are in the answer,
their key, parent and windows, and the columns that the tap adds. The server's answers (`answers`), the simulated rows
(`contents`) and the expected records (`truth`) follow from it. So a new operation needs an entry in `people`,
`meetings`, `phone`, `workplace` or `products`, and usually no code. `particulars` has the exceptions. Entries are
independent of the tap's own table, so that tests find differences.

Some entries, shortened:

A list of the account. The answer is {"groups": [{"id": ..., "name": ...}, ...]}, in pages of up to 300 rows:

    Further("groups", "/groups", "groups", "id", page=300)

A list below each of those rows. The parent's `id` fills the path, and becomes the column group_id. For some parents
Zoom answers 404 with code 4130 instead of an empty list:

    Further(
        "group_members", "/groups/{groupId}/members", "members", "group_id id",
        parent="groups", by="id", adds="group_id=parent:id", page=300,
        nothing=((404, 4130, "A group with this {groupId} does not exist."),),
    )

A single object below each parent. The list's name is empty, so the whole answer is the row:

    Further("role_details", "/roles/{roleId}", "", "id", parent="roles", by="id")

A list that is requested by windows (`from` and `to`), which select rows by their field `time`. Rows without a unique
key are numbered by the column sequence:

    Further(
        "report_activities", "/report/activities", "activity_logs", "time sequence",
        window=REPORTS, time="time", adds="sequence=sequence", page=300,
    )

Sums by month: with a window and without `time`, each window has rows of its own. Two requests for each month, with
type=active and type=inactive; the column host_type says which:

    Further(
        "report_users", "/report/users", "users", "window_from host_type id", window=MONTHS, page=300,
        asks=each("type", "active", "inactive"),
        adds="window_from=window:from window_to=window:to host_type=ask:type",
    )
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ..operations import Operation

HANDLER = "further"
# Products with separate rate limits: name of Zoom's file -> prefix of the limit's label.
APART = {"Phone": "Phone", "Contact-Center": "Contact Center"}
_FIXTURE = Path(__file__).parents[2] / "fixtures" / "operations.json"
Schema = dict[str, Any]
Ask = Mapping[str, str]


@dataclass(frozen=True)
class Window:
    """The windows that an operation accepts.

    days: the longest window (None: no limit).
    keeps: the retention, in days (None: Zoom states none).
    unit: "month" or "day" if a window has to be a calendar month or a day, else "any".
    form: how its ends are written: "date", "date-time" or "month" (a year and a month).
    names: the two parameters.
    cut: True if Zoom shortens a longer window, False if it refuses it.
    until: the last day on which a window may end, relative to today: -1 is yesterday (0: no limit).
    """

    days: int | None = 31
    keeps: int | None = 180
    unit: str = "any"
    form: str = "date"
    names: tuple[str, str] = ("from", "to")
    cut: bool = False
    until: int = 0


REPORTS = Window()
UNTIL_YESTERDAY = Window(until=-1)
MONTHS = Window(unit="month")
RECORDINGS = Window(keeps=None, cut=True)
DATES = Window(keeps=None)
THREE_DAYS = Window(days=3, keeps=None, names=("start_date", "end_date"))
HOURS = Window(keeps=None, form="date-time")
WEEKS = Window(days=7, keeps=None, form="date-time")
SURVEYS = Window(days=None, keeps=None, form="date-time", names=("submit_time_start", "submit_time_end"))
PHONE = Window(form="date-time")
CHARGES = Window(keeps=395, form="date-time")
DAYS = Window(days=366, keeps=730, unit="day", form="date-time")
SIX_MONTHS_BY_DAY = Window(unit="day", form="date-time")
STARTED = Window(form="date-time", names=("start_time_from", "start_time_to"))
ENTERED = Window(form="date-time", names=("enter_time_from", "enter_time_to"))
YEAR_AND_MONTH = Window(unit="month", form="month", names=("year", "month"))


def each(name: str, *values: str) -> tuple[dict[str, str], ...]:
    """Return `asks` with one request for each value of a parameter."""
    return tuple({name: value} for value in values)


@dataclass(frozen=True)
class Further:
    """A stream, and how the simulated account answers its operation. The module's docstring has examples.

    name, path: the stream's name, and the operation's path.
    rows: the list in the answer. "" if the answer is a single row. "questions.question_details" is a list in each row
        of another list; "past_meetings.meetings" is a list in an object.
    key_words: the key fields, separated by spaces.
    parent, by: the parent stream, and the field of its rows that has the id for the path. "users" and
        "history_meetings" are parents too.
    where: request only parents that have a value in this field. "status!draft": only those whose status isn't draft.
    asked_as: the query parameter for the parent's id, if the id isn't in the path.
    kind: "meeting" or "webinar": which rows of the parent history_meetings are parents.
    asks: the parameters of each request. Several requests make several lists, with rows of their own.
    params: parameters sent with every request. "@type" is the `type` with which the parent was listed, "@window_to"
        the window's last day.
    window: the accepted windows. None: the operation takes no dates.
    time: the field by which a window selects rows. "" with a window: rows are sums over the window.
    beside: fields next to the list, which are copied to each of its rows.
    adds: columns added by the tap, as column=source, separated by spaces. Sources:
        parent:FIELD        a field of the parent's row
        outer:FIELD         a field of the outer row, if the list is in a row of another list
        row:A|B|'text'      the first of these fields of the row that has a value, else the text
        ask:NAME|'text'     a parameter from `asks`, else the text
        window:from, window:to  the first and last day of the window, for sums
        run:date            the day of the run
        list                the value in `states` for the list that the row is in
        download            the text behind the row's download_url
        sequence            0, 1, 2... for rows with the same values in the rest of the key
    instead: key field -> field that replaces it in rows without it.
    may_lack: key fields that may be empty. They become "".
    page: the largest page, in rows. 0: the list is not paged. A single row with `page` has its own lists paged.
    nothing: refusals (status, code, message) for parents without data. Some parents get one of them; the first is also
        the answer for unknown ids.
    until: the field with a row's end. A window then lists only rows that begin and end in it.
    used_in: the child stream whose rows determine which windows list a row (a chat session and its messages).
    ahead: the number of days after today for which there are rows.
    older: former names of the list and of its key. Some answers have the former list only, others both.
    states: lists next to each other -> value of the column whose source is `list`.
    """

    name: str
    path: str
    rows: str
    key_words: str
    parent: str = ""
    by: str = ""
    where: str = ""
    asked_as: str = ""
    kind: str = ""
    asks: tuple[Ask, ...] = ({},)
    params: Ask = field(default_factory=dict)
    window: Window | None = None
    time: str = ""
    beside: tuple[str, ...] = ()
    adds: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)
    may_lack: tuple[str, ...] = ()
    page: int = 0
    nothing: tuple[tuple[int, int | None, str], ...] = ()
    until: str = ""
    used_in: str = ""
    ahead: int = 0
    older: tuple[str, str] = ("", "")
    states: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(self.key_words.split())

    @property
    def added(self) -> dict[str, str]:
        """Columns added by the tap -> their sources."""
        return dict(part.split("=", 1) for part in self.adds.split())

    def led_by(self, streams: Iterable[Further]) -> set[str]:
        """Return the fields of its rows that child streams use: their `by`, and the sources of their columns."""
        below = [stream for stream in streams if stream.parent == self.name]
        taken = {
            source.removeprefix("parent:")
            for stream in below
            for source in stream.added.values()
            if "parent:" in source
        }
        return {stream.by for stream in below} | taken

    def is_about(self, parent: Mapping[str, Any]) -> bool:
        """True if the parent's row satisfies `where`."""
        name, _, word = self.where.partition("!")
        value = str(parent.get(name) or "").lower()
        return not name or (value != word if word else bool(value))

    @property
    def is_sum(self) -> bool:
        """True if the rows are sums over the window."""
        return self.window is not None and not self.time

    @cached_property
    def splits(self) -> dict[str, str | None]:
        """The parameters that select one of its lists -> their defaults."""
        names = dict.fromkeys(name for ask in self.asks for name in ask)
        return {name: _default(self.path, name) for name in names}

    def asked(self, query: Ask) -> tuple[str | None, ...]:
        """Return the values of the parameters in `splits`. They identify the list that is requested."""
        return tuple(query.get(name, default) for name, default in self.splits.items())

    @cached_property
    def answer(self) -> Schema:
        """The schema of the 200 answer."""
        return TRANSCRIPT if self.name == "phone_recording_transcripts" else documented()[self.path]["answer"]

    @cached_property
    def row(self) -> Schema:
        """The schema of a row: that of the list's items, or the whole answer."""
        schema = self.answer
        if not self.rows and self.page:
            # A single row in pages: next_page_token is not a field of the row.
            fields = {name: part for name, part in schema["properties"].items() if name != "next_page_token"}
            return {**schema, "properties": fields}
        for name in self.rows.split(".") if self.rows else ():
            schema = schema["properties"][name]
            schema = schema.get("items", schema)
        return schema

    def documented_scopes(self, form: str) -> list[str]:
        """Return the scopes of a form ("granular" or "classic") that allow the operation.

        Scopes for writing are left out. So are those for a user's own data, if there are scopes for admins.
        """
        scopes = documented()[self.path][form] + (list(_SCOPES.get(self.name, ())) if form == "classic" else [])
        reading = [scope for scope in scopes if ":write" not in scope]
        return [scope for scope in reading if scope.endswith(":admin")] or reading

    def operation(self) -> Operation:
        """Return the operation for the server's routes."""
        facts = documented()[self.path]
        granular, classic = self.documented_scopes("granular"), self.documented_scopes("classic")
        scopes = granular + classic
        parameters = {
            name: _word(parameter, parameter.get("maximum", self.page) if name == "page_size" else None)
            for name, parameter in facts["parameters"].items()
            if parameter.get("in") != "path"
        }
        if self.name == "phone_call_queue_members":
            # Zoom documents a token in the answer, but no parameter for it.
            parameters["next_page_token"] = "text"
        return Operation(
            self.path,
            HANDLER,
            f"{APART.get(facts['product'], '')} {facts['label']}".strip(),
            classic[0],
            scopes[0],
            parameters,
            self.page or None,
            others=tuple(scopes[1:]),
        )


# Zoom's file has a wrong scope.
_SCOPES = {"meeting_recordings": ("recording:read:admin",)}
_TEXT = {"type": "string"}
# Empty in Zoom's example, so their items are unknown. These items need no conversion.
_LIST = {"type": "array", "items": {"type": "string", "enum": ["101", "102"]}}
_LINE = {
    "text": _TEXT,
    "raw_text": _TEXT,
    "ts": _TEXT,
    "end_ts": _TEXT,
    "users": _LIST,
    "userId": _TEXT,
    "userIds": _LIST,
    "channelMark": _TEXT,
}
# Zoom documents this schema only in the description of a redirect.
TRANSCRIPT: Schema = {
    "type": "object",
    "properties": {
        "type": _TEXT, "ver": {"type": "integer", "example": 1}, "recording_id": _TEXT, "meeting_id": _TEXT, "account_id": _TEXT,
        "host_id": _TEXT, "recording_start": {"type": "string", "example": "2021-10-08T16:12:04Z"},
        "recording_end": {"type": "string", "example": "2021-10-08T16:12:04Z"},
        "timeline": {"type": "array", "items": {"type": "object", "properties": _LINE}},
    },
}  # fmt: skip


# Parameters missing from Zoom's files of April 2026. Source: https://developers.zoom.us/docs/api/meetings/
_ANNOUNCED = {"/users/{userId}/webinars": {"include_events_webinar": {"type": "boolean"}}}


@cache
def documented() -> dict[str, Any]:
    """Return Zoom's documentation of each operation, by path. scripts/make_operations.py writes it."""
    found: dict[str, Any] = json.loads(_FIXTURE.read_text("utf-8"))
    for path, parameters in _ANNOUNCED.items():
        found[path]["parameters"] |= parameters
    return found


def _default(path: str, name: str) -> str | None:
    default = documented()[path]["parameters"][name].get("default")
    return default if default is None or isinstance(default, str) else json.dumps(default)


def _word(parameter: Schema, page: int | None) -> str:
    """Describe a documented parameter in the notation of `operations`."""
    needed = "!" if parameter.get("required") else ""
    if page is not None:
        return f"int:{page}"
    if "enum" in parameter:
        return f"enum:{'|'.join(map(str, parameter['enum']))}{needed}"
    if parameter["type"] == "boolean":
        return f"flag{needed}"
    return f"text{needed}"
