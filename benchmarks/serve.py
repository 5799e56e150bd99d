"""Run the simulated account for a benchmark, and write a config file for the tap."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from tests.simulator import Account, SimulatedZoom

UNLIMITED = 9_000  # requests per second; the tap ignores headers with limits above 10,000


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
