"""The records of the further streams that a correct tap emits, made from the table and the account's contents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .. import conversion
from ..dates import UTC, day_start, first_report_day
from ..model import Occurrence, User
from ..refusals import Refusal
from . import HAND_MADE, KEYS, STREAMS, Further
from .contents import Made, Parent, Row
from .model import Ask, documented
from .periods import month_end
from .shapes import fields_of

if TYPE_CHECKING:
    from ..server import SimulatedZoom

__all__ = ["HELD_BACK", "KEYS", "truth_of"]

# Stream -> secret fields, at any depth, that are not selected by default.
HELD_BACK = {
    "account_settings": {"authorized_channel_token", "passcode"}, "chat_messages": {"download_url"},
    "clips": {"passcode", "thumbnail_link"}, "meeting_recordings": {"download_access_token"},
    "phone_sms_messages": {"download_url"}, "room_details": {"activation_code", "room_passcode", "download_url"},
    "room_location_details": {"room_passcode", "download_url"}, "rooms": {"activation_code"},
    "contact_center_engagement_surveys": {"file_url"}, "zoom_event_tickets": {"qr_code_url"},
    "zoom_event_registrants": {"qr_code_url"}, "zra_conversation_details": {"downloadUrl", "recording_download_url"},
}  # fmt: skip

# How many days back a tap reads by default, if Zoom states no retention.
_DAYS_BACK = 730


def truth_of(zoom: SimulatedZoom, stream: str, start_date: str | date | None = None) -> list[Row]:
    """Return the records of one further stream, in any order, without HELD_BACK fields.

    Rows with a time start at `start_date`, or at the limit of Zoom's retention if that is later. Without `start_date`
    they start at that limit, or two years ago if Zoom states none.
    """
    truth = _Truth(zoom, start_date)
    return truth.by_hand(stream) if stream in HAND_MADE else truth.records(STREAMS[stream])


class _Truth:
    def __init__(self, zoom: SimulatedZoom, start_date: str | date | None) -> None:
        self.zoom = zoom
        self.contents = zoom.further.contents
        self.now = zoom.as_of
        self.start: datetime | None = None
        if start_date is not None:
            start = datetime.fromisoformat(str(start_date).replace("Z", "+00:00"))
            self.start = start if start.tzinfo else start.replace(tzinfo=UTC)

    # Start dates

    def since(self, stream: Further) -> datetime:
        """Return the time from which on rows are read."""
        assert stream.window is not None
        if stream.window.keeps is None:
            return self.start or day_start(self.now.date() - timedelta(days=_DAYS_BACK))
        first = day_start(self.now.date() - timedelta(days=stream.window.keeps))
        if stream.window.form == "month":
            first = first.replace(day=1)  # Zoom answers for a month if it still has one of its days
        elif stream.window.unit == "month" and first.day > 1:
            first = day_start(month_end(first.date()) + timedelta(days=1))
        return max(first, self.start or first)

    def _periods(self, stream: Further) -> Iterator[tuple[date, date]]:
        """Yield the first and last day of each day or calendar month that has sums."""
        assert stream.window is not None
        day = self.since(stream).date()
        if stream.window.unit == "month":
            day = day.replace(day=1)
        while day <= self.now.date():
            last = month_end(day) if stream.window.unit == "month" else day
            yield day, last
            day = last + timedelta(days=1)

    # Parents and rows

    def _parents(self, stream: Further) -> Iterator[Parent]:
        """Yield the parents that a run finds."""
        if stream.parent == "history_meetings":
            listed = {held.uuid for held in self._history()}
            yield from (parent for id_, parent in self.contents.parents(stream).items() if id_ in listed)
        elif stream.parent in STREAMS:
            above = STREAMS[stream.parent]
            found = {str(made.row[stream.by]) for _, _, made in self._rows(above)}
            yield from (parent for id_, parent in self.contents.parents(stream).items() if id_ in found)
        else:
            yield from self.contents.parents(stream).values()

    def _rows(self, stream: Further) -> Iterator[tuple[Parent, Ask, Made]]:
        for parent in self._parents(stream):
            if self.contents.refusal(stream, parent) is not None:
                continue
            for ask in stream.asks:
                for made in self.contents.rows(stream, parent, stream.asked(ask)):
                    if self._is_read(stream, parent, made):
                        yield parent, ask, made

    def _is_read(self, stream: Further, parent: Parent, made: Made) -> bool:
        if stream.window is None:
            return True
        if made.moment is None or made.moment > self.now + timedelta(days=stream.ahead + stream.window.until):
            return False
        return any(moment >= self.since(stream) for moment in self.contents.happened(stream, parent, made))

    def _history(self) -> list[Occurrence]:
        first = max(day_start(first_report_day(self.now.date())), self.start or datetime.min.replace(tzinfo=UTC))
        return [
            held for held in self.zoom.account.held if held.start >= first and self.zoom.answers.contents.was_held(held)
        ]

    # Records

    def records(self, stream: Further) -> list[Row]:
        made: list[tuple[Row, Row]] = []
        if stream.is_sum:
            for first, last in self._periods(stream):
                name = first.isoformat()[: 7 if first != last else None]
                window = {"window:from": first.isoformat(), "window:to": last.isoformat()}
                for ask in stream.asks:
                    for row in self.contents.sums(stream, stream.asked(ask), name):
                        made.append((row, self._record(stream, Parent(), ask, Made(row), window)))
        else:
            for parent, ask, each in self._rows(stream):
                made.append((each.row, self._record(stream, parent, ask, each, {})))
        return _numbered(made, stream.key, in_order=_arrives_in_order(stream))

    def _record(self, stream: Further, parent: Parent, ask: Ask, made: Made, window: dict[str, str]) -> Row:
        record = without(HELD_BACK.get(stream.name, frozenset()), conversion.record(fields_of(stream.row), made.row))
        if stream.beside:
            around = self.contents.envelope(stream, parent, stream.asked(ask))
            record |= conversion.record(fields_of(stream.answer), {name: around[name] for name in stream.beside})
        for name, other in stream.instead.items():
            if not record.get(name):
                record[name] = record[other]
        for name in stream.may_lack:
            record[name] = record.get(name) or ""
        for column, source in stream.added.items():
            if source != "sequence":
                record[column] = self._added(stream, column, source, parent, ask, made, window)
        return record

    def _added(
        self, stream: Further, column: str, source: str, parent: Parent, ask: Ask, made: Made, window: dict[str, str]
    ) -> Any:
        kind, _, names = source.partition(":")
        if kind == "parent":
            value = parent.row[names]
            return int(value) if column in ("meeting_id", "webinar_id") else value
        if kind == "outer":
            return made.outer[names]
        if kind == "window":
            return window[source]
        if kind == "run":
            return self.zoom.now.date().isoformat()
        if kind == "list":
            return stream.states[made.state]
        if kind == "download":
            return self.contents.texts.get(made.row["download_url"].removeprefix(self.zoom.url))
        values = ask if kind == "ask" else made.row
        found = (name[1:-1] if name.startswith("'") else values.get(name) for name in names.split("|"))
        return conversion.string(next(value for value in found if value))

    # Streams that are not in the table

    def by_hand(self, stream: str) -> list[Row]:
        contents = self.zoom.answers.contents
        users = [user for user in self.zoom.account.users if user.status != "pending" and not user.deleted]
        schema = documented()[HAND_MADE[stream]]["answer"]
        if stream == "user_details":
            rows = [contents.user(user.id) for user in users]
            return [conversion.record(fields_of(schema), row) for row in rows if not isinstance(row, Refusal)]
        if stream.startswith("meeting_transcript"):
            return list(self._of_files(stream))
        name = "history_meetings" if stream == "history_meetings" else "meetings"
        table = fields_of(schema["properties"][name]["items"])
        if stream == "history_meetings":
            return [conversion.record(table, contents.history_row(held)) for held in self._history()]
        made = []
        for held in self._history():
            for query_type in ("pastJoined", "pastOne") if held.people == 1 else ("pastJoined",):
                if held.of.host in users:
                    row = contents.user_report_row(held)
                    made.append((row, conversion.record(table, row) | _whose(held.of.host, query_type)))
        return _numbered(made, KEYS[stream], in_order=False)

    def _of_files(self, stream: str) -> Iterator[Row]:
        """Yield transcripts, or their cues, from the files that each recording lists."""
        for _, _, made in self._rows(STREAMS["recordings"]):
            files = [file for file in made.row["recording_files"] if file["file_type"] == "TRANSCRIPT"]
            files.sort(key=lambda file: file["recording_start"])
            texts = [self.contents.texts[file["download_url"].removeprefix(self.zoom.url)] for file in files]
            uuid = made.row["uuid"]
            if stream == "meeting_transcripts" and files:
                sent = conversion.record(fields_of(STREAMS["recordings"].row), made.row)
                same = {name: sent.get(name) for name in ("account_id", "host_id", "auto_delete", "auto_delete_date")}
                yield same | {
                    "meeting_uuid": uuid, "meeting_id": uuid, "meeting_topic": sent.get("topic"), "can_download": True,
                    "download_url": files[0]["download_url"], "text": "\n\n".join(texts),
                }  # fmt: skip
            elif stream != "meeting_transcripts":
                yield from (
                    {"meeting_uuid": uuid, "number": number, **cue} for number, cue in enumerate(_cues(files, texts), 1)
                )


def _cues(files: list[Row], texts: list[str]) -> Iterator[Row]:
    """Yield the cues of transcript files. Each file has two."""
    for file, text in zip(files, texts, strict=True):
        _, first, second = text.split("\r\n\r\n")
        said = [(61.0, 3601.25, "Zoë", first.split("Zoë: ")[1])]
        said += [(121.0, 3602.25, None, "\n".join(second.splitlines()[2:]))]
        for start, end, speaker, words in said:
            yield {
                "file_id": file["id"], "recording_start": file["recording_start"], "start_seconds": start,
                "end_seconds": end, "speaker": speaker, "text": conversion.string(words),
            }  # fmt: skip


def without(names: Collection[str], value: Any) -> Any:
    """Return a value without fields of these names, at any depth."""
    if isinstance(value, list):
        return [without(names, part) for part in value]
    if isinstance(value, dict):
        return {name: without(names, part) for name, part in value.items() if name not in names}
    return value


def _whose(user: User, query_type: str) -> Row:
    return {"user_id": user.id, "query_type": query_type}


def _arrives_in_order(stream: Further) -> bool:
    """True if `sequence` follows the order of arrival: in paged lists without windows. Others go by canonical JSON."""
    return bool(stream.page) and stream.window is None


def _numbered(made: list[tuple[Row, Row]], key: tuple[str, ...], *, in_order: bool) -> list[Row]:
    """Return the records. `sequence` counts those with the same rest of the key from 0."""
    if "sequence" in key:
        sharing: dict[tuple[Any, ...], list[tuple[str, Row]]] = defaultdict(list)
        for sent, record in made:
            rest = tuple(record[name] for name in key if name != "sequence")
            sharing[rest].append(("" if in_order else conversion.canonical(sent), record))
        for rows in sharing.values():
            for number, (_, record) in enumerate(sorted(rows, key=lambda row: row[0])):
                record["sequence"] = number
    return [record for _, record in made]
