"""What the token's scopes allow, known before the first record where the login names its scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tap_zoom.errors import AccessMissing
from tap_zoom.streams import BY_NAME, FALLBACKS, LOOKUPS, Stream, Thing, finders


@dataclass(frozen=True, slots=True)
class Access:
    """`selected`: the streams to emit; `asked`: these and the ones that lead to them; `spare`: fallbacks, if needed."""

    selected: frozenset[str]
    asked: frozenset[str]
    spare: frozenset[str]


def sources(stream: Stream, older: bool) -> frozenset[str]:
    """The streams that lead to what a stream is asked about. `older`: also to occurrences before the reports begin."""
    names = {stream.lookup} if stream.lookup else set()
    things = [stream.parent]
    while things:
        thing = things.pop()
        for finder in finders(thing):
            if finder.parent in (Thing.MEETING, Thing.WEBINAR) and not older:
                continue
            if finder.name not in names:
                names.add(finder.name)
                things.append(finder.parent)
                names.update(filter(None, [finder.lookup]))
    return frozenset(names)


def check(
    selected: Iterable[str], scopes: frozenset[str] | None, older: bool, skip: bool, warn: Callable[[str], None]
) -> Access:
    """Which streams to read with these scopes; None stands for a login that names none, so that all may be tried.

    Raises AccessMissing where something selected can't be read whole, unless `skip`: then such a stream is left out
    with a warning, and one whose occurrences can be found in part is read in part, with a warning as well.
    """
    kept, asked = set(), set()
    problems: dict[str, list[str]] = {}
    for name in selected:
        stream = BY_NAME[name]
        lead = _with_fallback(sources(stream, older), scopes)
        lacking = [each for each in sorted({name, *lead} - LOOKUPS) if not _allowed(each, scopes)]
        if lacking:
            problems[name] = lacking
        if not lacking or (skip and _allowed(name, scopes) and _found_at_all(stream.parent, scopes, older=False)):
            kept.add(name)
            asked |= {name} | {each for each in lead if _allowed(each, scopes) and _reachable(each, scopes, older)}
    if problems and not skip:
        raise AccessMissing(_message(problems))
    for name, lacking in problems.items():
        part = "is read only in part" if name in kept else "is left out"
        warn(f"The stream {name} {part}: the token lacks {_scopes(lacking)}.")
    spare = {name for name in FALLBACKS if _reachable(name, scopes, older)}
    return Access(frozenset(kept), frozenset(asked), frozenset(spare))


def _allowed(name: str, scopes: frozenset[str] | None) -> bool:
    return scopes is None or BY_NAME[name].allowed_by(scopes)


def _with_fallback(names: frozenset[str], scopes: frozenset[str] | None) -> frozenset[str]:
    """The same, with a fallback in the place of each stream that the scopes do not allow, and what leads to that."""
    replaced = set(names)
    for name in names:
        fallback = BY_NAME[name].fallback
        if fallback and not _allowed(name, scopes) and _allowed(fallback, scopes):
            replaced.discard(name)
            replaced |= {fallback} | sources(BY_NAME[fallback], older=False)
    return frozenset(replaced)


def _found_at_all(thing: Thing, scopes: frozenset[str] | None, older: bool) -> bool:
    """Whether anything that the scopes allow leads to such things."""
    ways = [way for way in finders(thing) if older or way.parent not in (Thing.MEETING, Thing.WEBINAR)]
    ways += [BY_NAME[way.fallback] for way in ways if way.fallback]
    return thing is Thing.ACCOUNT or any(_reachable(way.name, scopes, older) for way in ways)


def _reachable(name: str, scopes: frozenset[str] | None, older: bool) -> bool:
    return _allowed(name, scopes) and _found_at_all(BY_NAME[name].parent, scopes, older)


def _scopes(names: Iterable[str]) -> str:
    return "; ".join(f"{BY_NAME[name].granular} (classic: {BY_NAME[name].classic})" for name in names)


def _message(problems: dict[str, list[str]]) -> str:
    lacks = " | ".join(f"{name} needs {_scopes(lacking)}" for name, lacking in problems.items())
    commands = " && ".join(f"meltano select tap-zoom --exclude {name} '*'" for name in problems)
    return (
        f"The token lacks scopes for {len(problems)} selected streams: {lacks}. Add the scopes to the app on "
        f"https://marketplace.zoom.us and activate it again, or deselect the streams ({commands}; without Meltano set "
        '"selected": false in the catalog), or set on_missing_access to skip.'
    )
