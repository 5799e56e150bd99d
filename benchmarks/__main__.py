"""Run the tap against the simulated account, each in its own process, and print ratios.

    python -m benchmarks [--quick]

It takes about ten minutes, or one or two with --quick. Progress goes to stderr, results to stdout.
The main results are ratios of two measurements of the same benchmark, because machines differ and are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks import record_path

ROOT = Path(__file__).parent.parent
RATES = {
    "free": {"Light": 4, "Medium": 2, "Heavy": 1},
    "pro": {"Light": 30, "Medium": 20, "Heavy": 10},
    "business": {"Light": 80, "Medium": 60, "Heavy": 40},
}
# Sized to take a few minutes on each plan. The free plan allows few requests per second.
ACCOUNTS: dict[str, dict[str, Any]] = {
    "free": {"users": 3, "meetings_per_user": 1, "webinars_per_user": 0, "occurrences": 1, "participants": 3},
    "pro": {"users": 12, "meetings_per_user": 4, "webinars_per_user": 1, "occurrences": 2, "participants": 3},
    "business": {"users": 60, "meetings_per_user": 6, "webinars_per_user": 1, "occurrences": 2, "participants": 3},
}
WIDE: dict[str, Any] = {"users": 3, "meetings_per_user": 4, "webinars_per_user": 0, "occurrences": 20}

LIMIT_RUNS, QUICK_RUNS = 6, 7  # runs that wait for a plan's rate limits, and all other runs


@dataclass
class Result:
    seconds: float
    cpu: float
    megabytes: float
    records: int
    requests: dict[str, int]
    throttled: int

    @property
    def asked(self) -> int:
        return sum(self.requests.values())


@dataclass
class Progress:
    """Prints the current run to stderr."""

    runs: int
    begun: int = 0
    since: float = field(default_factory=time.monotonic)

    def begin(self, what: str) -> None:
        self.begun += 1
        minutes, seconds = divmod(int(time.monotonic() - self.since), 60)
        print(f"[{minutes}:{seconds:02}] run {self.begun} of {self.runs}: {what} ...", file=sys.stderr, flush=True)


@contextmanager
def simulator(account: dict[str, Any], *options: str) -> Iterator[Path]:
    """Run the simulated account in its own process, and yield a config file for it."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "config.json"
        command = [sys.executable, "-m", "benchmarks.serve", str(config), json.dumps(account), *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()  # wait until it is ready
        try:
            yield config
        finally:
            process.terminate()
            process.wait()


def run(config: Path, **settings: object) -> Result:
    """Run the tap once, and read its output through a pipe as a target would."""
    content = {**json.loads(config.read_text()), "rate_limit_share": 100, **settings}
    mine = config.with_name("run.json")
    mine.write_text(json.dumps(content))
    url = content["auth_url"].removesuffix("/oauth/token") + "/simulator/stats"
    before = json.load(urlopen(url))
    # An intermediate process starts the tap. Otherwise the peak memory would include this process's, from the fork.
    usage = config.with_name("usage.json")
    script = (
        "import json, resource, subprocess, sys;"
        "status = subprocess.run(sys.argv[2:]).returncode;"
        "u = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "json.dump([u.ru_utime + u.ru_stime, u.ru_maxrss / 1024, status], open(sys.argv[1], 'w'))"
    )
    tap = [sys.executable, "-m", "tap_zoom", "--config", str(mine)]
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", script, str(usage), *tap], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        records = sum(line.startswith(b'{"type":"RECORD"') for line in process.stdout)
    seconds = time.monotonic() - started
    cpu, megabytes, status = json.loads(usage.read_text())
    if status:
        raise SystemExit(f"The tap ended with exit status {status}.")
    after = json.load(urlopen(url))
    asked = {label: after["per_label"].get(label, 0) - before["per_label"].get(label, 0) for label in RATES["pro"]}
    throttled = sum(after["throttled"].values()) - sum(before["throttled"].values())
    return Result(seconds, cpu, megabytes, records, asked, throttled)


def against_limits(progress: Progress) -> None:
    print("\n(a) wall time / physical limit (the largest requests / allowed rate of a category), share 100 percent")
    for plan in ("business", "pro", "free"):
        for latency in (0.05, 0.2):
            progress.begin(f"{plan} plan, {latency * 1000:.0f} ms latency")
            with simulator(ACCOUNTS[plan], "--plan", plan, "--latency", str(latency)) as config:
                result = run(config, plan=plan)
            limit = max(count / RATES[plan][label] for label, count in result.requests.items())
            print(
                f"    {plan:<9} {latency * 1000:3.0f} ms  {result.seconds / limit:5.3f}   ({result.asked} requests, "
                f"{result.seconds:.1f} s; {result.throttled / result.asked:.2%} answered 429)"
            )


def against_one_worker(progress: Progress) -> None:
    account = {**ACCOUNTS["pro"], "users": 6, "crowd": 100}
    with simulator(account, "--latency", "0.05") as config:
        progress.begin("64 workers")
        many = run(config)
        progress.begin("one worker")
        one = run(config, max_workers=1)
    print(
        f"\n(b) no limits, 50 ms latency, 64 workers against 1: {one.seconds / many.seconds:.1f} times faster "
        f"({many.asked / many.seconds:.0f} requests a second against {one.asked / one.seconds:.0f})"
    )


def processor(progress: Progress, *, quick: bool) -> None:
    small = {**ACCOUNTS["business"], "crowd": 10}
    progress.begin("processor time, small pages")
    with simulator(small, "--unlimited") as config:
        requests = run(config)
    progress.begin("processor time, 300-row pages")
    wide = {**WIDE, "participants": 3000, "crowd": 3000, "drift": False, **({"occurrences": 5} if quick else {})}
    with simulator(wide, "--unlimited") as config:
        records = run(config)
    per_record = records.cpu / records.records * 1e6
    floor, ours, transformer = record_path.measure()
    print("\n(c) processor time, whole process")
    print(f"    per request, small pages:    {requests.cpu / requests.asked * 1000:.2f} ms ({requests.asked} requests)")
    print(f"    per record, 300-row pages:   {per_record:.1f} us ({records.records} records)")
    print(
        f"    of a participant's record, shape and dump alone: {ours / floor:.1f} x the floor (orjson reads the page "
        f"and dumps each row), 1/{transformer / ours:.0f} of singer.Transformer and singer.write_record"
    )


def memory(progress: Progress) -> None:
    results = []
    for users in (6, 60):
        progress.begin(f"memory, {users} users")
        with simulator({**ACCOUNTS["business"], "users": users}, "--unlimited") as config:
            results.append(run(config))
    small, large = results
    progress.begin("memory, long lists")
    with simulator({**WIDE, "participants": 600}, "--unlimited") as config:
        wide = run(config)
    print("\n(d) peak memory (RSS)")
    print(
        f"    10 x the account / 1 x:      {large.megabytes / small.megabytes:.2f} ({small.megabytes:.0f} MB, "
        f"{large.megabytes:.0f} MB; {small.asked} and {large.asked} requests)"
    )
    print(f"    lists of 600 participants:   {wide.megabytes:.0f} MB ({wide.records} records)")


def main() -> None:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out the runs that take minutes, and read less")
    quick = parser.parse_args().quick
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    takes = "a minute or two" if quick else "ten minutes; make bench-quick leaves out what waits for limits"
    print(f"This takes about {takes}.", file=sys.stderr)
    progress = Progress(QUICK_RUNS if quick else QUICK_RUNS + LIMIT_RUNS)
    if not quick:
        against_limits(progress)
    against_one_worker(progress)
    processor(progress, quick=quick)
    memory(progress)


if __name__ == "__main__":
    main()
