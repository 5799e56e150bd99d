"""Messages about a run: progress while it lasts, failures, a table at its end, and singer's metrics."""

from __future__ import annotations

import logging
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from singer import metrics

from tap_zoom.access import warn_of_fallback
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.log import COLUMNS, for_a_person, show
from tap_zoom.state import Failure
from tap_zoom.streams import BY_NAME, PARTS
from tap_zoom.streams.model import Stream
from tap_zoom.sync.failures import GIVEN_UP, SKIPPED, STILL_GIVEN_UP
from tap_zoom.sync.traversal import Traversal

SECONDS_BETWEEN_LINES = 10.0
SECONDS_ON_TERMINAL = 0.5
NAMED_PER_STREAM = 5  # in the summary; the ERROR lines name all
SHOWN = 4  # unfinished traversals in a line about the progress
LEAST_FOR_WORDS = 20  # columns of the table, however long the names are

LOGGER = logging.getLogger("tap_zoom")


@dataclass(slots=True)
class Tally:
    """One stream's numbers."""

    records: int = 0
    requests: int = 0
    empty: Counter[str] = field(default_factory=Counter)


class Report:
    """`selected`: the names of the streams that are emitted; `skips`: a stream without access is no error."""

    def __init__(self, selected: Collection[str], skips: bool) -> None:
        self.tallies: dict[str, Tally] = {}
        self.refused: dict[str, str] = {}
        self._lost: dict[str, list[str]] = {}  # by stream
        self._selected = selected
        self._skips = skips
        self._answers_from: dict[str, tuple[date, str]] = {}
        self._problems: list[str] = []  # of a run that reached its end
        self._started = time.monotonic()
        self._shown = self._started
        self._live = for_a_person()

    # --- while the run lasts

    def request(self, stream: str) -> None:
        """Count an answered request."""
        self.tallies.setdefault(stream, Tally()).requests += 1

    def records(self, stream: str, count: int) -> None:
        self.tallies.setdefault(stream, Tally()).records += count

    def empty(self, stream: str, reason: str) -> None:
        """Count a refusal that means "nothing here"."""
        self.tallies.setdefault(stream, Tally()).empty[reason] += 1

    def failure(self, failure: Failure, reason: str, outcome: str) -> None:
        """A task could not be read: a line each."""
        if outcome == STILL_GIVEN_UP:
            LOGGER.warning("Still not readable, given up by an earlier run: %s", reason)
            return
        if outcome == SKIPPED:
            LOGGER.warning("Skipped, no access: %s", reason)
            self.empty(failure.stream, "no access")
            return
        self._lost.setdefault(failure.stream, []).append(reason)
        if outcome == GIVEN_UP:
            LOGGER.error("Lost: %s. It failed in %d runs and is given up: later runs only warn.", reason, failure.runs)
        else:
            LOGGER.error("Lost: %s", reason)

    def refuse(self, stream: Stream, reason: str, fallback: Stream | None, below: list[str]) -> None:
        """A stream can't be read. `below`: selected streams that depend on it."""
        if fallback:
            warn_of_fallback(stream, reason)
            if stream.name not in self._selected:
                return
        self.refused[stream.name] = reason
        LOGGER.log(
            logging.WARNING if self._skips else logging.ERROR,
            "The stream %s can't be read with this login%s: %s",
            stream.name, f", so these are missing, too: {', '.join(below)}" if below else "", reason,
        )  # fmt: skip

    def answers_from(self, stream: str, day: date, reason: str) -> None:
        """Zoom refused a day that should be within its retention; the next one may be refused, too."""
        self._answers_from[stream] = day, reason

    def gone(self, stream: str, first: date, last: date, has_older: bool) -> None:
        """Days that a resumed run had not read have left Zoom's retention."""
        then = "What belongs to a meeting number that is still listed is found through that." if has_older else ""
        LOGGER.warning(
            "%s: the run was stopped so long ago that Zoom no longer has the days from %s to %s. %s",
            stream,
            first,
            last,
            then,
        )

    def problems(self, held: Collection[str]) -> list[str]:
        """What is missing from a run that reached its end. `held`: streams of which an earlier part is missing."""
        problems = []
        if count := sum(map(len, self._lost.values())):
            problems.append(f"{_count(count, 'item')} lost (the ERROR lines name them; later runs retry them)")
        elif held:
            problems.append(
                f"an earlier part of the run lacks data of {', '.join(sorted(held))} (the next run reads it again)"
            )
        if self.refused and not self._skips:
            problems.append(
                f"no access to {', '.join(self.refused)} (add the scopes, the role or the plan that the ERROR lines "
                "name, or deselect these streams, or set on_missing_access to skip)"
            )
        self._problems = problems
        return problems

    def tick(self, dispatcher: Dispatcher, traversals: Mapping[str, Traversal]) -> None:
        """A line about the progress, if the last one is long enough ago."""
        now = time.monotonic()
        if now - self._shown < (SECONDS_ON_TERMINAL if self._live else SECONDS_BETWEEN_LINES):
            return
        self._shown = now
        seconds = now - self._started
        rate = sum(dispatcher.requests.values()) / max(seconds, 0.001)
        line = f"{_duration(seconds)}: {_count(self._records, 'record')}, {rate:.1f} requests/s"
        line += _progress(traversals)
        if self._live:
            show(line)
        else:
            busiest = dispatcher.busiest()
            LOGGER.info("%s%s", line, f"; waiting for the {str(busiest).lower()} limit" if busiest else "")

    @property
    def _records(self) -> int:
        return sum(tally.records for tally in self.tallies.values())

    # --- at its end

    def close(self, status: str, retries: Mapping[str, int], misfits: Mapping[str, Mapping[str, int]]) -> None:
        """A summary of what failed, the metrics, the table, and how the run ended."""
        show("")
        seconds = time.monotonic() - self._started
        for name, (day, reason) in self._answers_from.items():
            LOGGER.warning("%s: Zoom has no data from before %s any more: %s", name, day, reason)
        for name, fields in misfits.items():
            for path, count in fields.items():
                LOGGER.info("%s.%s: %d values did not fit the schema and were emitted as null.", name, path, count)
        for name, reasons in self._lost.items():
            for reason in reasons[:NAMED_PER_STREAM]:
                LOGGER.info("Missing: %s", reason)
            if len(reasons) > NAMED_PER_STREAM:
                LOGGER.info("Missing: %d more of %s", len(reasons) - NAMED_PER_STREAM, name)
        if not sys.stderr.isatty():
            self._metrics(status, seconds)
        for line in self._table(retries):
            LOGGER.info(line)
        streams = sum(1 for tally in self.tallies.values() if tally.records)
        missing = "; ".join(self._problems) or "interrupted"
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
        """The selected streams, and, indented, the lists that only lead to them. Fits COLUMNS, with INFO before it."""
        told = {*self._selected, *self.tallies}
        parts = {part: [stream.name for stream in streams if stream.name in told] for part, streams in PARTS.items()}
        names = [name for part in parts.values() for name in part]
        shown = {name: name if name in self._selected else f"  {name}" for name in names}
        row = f"%-{max(map(len, shown.values()), default=0)}s %9s %8s  %s"
        for_words = max(COLUMNS - len("INFO ") - len(row % ("", "", "", "")), LEAST_FOR_WORDS)
        yield row % ("stream", "records", "requests", "skipped (reason)")
        headings = {names[0]: part for part, names in parts.items() if names}
        for name in names:
            if name in headings and len(headings) > 1:
                yield headings[name]
            tally = self.tallies.get(name, Tally())
            said = [f"{words} {count:,}" for words, count in tally.empty.most_common()]
            said += [f"retries {retries[name]:,}"] if retries.get(name) else []
            said += ["no access"] if name in self.refused else []
            first, *more = _lines(said, for_words)
            records = f"{tally.records:,}" if name in self._selected else "-"
            yield (row % (shown[name], records, f"{tally.requests:,}", first)).rstrip()
            yield from (row % ("", "", "", words) for words in more)


def _progress(traversals: Mapping[str, Traversal]) -> str:
    """How many windows or parents of each unfinished traversal are done: "; history_meetings 3 of 7, users 2 of 40"."""
    done = {
        name if name in BY_NAME else f"{name.replace('_', ' ')}s": traversal.progress
        for name, traversal in traversals.items()
    }
    open_ones = [f"{name} {count} of {total}" for name, (count, total) in done.items() if count < total]
    more = [f"{len(open_ones) - SHOWN} more"] if len(open_ones) > SHOWN else []
    return f"; {', '.join(open_ones[:SHOWN] + more)}" if open_ones else ""


def _lines(words: list[str], width: int) -> list[str]:
    """One or more, each of which ends behind a comma; a reason that is longer than a line is not cut."""
    text = ", ".join(each.replace(" ", "\0") for each in words)
    return [line.replace("\0", " ") for line in textwrap.wrap(text, width, break_long_words=False)] or [""]


def _count(number: int, what: str) -> str:
    """In words."""
    return f"{number:,} {what}{'' if number == 1 else 'es' if what.endswith('s') else 's'}"


def _duration(seconds: float) -> str:
    """In words: whole seconds, minutes or hours."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
