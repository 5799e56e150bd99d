"""The streams that the token's scopes allow, checked before the first record if the login returns its scopes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tap_zoom.errors import AccessMissing
from tap_zoom.streams import BY_NAME, ENRICHERS, FALLBACKS, STREAMS, parents_of
from tap_zoom.streams.model import ACCOUNT, Entity, Stream

LOGGER = logging.getLogger(__name__)
Names = frozenset[str]
FEW = 10  # streams for which an error suggests one command each


@dataclass(frozen=True, slots=True)
class Access:
    """`selected`: the streams to emit; `requested`: these and their ancestors; `retried`: the same plus the streams
    that lead to older contexts, which retries read in any run; `fallbacks`: the fallback streams that can be requested;
    `older`: contexts older than the windows of their stream are wanted."""

    selected: Names
    requested: Names
    retried: Names
    fallbacks: Names
    older: bool


def ancestors(stream: Stream, older: bool) -> Names:
    """Return a stream's ancestors and enrichers. `older`: also those that lead to contexts older than its windows."""
    names = {stream.enriched_by}
    entities = [stream.parent]
    for entity in entities:
        for parent, link in parents_of(entity):
            if parent.name not in FALLBACKS and (older or not link.older_than):
                # Rows that meet a condition need no enrichment.
                names |= {parent.name, "" if link.where else parent.enriched_by}
                entities += [parent.parent] if parent.parent not in entities else []
    return frozenset(names - {""})


def check(
    selected: Iterable[str], scopes: Names | None, older: bool, skip: bool, warn: Callable[[str], None]
) -> Access:
    """Return the streams to read with these scopes. With None, the scopes are unknown and all streams may be tried.

    Raises AccessMissing if a selected stream can't be read in full. With `skip` it is skipped with a warning instead,
    or read in part if some of its contexts can be found.
    """
    allowed = {stream.name for stream in STREAMS if scopes is None or stream.allowed_by(scopes)}
    everything, recent = _reachable(allowed, older=True), _reachable(allowed, older=False)
    reachable = everything if older else recent
    kept: set[str] = set()
    requested: set[str] = set()
    retried: set[str] = set()
    problems: dict[str, list[str]] = {}
    for name in selected:
        parents = _with_fallbacks(ancestors(BY_NAME[name], older), allowed)
        lacking = sorted({name, *parents} - ENRICHERS - allowed)
        if lacking:
            problems[name] = lacking
        if not lacking or (skip and name in recent):
            kept.add(name)
            requested |= {name, *(parents & reachable), *(parents & ENRICHERS & allowed)}
            retried |= ancestors(BY_NAME[name], older=True) & everything
    if problems and not skip:
        raise AccessMissing(_message(problems))
    for name, lacking in problems.items():
        outcome = "is read only in part" if name in kept else "is skipped"
        then = " Once the token has it, a full run reads the rest." if name in kept else ""
        warn(f"The stream {name} {outcome}: the token lacks {_scopes(lacking)}.{then}")
    return Access(frozenset(kept), frozenset(requested), frozenset(requested | retried), FALLBACKS & reachable, older)


def warn_of_fallback(stream: Stream, reason: str) -> None:
    LOGGER.warning(
        "No access to %s, so past meetings are listed user by user with %s. This takes two requests per user and "
        "month, and doesn't find meetings of users who have left the account. %s",
        stream.name, stream.fallback_stream, reason,
    )  # fmt: skip


def _reachable(allowed: set[str], older: bool) -> Names:
    """Return the allowed streams whose contexts can be found."""
    entities: set[Entity] = {ACCOUNT}
    names: set[str] = set()
    left = set(allowed)
    while new := {stream.name for stream in STREAMS if stream.name in left and stream.parent in entities}:
        names |= new
        left -= new
        entities |= {link.entity for name in new for link in BY_NAME[name].links if older or not link.older_than}
    return frozenset(names)


def _with_fallbacks(names: Names, allowed: set[str]) -> Names:
    """Replace each stream that isn't allowed by its fallback and the fallback's ancestors."""
    replaced = set(names)
    for name in names - allowed:
        fallback = BY_NAME[name].fallback_stream
        if fallback in allowed:
            replaced.remove(name)
            replaced |= {fallback} | ancestors(BY_NAME[fallback], older=False)
    return frozenset(replaced)


def _scopes(names: Iterable[str]) -> str:
    return "; ".join(BY_NAME[name].scope for name in names)


def _message(problems: dict[str, list[str]]) -> str:
    lacks = " | ".join(f"{name} needs {_scopes(lacking)}" for name, lacking in problems.items())
    commands = " && ".join(f"meltano select tap-zoom --exclude {name} '*'" for name in problems)
    how = f'deselect the streams ({commands}; without Meltano set "selected": false in the catalog)'
    if len(problems) > FEW and not any(BY_NAME[name].core for name in problems):
        core = ", ".join(f"{stream.name}.*" for stream in STREAMS if stream.core)
        how = f"select the core streams only (in meltano.yml, instead of *.*: select: [{core}])"
    count = "one selected stream" if len(problems) == 1 else f"{len(problems)} selected streams"
    return (
        f"The token lacks scopes for {count}: {lacks}. Add the scopes to the app on https://marketplace.zoom.us and "
        f"activate it again, or {how}, or set on_missing_access to skip, or to try if the token has them under "
        "different names."
    )
