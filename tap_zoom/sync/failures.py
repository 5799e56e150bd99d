"""Failures: which are kept in the state, for how long, and which bookmarks they hold.

A task that could not be read is kept and retried by the next runs, once each. After MAX_RUNS runs on different days it
is given up. What can't be kept task by task is a hold of its stream: the stream's bookmark stays, and so do the
bookmarks of the streams below it, until a run has read all of that again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container

from tap_zoom.state import Failure, State

MAX_KEPT = 40
MAX_BYTES = 2400  # of failures and digests in the state
MAX_GIVEN_UP = 100
MAX_RUNS = 5  # on different days; then a failure is given up
FIRST_TASKS = 10  # of a stream: if all of them are refused alike, the stream is

# What becomes of a failure.
KEPT, NOT_KEPT, GIVEN_UP, STILL_GIVEN_UP, REFUSED, SKIPPED = (
    "kept", "not kept", "given up", "still given up", "refused", "skipped",
)  # fmt: skip
Tell = Callable[[Failure, str, str], None]  # a failure, its reason, what becomes of it


class Failures:
    """Keeps the failures of `state`. `tell` is called once for each failure of this run.

    `started`, `now`: when the run and this process began, as the state writes times. `skips`: tasks that the login has
    no access to are no failures.
    """

    def __init__(self, state: State, started: str, now: str, tell: Tell, skips: bool = False) -> None:
        self._state = state
        self._started = started
        self._now = now
        self._tell = tell
        self._skips = skips
        self._given_up = {digest for digests in state.given_up.values() for digest in digests}
        self._kept: dict[tuple[object, ...], Failure] = {}
        for each in state.failures:  # a merged state may hold a task twice, or one that was given up
            if each.digest in self._given_up:
                tell(each, f"{each.stream} {each.context or each.window}", STILL_GIVEN_UP)
            else:
                self._kept.setdefault(each.key, each).widen(each)
        self._sinces = {each.since for each in state.failures}
        self._readable: set[str] = set()  # streams that can be read, at least in part
        self._undecided: dict[str, list[tuple[Failure, str]]] = {}  # while all tasks of a stream were refused alike
        self._undecided_holds: set[str] = set()  # removed when it is decided
        self._answers: dict[str, str] = {}
        self.refused: set[str] = set()
        self.overflowed = False
        self._store()

    def __contains__(self, failure: Failure) -> bool:
        return failure.key in self._kept

    # --- while the run lasts

    def untried(self, streams: Container[str]) -> list[Failure]:
        """Failures of earlier runs that this one has not tried, the longest untried first."""
        kept = [each for each in self._kept.values() if each.stream in streams and not each.hold]
        return sorted((each for each in kept if each.last < self._now), key=lambda each: (each.last, str(each.key)))

    def failed(self, failure: Failure, reason: str) -> bool:
        """A task could not be read. False if there is no room to keep it: then its stream gets a hold."""
        if failure.digest in self._given_up and not failure.hold:
            self._tell(failure, reason, STILL_GIVEN_UP)
            return True
        kept = self._kept.get(failure.key)
        if kept is None and self._fits(failure):
            kept = self._kept[failure.key] = failure
            failure.since = self._started
            self._sinces.add(failure.since)
        if kept is None:
            self.overflowed = True
            self._tell(failure, reason, NOT_KEPT)
            self._hold(failure.stream)
            return False
        self._count(kept, failure)
        if kept.runs >= MAX_RUNS and not kept.hold:
            self.give_up(kept, reason)
        else:
            self._tell(kept, reason, KEPT)
        self._store()
        return True

    def hold(self, stream: str, reason: str) -> None:
        """Something of a stream is missing that the state can't name."""
        self._hold(stream)
        self._tell(Failure(stream, hold=True), reason, KEPT)

    def give_up(self, failure: Failure, reason: str) -> None:
        """Keep no more of a failure than its digest, by which later runs know it: full runs go on meeting it."""
        del self._kept[failure.key]
        digest, days = failure.digest, self._state.given_up
        self._given_up.add(digest)
        days[self._now[:10]] = [*days.get(self._now[:10], []), digest]
        while sum(map(len, days.values())) > MAX_GIVEN_UP:
            oldest = min(days)
            days[oldest] = days[oldest][1:]
            if not days[oldest]:
                del days[oldest]
        self._tell(failure, reason, GIVEN_UP)
        self._store()

    def answered(self, failure: Failure) -> None:
        """A page of a task was answered, so earlier refusals of its stream were about their tasks."""
        self._is_readable(failure.stream)
        if failure.digest in self._given_up:  # if it fails again, it counts again
            self._given_up.discard(failure.digest)
            for day, digests in list(self._state.given_up.items()):
                digests[:] = [each for each in digests if each != failure.digest]
                if not digests:
                    del self._state.given_up[day]

    def settle(self, failure: Failure) -> bool:
        """A task was read, its subtree included. True if that settles a failure that was kept."""
        kept = self._kept.get(failure.key)
        if kept is None or not failure.covers(kept):
            return False
        del self._kept[failure.key]
        self._store()
        return True

    def refuse(self, failure: Failure, reason: str, answer: str) -> None:
        """The login has no access to a task. Its stream's first tasks decide if that is about the task or the stream.

        `answer`: the status and code. Until it is decided the stream has a hold, in case the run is killed.
        """
        stream = failure.stream
        if answer != self._answers.setdefault(stream, answer):
            self._is_readable(stream)
        if stream in self._readable:
            self._no_access(failure, reason)
        elif stream not in self.refused:
            if stream not in self._undecided:
                is_new = Failure(stream, hold=True).key not in self._kept
                self._hold(stream)
                self._undecided_holds |= {stream} if is_new else set()
            self._undecided.setdefault(stream, []).append((failure, reason))

    def is_decided(self, stream: str) -> bool:
        """True if enough tasks of a stream were refused to refuse the stream."""
        return len(self._undecided.get(stream, ())) >= FIRST_TASKS

    def refuse_stream(self, stream: str, replaced: bool = False) -> None:
        """A stream can't be read. Its hold stays unless a fallback replaced it: access may be back when the run is
        resumed, behind the tasks that were refused."""
        self._undecided.pop(stream, None)
        if replaced and stream in self._undecided_holds:
            del self._kept[Failure(stream, hold=True).key]
        self._undecided_holds.discard(stream)
        if not replaced:
            self._hold(stream)
        self.refused.add(stream)
        self._store()

    def undecided(self) -> list[tuple[str, str]]:
        """Streams of which all tasks so far were refused, with the reason of the first."""
        return [(stream, refused[0][1]) for stream, refused in self._undecided.items()]

    # --- at the end of a run

    def finish(self, streams: Container[str], fallbacks: Container[str]) -> set[str]:
        """The streams of this run whose bookmark stays, and those below them. `fallbacks`: refused streams that others
        replaced."""
        held = set()
        for each in [each for each in self._kept.values() if each.hold and each.stream in streams]:
            if each.last < self._started:  # this run has read again what an earlier one could not
                del self._kept[each.key]
            elif each.runs >= MAX_RUNS and each.stream not in self.refused:
                del self._kept[each.key]
                self._tell(each, "the same is missing since five runs", GIVEN_UP)
            else:
                held.add(each.stream)
        self._store()
        return held | {name for name in self.refused if name not in fallbacks}

    # --- helpers

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

    def _no_access(self, failure: Failure, reason: str) -> None:
        if self._skips:
            self._tell(failure, reason, SKIPPED)
        else:
            self.failed(failure, reason)

    def _is_readable(self, stream: str) -> None:
        """Its tasks were not all refused alike, so those that were are failures."""
        self._readable.add(stream)
        if stream in self._undecided_holds:
            self._undecided_holds.discard(stream)
            del self._kept[Failure(stream, hold=True).key]
            self._store()
        for failure, reason in self._undecided.pop(stream, []):
            self._no_access(failure, reason)

    def _fits(self, failure: Failure) -> bool:
        """True if there is room in the state; a hold always has: there is at most one of a stream."""
        kept = [*self._kept.values(), failure]
        size = sum(len(json.dumps(each.task())) for each in kept) + 110 * len(
            {(each.stream, each.runs) for each in kept}
        )
        return len(kept) <= MAX_KEPT and size + 11 * len(self._given_up) <= MAX_BYTES

    def _store(self) -> None:
        self._state.failures = list(self._kept.values())
        self._state.settled = self._sinces - {each.since for each in self._state.failures}


def time_of(failure: Failure) -> str:
    """The time from which something may be missing because of a failure; "" if that can't be said."""
    return (
        f"{failure.days[0]}T00:00:00Z"
        if failure.days
        else failure.context.split(" ")[0]
        if failure.context[:1].isdigit()
        else ""
    )
