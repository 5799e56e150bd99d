"""One run, put together and ended: whatever happens, the last STATE and the report are out."""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from singer import metrics

from tap_zoom import config, discover
from tap_zoom.access import check, warn_of_stand_in
from tap_zoom.check import Check
from tap_zoom.engine.agenda import Agenda
from tap_zoom.engine.horizon import Horizon, reaches_further
from tap_zoom.engine.records import Plan
from tap_zoom.engine.routes import Routes
from tap_zoom.engine.sync import Sync
from tap_zoom.engine.writer import Writer
from tap_zoom.errors import Incomplete, Stopped, TargetGone, UsageError
from tap_zoom.interrupts import Interrupts
from tap_zoom.log import Secrets
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import State, digest
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.times import stamp
from tap_zoom.zoom.auth import login
from tap_zoom.zoom.client import Client
from tap_zoom.zoom.frontier import Frontier
from tap_zoom.zoom.limits import Throttle, limit_of

LOGGER = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, output: Output, interrupts: Interrupts, secrets: Secrets) -> None:
    """A run, or with --test a trial of it."""
    if not arguments.config:
        raise UsageError("No settings: give --config FILE, or --config ENV for the variables TAP_ZOOM_<SETTING>.")
    now = datetime.now(timezone.utc)
    settings = config.load(arguments.config, os.environ, LOGGER.warning)
    secrets.add_login(settings)
    chosen = config.read_json_object(arguments.catalog, "catalog") if arguments.catalog else None
    schemas = discover.select(chosen, LOGGER.warning, settings.keep_unknown_fields)
    account = digest(account=settings.account_id or settings.client_id or config.jwt_issuer(settings.jwt))
    new = discover.incremental(chosen, schemas, settings.replication_method, LOGGER.warning, LOGGER.info)
    lookback = timedelta(days=settings.lookback_days)
    selection = digest(
        start_date=settings.start_date, schemas=schemas, incremental=sorted(new), lookback=lookback if new else None
    )
    state = State.resumed(_read_state(arguments.state), account, selection, now, LOGGER.warning)
    state.incremental = new
    state.next_start = stamp(settings.start_date) if settings.start_date else None
    if new and state.start and (state.next_start or "") < state.start:
        LOGGER.info("start_date was later at the last run. What happened before that is read by a full run only.")
    if not schemas:
        LOGGER.warning("Nothing is selected, so nothing is read. Select streams in the catalog.")
    log_in = login(settings, secrets.add)
    horizon = Horizon(settings.start_date, new, state.bookmarks, lookback)
    since = horizon.since(schemas, state.started_at, LOGGER.warning, LOGGER.info)
    older = reaches_further(since, state.started_at.date())
    share = settings.rate_limit_share / 100
    try:
        token = log_in.first_token(interrupts) if schemas else None
        # None: Zoom decides, stream by stream.
        scopes = token.scopes if token and settings.on_missing_access != "try" else None
        skip = settings.on_missing_access == "skip"
        frontier = Frontier(
            Client(settings, log_in, settings.max_workers),
            lambda lane: Throttle(limit_of(lane, settings.plan), share), settings.max_workers,
            settings.on_daily_limit == "wait", interrupts, LOGGER.warning,
        )  # fmt: skip
        if arguments.test:
            Check(frontier, schemas, scopes, settings.plan, older, now, skip).run(output)
            return
        if state.goes_on:
            LOGGER.info("Resuming the run of %s. %s", stamp(state.started_at), state.words)
        access = check(schemas, scopes, older, skip, LOGGER.warning)
        for stream in STREAMS:
            if stream.instead in access.asked:
                warn_of_stand_in(stream, f"The token lacks {stream.scope}.")
        since = {name: when for name, when in since.items() if name in access.selected}
        routes = Routes(access, since, state.started_at.date(), now.date(), state.places)
        plans = {name: _plan(name, schema, name in new) for name, schema in schemas.items() if name in access.selected}
        report = Report(plans)
        agenda = Agenda(settings.plan, share)
        sync = Sync(
            Writer(plans, output, report, now.date()), routes, agenda, state, frontier, output, report, fail=not skip
        )
        _read_all(sync, state, output, report, frontier, plans)
    except Exception:
        log_in.settle(interrupts)
        raise


def _plan(name: str, schema: discover.Schema, is_incremental: bool) -> Plan:
    stream = BY_NAME[name]
    bookmark = discover.bookmark_of(stream, schema) if is_incremental else []
    return Plan(stream, schema, discover.schema_of(stream), bookmark or None)


def _read_all(
    sync: Sync, state: State, output: Output, report: Report, frontier: Frontier, plans: Mapping[str, Plan]
) -> None:
    status = metrics.Status.failed
    try:
        try:
            sync.run()
            sync.close(datetime.now(timezone.utc))
            status = metrics.Status.succeeded
        except (Stopped, TargetGone, Incomplete):
            raise
        except Exception:
            output.state(state.value())
            raise
    except Stopped:
        output.last_words(state.value())
        raise
    finally:
        report.close(status, frontier.retries, {name: plan.shapes.misfits for name, plan in plans.items()})


def _read_state(path: str | None) -> object:
    """The state in a file; None without one. An empty file is an empty state. Of a STATE message, also where it is the
    last of several lines, its value counts: many keep the end of what the tap wrote."""
    if path is None:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        *before, last = text.rstrip().split("\n")
        state: Any = json.loads(last) if text else {}
        if before and not _is_message(state):
            raise ValueError("one document over several lines")
    except (OSError, ValueError, RecursionError):
        state = config.read_json(path, "state")  # or says what is wrong with it
    value = state["value"] if _is_message(state) else state
    return {} if value is None else value


def _is_message(state: Any) -> bool:
    return isinstance(state, dict) and state.get("type") == "STATE" and "value" in state
