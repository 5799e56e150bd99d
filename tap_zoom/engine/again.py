"""Lists that are asked anew: whose page token has expired, or of whose days the first are out of reach by now."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

from tap_zoom.engine.ledger import Ledger
from tap_zoom.engine.overlap import finds_both_ways
from tap_zoom.engine.questions import Question
from tap_zoom.engine.routes import Routes
from tap_zoom.engine.windows import Window
from tap_zoom.errors import PageTokenExpired, RequestFailed, TooEarly
from tap_zoom.zoom.request import Request

RESTARTS = 5  # of one list whose page tokens expire
BEGINS_LATER = (
    "Zoom's reports begin on %s by now. What was held before that is found by its number only, as far as that is still "
    "listed. %s"
)
OUT_OF_REACH = "For %s Zoom's answers begin on %s by now. What happened before that can't be had any more. %s"

LOGGER = logging.getLogger(__name__)


class Again:
    def __init__(self, routes: Routes, ledger: Ledger) -> None:
        self._routes = routes
        self._ledger = ledger
        self._told: set[str] = set()  # of which streams it was said that they begin later

    def request(self, request: Request, question: Question, error: RequestFailed) -> Request | None:
        """What to ask at once in place of what failed; None where that helps nothing."""
        if isinstance(error, PageTokenExpired) and request.page > 1 and question.restarts < RESTARTS:
            LOGGER.info("Reading a list again from its start: %s", error)
            return question.from_its_start(restarts=question.restarts + 1).request()
        if isinstance(error, TooEarly) and (window := question.later(datetime.now(timezone.utc).date())):
            self._tell(question, window, error)
            return question.from_its_start(window=window).request()
        return None

    def _tell(self, question: Question, window: Window, error: TooEarly) -> None:
        if window.asked_from > max(self._routes.overlap.until(question.stream), window.first):
            what = f"what happened before {window.asked_from} and is not found by its number: {error}"
            self._ledger.lose(question, what)
            return
        both_ways = finds_both_ways(question.stream)
        name = "" if both_ways else question.stream.name
        if name not in self._told:
            self._told.add(name)
            LOGGER.warning(*((BEGINS_LATER,) if both_ways else (OUT_OF_REACH, name)), window.asked_from, error)
