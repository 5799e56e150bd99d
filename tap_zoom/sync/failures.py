"""Failures: which ones are kept in the state, for how long, and which bookmarks they hold.

A task that could not be read is kept, and each of the next runs retries it once. After MAX_RUNS runs on different days
it is given up. Failures that can't be kept task by task put a hold on their stream: its bookmark, and those of the
streams below it, stay where they are until a run has read all of it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container

from tap_zoom.state import Failure, State
from tap_zoom.sync.context import split_time

MAX_KEPT = 40
MAX_BYTES = 2400  # of failures and digests in the state
MAX_GIVEN_UP_BYTES = 1400  # of digests
MAX_RUNS = 5  # on different days; then a failure is given up
FIRST_TASKS = 10  # of a stream: if all of them are refused with the same answer, the stream is refused

# Outcomes of a failure.
KEPT, NOT_KEPT, GIVEN_UP, STILL_GIVEN_UP, SKIPPED = "kept", "not kept", "given up", "still given up", "skipped"
Report = Callable[[Failure, str, str], None]  # called with a failure, its reason and its outcome


class Failures:
    """Keeps the failures of `state`. `report` is called once for each failure of this run.

    `started`, `now`: start of the run and of this process, in the state's format. `skips`: tasks without access aren't
    failures.
    """

    def __init__(self, state: State, started: str, now: str, report: Report, skips: bool = False) -> None:
        self._state = state
        self._started = started
        self._now = now
        self._report = report
        self._skips = skips
        self._given_up = {digest: day for day in sorted(state.given_up) for digest in state.given_up[day]}
        self._kept: dict[tuple[object, ...], Failure] = {}
        for each in state.failures:  # a merged state may contain a task twice, or one that was given up
            if self._was_given_up(each):
                report(each, f"{each.stream} {each.context or each.window}", STILL_GIVEN_UP)
            else:
                kept = self._kept.setdefault(each.key, each)
                if kept is not each:
                    kept.widen(each)
                    kept.resume_at = []  # the runs may have read different streams
        self._known = set(self._kept)  # tasks that failed in earlier runs
        self._sinces = {each.since for each in state.failures}
        self._readable: set[str] = set()  # streams that can be read, at least in part
        self._undecided: dict[str, list[tuple[Failure, str]]] = {}  # refused tasks of streams, until decided
        self._undecided_holds: set[str] = set()  # removed once decided
        self._answers: dict[str, str] = {}
        self.refused: set[str] = set()
        self.overflowed = False
        self._store()

    def __contains__(self, failure: Failure) -> bool:
        return failure.key in self._kept

    # --- during the run

    def is_known(self, failure: Failure) -> bool:
        """True if a task failed in an earlier run, too."""
        return failure.key in self._known or failure.digest in self._given_up

    def untried(self, streams: Container[str]) -> list[Failure]:
        """Return failures of earlier runs that this run hasn't tried, the longest untried first."""
        kept = [each for each in self._kept.values() if each.stream in streams and not each.hold]
        return sorted((each for each in kept if each.last < self._now), key=lambda each: (each.last, str(each.key)))

    def failed(self, failure: Failure, reason: str) -> bool:
        """Keep a task that could not be read. False if the state has no room for it: then its stream gets a hold."""
        if self._was_given_up(failure):
            self._report(failure, reason, STILL_GIVEN_UP)
            return True
        kept = self._kept.get(failure.key)
        if kept is None and self._fits(failure):
            kept = self._kept[failure.key] = failure
            failure.since = self._started
            self._sinces.add(failure.since)
        if kept is None:
            self.overflowed = True
            self._report(failure, reason, NOT_KEPT)
            self._hold(failure.stream)
            return False
        self._count(kept, failure)
        if kept.runs >= MAX_RUNS and not kept.hold:
            self.give_up(kept, reason)
        else:
            self._report(kept, reason, KEPT)
        self._store()
        return True

    def hold(self, stream: str, reason: str) -> None:
        """Put a hold on a stream: the state can't name what is missing."""
        self._hold(stream)
        self._report(Failure(stream, hold=True), reason, KEPT)

    def give_up(self, failure: Failure, reason: str) -> None:
        """Keep only the digest of a failure. Later full runs recognize it by that, and only warn."""
        del self._kept[failure.key]
        digest, days = failure.digest, self._state.given_up
        self._given_up[digest] = self._now[:10]
        days[self._now[:10]] = [*days.get(self._now[:10], []), digest]
        while self._size_of_given_up() > MAX_GIVEN_UP_BYTES:
            oldest = min(day for day in days if days[day])
            days[oldest] = days[oldest][1:]
        self._report(failure, reason, GIVEN_UP)
        self._store()

    def answered(self, stream: str) -> None:
        """Handle an answer: its stream can be read, so earlier refusals were only about their tasks."""
        self._readable.add(stream)
        if stream in self._undecided_holds:
            self._undecided_holds.discard(stream)
            del self._kept[Failure(stream, hold=True).key]
            self._store()
        for failure, reason in self._undecided.pop(stream, []):
            self.no_access(failure, reason)

    def forget(self, failure: Failure) -> None:
        """Forget that a task was given up, now that it was read completely: if it fails again, it counts again."""
        if self._given_up and (digest := failure.digest) in self._given_up:
            del self._given_up[digest]
            for digests in self._state.given_up.values():  # an empty list stays, since a merge would restore the day
                digests[:] = [each for each in digests if each != digest]

    def expire(self, failure: Failure, reason: str) -> bool:
        """Give up a kept failure that Zoom no longer has. True if it was kept."""
        kept = self._kept.get(failure.key)
        if kept is not None:
            self.give_up(kept, reason)
        return kept is not None

    def drop(self, stream: str) -> list[Failure]:
        """Remove and return the failures of a stream, which another one replaces."""
        dropped = [each for each in self._kept.values() if each.stream == stream and not each.hold]
        for each in dropped:
            del self._kept[each.key]
        self._store()
        return dropped

    def covered_by(self, failure: Failure) -> Failure | None:
        """Return the kept failure of the same task, if reading the days of this one includes its days."""
        kept = self._kept.get(failure.key)
        return kept if kept is not None and failure.covers(kept) else None

    def resolve(self, failure: Failure) -> bool:
        """Handle a task that was read with its subtree. True if that resolves a kept failure."""
        if self.covered_by(failure) is None:
            return False
        del self._kept[failure.key]
        self._store()
        return True

    def start_over(self, failure: Failure) -> None:
        """Let the next retry of a kept list begin at its start."""
        if kept := self._kept.get(failure.key):
            kept.resume_at = []

    def refuse(self, failure: Failure, reason: str, answer: str) -> None:
        """Handle a task without access. The first tasks of its stream decide if only the task is refused or the stream.

        `answer`: the status and code. Until it is decided the stream has a hold, in case the run is killed.
        """
        stream = failure.stream
        if answer != self._answers.setdefault(stream, answer):
            self.answered(stream)
        if stream in self._readable:
            self.no_access(failure, reason)
        elif stream not in self.refused:
            if stream not in self._undecided:
                is_new = Failure(stream, hold=True).key not in self._kept
                self._hold(stream)
                self._undecided_holds |= {stream} if is_new else set()
            self._undecided.setdefault(stream, []).append((failure, reason))

    def no_access(self, failure: Failure, reason: str) -> bool:
        """Handle a task without access whose stream can be read. Returns the same as `failed`."""
        if self._skips:
            self._report(failure, reason, SKIPPED)
            self._kept.pop(failure.key, None)
            self._store()
            return True
        if failure.context or failure.window:
            return self.failed(failure, reason)
        self.hold(failure.stream, reason)  # a list of the account: the missing contexts are unknown
        return True

    def is_decided(self, stream: str) -> bool:
        """True if enough tasks of a stream were refused to refuse the stream."""
        return len(self._undecided.get(stream, ())) >= FIRST_TASKS

    def refuse_stream(self, stream: str, replaced: bool = False) -> None:
        """Refuse a stream. Its hold stays unless a fallback replaces it: when the run resumes, there may be access
        again, but it resumes after the tasks that were refused."""
        self._undecided.pop(stream, None)
        if replaced and stream in self._undecided_holds:
            del self._kept[Failure(stream, hold=True).key]
        self._undecided_holds.discard(stream)
        if not replaced:
            self._hold(stream)
        self.refused.add(stream)
        self._store()

    def undecided(self) -> list[tuple[str, str]]:
        """Return the streams whose tasks have all been refused so far, with the first reason."""
        return [(stream, refused[0][1]) for stream, refused in self._undecided.items()]

    # --- at the end of a run

    def finish(self, streams: Container[str], fallbacks: Container[str]) -> set[str]:
        """Return the streams of this run with a hold, or that were refused. `fallbacks`: refused streams with a
        fallback."""
        held = set()
        for each in [each for each in self._kept.values() if each.hold and each.stream in streams]:
            if each.last < self._started:  # this run has read again what an earlier one could not
                del self._kept[each.key]
            elif each.runs >= MAX_RUNS and each.stream not in self.refused:
                del self._kept[each.key]
                self._report(each, f"{each.stream}: incomplete in {MAX_RUNS} runs", GIVEN_UP)
            else:
                held.add(each.stream)
        self._store()
        return held | {name for name in self.refused if name not in fallbacks}

    # --- helpers

    def _was_given_up(self, failure: Failure) -> bool:
        """True if a task was given up. A window of the account that has later days by now is another loss."""
        day = self._given_up.get(failure.digest) if self._given_up and not failure.hold else None
        return day is not None and (bool(failure.context) or not failure.days or failure.days[1] <= day)

    def _hold(self, stream: str) -> None:
        self._undecided_holds.discard(stream)
        failure = Failure(stream, hold=True)
        kept = self._kept.get(failure.key)
        if kept is None:
            kept = self._kept[failure.key] = failure
            failure.since = self._started
            self._sinces.add(failure.since)
        self._count(kept, failure)
        self._store()

    def _count(self, kept: Failure, failure: Failure) -> None:
        kept.widen(failure)
        if kept.last[:10] < self._now[:10]:
            kept.runs += 1
        kept.last = self._now

    def _fits(self, failure: Failure) -> bool:
        """True if the state has room for a failure. Holds always fit: there is at most one for each stream."""
        kept = [*self._kept.values(), failure]
        size = sum(len(json.dumps(each.task())) for each in kept) + 110 * len(
            {(each.stream, each.runs) for each in kept}
        )
        return len(kept) <= MAX_KEPT and size + self._size_of_given_up() <= MAX_BYTES

    def _size_of_given_up(self) -> int:
        return sum(16 + 11 * len(digests) for digests in self._state.given_up.values() if digests)

    def _store(self) -> None:
        self._state.failures = list(self._kept.values())
        self._state.resolved = self._sinces - {each.since for each in self._state.failures}


def time_of(failure: Failure) -> str:
    """Return the time from which data may be missing because of a failure; "" if unknown."""
    return f"{failure.days[0]}T00:00:00Z" if failure.days else split_time(failure.context)[0] or ""
