"""The simulated Zoom: an HTTP server on a loopback port, in its own thread."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, NamedTuple

from . import further, parameters, refusals
from .account import Account
from .answers import Answers, Listing
from .clock import Clock
from .faults import Fault
from .further.answers import FurtherAnswers
from .limits import Limits
from .oauth import OAuth
from .operations import OPERATIONS, Operation, Routes
from .paging import PageTokens
from .refusals import Refusal
from .wire import Request, Response, Server, answer, dumps

_OWN = "its own URL"


class Asked(NamedTuple):
    """A request, and the status of its answer (0: no complete answer). Names of headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    label: str
    status: int
    headers: dict[str, str]


class SimulatedZoom:
    """A Zoom account behind Zoom's API. Use it in a `with` statement."""

    def __init__(
        self,
        account: Account | None = None,
        *,
        plan: str | None = None,
        latency: float | Callable[[], float] = 0.0,
        port: int = 0,
        scopes: str | tuple[str, ...] | list[str] = "granular",
        api_url: str | None = _OWN,
        token_lifetime: float = 3600,
        page_token_lifetime: float = 900,
        rotation: str = "strict",
        one_token: bool = False,
        history: str = "ok",
        limit_headers: bool | str = True,
        retry_after_form: str | None = None,
        per_second: dict[str, int] | None = None,
        daily_limits: dict[str, int] | None = None,
        daily_reset: float | None = None,
        page_cap: int | None = None,
        unescaped_scope_error: bool = False,
        undocumented: bytes = b"",
        faults: list[Fault] | tuple[Fault, ...] = (),
    ) -> None:
        """`latency`: seconds per answer, or a function that returns them; `scopes`: "granular", "classic" or a list of
        names; `api_url`: None omits it from token answers; `per_second`, `daily_limits`: limits of labels, instead of
        the plan's; `daily_reset`: seconds until the daily limits reset; `history`: "ok", "no_scope", "no_permission";
        `page_cap`: maximum rows per page, even if page_size is larger; `one_token`: only the newest access token is
        valid; `undocumented`: members in JSON that are added to each row, each page and each single record.
        """
        if history not in ("ok", "no_scope", "no_permission"):
            raise ValueError(f"no such history: {history}")
        self.account = account or Account()
        self.clock = Clock(None if self.account.in_real_time else self.account.now)
        self.undocumented = undocumented
        self.answers = Answers(self.account, self.account.now, self.undocumented)
        self.faults: list[Fault] = list(faults)
        self.requests: list[Asked] = []
        # Called with each request after its answer is made, before it is sent.
        self.watchers: list[Callable[[Asked], None]] = []
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.history = history
        self.page_cap = page_cap
        self.unescaped_scope_error = unescaped_scope_error
        chosen = further.SCOPES[scopes] if isinstance(scopes, str) else tuple(scopes)
        self.limits = Limits(
            plan,
            per_second=per_second,
            daily_limits=daily_limits,
            daily_reset=daily_reset,
            headers=limit_headers,
            retry_after_form=retry_after_form,
            clock=self.clock.seconds,
        )
        self.oauth = OAuth(
            self.account,
            scopes=chosen,
            lifetime=token_lifetime,
            rotation=rotation,
            one_token=one_token,
            api_url=lambda: self.url if api_url == _OWN else api_url,
            clock=self.clock.seconds,
        )
        self.pages = PageTokens(page_token_lifetime, self.clock.seconds)
        self._routes = Routes((*OPERATIONS, *further.OPERATIONS))
        self.further = FurtherAnswers(self)
        self._refusals: dict[str, Refusal] = {}
        self._server = Server(self._handle, latency, port)
        self._thread: threading.Thread

    # Start and stop

    def __enter__(self) -> SimulatedZoom:
        ready = threading.Event()
        loop = asyncio.new_event_loop()

        def run() -> None:
            asyncio.set_event_loop(loop)
            try:
                loop.run_until_complete(self._server.start())
            except OSError as error:
                failure.append(error)
            finally:
                ready.set()
            if not failure:
                loop.run_forever()
                loop.run_until_complete(self._server.close())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

        failure: list[OSError] = []
        self._thread = threading.Thread(target=run, name="simulated Zoom", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            raise failure[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.loop.call_soon_threadsafe(self._server.loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def config(self, login: str = "server_to_server", **changes: Any) -> dict[str, Any]:
        """Return settings of the tap for this server."""
        account = self.account
        settings: dict[str, Any] = {"auth_url": f"{self.url}/oauth/token"}
        if login == "jwt":
            token = account.jwt(now=self.now)
            self.oauth.secrets.append(token)
            return {"jwt": token, "api_url": f"{self.url}/v2", **changes}
        settings |= {"client_id": account.client_id, "client_secret": account.client_secret}
        if login == "server_to_server":
            settings["account_id"] = account.account_id
        elif login == "refresh_token":
            settings["refresh_token"] = self.oauth.refresh_token
        else:
            raise ValueError(f"no such login: {login}")
        return settings | changes

    # Time

    @property
    def now(self) -> datetime:
        """The account's current time, which determines limits, tokens and the first day of reports."""
        return self.clock.now()

    @property
    def as_of(self) -> datetime:
        """The time of the account's contents. Only `travel` changes it, so that they stay the same during a run."""
        return self.answers.contents.now

    def travel(self, **step: float) -> datetime:
        """Move the clock forward, by the arguments of a timedelta: travel(days=1, hours=2). Returns the new time."""
        self.clock.travel(timedelta(**step))
        self._answer_as_of(self.now)
        return self.as_of

    def _answer_as_of(self, now: datetime) -> None:
        by_number, self.answers = self.by_number, Answers(self.account, now, self.undocumented)
        self.by_number.extend(by_number)

    # For tests

    def expire_tokens(self) -> None:
        """Expire all access tokens issued so far."""
        self.oauth.expire()

    def refuse(self, template: str, status: int, body: dict[str, Any]) -> None:
        """Refuse an operation from now on. The name in braces doesn't matter."""
        self._refusals[_normal(template)] = Refusal(status, body)

    @property
    def secrets(self) -> list[str]:
        """Credentials, tokens and JWTs from `config`, which must never appear in output."""
        return list(self.oauth.secrets)

    @property
    def refresh_token(self) -> str:
        """The current refresh token."""
        return self.oauth.refresh_token

    @property
    def by_number(self) -> list[str]:
        """Occurrences that were requested by number."""
        return self.answers.by_number

    @property
    def throttled(self) -> Counter[str]:
        """429s per label, without those of faults."""
        return self.limits.throttled

    @property
    def max_in_flight(self) -> int:
        """The maximum number of simultaneous requests so far."""
        return self._server.max_in_flight

    @property
    def latency(self) -> float | Callable[[], float]:
        """Seconds per answer, or a function that returns them."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float | Callable[[], float]) -> None:
        self._server.latency = seconds

    def stats(self) -> dict[str, Any]:
        """Return the body of GET /simulator/stats."""
        return {
            "requests": sum(self.counts.values()),
            "per_label": dict(self.counts),
            "per_operation": dict(self.operations),
            "throttled": dict(self.throttled),
            "violations": list(self.violations),
            "by_number": list(self.by_number),
            "grants": list(self.oauth.grants),
            "max_in_flight": self.max_in_flight,
        }

    # Answers

    def _handle(self, request: Request) -> Response:
        if request.target == "/simulator/stats":
            return answer(200, dumps(self.stats()))
        raw = request.raw_path
        query, twice = parameters.parse(request.raw_query)
        try:
            label, response = self._route(request, raw, query, twice)
        except Exception as error:  # Makes bugs of the simulator visible.
            self.violations.append(f"simulator failed on {request.target}: {error!r}")
            label, response = "", answer(500, {"code": 500, "message": f"The simulator failed: {error!r}"})
        status = response.status if response.delivery in ("whole", "slow") else 0
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
        asked = Asked(request.method, raw, query, label, status, headers)
        self.requests.append(asked)
        for watch in self.watchers:
            watch(asked)
        return response

    def _route(self, request: Request, raw: str, query: dict[str, str], twice: str | None) -> tuple[str, Response]:
        if raw == "/oauth/token":
            self.counts["oauth"] += 1
            return "oauth", self._or_fault(request, self.oauth.token)
        if self.further.is_file(raw):
            # Downloads of files aren't API requests, so they don't count.
            return "", self._or_fault(request, self.further.file)
        found = self._routes.find(raw.removeprefix("/v2")) if raw.startswith("/v2/") else None
        if found is None or request.method != "GET":
            return "", self._lost(request, raw)
        operation, variable = found
        label = operation.label
        self.counts[label] += 1
        self.operations[operation.template] += 1
        refused = self.limits.admit(label)
        if refused:
            return label, refused
        fault = self._fault(request)
        if fault and not fault.spoils:
            response = self._with(fault, label)
        else:
            if twice:
                self.violate(request, f"parameter twice: {twice}")
            response = self._answer(request, operation, variable, query)
            if fault:
                response = fault.spoil(response)
        if fault is None or fault.kind != "429":
            response.headers += self.limits.headers(label)
        return label, response

    def _lost(self, request: Request, raw: str) -> Response:
        self.violate(request, "no such operation")
        fault = self._fault(request)
        if fault and not fault.spoils:
            return self._with(fault, "Light")
        if "//" in raw.removeprefix("/v2/"):
            # A UUID that begins with "/" and wasn't encoded at all.
            return answer(*refusals.meeting_missing(raw.rpartition("//")[2]))
        return answer(*refusals.UNKNOWN_PATH)

    def _or_fault(self, request: Request, make: Callable[[Request], Response]) -> Response:
        fault = self._fault(request)
        if fault and not fault.spoils:
            return self._with(fault, "Light")
        response = make(request)
        return fault.spoil(response) if fault else response

    def _fault(self, request: Request) -> Fault | None:
        fault = next((fault for fault in self.faults if fault.strikes(request)), None)
        if fault and fault.kind == "tokens_end":
            self.expire_tokens()
            return None
        return fault

    def _with(self, fault: Fault, label: str) -> Response:
        if fault.kind != "429":
            return fault.replacement()
        # A fault, so it isn't counted in `throttled`.
        self.throttled[label] -= 1
        refused = self.limits.refuse_for_now(label, headers=fault.headers)
        if fault.retry_after is not None:
            refused.headers.append(("Retry-After", str(fault.retry_after)))
        return refused

    def _answer(self, request: Request, operation: Operation, variable: str, query: dict[str, str]) -> Response:
        refused = self.oauth.check(request) or self._access(request, operation)
        if refused:
            return answer(*refused)
        refused = self._refusals.get(_normal(operation.template))
        if refused:
            return answer(*refused)
        refused = parameters.check(operation, query, self.now.date())
        if refused:
            self.violate(request, str(refused.body.get("errors") or refused.body["message"]))
            return answer(*refused)
        badly_encoded = len(self.answers.badly_encoded)
        if operation.handler == further.HANDLER:
            made = self.further.answer(request, operation.template, variable, query)
        else:
            made = getattr(self.answers, operation.handler)(variable, query)
        if len(self.answers.badly_encoded) > badly_encoded:
            self.violate(request, "a UUID that needs to be encoded twice")
        if isinstance(made, Response):
            return made
        if isinstance(made, Refusal):
            return answer(*made)
        if isinstance(made, Listing):
            return self._page(request, operation, query, made)
        return answer(200, made)

    def _access(self, request: Request, operation: Operation) -> Refusal | None:
        is_history = operation.handler == "history"
        if is_history and self.history == "no_permission":
            return refusals.NO_PERMISSION
        lacks = not self.oauth.is_jwt(request) and not set(operation.scopes) & set(self.oauth.scopes)
        if not lacks and not (is_history and self.history == "no_scope"):
            return None
        refused = refusals.missing_scopes((operation.granular,))
        if self.unescaped_scope_error:
            # The quotes aren't escaped, so the body isn't JSON.
            text = refused.body["message"].replace("[", '["').replace("]", '"]')
            return Refusal(400, b'{"code":4711,"message":"%s"}' % text.encode())  # type: ignore[arg-type]
        return refused

    def _page(self, request: Request, operation: Operation, query: dict[str, str], listing: Listing) -> Response:
        total = len(listing.rows)
        page = self.pages.cut(request.raw_path, query, total, cap=self.page_cap)
        if page is None:
            return answer(*refusals.PAGE_TOKEN)
        offset, step = page.offset, page.step
        rows = listing.rows[offset : offset + step]
        around = {
            "page_count": -(-total // step),
            "page_number": offset // step + 1,
            "page_size": page.size,
            "total_records": total,
        }
        envelope = {name: around[name] for name in operation.envelope} | listing.envelope
        if page.next_token is not None:
            envelope["next_page_token"] = page.next_token
        elif operation.last_token is not None:
            envelope["next_page_token"] = operation.last_token
        head = self.answers.with_more(dumps(envelope))[:-1]
        return answer(200, b'%s,"%s":[%s]}' % (head, listing.name.encode(), b",".join(rows)))

    def violate(self, request: Request, why: str) -> None:
        """Record an invalid request."""
        self.violations.append(f"{request.method} {request.target}: {why}")


def _normal(template: str) -> str:
    return re.sub(r"\{.*?\}", "{}", template.removeprefix("/v2"))
