"""What the token's scopes allow, known before the first record where the login names its scopes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tap_zoom.errors import AccessMissing
from tap_zoom.streams import BY_NAME, LOOKUPS, STAND_INS, STREAMS, finders
from tap_zoom.streams.model import ACCOUNT, Stream, Thing

LOGGER = logging.getLogger(__name__)
Names = frozenset[str]
FEW = 10  # streams, for which a command each can be typed


@dataclass(frozen=True, slots=True)
class Access:
    """`selected`: the streams to emit; `asked`: these and the ones that lead to them; `spare`: stand-ins, if needed."""

    selected: Names
    asked: Names
    spare: Names


def sources(stream: Stream, older: bool) -> Names:
    """The streams that lead to what a stream is asked about. `older`: also to what happened before their windows."""
    names = {stream.lookup}
    things = [stream.about]
    for thing in things:
        for finder, find in finders(thing):
            if finder.name not in STAND_INS and (older or not find.before):
                # What is found under a condition is found in rows that lack nothing.
                names |= {finder.name, "" if find.where else finder.lookup}
                things += [finder.about] if finder.about not in things else []
    return frozenset(names - {""})


def check(
    selected: Iterable[str], scopes: Names | None, older: bool, skip: bool, warn: Callable[[str], None]
) -> Access:
    """Which streams to read with these scopes; None stands for a login that names none, so that all may be tried.

    Raises AccessMissing where something selected can't be read whole, unless `skip`: then such a stream is left out
    with a warning, and one whose occurrences can be found in part is read in part, with a warning as well.
    """
    allowed = {stream.name for stream in STREAMS if scopes is None or stream.allowed_by(scopes)}
    reachable, recent = _reachable(allowed, older), _reachable(allowed, older=False)
    kept, asked = set(), set()
    problems: dict[str, list[str]] = {}
    for name in selected:
        lead = _with_stand_ins(sources(BY_NAME[name], older), allowed)
        lacking = sorted({name, *lead} - LOOKUPS - allowed)
        if lacking:
            problems[name] = lacking
        if not lacking or (skip and name in recent):
            kept.add(name)
            asked |= {name, *(lead & reachable), *(lead & LOOKUPS & allowed)}
    if problems and not skip:
        raise AccessMissing(_message(problems))
    for name, lacking in problems.items():
        what = "is read only in part" if name in kept else "is left out"
        then = " Once it has it, a full run brings the rest." if name in kept else ""
        warn(f"The stream {name} {what}: the token lacks {_scopes(lacking)}.{then}")
    return Access(frozenset(kept), frozenset(asked), STAND_INS & reachable)


def warn_of_stand_in(stream: Stream, why: str) -> None:
    LOGGER.warning(
        "The account refuses %s, so occurrences are found user by user through %s: that takes two requests per user "
        "and month, and what was held by users who have left the account is not found. %s",
        stream.name, stream.instead, why,
    )  # fmt: skip


def _reachable(allowed: set[str], older: bool) -> Names:
    """The allowed streams whose things are found at all, by whichever way: what is found leads on."""
    things: set[Thing] = {ACCOUNT}
    names: set[str] = set()
    while new := {s.name for s in STREAMS if s.name in allowed - names and s.about in things}:
        names |= new
        things |= {find.thing for name in new for find in BY_NAME[name].finds if older or not find.before}
    return frozenset(names)


def _with_stand_ins(names: Names, allowed: set[str]) -> Names:
    """The same, with a stand-in in the place of each stream that is not allowed, and what leads to that."""
    replaced = set(names)
    for name in names - allowed:
        instead = BY_NAME[name].instead
        if instead in allowed:
            replaced.remove(name)
            replaced |= {instead} | sources(BY_NAME[instead], older=False)
    return frozenset(replaced)


def _scopes(names: Iterable[str]) -> str:
    return "; ".join(BY_NAME[name].scope for name in names)


def _message(problems: dict[str, list[str]]) -> str:
    lacks = " | ".join(f"{name} needs {_scopes(lacking)}" for name, lacking in problems.items())
    commands = " && ".join(f"meltano select tap-zoom --exclude {name} '*'" for name in problems)
    how = f"deselect the streams ({commands}; without Meltano set \"selected\": false in the catalog)"
    if len(problems) > FEW and not any(BY_NAME[name].core for name in problems):
        core = ", ".join(f"{stream.name}.*" for stream in STREAMS if stream.core)
        how = f"read the core alone, as tap-zoom 0.1.0 did (in meltano.yml, in place of *.*: select: [{core}])"
    count = "one selected stream" if len(problems) == 1 else f"{len(problems)} selected streams"
    return (
        f"The token lacks scopes for {count}: {lacks}. Add the scopes to the app on https://marketplace.zoom.us and "
        f"activate it again, or {how}, or set on_missing_access to skip, or to try if the token has them "
        "under other names."
    )
