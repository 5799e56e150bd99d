"""Generate docs/models.md, the page of the dbt package's final models, from their descriptions in dbt/models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pages import table

MODELS = Path(__file__).parent.parent / "dbt" / "models" / "marts" / "zoom.yml"
HEAD = """\
# Models

Tables that the [dbt package](../dbt/README.md) builds from the streams. Times are in UTC. Days and weeks are those of
the variable `zoom__timezone`, except in `zoom__phone_queues`, whose days Zoom counts in UTC. A model whose
streams are not loaded is empty.
"""


def finals() -> list[dict[str, Any]]:
    """Return the descriptions of the final models, in order."""
    found: list[dict[str, Any]] = yaml.safe_load(MODELS.read_text("utf-8"))["models"]
    return found


def index(page: str = "") -> str:
    """Return a table of the models, with the grain and an example question of each."""
    rows = (
        (f"[`{model['name']}`]({page}#{model['name']})", meta(model)["grain"], meta(model)["question"])
        for model in finals()
    )
    return table(("Model", "One row per", "Example question"), rows)


def page() -> str:
    return "\n".join([HEAD, index(), *map(section, finals())])


def section(model: dict[str, Any]) -> str:
    columns = table(("Column", ""), ((f"`{each['name']}`", each["description"]) for each in model["columns"]))
    text = f"\n## {model['name']}\n\n{model['description']}\n\n{meta(model)['question']}\n"
    text += f"\n```sql\n{meta(model)['sql']}```\n"
    return f"{text}\n<details><summary>{len(model['columns'])} columns</summary>\n\n{columns}\n\n</details>\n"


def meta(model: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = model["config"]["meta"]
    return found
