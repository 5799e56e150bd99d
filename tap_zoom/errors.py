"""All errors of the tap, as one tree. Each message says what happened, where, and what to do.

TapZoomError                  the message of the CRITICAL line; exit status 1
├── UsageError                wrong command line; exit status 2
├── ConfigError               invalid setting, or invalid file named by the user
├── Stopped                   SIGINT or SIGTERM; exit status 128 + signal
├── TargetGone                stdout can't be written: the target has ended
├── Incomplete                the run reached its end, but data is missing
├── RunStopped                further requests can't succeed; the last STATE says where to resume
│   ├── LoginRefused          no access token, or Zoom doesn't accept it
│   ├── AccessMissing         the token lacks scopes for selected streams; raised before the first record
│   ├── AccountRefused        Zoom denies API access to the whole account
│   ├── DailyLimitReached     the daily quota of a rate limit is used up
│   ├── HostUnreachable       no answer after all retries
│   ├── NoWorker              the system can't start a thread
│   └── TooManyFaults         20 tasks in a row failed
└── RequestFailed             one request failed
    ├── Retryable             may be temporary: 5xx, invalid JSON
    │   ├── NoAnswer          connection refused, reset or timed out
    │   ├── Blocked           HTML instead of JSON with a 4xx status, usually a firewall's page
    │   ├── UnexpectedAnswer  an answer without its list, or an error that isn't in Zoom's format
    │   ├── RateLimited       429 of the rate limit per second or minute
    │   └── TokenRefused      401/124: a new token may help, or waiting until all of Zoom accepts this one
    ├── PageTokenExpired      the list is read again from its first page
    ├── DatesTooOld           the window begins before Zoom's retention
    ├── EmptyAnswer           a refusal that means "nothing here", by the stream's `empty_answers`
    ├── NoAccess              a refusal that means a missing scope, role or plan
    └── RequestRefused        any other refusal, e.g. 400 for one meeting
        └── RetriesExhausted  still failing after all retries
"""

from __future__ import annotations


class TapZoomError(Exception):
    """Base of all errors of this tap."""

    exit_status = 1


class UsageError(TapZoomError):
    exit_status = 2


class ConfigError(TapZoomError): ...


class Stopped(TapZoomError):
    def __init__(self, signal_name: str, signal_number: int) -> None:
        super().__init__(f"Stopped by {signal_name}. Run again with the last STATE to resume.")
        self.exit_status = 128 + signal_number


class TargetGone(TapZoomError): ...


class Incomplete(TapZoomError): ...


class RunStopped(TapZoomError): ...


class LoginRefused(RunStopped): ...


class AccessMissing(RunStopped): ...


class AccountRefused(RunStopped): ...


class DailyLimitReached(RunStopped):
    """`wait`: seconds until the reset, None if Zoom doesn't say."""

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class HostUnreachable(RunStopped): ...


class NoWorker(RunStopped):
    """`reason`: the system's error."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(
            f'Can\'t start a thread for requests: "{reason}". Raise the limit on processes and threads (ulimit -u, or '
            "the container's pids limit) or on memory, then run again."
        )


class TooManyFaults(RunStopped): ...


class RequestFailed(TapZoomError): ...


class Retryable(RequestFailed):
    """`wait`: seconds that the server asks to wait, None if it doesn't say."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NoAnswer(Retryable): ...


class Blocked(Retryable): ...


class UnexpectedAnswer(Retryable): ...


class RateLimited(Retryable):
    """`limit`: requests per second, if the answer reports it."""

    def __init__(self, message: str, wait: float | None = None, limit: float | None = None) -> None:
        super().__init__(message, wait)
        self.limit = limit


class TokenRefused(Retryable):
    """`elsewhere`: Zoom accepts the token for other paths."""

    elsewhere = False


class PageTokenExpired(RequestFailed): ...


class DatesTooOld(RequestFailed): ...


class EmptyAnswer(RequestFailed):
    """The message is the reason, as shown in the final table; `answer`: Zoom's status and code."""

    def __init__(self, reason: str, answer: str) -> None:
        super().__init__(reason)
        self.answer = answer


class NoAccess(RequestFailed):
    """`scope_missing`: the token lacks a scope (otherwise the role or plan is insufficient); `answer`: Zoom's status
    and code."""

    def __init__(self, message: str, scope_missing: bool, answer: str = "") -> None:
        super().__init__(message)
        self.scope_missing = scope_missing
        self.answer = answer


class RequestRefused(RequestFailed): ...


class RetriesExhausted(RequestRefused): ...
