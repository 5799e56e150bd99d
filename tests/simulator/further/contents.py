"""The further operations of a simulated account: their rows, with times and parents.

Rows are made from the account's seed when they are first requested, always the same. Sums depend on the period too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ..account import Account
from ..dates import day_start, written
from ..making import Maker, text
from ..model import Occurrence
from ..refusals import Refusal
from . import STREAMS, Further, particulars
from .model import Ask
from .shapes import at, fields_of

Row = dict[str, Any]
# Age in days of the oldest rows of streams without a stated retention; and of one more, older than the tap reads.
REACH = 690
_ANCIENT = 1200
_SESSIONS = 150
_FILES = "/rec/download/"


class Made(NamedTuple):
    """A row as sent, with its time, its list if there are several, and its outer row if it is in one."""

    row: Row
    moment: datetime | None = None
    state: str = ""
    outer: Row = {}


class Parent(NamedTuple):
    """A parent: id, row, the parameters with which it was listed, and time."""

    id: str = ""
    row: Row = {}
    ask: Ask = {}
    moment: datetime | None = None


class FurtherContents:
    """The rows of the further operations of one account. `url`: returns the server's URL, for download links."""

    def __init__(self, account: Account, url: Callable[[], str]) -> None:
        self.account = account
        self._url = url
        # The lists of a large account are longer.
        self._scale = max(1, account.size["users"] // 12)
        self._made: dict[tuple[object, ...], Any] = {}
        # Path of a download -> its text.
        self.texts: dict[str, str] = {}

    def _kept(self, make: Callable[..., Any], *key: Any) -> Any:
        found = self._made.get((make.__name__, *(str(part) for part in key)))
        if found is None:
            found = self._made[(make.__name__, *(str(part) for part in key))] = make(*key)
        return found

    def _rng(self, *purpose: object) -> random.Random:
        return self.account.rng("further", *purpose)

    # Parents

    def parents(self, stream: Further) -> dict[str, Parent]:
        """Return the parents of a stream by id, whatever their time."""
        found: dict[str, Parent] = self._kept(self._parents, stream.parent, stream.by, stream.kind)
        return found

    def _parents(self, name: str, by: str, kind: str) -> dict[str, Parent]:
        if not name:
            return {"": Parent()}
        if name == "users":
            # Not the pending users: some have an id, but Zoom has no data about them.
            users = [user for user in self.account.users if user.status != "pending"]
            return {user.id: Parent(user.id, {"id": user.id}) for user in users}
        if name == "history_meetings":
            return {
                held.uuid: Parent(held.uuid, _held(held), {}, held.start)
                for held in self.account.held
                if held.of.kind == kind
            }
        above = STREAMS[name]
        return {
            str(made.row[by]): Parent(
                str(made.row[by]), {**_above(above, parent), **made.row}, ask, made.moment or parent.moment
            )
            for parent in self.parents(above).values()
            if self.refusal(above, parent) is None
            for ask in above.asks
            for made in self.rows(above, parent, above.asked(ask))
        }

    def refusal(self, stream: Further, parent: Parent) -> Refusal | None:
        """Return the refusal that Zoom sends if it has no data for a parent, or None if it has data."""
        if not stream.parent or not stream.nothing:
            return None
        if self._has_left(stream, parent):
            return _refusal(404, 1001, f"User does not exist: {parent.id}.")
        if particulars.is_empty(stream.name, parent.row) or not stream.is_about(parent.row):
            return _refusal(*stream.nothing[0])
        rng = self._rng("nothing", stream.name, parent.id)
        refused = rng.random() < 0.12 and not self._is_first(stream, parent)
        return _refusal(*rng.choice(stream.nothing)) if refused else None

    def _has_left(self, stream: Further, parent: Parent) -> bool:
        user = self.account.user(parent.id) if stream.parent == "users" else None
        return user is not None and user.deleted

    # Rows

    def rows(self, stream: Further, parent: Parent, asked: tuple[str | None, ...]) -> list[Made]:
        """Return all rows of a list, latest first if they have a time. Lists that are not in `asks` are empty."""
        if asked not in [stream.asked(ask) for ask in stream.asks] or self._has_left(stream, parent):
            return []
        found: list[Made] = self._kept(self._rows, stream.name, parent.id, asked)
        return found

    def _rows(self, name: str, parent_id: str, asked: tuple[str | None, ...]) -> list[Made]:
        stream = STREAMS[name]
        parent = self.parents(stream)[parent_id]
        rng = self._rng(name, parent_id, *asked)
        if stream.window is not None:
            moments: list[datetime | None] = list(self._moments(stream, parent, rng))
            if stream.row["properties"][stream.time].get("format") == "date":
                # One row per day.
                moments = list(dict.fromkeys(moment and day_start(moment.date()) for moment in moments))
        else:
            moments = [None] * self._count(stream, parent, rng)
        made = list(self._made_rows(stream, parent, asked, moments, rng))
        return sorted(made, key=lambda each: each.moment, reverse=True) if stream.time else made  # type: ignore[arg-type, return-value]

    def _is_first(self, stream: Further, parent: Parent) -> bool:
        """True for the first parent. Its lists are never empty by chance."""
        return parent.id == next(iter(self.parents(stream)))

    def _count(self, stream: Further, parent: Parent, rng: random.Random) -> int:
        if not stream.rows:
            return 1
        if stream.parent:
            return 3 if self._is_first(stream, parent) else rng.choice((0, 2, 3))
        # One list is longer than a page.
        return (23 if stream.name == "chat_account_channels" else 4) * self._scale

    def _moments(self, stream: Further, parent: Parent, rng: random.Random) -> Iterator[datetime]:
        assert stream.window is not None
        now = self.account.now
        if parent.moment is not None:
            # Messages of a session: the last one at the session's time, others up to months before.
            yield parent.moment
            # A session in the future has only its last message, or a run could find it before.
            for days in (0.3, 34, 71) if parent.moment <= now else ():
                moment = parent.moment - timedelta(days=days)
                if moment > now - timedelta(days=_SESSIONS if stream.window.keeps else REACH):
                    yield moment
            return
        reach = stream.window.keeps - 6 if stream.window.keeps else REACH
        count = 7 * self._scale if not stream.parent else 4 if self._is_first(stream, parent) else rng.choice((0, 2, 4))
        for index in range(count):
            yield now - timedelta(seconds=int((index + rng.uniform(0.05, 0.95)) * reach * 86_400 / count))
        if stream.window.keeps is None and count:
            yield now - timedelta(days=_ANCIENT, seconds=rng.randrange(80_000))
        if stream.ahead and count:
            yield now + timedelta(days=rng.randint(1, stream.ahead - 1))
        yield from particulars.kept(stream.name, parent.id, self.account)
        ahead = self.account.size["future"]
        for day in range(2, ahead, 3):
            yield now + timedelta(days=day, seconds=rng.randrange(80_000))

    def _made_rows(
        self,
        stream: Further,
        parent: Parent,
        asked: tuple[str | None, ...],
        moments: list[datetime | None],
        rng: random.Random,
    ) -> Iterator[Made]:
        maker = Maker(rng, drift=self.account.drift)
        before: Made | None = None
        for moment in moments:
            again = before is not None and "sequence" in stream.key and rng.random() < 0.35
            made = self._made_row(stream, parent, asked, before.moment if again and before else moment, maker)
            if again and before:
                # A second row of the same person, call or second.
                shared = {*stream.key, *(("email", "name") if "respondent" in stream.key else ())}
                made.row.update({name: before.row[name] for name in shared & made.row.keys() & before.row.keys()})
            if before is not None and rng.random() < 0.4:
                made = made._replace(outer=before.outer)
            yield made
            before = made
            if stream.states:
                yield from self._other_states(stream, made, rng)

    def _made_row(
        self, stream: Further, parent: Parent, asked: tuple[str | None, ...], moment: datetime | None, maker: Maker
    ) -> Made:
        rng, schema = maker.rng, stream.row
        table = fields_of(schema)
        key = [name for name in stream.key if name in table and name not in stream.added]
        leading = stream.led_by(STREAMS.values()) & table.keys()
        # Values of "text" repeat, and keys must not.
        table |= {name: "id" for name in {*key, *leading} if table[name] == "text"}
        if "option" in stream.added:
            table = particulars.of_option(table, asked[0])
        fixed: Row = {}
        if not stream.rows:
            # A detail has the parent's id, and the same values as the parent's row.
            fixed |= {
                name: value for name, value in parent.row.items() if table.get(name) == self._kind_above(stream, name)
            }
            fixed |= {name: parent.id for name in key if parent.id}
            fixed |= {"page_size": stream.page} if stream.page else {}
        if moment is not None and stream.time:
            fixed[stream.time] = at(schema["properties"][stream.time], moment)
        if moment is not None and stream.until:
            fixed[stream.until] = at(schema["properties"][stream.until], moment + timedelta(hours=2))
        if stream.name == "meeting_ai_transcripts":
            fixed |= self._transcript(parent, rng)
        fixed |= particulars.of_row(stream.name, parent.id, moment, rng)
        for file in fixed["recording_files"] if stream.name == "recordings" else ():
            if file["file_type"] == "TRANSCRIPT":
                path = f"{_FILES}{rng.getrandbits(64):x}"
                file["download_url"], self.texts[path] = self._url() + path, particulars.text_file(rng)
        if moment is not None and (held := particulars.kept(stream.name, parent.id, self.account).get(moment)):
            fixed |= particulars.of_meeting(stream.name, held)
        row = maker.record(
            table, keep={*key, *leading, *stream.instead.values(), *stream.beside} & table.keys(), **fixed
        )
        for name in stream.instead:
            if rng.random() < 0.3:
                row.pop(name)
        for name in stream.may_lack:
            if rng.random() < 0.4:
                row[name] = rng.choice(("", None))
        return Made(row, moment, next(iter(stream.states), ""), self._outer(stream, maker))

    def _kind_above(self, stream: Further, name: str) -> Any:
        """Return the type that the parent stream declares for a field, or ""."""
        if stream.parent in STREAMS:
            return fields_of(STREAMS[stream.parent].row).get(name, "")
        return "date" if name == "start_time" else ""

    def _outer(self, stream: Further, maker: Maker) -> Row:
        """Make the outer row of the list that the row is in; empty if there is none."""
        names = {source.removeprefix("outer:") for source in stream.added.values() if source.startswith("outer:")}
        return maker.record(dict.fromkeys(sorted(names), "id") | {"email": "email"}, keep=names) if names else {}

    def _other_states(self, stream: Further, made: Made, rng: random.Random) -> Iterator[Made]:
        """Yield further versions of a message that was sent: edited or deleted, up to two of each."""
        for state, schema in (
            (state, stream.answer["properties"][state]["items"]) for state in list(stream.states)[1:]
        ):
            row = {name: value for name, value in made.row.items() if name in schema["properties"]}
            for _ in range(rng.choice((0, 0, 1, 2))):
                yield Made({**row, "message": text(rng), "id": made.row["id"]}, made.moment, state)

    def _transcript(self, parent: Parent, rng: random.Random) -> Row:
        path = f"{_FILES}{rng.getrandbits(64):x}"
        row, text_behind = particulars.transcript(parent.id, self._url() + path, rng)
        if text_behind:
            self.texts[path] = text_behind
        return row

    # Sums

    def sums(self, stream: Further, asked: tuple[str | None, ...], period: str) -> list[Row]:
        """Return the rows of a period: "2026-03", "2026-03-05", or any other name, which has other rows."""
        if asked not in [stream.asked(ask) for ask in stream.asks]:
            return []
        rng = self._rng("sum", stream.name, *asked, period)
        days = stream.window is not None and stream.window.unit == "day"
        count = (rng.random() < 0.06) * 2 if days else 3
        maker = Maker(rng, drift=self.account.drift)
        return [self._made_row(stream, Parent(), asked, None, maker).row for _ in range(count if stream.rows else 1)]

    def happened(self, stream: Further, parent: Parent, made: Made) -> list[datetime]:
        """Return the times of a row: one, or with `used_in` those of all its child rows."""
        assert made.moment is not None
        if not stream.used_in:
            return [made.moment]
        below = STREAMS[stream.used_in]
        rows = self.rows(below, self.parents(below)[str(made.row[below.by])], ())
        return [message.moment for message in rows if message.moment is not None]

    def envelope(self, stream: Further, parent: Parent, asked: tuple[str | None, ...]) -> Row:
        """Return the answer's fields other than the rows."""
        schema = stream.answer["properties"]
        around = {
            name: part
            for name, part in schema.items()
            if name not in {stream.rows.split(".")[0], stream.older[0], *stream.states}
        }
        maker = Maker(self._rng("around", stream.name, parent.id, *asked), drift=self.account.drift)
        return maker.record(fields_of({"properties": around}), keep=stream.beside)

    def is_older_form(self, stream: Further, parent: Parent, asked: tuple[str | None, ...]) -> bool:
        """True if the answer has the list under its former name only."""
        if not stream.older[0]:
            return False
        if not stream.parent:
            return "non_recorded" in asked
        return self._rng("older", stream.name, parent.id).random() < 0.3


def _above(stream: Further, parent: Parent) -> Row:
    """Return the columns of a row that come from its parent's row."""
    sources = {column: source.partition(":") for column, source in stream.added.items()}
    return {column: parent.row[name] for column, (kind, _, name) in sources.items() if kind == "parent"}


def _held(held: Occurrence) -> Row:
    return {"meeting_uuid": held.uuid, "meeting_id": held.of.number, "start_time": written(held.start)}


def _refusal(status: int, code: int | None, message: str) -> Refusal:
    return Refusal(status, {} if code is None else {"code": code, "message": message})
