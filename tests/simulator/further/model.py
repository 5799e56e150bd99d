"""What the tables of the further streams are made of, beside what Zoom's own file says of their operations.

They stand here once more, apart from the tap's own table, so that the two can disagree.
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
# Products with rate limits of their own, by the name of Zoom's file.
APART = {"Phone": "Phone", "Contact-Center": "Contact Center"}
_FIXTURE = Path(__file__).parents[2] / "fixtures" / "operations.json"
Schema = dict[str, Any]
Ask = Mapping[str, str]


@dataclass(frozen=True)
class Window:
    """The stretch of time that an operation is asked about.

    `days`: the longest; `keeps`: how many days back it answers (None: not stated); `unit`: by what one has to ask, where
    the answer sums up what was asked; `form`: how the ends are written; `cut`: a longer one is cut, not refused;
    `until`: the last day it may end on, counted from today (0: any).
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
    """One request for each value of a parameter."""
    return tuple({name: value} for value in values)


@dataclass(frozen=True)
class Further:
    """A stream, and how a simulated account answers its operation.

    `rows`: the path of the list, "" where the answer is the one row; `parent`, `by`: the stream whose rows it hangs on
    and the field with their ids; `where`: the field that has to have a value in them, or ("status!draft") another than
    this word, in any case; `asked_as`: the query parameter that takes the id, if the path does not; `kind`: of
    the held occurrences it hangs on; `params`, `asks`: what is always sent, and what is sent one after the other;
    `time`: the field by which windows choose rows (none, and yet a window: the rows are sums of it); `adds`: column ->
    where it comes from; `instead`: key field -> what stands in for it; `may_lack`: key fields that can be empty;
    `page`: the most rows of a page; `until`: the field that the
    end of a window is compared with, where that is another; `used_in`: the stream below it whose rows say when it was used;
    `ahead`: how many days to come it answers for; `nothing`: refusals of some parents (status, code, text);
    `older`: the list's former name, and that of its key; `states`: the lists beside each other -> message_state.
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
        """Columns of ours -> where their values come from."""
        return dict(part.split("=", 1) for part in self.adds.split())

    def led_by(self, streams: Iterable[Further]) -> set[str]:
        """The fields of its rows by which other streams hang on it."""
        below = [stream for stream in streams if stream.parent == self.name]
        taken = {
            source.removeprefix("parent:")
            for stream in below
            for source in stream.added.values()
            if "parent:" in source
        }
        return {stream.by for stream in below} | taken

    def is_about(self, parent: Mapping[str, Any]) -> bool:
        """Whether a row of the stream above says that there may be something."""
        name, _, word = self.where.partition("!")
        value = str(parent.get(name) or "").lower()
        return not name or (value != word if word else bool(value))

    @property
    def is_sum(self) -> bool:
        """Whether another window gives other rows."""
        return self.window is not None and not self.time

    @cached_property
    def splits(self) -> dict[str, str | None]:
        """The parameters on which it depends which rows come -> what stands for them where they are not sent."""
        names = dict.fromkeys(name for ask in self.asks for name in ask)
        return {name: _default(self.path, name) for name in names}

    def asked(self, query: Ask) -> tuple[str | None, ...]:
        """What tells one of its lists from the others, as asked."""
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
            # A row and a page: what leads to the next one is no field of the row.
            fields = {name: part for name, part in schema["properties"].items() if name != "next_page_token"}
            return {**schema, "properties": fields}
        for name in self.rows.split(".") if self.rows else ():
            schema = schema["properties"][name]
            schema = schema.get("items", schema)
        return schema

    def documented_scopes(self, form: str) -> list[str]:
        """Those that open the operation: `form` "granular" or "classic"; of a user's own and those of writing, none."""
        scopes = documented()[self.path][form] + (list(_SCOPES.get(self.name, ())) if form == "classic" else [])
        reading = [scope for scope in scopes if ":write" not in scope]
        return [scope for scope in reading if scope.endswith(":admin")] or reading

    def operation(self) -> Operation:
        """As the server's routes know it."""
        facts = documented()[self.path]
        granular, classic = self.documented_scopes("granular"), self.documented_scopes("classic")
        scopes = granular + classic
        parameters = {
            name: _word(parameter, parameter.get("maximum", self.page) if name == "page_size" else None)
            for name, parameter in facts["parameters"].items()
            if parameter.get("in") != "path"
        }
        if self.name == "phone_call_queue_members":
            # The answer carries a token that no parameter takes, by the documentation.
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


# Zoom's file names another, by a slip.
_SCOPES = {"meeting_recordings": ("recording:read:admin",)}
_TEXT = {"type": "string"}
# Zoom's example has them empty: what stands in them is not known, so nothing that would need a conversion.
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
# Its form stands in the text of a redirect.
TRANSCRIPT: Schema = {
    "type": "object",
    "properties": {
        "type": _TEXT, "ver": {"type": "integer", "example": 1}, "recording_id": _TEXT, "meeting_id": _TEXT, "account_id": _TEXT,
        "host_id": _TEXT, "recording_start": {"type": "string", "example": "2021-10-08T16:12:04Z"},
        "recording_end": {"type": "string", "example": "2021-10-08T16:12:04Z"},
        "timeline": {"type": "array", "items": {"type": "object", "properties": _LINE}},
    },
}  # fmt: skip


# Parameters that the files of April 2026 lack. Source: https://developers.zoom.us/docs/api/meetings/
_ANNOUNCED = {"/users/{userId}/webinars": {"include_events_webinar": {"type": "boolean"}}}


@cache
def documented() -> dict[str, Any]:
    """What Zoom's OpenAPI files say of each operation, by its path (scripts/make_operations.py)."""
    found: dict[str, Any] = json.loads(_FIXTURE.read_text("utf-8"))
    for path, parameters in _ANNOUNCED.items():
        found[path]["parameters"] |= parameters
    return found


def _default(path: str, name: str) -> str | None:
    default = documented()[path]["parameters"][name].get("default")
    return default if default is None or isinstance(default, str) else json.dumps(default)


def _word(parameter: Schema, page: int | None) -> str:
    """A documented parameter, in the words of `operations`."""
    needed = "!" if parameter.get("required") else ""
    if page is not None:
        return f"int:{page}"
    if "enum" in parameter:
        return f"enum:{'|'.join(map(str, parameter['enum']))}{needed}"
    if parameter["type"] == "boolean":
        return f"flag{needed}"
    return f"text{needed}"
