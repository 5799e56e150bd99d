"""Validates a query against the parameters that Zoom documents for the operation."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

from .dates import first_report_day
from .operations import Operation
from .refusals import Refusal, refusal, validation

# Days, with the first and the last one.
_LONGEST_SPAN = 31


def parse(raw_query: str) -> tuple[dict[str, str], str | None]:
    """Return the query, and the name of a parameter that occurs twice or None."""
    query: dict[str, str] = {}
    twice = None
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        if name in query:
            twice = name
        query[name] = value
    return query, twice


def check(operation: Operation, query: dict[str, str], today: date) -> Refusal | None:
    """Return the refusal of the first invalid parameter, or None. Reports go back six months from `today`."""
    for name, value in query.items():
        kind = operation.parameters.get(name)
        if kind is None:
            return validation(name, "Unknown parameter.")
        problem = _problem(kind, value)
        if problem:
            return validation(name, problem)
    for name, kind in operation.parameters.items():
        if kind.endswith("!") and name not in query:
            return validation(name, "Missing required parameter.")
    if "date!" in operation.parameters.values():
        return _check_span(query, today)
    return None


def _problem(kind: str, value: str) -> str | None:
    word, _, argument = kind.rstrip("!").partition(":")
    if word == "enum" and value not in argument.split("|"):
        return f"Invalid value: {value}."
    if word == "flag" and value not in ("true", "false"):
        return f"Not a boolean: {value}."
    if word == "int" and not (value.isascii() and value.isdigit() and 1 <= int(value) <= int(argument)):
        return f"Not an integer from 1 to {argument}: {value}."
    if word == "date" and parsed_day(value) is None:
        return f"Not a date (yyyy-MM-dd): {value}."
    return None


def parsed_day(value: str) -> date | None:
    """Return the date in a text of the form yyyy-MM-dd, or None."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    # Other forms of ISO 8601 are invalid.
    return day if value == day.isoformat() else None


def _check_span(query: dict[str, str], today: date) -> Refusal | None:
    first, last = date.fromisoformat(query["from"]), date.fromisoformat(query["to"])
    if last < first:
        return validation("to", "Earlier than 'from'.")
    if (last - first).days + 1 > _LONGEST_SPAN:
        return validation("to", "The date range can't be longer than a month.")
    if first < first_report_day(today):
        return refusal(400, 300, "Invalid parameter: from. Only the last six months are available.")
    return None
