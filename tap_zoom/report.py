"""What a person sees on stderr: progress while the run lasts, a table at its end, and singer's metrics."""

from __future__ import annotations

import logging
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from singer import metrics

from tap_zoom.sync.branch import Branch
from tap_zoom.sync.progress import Progress
from tap_zoom.log import COLUMNS, for_a_person, show
from tap_zoom.streams import PARTS
from tap_zoom.api.dispatcher import Frontier

SECONDS_BETWEEN_LINES = 10.0
SECONDS_ON_TERMINAL = 0.5
LOST_NAMED = 100  # in the summary; the ERROR lines name all
LEAST_FOR_WORDS = 20  # columns of the table, however long the names are

LOGGER = logging.getLogger("tap_zoom")


@dataclass(slots=True)
class Tally:
    """One stream's numbers."""

    records: int = 0
    requests: int = 0
    nothing: Counter[str] = field(default_factory=Counter)


class Report:
    """`selected`: the names of the streams that are emitted."""

    def __init__(self, selected: Collection[str]) -> None:
        self.tallies: dict[str, Tally] = {}
        self.lost: list[str] = []
        self.lost_items = 0
        self.lost_records = 0
        self.refused: dict[str, str] = {}
        self._selected = selected
        self._progress = Progress()
        self._missing: list[str] = []  # of a run that reached its end
        self._started = time.monotonic()
        self._shown = self._started
        self._live = for_a_person()

    def asked(self, stream: str) -> Tally:
        """Count one answered request."""
        tally = self.tallies.setdefault(stream, Tally())
        tally.requests += 1
        return tally

    def lose(self, what: str) -> None:
        """An item is lost: one ERROR line."""
        self.lost_items += 1
        self._name_lost(what)

    def lose_records(self, count: int, where: str) -> None:
        """Rows whose key can't be made."""
        self.lost_records += count
        self._name_lost(f"{count} of the rows of {where}: the key can't be made of what Zoom sent")

    def _name_lost(self, what: str) -> None:
        if len(self.lost) < LOST_NAMED:
            self.lost.append(what)
        LOGGER.error("Lost: %s", what)

    def problems(self, given_up: int, fail: bool) -> list[str]:
        """What keeps a run that reached its end from being complete, in words. `given_up`: losses of stopped runs that
        could not be asked for again; `fail`: streams that can't be read count."""
        problems = {}
        if given_up:
            what = f"{_count(given_up, 'loss')} of the stopped runs could not be asked for again"
            problems[what] = "their ERROR lines name them; run again to try them again"
        if self.lost_items or self.lost_records:
            parts = [_count(self.lost_items, "item")] * bool(self.lost_items)
            parts += [_count(self.lost_records, "record")] * bool(self.lost_records)
            problems[f"{' and '.join(parts)} lost"] = "the ERROR lines name them; run again to try them again"
        if self.refused and fail:
            problems[f"not readable with this login: {', '.join(self.refused)}"] = (
                "give the app the scopes, the role or the plan that the ERROR lines name, or deselect these streams, "
                "or set on_missing_access to skip"
            )
        self._missing = list(problems)
        return [f"{what} ({remedy})" for what, remedy in problems.items()]

    def tick(self, frontier: Frontier, branches: Iterable[Branch]) -> None:
        """A line about where the run is, if the last one was long enough ago."""
        now = time.monotonic()
        if now - self._shown < (SECONDS_ON_TERMINAL if self._live else SECONDS_BETWEEN_LINES):
            return
        self._shown = now
        line = self._where(frontier, branches, now)
        if self._live:
            show(line)
        else:
            lane = frontier.lanes.busiest()
            LOGGER.info("%s%s", line, f"; waiting for the {str(lane).lower()} limit" if lane else "")

    def _where(self, frontier: Frontier, branches: Iterable[Branch], now: float) -> str:
        """What counts most stands first: a terminal may show no more. Of each branch, what is out of what is known."""
        seconds = now - self._started
        courses, left = self._progress.look(branches, now)
        rate = sum(frontier.requests.values()) / max(seconds, 0.001)
        line = f"{_duration(seconds)}{'' if left is None else f', about {_duration(left)} to go'}: "
        known = ", ".join(f"{name} {course.done:,}/{course.known:,}" for name, course in courses.items())
        return line + f"{_count(self._records, 'record')}, {rate:.1f} requests/s{'; ' * bool(known)}{known}"

    @property
    def _records(self) -> int:
        return sum(tally.records for tally in self.tallies.values())

    def close(self, status: str, retries: Mapping[str, int], misfits: Mapping[str, Mapping[str, int]]) -> None:
        """What was odd or lost, the metrics (for machines), the table, and how it ended in one sentence."""
        show("")
        seconds = time.monotonic() - self._started
        for name, fields in misfits.items():
            for path, count in fields.items():
                LOGGER.info("%s.%s: %d values did not fit the schema and went out as null.", name, path, count)
        for what in self.lost:
            LOGGER.info("Not out: %s", what)
        if not sys.stderr.isatty():
            self._metrics(status, seconds)
        for line in self._table(retries):
            LOGGER.info(line)
        streams = sum(1 for tally in self.tallies.values() if tally.records)
        missing = "; ".join(self._missing) or "stopped before its end"
        LOGGER.info(
            "%s of %s in %s: %s.", _count(self._records, "record"), _count(streams, "stream"), _duration(seconds),
            "complete" if status == metrics.Status.succeeded else f"incomplete: {missing}",
        )  # fmt: skip

    def _metrics(self, status: str, seconds: float) -> None:
        for name in self._selected:
            records = self.tallies.get(name, Tally()).records
            metrics.log(LOGGER, metrics.Point("counter", "record_count", records, {"endpoint": name}))
        tags = {"job_type": "sync", "status": status}
        metrics.log(LOGGER, metrics.Point("timer", "job_duration", round(seconds, 3), tags))

    def _table(self, retries: Mapping[str, int]) -> Iterator[str]:
        """What was selected, and, indented, the lists that only led to it. Fits COLUMNS, with INFO before it."""
        told = {*self._selected, *self.tallies}
        parts = {part: [stream.name for stream in streams if stream.name in told] for part, streams in PARTS.items()}
        names = [name for part in parts.values() for name in part]
        shown = {name: name if name in self._selected else f"  {name}" for name in names}
        row = f"%-{max(map(len, shown.values()), default=0)}s %9s %8s  %s"
        for_words = max(COLUMNS - len("INFO ") - len(row % ("", "", "", "")), LEAST_FOR_WORDS)
        yield row % ("stream", "records", "requests", "what Zoom answered")
        headings = {names[0]: part for part, names in parts.items() if names}
        for name in names:
            if name in headings and len(headings) > 1:
                yield headings[name]
            tally = self.tallies.get(name, Tally())
            said = [f"{words} {count:,}" for words, count in tally.nothing.most_common()]
            said += [f"asked again {retries[name]:,}"] if name in retries else []
            said += ["not readable"] if name in self.refused else []
            first, *more = _lines(said, for_words)
            records = f"{tally.records:,}" if name in self._selected else "-"
            yield (row % (shown[name], records, f"{tally.requests:,}", first)).rstrip()
            yield from (row % ("", "", "", words) for words in more)


def _lines(words: list[str], width: int) -> list[str]:
    """One or more, each of which ends behind a comma."""
    text = ", ".join(each.replace(" ", "\0") for each in words)
    return [line.replace("\0", " ") for line in textwrap.wrap(text, width)] or [""]


def _count(number: int, what: str) -> str:
    """In words."""
    return f"{number:,} {what}{'' if number == 1 else 'es' if what.endswith('s') else 's'}"


def _duration(seconds: float) -> str:
    """In words: whole seconds, minutes or hours."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
