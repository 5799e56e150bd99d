"""Response bodies: errors in any format, and answers with HTTP 200 whose list is missing or truncated."""

from __future__ import annotations

import re
from typing import Any

from tap_zoom.api.request import Request
from tap_zoom.streams.model import Stream

# Fields with the code and the message in errors of Zoom and of gateways, the most specific first.
CODES = ("code", "errorCode", "error_code")
MESSAGES = (
    "message", "errorMessage", "error_message", "error_description", "reason", "faultstring", "detail", "title",
    "description", "error", "fault",
)  # fmt: skip
ONLY_IN_ERRORS = (
    *CODES, "errorMessage", "error_message", "error_description", "error", "errors", "fault", "faultstring",
)  # fmt: skip
ERROR_FIELDS = frozenset({
    *CODES, *MESSAGES, "errors", "status", "statusCode", "success", "result", "data", "path", "timestamp", "type",
    "instance", "requestId", "request_id", "traceId", "trace_id",
})  # fmt: skip
MAX_ERRORS, MAX_DEPTH = 10, 5  # errors in one message; levels of nesting that are searched
# Fields that Zoom documents next to a list. An answer with one of them and without a list is an empty list.
PAGE_FIELDS = frozenset({
    "next_page_token", "page_size", "page_count", "page_number", "total_records", "from", "to", "id", "uuid",
    "start_time", "meeting_id", "meeting_uuid", "webinar_id", "webinar_uuid", "survey_id", "year", "month",
    "currency", "engagement_id", "timezone",
})  # fmt: skip


def is_bare_error(content: Any, body: bytes, message: str) -> bool:
    """True if an error without a code may be from Zoom: its body is empty, or only a "not found" message."""
    if not body.strip() or content == {}:
        return True
    is_short = isinstance(content, dict) and content.keys() <= {"code", "message"}
    return is_short and re.search(r"not( be)? found|not exist", message, re.IGNORECASE) is not None


def is_error(stream: Stream, content: dict[str, Any]) -> bool:
    """True if the body of an answer with HTTP 200 is an error, from Zoom or from a gateway, instead of data."""
    names = list_names(stream)
    if any(content.get(name) for name in names) or not _has_error(content):
        return False
    if names:
        return True
    if "id" in content or "uuid" in content or "questions" in content:
        return False
    return any(content.get(name) for name in ONLY_IN_ERRORS) or content.keys() <= ERROR_FIELDS


def _has_error(content: dict[str, Any]) -> bool:
    """True if an object has an error code or message. Zoom's code 0 means success."""
    code = next((content[name] for name in CODES if content.get(name) is not None), None)
    if content.get("status") is False or content.get("success") is False:
        return True
    return code not in (0, "0") and (code is not None or any(content.get(name) for name in (*MESSAGES, "errors")))


def list_names(stream: Stream) -> tuple[str, ...]:
    """Return the top-level fields with the lists of an answer; none if the answer is a single record."""
    return tuple(name for name in (*stream.record_lists, *stream.records.partition(".")[0].split("|")) if name)


def list_fault(request: Request, content: dict[str, Any]) -> str | None:
    """Return the problem with a list in an answer with 200, as text after "answered 200"; None if it can be read.

    Zoom's empty pages may lack the list: {"page_size": 0, "total_records": 0, "next_page_token": ""}. So an answer
    without its list is only empty if it is a first page, has a field that belongs next to the list, counts no records,
    and has no next page.
    """
    stream = request.stream
    names = list_names(stream)
    if not names:
        return None
    top, _, inner = stream.records.partition(".")
    if inner and isinstance(content.get(top), dict):  # the list is in an object, otherwise in rows
        content, names, inner = content[top], (inner,), ""
    for name in names:
        if content.get(name) is not None and not isinstance(content[name], list):
            return f"and {name} is not a list"
    token, total = content.get("next_page_token"), _count(content.get("total_records"))
    lists = [content[name] for name in names if content.get(name) is not None]
    if not lists:
        is_page = not content.keys().isdisjoint({*PAGE_FIELDS, *names})
        may_end = stream.last_page_empty or (request.page == 1 and not token)
        if is_page and may_end and not total:
            return None
        return f"without its list ({' or '.join(names)})"
    if token and not stream.page_size:
        return "with a next page, but this list is documented to have one page"
    rows = sum(map(len, lists)) if stream.record_lists else len(next(filter(None, lists), ()))
    sizes = (request.most or stream.page_size, _count(content.get("page_size")))
    size = min((size for size in sizes if size > 0), default=0)
    # Zoom's total_records isn't exact, but can't be larger than that many full pages.
    if not token and not inner and 0 < size <= rows and total > request.page * rows:
        return f"with a full page of {rows} records and no next page, but counts {total}"
    return None


def _count(value: Any) -> int:
    """Return a number of records; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if type(value) is int else 0


def read_error(content: Any, body: bytes) -> tuple[int | None, str]:
    """Return Zoom's code and message. If the body isn't valid JSON (unescaped quotes in the message), use a regex."""
    if isinstance(content, dict):
        code = next((content[name] for name in CODES if content.get(name) is not None), None)
        message = _message_in(content)
    elif isinstance(content, (str, list)):
        code, message = None, _message_in(content)
    else:
        text = body.decode("utf-8", "replace")
        found = re.search(r'"code"\s*:\s*"?(-?\d+)', text)
        code = found.group(1) if found else None
        words = re.search(r'"(?:error_)?message"\s*:\s*"(.*?)"?\s*[,}]?\s*\}?\s*$', text, re.DOTALL)
        message = words.group(1) if words else ""
    try:
        return (int(code) if code is not None and not isinstance(code, bool) else None), message
    except (ValueError, TypeError, OverflowError):
        return None, message


def _message_in(value: Any, depth: int = 0) -> str:
    """Return the message in an error of any format: {"message": ...}, {"error": {"message": ...}},
    {"errors": [{"field": ..., "message": ...}]}, a list or a string."""
    if isinstance(value, list):
        each = (_message_in(part, depth + 1) for part in value[:MAX_ERRORS] if depth < MAX_DEPTH)
        return "; ".join(filter(None, each))
    if not isinstance(value, dict):
        return "" if value is None or isinstance(value, bool) else str(value)
    if depth >= MAX_DEPTH:
        return ""
    message = next((words for name in MESSAGES if (words := _message_in(value.get(name), depth + 1))), "")
    if isinstance(value.get("field"), str) and message:
        return f"{value['field']}: {message}"
    error, details = value.get("error"), _message_in(value.get("errors"), depth + 1)
    if isinstance(error, str) and error not in message:
        message = f"{message} ({error})"
    return " ".join(filter(None, (message, details)))
