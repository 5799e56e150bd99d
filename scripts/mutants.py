"""Run mutation tests: small changes to the code, one at a time. Each should make a test fail.

    python scripts/mutants.py [MODULE ...]     test the mutants of these modules, or of all; an interrupted run resumes
    python scripts/mutants.py --known          only print the results so far

A module is named by its path below tap_zoom, such as sync/traversal. Each has its own tests, which start no process,
so a mutant takes a fraction of a second. Results are kept in mutants/. If a module changes, all its mutants are tested
again. If only its tests change, mutants that were killed are skipped. Remove mutants/ to test everything again.
A table is printed at the end. The exit status is 1 if too few mutants were killed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORK = ROOT / "mutants"
LEAST_KILLED = 0.85
TESTS: dict[str, tuple[str, ...]] = {
    "state": ("test_state_value",),
    "times": ("test_times",),
    "api/auth": ("test_login",),
    "api/client": ("test_exchange",),
    "api/dispatcher": ("test_dispatcher",),
    "api/queues": ("test_dispatcher",),
    "api/rate_limits": ("test_pace",),
    "api/request": ("test_client",),
    "api/responses": ("test_client", "test_meanings"),
    "api/retry": ("test_retry",),
    "sync/coercion": ("test_records", "test_shapes", "test_keys"),
    "sync/context": ("test_context",),
    "sync/failures": ("test_failures", "test_later_nights", "test_moving_rows", "test_expired_days"),
    "sync/records": ("test_records", "test_shapes", "test_keys"),
    "sync/rows": ("test_records", "test_shapes", "test_keys"),
    "sync/traversal": ("test_traversal",),
    "sync/windows": ("test_windows",),
}
COPIED = ("demo", "docs")  # read by tests/conftest.py
CONFIG = """
[tool.mutmut]
source_paths = ["tap_zoom"]
only_mutate = ["tap_zoom/{module}.py"]
also_copy = {copied}
pytest_add_cli_args = ["-p", "tests.mutation"]
pytest_add_cli_args_test_selection = {tests}
track_dependencies = false
use_git_change_detection = false
"""
# Exit statuses of pytest, and those that mutmut adds.
KILLED = (1, 3)
TIMEOUT = (-24, 24, 36, 152, 255)
SURVIVED, UNTESTED, UNKNOWN = 0, 33, None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Try the tests by mutation.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(TESTS))
    parser.add_argument("--known", action="store_true", help="only say what is known so far")
    chosen = parser.parse_args(arguments)
    if wrong := set(chosen.modules) - TESTS.keys():
        parser.error(f"no tests are named for {', '.join(wrong)}")
    os.nice(19)  # lowest priority, so that the machine stays usable
    modules = chosen.modules or list(TESTS)
    for module in modules:
        if not chosen.known:
            run(module)
        show(module)
    good = [report(module) for module in modules]
    return 0 if all(good) else 1


def run(module: str) -> None:
    """Start or resume mutmut for a module."""
    place = WORK / module
    prepare(module, place)
    print(f"{module} ...", file=sys.stderr, flush=True)
    mutmut("run", "--max-children", "1", place=place)


def prepare(module: str, place: Path) -> None:
    """Prepare a working directory for mutmut, and delete outdated results."""
    if missing := [path.name for path in tests_of(module) if not path.exists()]:
        sys.exit(f"scripts/mutants.py: TESTS names {', '.join(missing)} for {module}, which is not there.")
    made_of = {"code": digest([ROOT / "tap_zoom" / f"{module}.py"]), "tests": digest(tests_of(module))}
    note = place / "made_of.json"
    before = json.loads(note.read_text("utf-8")) if note.exists() else None
    if before is None or before["code"] != made_of["code"]:
        shutil.rmtree(place, ignore_errors=True)
    elif before != made_of:
        forget_survivors(place, module)
    place.mkdir(parents=True, exist_ok=True)
    for name in ("tap_zoom", "tests", *COPIED):
        if not (place / name).exists():
            (place / name).symlink_to(ROOT / name)
    tests = json.dumps([f"tests/{name}.py" for name in TESTS[module]])
    config = CONFIG.format(module=module, tests=tests, copied=json.dumps(COPIED))
    settings = (ROOT / "pyproject.toml").read_text("utf-8") + config
    (place / "pyproject.toml").write_text(settings, "utf-8")
    note.write_text(json.dumps(made_of), "utf-8")


def tests_of(module: str) -> Iterator[Path]:
    """Yield the test files of a module, and the files that these share."""
    yield from (ROOT / "tests" / f"{name}.py" for name in TESTS[module])
    yield from (ROOT / "tests" / f"{name}.py" for name in ("conftest", "mutation"))


def digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def forget_survivors(place: Path, module: str) -> None:
    """Mark mutants that weren't killed as not tried, and let mutmut measure test coverage again."""
    (place / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    path = meta(place, module)
    if path.exists():
        found = json.loads(path.read_text("utf-8"))
        results = found["exit_code_by_key"]
        found["exit_code_by_key"] = {name: code if code in KILLED else UNKNOWN for name, code in results.items()}
        path.write_text(json.dumps(found), "utf-8")


def meta(place: Path, module: str) -> Path:
    """Return the path of mutmut's results for a module."""
    return place / "mutants" / "tap_zoom" / f"{module}.py.meta"


def results_of(module: str) -> dict[str, int | None]:
    """Return the exit status of the tests for each mutant, None if not tested yet. Empty before the first run."""
    path = meta(WORK / module, module)
    results: dict[str, int | None] = json.loads(path.read_text("utf-8"))["exit_code_by_key"] if path.exists() else {}
    return results


def show(module: str) -> None:
    """Print the mutants of a module that no test caught."""
    for name, code in results_of(module).items():
        if kind(code) in ("survived", "untested", "odd"):
            print(f"{module} {name.rpartition('.')[2]} ({kind(code)})")
            for line in mutmut("show", name, place=WORK / module).splitlines():
                if line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
                    print(f"    {line}", flush=True)


def report(module: str) -> bool:
    """Print how many mutants of a module were killed. Return True if these are enough."""
    results = results_of(module)
    if not results:
        print(f"{module:<14} not tried yet")
        return False
    counts = Counter(kind(code) for code in results.values())
    share = (counts["killed"] + counts["timeout"]) / len(results)
    of_each_kind = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    print(f"{module:<14} {share:6.1%} of {len(results)} killed ({of_each_kind})")
    return share >= LEAST_KILLED


def kind(code: int | None) -> str:
    """Return the result for an exit status. A timeout is a test that never ended, so it also catches the mutant."""
    named = {SURVIVED: "survived", UNTESTED: "untested", UNKNOWN: "not tried"}
    if code in KILLED:
        return "killed"
    return "timeout" if code in TIMEOUT else named.get(code, "odd")


def mutmut(*arguments: str, place: Path) -> str:
    """Run a mutmut command, and return its output."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"mutmut {' '.join(arguments)} failed in {place}:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
