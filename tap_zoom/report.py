"""Messages about a run: progress, failures, the final table, and Singer metrics."""

from __future__ import annotations

import logging
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from singer import metrics

from tap_zoom.access import warn_of_fallback
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.log import COLUMNS, is_interactive, show
from tap_zoom.state import Failure
from tap_zoom.streams import BY_NAME, PARTS
from tap_zoom.streams.model import Stream
from tap_zoom.sync.failures import GIVEN_UP, NOT_KEPT, SKIPPED, STILL_GIVEN_UP

SECONDS_BETWEEN_LINES = 10.0
SECONDS_ON_TERMINAL = 0.5
NAMED_PER_STREAM = 5  # in the summary; the ERROR lines name all
SHOWN = 4  # unfinished traversals in a line about the progress
MIN_REASON_WIDTH = 20  # characters of the table's last column, even if names are long

LOGGER = logging.getLogger("tap_zoom")


@dataclass(slots=True)
class Tally:
    """Counts of one stream."""

    records: int = 0
    requests: int = 0
    empty: Counter[str] = field(default_factory=Counter)


class Report:
    """`selected`: the names of the emitted streams; `skips`: a stream without access isn't an error."""

    def __init__(self, selected: Collection[str], skips: bool) -> None:
        self.tallies: dict[str, Tally] = {}
        self.refused: dict[str, str] = {}
        self._missing: dict[str, list[str]] = {}  # reasons by stream
        self._given_up = 0  # of those
        self._held: set[str] = set()  # streams with a hold whose reason was logged
        self._selected = selected
        self._skips = skips
        self._answers_from: dict[str, tuple[date, str]] = {}
        self._problems: list[str] = []  # of a run that reached its end
        self._started = time.monotonic()
        self._shown = self._started
        self._live = is_interactive()

    # --- during the run

    def request(self, stream: str) -> None:
        """Count an answered request."""
        self.tallies.setdefault(stream, Tally()).requests += 1

    def records(self, stream: str, count: int) -> None:
        self.tallies.setdefault(stream, Tally()).records += count

    def empty(self, stream: str, reason: str) -> None:
        """Count a refusal that means "nothing here"."""
        self.tallies.setdefault(stream, Tally()).empty[reason] += 1

    def failure(self, failure: Failure, reason: str, outcome: str) -> None:
        """Log a task that could not be read."""
        if outcome == STILL_GIVEN_UP:
            LOGGER.warning("Still failing, given up by an earlier run: %s", reason)
            return
        if outcome == SKIPPED:
            LOGGER.warning("Skipped, no access: %s", reason)
            self.empty(failure.stream, "no access")
            return
        self._missing.setdefault(failure.stream, []).append(reason)
        if failure.hold or outcome == NOT_KEPT:
            self._held.add(failure.stream)
        if outcome == GIVEN_UP:
            self._given_up += 1
            after = f"It failed in {failure.runs} runs and is" if failure.runs > 1 else "It is"
            LOGGER.error("Lost: %s. %s given up: later runs only warn.", reason, after)
        else:
            LOGGER.error("Lost: %s", reason)

    def refuse(self, stream: Stream, reason: str, fallback: Stream | None, below: list[str]) -> None:
        """Log a stream that can't be read. `below`: selected streams that depend on it."""
        if fallback:
            warn_of_fallback(stream, reason)
            if stream.name not in self._selected:
                return
        self.refused[stream.name] = reason
        LOGGER.log(
            logging.WARNING if self._skips else logging.ERROR,
            "The stream %s can't be read with this login%s: %s",
            stream.name, f", so these are missing too: {', '.join(below)}" if below else "", reason,
        )  # fmt: skip

    def answers_from(self, stream: str, day: date, reason: str) -> None:
        """Note that Zoom refused days before `day` that should be within its retention. Logged at the end."""
        self._answers_from[stream] = day, reason

    def expired(self, stream: str, first: date, last: date, below: list[str], has_older: bool) -> None:
        """Log unread days of a resumed run that have left Zoom's retention. `below`: selected streams below it."""
        then = "Past meetings whose number is still listed are found through that number." if has_older else ""
        days = f"the days from {first} to {last} have left Zoom's retention"
        days += f" (also for {', '.join(below)})" if below else ""
        LOGGER.warning("%s: since the run was stopped, %s. %s", stream, days, then)

    def problems(self, held: Collection[str]) -> list[str]:
        """Return what is missing from a run that reached its end. `held`: streams with a hold."""
        problems = []
        missing = sum(map(len, self._missing.values())) - self._given_up
        if missing:
            problems.append(f"{_count(missing, 'item')} missing (see the ERROR lines; later runs retry them)")
        if self._given_up:
            problems.append(f"{_count(self._given_up, 'item')} given up (see the ERROR lines; later runs only warn)")
        if earlier := sorted(set(held) - self._held):
            problems.append(
                f"an earlier part of the run lacks data of {', '.join(earlier)} (the next run reads it again)"
            )
        if self.refused and not self._skips:
            problems.append(
                f"no access to {', '.join(self.refused)} (add the scopes, role or plan named in the ERROR lines, "
                "deselect these streams, or set on_missing_access to skip)"
            )
        self._problems = problems
        return problems

    def tick(self, dispatcher: Dispatcher, progress: Callable[[], Iterable[tuple[str, int, int]]]) -> None:
        """Show a progress line if the last one is old enough. `progress`: see `Traversals.progress`."""
        now = time.monotonic()
        if now - self._shown < (SECONDS_ON_TERMINAL if self._live else SECONDS_BETWEEN_LINES):
            return
        self._shown = now
        seconds = now - self._started
        rate = sum(dispatcher.requests.values()) / max(seconds, 0.001)
        line = f"{_duration(seconds)}: {_count(self._records, 'record')}, {rate:.1f} requests/s"
        line += _progress(progress())
        if self._live:
            show(line)
        else:
            busiest = dispatcher.busiest()
            LOGGER.info("%s%s", line, f"; waiting for the {str(busiest).lower()} limit" if busiest else "")

    @property
    def _records(self) -> int:
        return sum(tally.records for tally in self.tallies.values())

    # --- at the end of the run

    def close(self, status: str, retries: Mapping[str, int], misfits: Mapping[str, Mapping[str, int]]) -> None:
        """Log a summary of failures, the metrics, the table, and the outcome of the run."""
        show("")
        seconds = time.monotonic() - self._started
        for name, (day, reason) in self._answers_from.items():
            LOGGER.warning("%s: Zoom no longer has data from before %s: %s", name, day, reason)
        for name, fields in misfits.items():
            for path, count in fields.items():
                LOGGER.info("%s.%s: %d values did not fit the schema and were emitted as null.", name, path, count)
        for name, reasons in self._missing.items():
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
        """List the selected streams and, indented, parent streams that aren't. Fits COLUMNS with INFO before it."""
        listed = {*self._selected, *self.tallies}
        parts = {part: [stream.name for stream in streams if stream.name in listed] for part, streams in PARTS.items()}
        names = [name for part in parts.values() for name in part]
        shown = {name: name if name in self._selected else f"  {name}" for name in names}
        row = f"%-{max(map(len, shown.values()), default=0)}s %9s %8s  %s"
        width = max(COLUMNS - len("INFO ") - len(row % ("", "", "", "")), MIN_REASON_WIDTH)
        yield row % ("stream", "records", "requests", "skipped (reason)")
        headings = {names[0]: part for part, names in parts.items() if names}
        for name in names:
            if name in headings and len(headings) > 1:
                yield headings[name]
            tally = self.tallies.get(name, Tally())
            reasons = [f"{reason} {count:,}" for reason, count in tally.empty.most_common()]
            reasons += [f"retries {retries[name]:,}"] if retries.get(name) else []
            reasons += ["no access"] if name in self.refused else []
            first, *more = _lines(reasons, width)
            records = f"{tally.records:,}" if name in self._selected else "-"
            yield (row % (shown[name], records, f"{tally.requests:,}", first)).rstrip()
            yield from (row % ("", "", "", line) for line in more)


def _progress(traversals: Iterable[tuple[str, int, int]]) -> str:
    """Format how many windows or contexts are done: "; history_meetings 3 of 7, users 2 of 40"."""
    parts = [
        f"{name if name in BY_NAME else name.replace('_', ' ') + 's'} {done} of {total}"
        for name, done, total in traversals
    ]
    more = [f"{len(parts) - SHOWN} more"] if len(parts) > SHOWN else []
    return f"; {', '.join(parts[:SHOWN] + more)}" if parts else ""


def _lines(reasons: list[str], width: int) -> list[str]:
    """Wrap the reasons after commas, to at least one line. A reason longer than a line isn't cut."""
    text = ", ".join(each.replace(" ", "\0") for each in reasons)
    return [line.replace("\0", " ") for line in textwrap.wrap(text, width, break_long_words=False)] or [""]


def _count(number: int, noun: str) -> str:
    """Format a number with its noun, in the plural if needed."""
    return f"{number:,} {noun}{'' if number == 1 else 'es' if noun.endswith('s') else 's'}"


def _duration(seconds: float) -> str:
    """Format a duration in seconds, minutes or hours."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
