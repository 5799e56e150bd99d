"""Serve a simulated Zoom account on this machine until Ctrl-C, and write a config file for the tap."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from .account import SIZES, Account
from .further import SCOPES
from .server import SimulatedZoom

SIZE = (
    "how large the account is: small (12 users, many odd cases; the default), demo (30 users, few odd cases), "
    "medium (60 users) or large (700 users)"
)


def main() -> None:
    """Serve until Ctrl-C or SIGTERM, then print the request counts."""
    parser = _parser()
    options = parser.parse_args()
    if not _may_write(Path(options.config)):
        parser.error(
            f"{options.config} exists and was not written by the simulator. Move it, or name another file with --config."
        )
    account = Account.sized(options.size, options.seed)
    scopes = [scope for scope in SCOPES["granular"] if scope not in options.without_scope]
    zoom = SimulatedZoom(
        account, plan=options.plan, latency=options.latency, port=options.port, history=options.history, scopes=scopes
    )
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # not a handler that sets an Event: it may deadlock
    if options.prepare:
        zoom.answers.prepare()
    with zoom:
        config = zoom.config(options.login)
        Path(options.config).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        print(f"{account!r} at {zoom.url}; stats at {zoom.url}/simulator/stats")
        print(f"tap-zoom --config {options.config}", flush=True)
        signal.sigwait(ends)
        _summarize(zoom)


def _may_write(path: Path) -> bool:
    """True if the file doesn't exist, or was written by the simulator, whose configs have a URL on 127.0.0.1."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    url = (config.get("auth_url") or config.get("api_url")) if isinstance(config, dict) else None
    return isinstance(url, str) and url.startswith("http://127.0.0.1:")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=1, help="which account: all of it follows from this number; default: 1"
    )
    parser.add_argument("--size", choices=SIZES, default="small", help=SIZE)
    plans = ["free", "pro", "business"]
    parser.add_argument("--plan", choices=plans, help="default: 2000 requests per second in each category")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument(
        "--config",
        default="config.json",
        help="where to write the tap's config; a file that the simulator did not write is kept; default: config.json",
    )
    parser.add_argument("--login", choices=["server_to_server", "refresh_token", "jwt"], default="server_to_server")
    parser.add_argument("--history", choices=["ok", "no_scope", "no_permission"], default="ok")
    parser.add_argument(
        "--without-scope",
        action="append",
        default=[],
        choices=SCOPES["granular"],
        metavar="NAME",
        help="a scope that the app was not given; may be repeated",
    )
    parser.add_argument("--prepare", action="store_true", help="make all answers before the first request")
    return parser


def _summarize(zoom: SimulatedZoom) -> None:
    stats = zoom.stats()
    print(f"\n{'category':<10}{'requests':>10}{'throttled':>11}", file=sys.stderr)
    for label, count in sorted(stats["per_label"].items()):
        print(f"{label:<10}{count:>10}{stats['throttled'].get(label, 0):>11}", file=sys.stderr)
    print(f"most in flight: {stats['max_in_flight']}", file=sys.stderr)
    for violation in stats["violations"][:20]:
        print(f"violation: {violation}", file=sys.stderr)


if __name__ == "__main__":
    main()
