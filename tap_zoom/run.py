"""One run, from its settings to its last STATE: this module sets up its parts and handles its end."""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from typing import Any

from singer import metrics

from tap_zoom import config, discover
from tap_zoom.access import Access, check, warn_of_fallback
from tap_zoom.api.auth import Login, login
from tap_zoom.api.client import Client
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.rate_limits import Pace, limit_of
from tap_zoom.api.token_endpoint import Token
from tap_zoom.check import Check
from tap_zoom.config import Config
from tap_zoom.errors import Incomplete, Stopped, TargetGone, UsageError
from tap_zoom.interrupts import Interrupts
from tap_zoom.log import Secrets
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import Run, State, digest, merged
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.sync.failures import Failures
from tap_zoom.sync.pages import Pages
from tap_zoom.sync.records import RecordBuilder
from tap_zoom.sync.retries import Retries, drop_replaced, go_back
from tap_zoom.sync.start_dates import StartDates, wants_older
from tap_zoom.sync.sync import Sync
from tap_zoom.sync.tasks import Tasks
from tap_zoom.sync.traversals import Traversals
from tap_zoom.sync.windows import Windows
from tap_zoom.times import stamp

LOGGER = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, output: Output, interrupts: Interrupts, secrets: Secrets) -> None:
    """Sync, or with --test check each selected stream."""
    if not arguments.config:
        raise UsageError("No settings: pass --config FILE, or --config ENV for the variables TAP_ZOOM_<SETTING>.")
    now = datetime.now(timezone.utc)
    settings = config.load(arguments.config, os.environ, LOGGER.warning)
    secrets.add_login(settings)
    catalog = config.read_json_object(arguments.catalog, "catalog") if arguments.catalog else None
    schemas = discover.select(catalog, LOGGER.warning, settings.keep_unknown_fields)
    incremental = discover.incremental(catalog, schemas, settings.replication_method, LOGGER.warning, LOGGER.info)
    value = _read_state(arguments.state)
    interrupts.install()  # not before: reading a pipe may block, and there a signal ends the tap at once
    if not schemas:
        LOGGER.warning("No streams are selected, so nothing is synced. Select streams in the catalog.")
    log_in = login(settings, secrets.add)
    try:
        token = log_in.first_token(interrupts) if schemas else None
        # With "try", the scopes aren't checked: Zoom decides stream by stream.
        scopes = token.scopes if token and settings.on_missing_access != "try" else None
        state = State.read(value, _accounts(settings, token), now, LOGGER.warning)
        dispatcher = _dispatcher(settings, log_in, interrupts)
        if arguments.test:
            older = wants_older(
                _start_dates(settings, state, incremental).since(schemas, now, _silent, _silent), now.date()
            )
            skips = settings.on_missing_access == "skip"
            Check(dispatcher, schemas, scopes, older, now, skips).run(output)
            return
        sync(settings, schemas, incremental, scopes, state, dispatcher, output, now, _today)
    except Exception:
        log_in.close(interrupts)
        raise


def sync(
    settings: Config, schemas: Mapping[str, discover.Schema], incremental: frozenset[str],
    scopes: frozenset[str] | None, state: State, dispatcher: Dispatcher, output: Output, now: datetime,
    today: Callable[[], date],
) -> None:  # fmt: skip
    """Sync the streams of `schemas`. `scopes`: the token's, None if unknown; `incremental`: the streams to read
    incrementally; `today()`: the current day."""
    skips = settings.on_missing_access == "skip"
    wanted = wants_older(_start_dates(settings, state, incremental).since(schemas, now, _silent, _silent), now.date())
    access = check(schemas, scopes, wanted, skips, LOGGER.warning)
    for stream in STREAMS:
        if stream.fallback_stream in access.requested:
            warn_of_fallback(stream, f"The token lacks {stream.scope}.")
    start_date = stamp(settings.start_date) if settings.start_date else ""
    if incremental and start_date < state.start_date:
        LOGGER.info("The start_date of the last run was later. Only a full run reads older data than that.")
    this, resumed = _this_run(state, access, incremental, start_date, now)
    state.unfinished = this
    tasks = Tasks(access)
    if not resumed:
        drop_replaced(state, tasks)
    dates = _start_dates(settings, state, incremental, tasks)
    since = dates.since(
        [name for name in schemas if name in access.selected], this.started_at, LOGGER.warning, LOGGER.info
    )
    # If a stream that is read from before its bookmark gets a hold, the next run has to do so again.
    wider = this.from_start and start_date < state.start_date
    go_back(state, [BY_NAME[name] for name in since if wider or name in dates.unused])
    windows = Windows(since, dates.start_time, this.started_at.date(), today, tasks.below)
    builders = {
        name: _builder(name, schema, name in incremental) for name, schema in schemas.items() if name in access.selected
    }
    report = Report(builders, skips)
    failures = Failures(state, stamp(this.started_at), stamp(now), report.failure, skips)
    retries = Retries(tasks, windows, failures, state, this, stamp(now), report)
    pages = Pages(builders, tasks, windows, output, report, now.date())
    traversals = Traversals(tasks, windows, retries, dispatcher, this, resumed, report)
    loop = Sync(tasks, windows, traversals, pages, retries, dispatcher, state, this, output, report)
    status = metrics.Status.failed
    try:
        try:
            loop.run()
            loop.close(start_date)
            status = metrics.Status.succeeded
        except (Stopped, TargetGone, Incomplete):
            raise
        except Exception:
            output.state(loop.last_state())
            raise
    except Stopped:
        output.write_last_state(loop.last_state())
        raise
    finally:
        report.close(status, dispatcher.retries, {name: each.shapes.misfits for name, each in builders.items()})


def _this_run(
    state: State, access: Access, incremental: frozenset[str], start_date: str, now: datetime
) -> tuple[Run, bool]:
    """Return the interrupted run if it has the same streams and start_date, else a new one; and True if it resumes."""
    selection = digest(streams=sorted(access.selected), start_date=start_date)
    from_start = not any(name in state.bookmarks for name in incremental)
    stopped = state.unfinished
    if stopped is None:
        return Run(now, selection, from_start), False
    if stopped.selection != selection:
        LOGGER.warning("The state is of a run with different streams or another start_date, so the run starts over.")
    elif not stopped.from_start and (from_start or stopped.bookmarks != state.bookmarks_digest):
        LOGGER.warning("A bookmark in the state was changed or is no longer used, so the interrupted run starts over.")
    else:
        LOGGER.info("Resuming the run of %s.", stamp(stopped.started_at))
        return stopped, True
    return Run(now, selection, from_start), False


def _start_dates(settings: Config, state: State, incremental: frozenset[str], tasks: Tasks | None = None) -> StartDates:
    """Return the start dates of the run. A run that began without bookmarks doesn't use them after a resume either.
    Bookmarks below a failed list of conversations aren't used: older messages may not have been read."""
    stopped = state.unfinished
    used = frozenset() if stopped is not None and stopped.from_start else incremental
    unused: set[str] = set()
    for failure in state.failures if tasks else ():
        stream = BY_NAME[failure.stream]
        if tasks and stream.date_range and stream.date_range.moving:
            unused |= {each.name for each in tasks.all_below(stream) if each is not stream and each.date_range}
    return StartDates(settings.start_date, used, state.bookmarks, timedelta(days=settings.lookback_days), unused)


def _dispatcher(settings: Config, log_in: Login, interrupts: Interrupts) -> Dispatcher:
    share = settings.rate_limit_share / 100
    return Dispatcher(
        Client(settings, log_in, settings.max_workers), lambda each: Pace(limit_of(each, settings.plan), share),
        settings.max_workers, settings.on_daily_limit == "wait", interrupts, LOGGER.warning,
    )  # fmt: skip


def _builder(name: str, schema: discover.Schema, is_incremental: bool) -> RecordBuilder:
    stream = BY_NAME[name]
    bookmark = discover.bookmark_of(stream, schema) if is_incremental else []
    return RecordBuilder(stream, schema, discover.schema_of(stream), bookmark or None)


def _accounts(settings: Config, token: Token | None) -> list[str]:
    """Return the digest of the account, then the one that older versions used. With a refresh token, only the access
    token names the account."""
    older = settings.account_id or settings.client_id or config.jwt_issuer(settings.jwt)
    account = settings.account_id or (token.account if token else None) or older
    return [digest(account=account), digest(account=older)]


def _read_state(path: str | None) -> object:
    """Read the state from a file or a pipe; None without one.

    Also accepts an empty file, a STATE message (alone or as the last of several lines), and the output of
    `meltano state get`.
    """
    if path is None:
        return None
    text = config.read_text(path, "state")
    if not text.strip():
        return {}
    state: Any = None
    with suppress(ValueError, RecursionError):
        state = json.loads(text)
    if state is None:
        with suppress(ValueError, RecursionError):
            last = json.loads(text.rstrip().rpartition("\n")[2])
            state = last if _is_message(last) or (isinstance(last, dict) and "version" in last) else None
    if state is None:
        state = config.parse_json(text, path, "state")
    if _is_message(state):
        state = state["value"]
    if isinstance(state, dict) and "version" not in state and state.keys() & {"completed", "partial"}:
        completed, partial = _singer_state(state.get("completed")), _singer_state(state.get("partial"))
        state = completed if partial is None else merged(completed, partial)
    return {} if state is None else _singer_state(state)


def _singer_state(value: Any) -> Any:
    return value["singer_state"] if isinstance(value, dict) and "singer_state" in value else value


def _is_message(state: Any) -> bool:
    return isinstance(state, dict) and state.get("type") == "STATE" and "value" in state


def _today() -> date:
    return datetime.now(timezone.utc).date()


def _silent(_: str) -> None:
    """Log nothing: the same messages are logged later, when the streams to read are known."""
