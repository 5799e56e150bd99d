"""Everything that can go wrong, as one tree. Every message says what happened, where, and what to do.

    TapZoomError                what is said on the CRITICAL line; exit status 1
    ├── UsageError              the command line is wrong; exit status 2
    ├── ConfigError             a setting, or a file that the user named, is wrong
    ├── Stopped                 SIGINT or SIGTERM; exit status 128 + signal
    ├── TargetGone              nobody reads our stdout any more
    ├── Incomplete              the run went to its end, but something is not out
    ├── RunStopped              going on makes no sense: what is out is out, STATE says where to go on
    │   ├── LoginRefused        no token, or none that Zoom accepts
    │   ├── AccessMissing       scopes for selected streams are missing, known before the first record
    │   ├── AccountRefused      Zoom denies the API as a whole
    │   ├── DailyLimitReached   a label's requests of the day are spent
    │   ├── HostSilent          no answer after all retries
    │   ├── NoThread            the system starts none to ask with
    │   └── TooManyLost         so many items in a row that something general must be wrong
    └── RequestFailed           one request, one path
        ├── Passing             can pass: is asked again
        │   ├── NoAnswer        connection refused, reset or silent
        │   ├── Blocked         HTML in place of JSON under a 4xx status: most often a firewall's page
        │   ├── NotAsDocumented an answer without its list, or an error in another form than Zoom's
        │   ├── RateLimited     per-second 429
        │   └── TokenRefused    401/124: another token, or time for this one to be known, may help
        ├── PageTokenExpired    the list has to be read from its start
        ├── TooEarly            the days asked for begin before what Zoom still lists
        ├── NothingHere         a refusal that the stream declares as empty
        ├── StreamRefused       scope, role or plan: the stream can't be read at all
        └── ItemLost            any other refusal: this item is lost, the rest goes on
            └── Exhausted       a fault that did not pass in all tries
"""

from __future__ import annotations


class TapZoomError(Exception):
    """Base of all errors of this tap."""

    exit_status = 1


class UsageError(TapZoomError):
    exit_status = 2


class ConfigError(TapZoomError):
    pass


class Stopped(TapZoomError):
    def __init__(self, signal_name: str, signal_number: int) -> None:
        super().__init__(f"Stopped by {signal_name}. Run again with the last STATE to go on from here.")
        self.exit_status = 128 + signal_number


class TargetGone(TapZoomError):
    pass


class Incomplete(TapZoomError):
    pass


class RunStopped(TapZoomError):
    pass


class LoginRefused(RunStopped):
    pass


class AccessMissing(RunStopped):
    pass


class AccountRefused(RunStopped):
    pass


class DailyLimitReached(RunStopped):
    """`wait`: seconds until the reset that Zoom names, None where it names none."""

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class HostSilent(RunStopped):
    pass


class NoThread(RunStopped):
    """`reason`: what the system said."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(
            f'There is no thread to ask with: the system says "{reason}". Raise the limit of processes and threads '
            "(ulimit -u, or the container's limit of pids) or of memory, then run again."
        )


class TooManyLost(RunStopped):
    pass


class RequestFailed(TapZoomError):
    pass


class Passing(RequestFailed):
    """`wait`: seconds that the server asked for, None where it did not."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NoAnswer(Passing):
    pass


class Blocked(Passing):
    pass


class NotAsDocumented(Passing):
    pass


class RateLimited(Passing):
    """`limit`: requests per second, where the answer named it."""

    def __init__(self, message: str, wait: float | None = None, limit: float | None = None) -> None:
        super().__init__(message, wait)
        self.limit = limit


class TokenRefused(Passing):
    """`elsewhere`: all of Zoom knows the token by now, and accepts it at other paths."""

    elsewhere = False


class PageTokenExpired(RequestFailed):
    pass


class TooEarly(RequestFailed):
    pass


class NothingHere(RequestFailed):
    """The message is the reason as the summary counts it, in words; `answer`: Zoom's status and code."""

    def __init__(self, words: str, answer: str) -> None:
        super().__init__(words)
        self.answer = answer


class StreamRefused(RequestFailed):
    """`scope_missing`: the token lacks a scope (else the role or the plan is too small); `answer`: Zoom's status and
    code."""

    def __init__(self, message: str, scope_missing: bool, answer: str = "") -> None:
        super().__init__(message)
        self.scope_missing = scope_missing
        self.answer = answer


class ItemLost(RequestFailed):
    pass


class Exhausted(ItemLost):
    pass
