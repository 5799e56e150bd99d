"""The words in which Zoom's API is written down: things, how rows lead to them, how time is cut, streams. Data only.

A thing is what questions are asked about. A stream is one GET operation; its `about` says which thing it is asked
about, its `over` which stretch of time, its `finds` which things its rows lead to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Ids = Mapping[str, Any]
Params = Mapping[str, str]


class Lane(NamedTuple):
    """What Zoom counts requests by: a label, as X-RateLimit-Category spells it, and a product with its own limits."""

    label: str
    product: str = ""

    def __str__(self) -> str:
        return f"{self.product} {self.label}".strip()


LIGHT, MEDIUM, HEAVY, INTENSIVE = map(Lane, ("Light", "Medium", "Heavy", "Resource-intensive"))
PHONE_LIGHT, PHONE_MEDIUM, PHONE_HEAVY = (Lane(label, "Phone") for label in ("Light", "Medium", "Heavy"))
DOWNLOADS = Lane("Light", "Downloads")  # of texts: Zoom does not count them


class Uuid(str):
    """The kind of an id for which a number must not be taken: Zoom would read it as another kind of id."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing that operations are asked about. The first of its ids is its identity; all may become columns."""

    name: str
    ids: Mapping[str, type] = field(default_factory=dict, hash=False)


ACCOUNT = Thing("account")


@dataclass(frozen=True, slots=True)
class Where:
    """Rows whose `field`, in small letters, is one of these words; or is none of them. `inside`: it is enough if that
    is so in one of the rows of this list."""

    field: str
    words: frozenset[str]
    is_one: bool = True
    inside: str = ""

    def holds(self, row: Row) -> bool:
        rows = row.get(self.inside) if self.inside else [row]
        return isinstance(rows, list) and any(
            (str(each.get(self.field)).lower() in self.words) is self.is_one for each in rows if isinstance(each, dict)
        )


NO_VALUE = frozenset({"", "none"})


@dataclass(frozen=True, slots=True)
class Find:
    """A thing that a row leads to. `ids`: where each stands in the row ("a|b": the first that is there; "?a": what was
    asked as a); the others are those of what the row was found at. `before`: only what happened before the first
    window of that stream. `in_window`: it is asked about in the window in which it was found. `files`: the list in the
    row that names them; those of which `where` holds are read at once, one after another, into rows of their own."""

    thing: Thing
    ids: Mapping[str, str]
    where: tuple[Where, ...] = ()
    before: str = ""
    in_window: bool = False
    files: str = ""


class TextFile(NamedTuple):
    """A file as a row names it, and the text in it."""

    file: Row
    text: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """A refusal that means "nothing here": Zoom's way to say that a list is empty or a thing is gone.

    `code` None stands for an answer without a Zoom code. The codes 200, 300 and 3000 are each used for unrelated
    things, so their message has to match `says` as well. `words`: what it says, for the table at the end of a run.
    """

    status: int
    code: int | None
    says: re.Pattern[str] | None = None
    words: str = ""

    def matches(self, status: int, code: int | None, message: str) -> bool:
        # An error body also comes under HTTP 200.
        if code != self.code or (status != self.status and not (status == 200 and code is not None)):
            return False
        return self.says is None or bool(self.says.search(message))


@dataclass(frozen=True, slots=True)
class Span:
    """How an operation takes time: so many days a call, so far back.

    `params`: templates over `first` and `last`, the days to ask for; `exact`: these stand for their first moments.
    `days` of a window that are kept, 0 for a calendar month; `before` and `after`: days asked more, since Zoom does not
    say in which time zone it reads days, or whether the last one belongs to them. `months_back`, `days_back`: how far
    back Zoom answers, neither where it does not say. `until`: the last day, counted from today. `sums`: of the window,
    so that a window in part would be another row. `too_early`: how days out of reach are refused.
    """

    params: Params
    days: int
    _: KW_ONLY
    months_back: int = 0
    days_back: int = 0
    before: int = 0
    after: int = 0
    until: int = 0
    exact: bool = False
    sums: bool = False
    too_early: tuple[Nothing, ...] = ()


OWN_SIZE = -1  # of a page: as many rows as Zoom likes


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One GET operation, and the Singer stream it fills; without `key` it only leads to things.

    `scopes`: any of them opens it, and so does its :master for :admin; the granular name comes first.
    """

    name: str
    path: str  # below /v2; {placeholders} are filled from the ids of what it is asked about
    lane: Lane
    scopes: tuple[str, ...]
    _: KW_ONLY
    # the question
    about: Thing = ACCOUNT
    over: Span | None = None
    params: Params = field(default_factory=dict)  # {placeholders} are filled from the ids, too
    asks: tuple[Params, ...] = ({},)  # the same question once with each of these parameters
    page: int = 0  # the most rows in an answer that can be asked for; 0: the list is not paged
    # the answer
    rows: str = ""  # the list of rows ("a.b": inside of a; "a|b": b where there is no a); "": the answer is the one row
    lists: Mapping[str, Params] = field(default_factory=dict)  # several lists of rows, and columns of ours for each
    at: str = ""  # the field that says when a row happened
    text: str = ""  # it is no JSON but a text, for this column
    of_files: Callable[[Row, list[TextFile]], Iterable[Row]] | None = None  # makes rows of texts and what named them
    moved: bool = False  # it answers by a redirect to a file
    ends_empty: bool = False  # its last page names a next one as well, which has no rows
    nothing: tuple[Nothing, ...] = ()
    unavailable: tuple[Nothing, ...] = ()  # refusals that mean that the account lacks a plan, a feature or a right
    finds: tuple[Find, ...] = ()
    # the record
    key: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()  # columns of ours: ids of what it was asked about, and what the key needs besides
    beside: tuple[str, ...] = ()  # fields that stand beside the list, or around it, and belong to each of its rows
    made: Mapping[str, Callable[[Row], object]] = field(default_factory=dict)  # columns of ours that are made of a row
    asked: Mapping[str, str] = field(default_factory=dict)  # columns of ours that say what was asked: the parameter
    fallback: Mapping[str, str] = field(default_factory=dict)  # for a missing part of the key: a field, or ""
    core: bool = False  # selected by default
    branch: str = ""  # what the state calls the branch that hangs on its rows; "": its own name
    # the two exceptions
    lookup: str = ""  # the stream that finds what rows of this one lack: a key, a text
    lacking: tuple[Where, ...] = ()  # of a look-up: the rows that it is for
    instead: str = ""  # the stream to ask where the account refuses this one
    # for people
    holds: str = ""  # what a row is
    needs: str = ""  # plan, add-on and role
    keeps: str = ""  # how far back Zoom answers
    overlaps: str = ""  # which streams hold the same, and which to take
    joins: tuple[Join, ...] = ()  # beyond those that follow from its columns of ours

    @property
    def emitted(self) -> bool:
        return bool(self.key)

    @property
    def is_file(self) -> bool:
        """Whether what it answers does not come from the API itself."""
        return self.moved or bool(self.text)

    @property
    def granular(self) -> str:
        """Its scope in an app with granular scopes; "" where Zoom names none."""
        return next((name for name in self.scopes if name.count(":") > 2), "")

    @property
    def classic(self) -> str:
        """Its scope in an app with classic scopes: the narrowest."""
        return next(name for name in self.scopes if name.count(":") <= 2)

    @property
    def scope(self) -> str:
        """Both, for people."""
        return f"{self.granular} (classic: {self.classic})" if self.granular else f"{self.classic} (classic)"

    def allowed_by(self, scopes: frozenset[str]) -> bool:
        """Whether a token with these scopes may ask."""
        return any(name in scopes or name.removesuffix(":admin") + ":master" in scopes for name in self.scopes)


@dataclass(frozen=True, slots=True)
class Join:
    """A column that holds the value of another stream's; `note`: when it is empty or finds nothing."""

    column: str
    stream: str
    other: str
    note: str = ""


def each(name: str, *values: str) -> tuple[Params, ...]:
    """The same question once with each value of a parameter."""
    return tuple({name: value} for value in values)
