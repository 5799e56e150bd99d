"""The simulated account for a benchmark, in a process of its own. It writes a config file that leads to it."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from tests.simulator import Account, SimulatedZoom

UNLIMITED = 9_000  # a higher number in a header is taken for an error


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("account", type=json.loads)
    parser.add_argument("--plan")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--unlimited", action="store_true", help="enforce nothing, to measure the tap alone")
    options = parser.parse_args()
    limits = dict.fromkeys(("Light", "Medium", "Heavy"), UNLIMITED) if options.unlimited else None
    account = Account(1, **options.account)
    with SimulatedZoom(account, plan=options.plan, latency=options.latency, per_second=limits) as zoom:
        options.config.write_text(json.dumps(zoom.config("server_to_server")))
        print("ready", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
