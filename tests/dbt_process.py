"""Run dbt commands from stdin in one process, started with the Python of dbt's environment.

Each line of stdin is {"arguments": [...], "environment": {...}}, each line of stdout its result. The project is parsed
once, so later commands can change variables and the database, but not the sources.
"""

import json
import os
import sys
from collections import Counter
from typing import Any, TextIO

from dbt.cli.main import dbtRunner

QUIET = ["--quiet", "--log-level-file", "none", "--no-write-json"]


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # dbt writes to stdout
    manifest = None
    for line in sys.stdin:
        command = json.loads(line)
        os.environ.update(command["environment"])
        warnings: list[str] = []

        def listen(event: Any, warnings: list[str] = warnings) -> None:
            if event.info.level in ("warn", "error"):
                warnings.append(f"{event.info.name}: {event.info.msg}")

        if manifest is None:
            shared = command["arguments"][1:]
            parsed = dbtRunner(callbacks=[listen]).invoke([*QUIET, "parse", "--no-partial-parse", *shared])
            manifest = parsed.result
        if manifest is None:
            answer(answers, success=False, statuses={}, said=[*warnings, str(parsed.exception)])
            continue
        done = dbtRunner(manifest=manifest, callbacks=[listen]).invoke([*QUIET, *command["arguments"]])
        release()
        results = list(getattr(done.result, "results", ()))
        failed = [f"{each.node.name}: {each.message}" for each in results if each.status not in ("success", "pass")]
        said = [*warnings, *failed, *([str(done.exception)] if done.exception else [])]
        answer(answers, success=done.success, statuses=Counter(str(each.status) for each in results), said=said)


def release() -> None:
    """Close the DuckDB file, which dbt keeps open in this process."""
    try:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    except ImportError:
        return
    DuckDBConnectionManager.close_all_connections()


def answer(file: TextIO, **found: object) -> None:
    file.write(json.dumps(found) + "\n")
    file.flush()


if __name__ == "__main__":
    main()
