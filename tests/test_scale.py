"""The recipes of docs/scale.md work: the script, the DAG, the manifest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.simulator import SimulatedZoom
from tests.tap import LONGEST_RUN, ROOT, account
from tests.test_quick_start import TARGET

PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")


def recipe(name: str) -> str:
    """Return the code block after a marker of the page."""
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


class Dag:
    """A stand-in for Airflow's DAG, with the operators that were created in its block."""

    current: Dag | None = None

    def __init__(self, dag_id: str, **options: Any) -> None:
        self.dag_id, self.options, self.tasks = dag_id, options, list[dict[str, str]]()

    def __enter__(self) -> Dag:
        Dag.current = self
        return self

    def __exit__(self, *_: object) -> None:
        Dag.current = None


def bash_operator(**options: str) -> None:
    assert Dag.current is not None
    Dag.current.tasks.append(options)


@pytest.fixture
def dag(monkeypatch: pytest.MonkeyPatch) -> Dag:
    """The page's DAG, loaded as Airflow loads it."""
    names = {"airflow.sdk": {"DAG": Dag}, "airflow.providers.standard.operators.bash": {"BashOperator": bash_operator}}
    for name, content in names.items():
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            monkeypatch.setitem(sys.modules, ".".join(parts[:count]), ModuleType(parts[count - 1]))
        vars(sys.modules[name]).update(content)
    loaded: dict[str, Any] = {}
    exec(compile(recipe("dag"), "zoom_dag.py", "exec"), loaded)
    made = loaded["dag"]
    assert isinstance(made, Dag)
    return made


def test_the_dag_has_a_task_for_each_account(dag: Dag) -> None:
    """Each calls the script with its own folder. Runs never overlap, and tasks are retried, since a run resumes."""
    commands = [task["bash_command"].split() for task in dag.tasks]
    assert len(commands) > 1 and {script for script, _ in commands} == {"/srv/zoom/sync.sh"}
    assert len({folder for _, folder in commands}) == len({task["task_id"] for task in dag.tasks}) == len(commands)
    assert dag.options["max_active_runs"] == 1 and not dag.options["catchup"]
    assert dag.options["default_args"]["retries"] > 0


@pytest.mark.long
def test_the_script_stores_the_state_of_each_account_in_its_folder(tmp_path: Path) -> None:
    """Two accounts, one after the other: two states of complete runs. The script returns the exit status of the tap."""
    script = tmp_path / "sync.sh"
    script.write_text(recipe("sync.sh"), "utf-8")
    (tmp_path / "bin").mkdir()
    for name, content in {"tap-zoom": "from tap_zoom import main; main()", "target-postgres": TARGET}.items():
        (tmp_path / "bin" / name).write_text(f"#!{sys.executable}\n{content}", "utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    env = {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "no_proxy": "*"}
    states = []
    for seed, name in enumerate(("emea", "apac"), 1):
        folder = tmp_path / name
        folder.mkdir()
        with SimulatedZoom(account(seed, "tiny")) as zoom:
            (folder / "config.json").write_text(json.dumps(zoom.config()), "utf-8")
            (folder / "target.json").write_text("{}", "utf-8")
            for _ in range(2):
                done = subprocess.run(["bash", script, folder], env=env, capture_output=True, timeout=LONGEST_RUN)
                assert done.returncode == 0, done.stderr[-2000:]
        states.append(json.loads((folder / "state.json").read_text("utf-8")))
        assert states[-1]["unfinished"] == []
    assert states[0]["account"] != states[1]["account"]
    (tmp_path / "emea" / "config.json").write_text("{}", "utf-8")
    assert subprocess.run(["bash", script, tmp_path / "emea"], env=env, capture_output=True).returncode == 1
    assert json.loads((tmp_path / "emea" / "state.json").read_text("utf-8")) == states[0]


def test_the_manifest_uses_a_volume_for_each_account() -> None:
    """Runs never overlap, the volume is that of the claim, and each mount has a volume."""
    claim, job = yaml.safe_load_all(recipe("cronjob"))
    assert (claim["kind"], job["kind"], job["spec"]["concurrencyPolicy"]) == (
        "PersistentVolumeClaim",
        "CronJob",
        "Forbid",
    )
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    for container in pod["initContainers"] + pod["containers"]:
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys()
    assert [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]] == ["/data"]
    assert pod["securityContext"]["runAsNonRoot"]
