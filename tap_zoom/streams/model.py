"""The data model for describing Zoom's API: entities, links, date ranges, streams.

A stream is one GET operation. Its `parent` is the entity that its path refers to, its `date_range` says how it takes
dates, and its `links` say to which entities its rows lead: these are the contexts of its child streams.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Ids = Mapping[str, Any]
Params = Mapping[str, str]


class RateLimit(NamedTuple):
    """A rate limit of Zoom: a category, as in X-RateLimit-Category, and a product with its own limits.

    Source: https://developers.zoom.us/docs/api/rate-limits/
    """

    category: str
    product: str = ""

    def __str__(self) -> str:
        return f"{self.product} {self.category}".strip()


LIGHT, MEDIUM, HEAVY, INTENSIVE = map(RateLimit, ("Light", "Medium", "Heavy", "Resource-intensive"))
PHONE_LIGHT, PHONE_MEDIUM, PHONE_HEAVY = (RateLimit(category, "Phone") for category in ("Light", "Medium", "Heavy"))
CENTER_LIGHT, CENTER_MEDIUM, CENTER_HEAVY = (
    RateLimit(category, "Contact Center") for category in ("Light", "Medium", "Heavy")
)
DOWNLOADS = RateLimit("Light", "Downloads")  # text files, which Zoom doesn't count


class Uuid(str):
    """The type of an id that must not be a number: Zoom would read that as another kind of id."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of object that operations are requested for, with the names and types of its ids. The first id identifies
    it. All of them may become columns."""

    name: str
    ids: Mapping[str, type] = field(default_factory=dict, hash=False)


ACCOUNT = Entity("account")


@dataclass(frozen=True, slots=True)
class Condition:
    """True for rows whose `field`, in lower case, is one of `words` (or none of them, with `is_in=False`).

    With `in_list`, true if that holds for one of the rows of this list inside the row.
    """

    field: str
    words: frozenset[str]
    is_in: bool = True
    in_list: str = ""

    def holds(self, row: Row) -> bool:
        rows = row.get(self.in_list) if self.in_list else [row]
        return isinstance(rows, list) and any(
            (str(each.get(self.field)).lower() in self.words) is self.is_in for each in rows if isinstance(each, dict)
        )


NO_VALUE = frozenset({"", "none"})


@dataclass(frozen=True, slots=True)
class Link:
    """A link from the rows of a stream to an entity.

    `ids`: the field of the row for each id ("a|b": the first that has a value; "?a": the request's parameter a). The
    other ids come from the row's own context. `older_than`: only for rows from before the first window of that stream.
    `same_window`: child streams are requested in the window in which the row was found. `files`: the list of files in
    the row; those that match `where` are downloaded at once, and make rows of the entity's streams.
    """

    entity: Entity
    ids: Mapping[str, str]
    where: tuple[Condition, ...] = ()
    older_than: str = ""
    same_window: bool = False
    files: str = ""


class TextFile(NamedTuple):
    """A file as listed in a row, and its text."""

    file: Row
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that Zoom documents for an operation: HTTP status, Zoom's code, and a pattern of its message.

    `code` None means an answer without a Zoom code. Zoom uses the codes 200, 300 and 3000 for unrelated errors, so
    these need a `pattern`. `reason`: the name in the log and in the final table.
    """

    status: int
    code: int | None
    pattern: re.Pattern[str] | None = None
    reason: str = ""

    def matches(self, status: int, code: int | None, message: str) -> bool:
        # Error bodies may also have HTTP status 200.
        if code != self.code or (status != self.status and not (status == 200 and code is not None)):
            return False
        return self.pattern is None or bool(self.pattern.search(message))


@dataclass(frozen=True, slots=True)
class DateRange:
    """The dates of an operation: the days of one call, and Zoom's retention.

    `params`: templates over `first` and `last`, the days to request; with `exact` they stand for the first moment of
    these days. `days`: days of a window, 0 for a calendar month. `before`, `after`: days requested on both sides of
    it, since Zoom doesn't say in which time zone it reads dates. `months_back` or `days_back`: Zoom's retention, if it
    is known. `ends_in`: the last day, counted from today. `totals`: rows are totals of the window, so only whole
    windows are requested. `moving`: rows are listed by a time that changes, so a row can move to a later window while
    a run lasts. `out_of_range`: the refusals of days that are too old.
    """

    params: Params
    days: int
    _: KW_ONLY
    months_back: int = 0
    days_back: int = 0
    before: int = 0
    after: int = 0
    ends_in: int = 0
    exact: bool = False
    totals: bool = False
    moving: bool = False
    out_of_range: tuple[Refusal, ...] = ()


SERVER_SIZE = -1  # page size of an operation without a parameter for it
NEXT_PAGE = "next_page_token"  # not a column, even if the answer is the row


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One GET operation, and the Singer stream it fills. Without a `key` it isn't emitted and only has child streams.

    `scopes`: any of them allows it, or the same for sub-accounts (report:read:master or report:master for
    report:read:admin); the granular one comes first.
    """

    name: str
    path: str  # below /v2; {placeholders} are filled with the ids of the context
    rate_limit: RateLimit
    scopes: tuple[str, ...]
    _: KW_ONLY
    # the request
    parent: Entity = ACCOUNT
    date_range: DateRange | None = None
    params: Params = field(default_factory=dict)  # {placeholders} are filled as in the path
    variants: tuple[Params, ...] = ({},)  # the same call once with each of these parameters
    page_size: int = 0  # the largest that Zoom allows; 0: the list is not paged
    # the answer
    records: str = ""  # the list of rows ("a.b": inside a; "a|b": b if there is no a); "": the answer is a single row
    record_lists: Mapping[str, Params] = field(default_factory=dict)  # several lists, each with its own columns
    replication_key: str = ""  # the field with the time of a row
    text_column: str = ""  # the answer is a text file, for this column
    of_files: Callable[[Row, list[TextFile]], Iterable[Row]] | None = None  # makes rows from text files and their row
    redirects: bool = False  # Zoom redirects to a file
    row_spans_pages: bool = False  # the answer is a single row whose lists span pages
    last_page_empty: bool = False  # the last page with rows has a token for a next page, which is empty
    empty_answers: tuple[Refusal, ...] = ()  # refusals that mean "nothing here"
    no_access: tuple[Refusal, ...] = ()  # refusals that mean a missing plan, role or scope
    links: tuple[Link, ...] = ()
    # the record
    key: tuple[str, ...] = ()
    context_columns: tuple[str, ...] = ()  # columns added by the tap: ids of the context, and others that the key needs
    copied: tuple[str, ...] = ()  # fields next to or around the list that belong to each of its rows
    computed: Mapping[str, Callable[[Row], object]] = field(default_factory=dict)  # added columns made from a row
    repeated_ids: tuple[str, ...] = ()  # ids in `context_columns` that Zoom also sends in each row
    param_columns: Mapping[str, str] = field(default_factory=dict)  # added columns with a parameter's value
    key_defaults: Mapping[str, str] = field(default_factory=dict)  # for a missing part of the key: a field, or ""
    core: bool = False  # selected by default
    # enrichment and fallback
    enriched_by: str = ""  # the stream that adds missing values to rows of this one: an id, a text
    enriches: tuple[Condition, ...] = ()  # the rows for which it is requested
    fallback_stream: str = ""  # requested if Zoom refuses this one
    # documentation
    description: str = ""  # what a row is
    requires: str = ""  # plan, add-on and role
    retention: str = ""  # Zoom's retention
    overlaps: str = ""  # streams with the same data, and which one to choose
    joins: tuple[Join, ...] = ()  # beyond those that follow from its context columns

    @property
    def emitted(self) -> bool:
        return bool(self.key)

    @property
    def is_file(self) -> bool:
        """True if the answer doesn't come from the API itself."""
        return self.redirects or bool(self.text_column)

    @property
    def granular(self) -> str:
        """Its scope in an app with granular scopes; "" if Zoom documents none."""
        return next((name for name in self.scopes if name.count(":") > 2), "")

    @property
    def classic(self) -> str:
        """Its narrowest scope in an app with classic scopes."""
        return next(name for name in self.scopes if name.count(":") <= 2)

    @property
    def scope(self) -> str:
        """Both scopes, for messages."""
        return f"{self.granular} (classic: {self.classic})" if self.granular else f"{self.classic} (classic)"

    def allowed_by(self, scopes: frozenset[str]) -> bool:
        """True if a token with these scopes may request it."""
        parts = (part for name in self.scopes for part in (name.removesuffix(":admin"), name.split(":")[0]))
        return not scopes.isdisjoint({*self.scopes, *(f"{part}:master" for part in parts)})


@dataclass(frozen=True, slots=True)
class Join:
    """A column with the value of another stream's column; `note`: when it is empty or has no match."""

    column: str
    stream: str
    other: str
    note: str = ""


def each(name: str, *values: str) -> tuple[Params, ...]:
    """Return the variants of a call with each value of a parameter."""
    return tuple({name: value} for value in values)
