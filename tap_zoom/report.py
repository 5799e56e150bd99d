"""What a person sees on stderr: progress while the run lasts, a table at its end, and singer's metrics."""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from singer import metrics

from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.zoom.frontier import Frontier

SECONDS_BETWEEN_LINES = 10.0
SECONDS_ON_TERMINAL = 0.5
LOST_NAMED = 100  # in the summary; the ERROR lines name all

LOGGER = logging.getLogger("tap_zoom")


@dataclass(slots=True)
class Tally:
    """One stream's numbers."""

    records: int = 0
    requests: int = 0
    nothing: Counter[str] = field(default_factory=Counter)
    first: float = 0.0
    last: float = 0.0


class Report:
    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self.lost: list[str] = []
        self.lost_items = 0
        self.lost_records = 0
        self.refused: dict[str, str] = {}
        self._started = time.monotonic()
        self._shown = self._started
        self._live = sys.stderr.isatty()

    def asked(self, stream: str) -> Tally:
        """Count one answered request."""
        tally = self.tallies.get(stream)
        now = time.monotonic()
        if tally is None:
            tally = self.tallies[stream] = Tally(first=now)
        tally.requests += 1
        tally.last = now
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
        self._clear()
        LOGGER.error("Lost: %s", what)

    @property
    def complete(self) -> bool:
        return not (self.lost_items or self.lost_records)

    def problems(self, given_up: int, fail: bool) -> list[str]:
        """What keeps a run that reached its end from being complete, in words. `given_up`: losses of stopped runs that
        could not be asked for again; `fail`: streams that can't be read count."""
        problems = []
        if given_up:
            problems.append(
                f"{given_up} losses of the stopped runs could not be asked for again (their ERROR lines name them; run "
                "again to try them again)"
            )
        if not self.complete:
            parts = [f"{self.lost_items} items"] * bool(self.lost_items)
            parts += [f"{self.lost_records} records"] * bool(self.lost_records)
            problems.append(f"{' and '.join(parts)} lost (the ERROR lines name them; run again to try them again)")
        if self.refused and fail:
            problems.append(
                f"not readable with this login: {', '.join(self.refused)} (give the app the scopes, the role or the "
                "plan that the ERROR lines name, or deselect these streams, or set on_missing_access to skip)"
            )
        return problems

    def tick(self, frontier: Frontier) -> None:
        """A line about where the run is, if the last one was long enough ago."""
        now = time.monotonic()
        if now - self._shown < (SECONDS_ON_TERMINAL if self._live else SECONDS_BETWEEN_LINES):
            return
        self._shown = now
        line = self._progress(frontier, now - self._started)
        if self._live:
            sys.stderr.write(f"\r\x1b[2K{line[:200]}")
            sys.stderr.flush()
        else:
            LOGGER.info(line)

    def _progress(self, frontier: Frontier, seconds: float) -> str:
        requests = sum(frontier.requests.values())
        records = sum(tally.records for tally in self.tallies.values())
        labels = ", ".join(
            f"{str(lane).lower()} {frontier.requests[lane]} done {count} queued"
            for lane, count in sorted(frontier.queued().items(), key=str)
        )
        waiting = frontier.busiest()
        return (
            f"{seconds:.0f} s: {requests} requests ({requests / max(seconds, 0.001):.1f}/s), {records} records of "
            f"{sum(1 for tally in self.tallies.values() if tally.records)} streams; {labels or 'nothing queued'}"
            + (f"; waiting for the {str(waiting).lower()} limit" if waiting else "")
        )

    def close(self, status: str, retries: Mapping[str, int], misfits: Mapping[str, Mapping[str, int]]) -> None:
        """The table, what was lost, and the metrics."""
        self._clear()
        seconds = time.monotonic() - self._started
        LOGGER.info("%-28s %9s %9s %8s %8s  %s", "stream", "records", "requests", "retries", "seconds", "nothing here")
        for stream in STREAMS:
            tally = self.tallies.get(stream.name)
            if tally is None:
                continue
            why = ", ".join(f"{count} x {reason}" for reason, count in sorted(tally.nothing.items()))
            LOGGER.info(
                "%-28s %9s %9d %8d %8.1f  %s",
                stream.name, tally.records if stream.emitted else "-", tally.requests,
                retries.get(stream.name, 0), tally.last - tally.first, why or "-",
            )  # fmt: skip
        for name, fields in misfits.items():
            for path, count in fields.items():
                LOGGER.info("%s.%s: %d values did not fit the schema and went out as null.", name, path, count)
        for what in self.lost:
            LOGGER.info("Not out: %s", what)
        for name, tally in self.tallies.items():
            if BY_NAME[name].emitted:
                metrics.log(LOGGER, metrics.Point("counter", "record_count", tally.records, {"endpoint": name}))
        tags = {"job_type": "sync", "status": status}
        metrics.log(LOGGER, metrics.Point("timer", "job_duration", round(seconds, 3), tags))

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[2K")
