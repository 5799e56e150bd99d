"""How the code is built: rules that a reader may rely on."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "tap_zoom").glob("*.py"))
TESTS = sorted((ROOT / "tests").glob("*.py"))
TREES = {path.stem: ast.parse(path.read_text("utf-8")) for path in MODULES}
PACKAGES = {"jwt": "PyJWT", "singer": "singer-python"}
EACH = pytest.mark.parametrize("name", TREES)


def imports(tree: ast.AST) -> set[str]:
    """The modules that a module imports, with all their dots."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def mentions(tree: ast.AST, *names: str) -> bool:
    """Whether a name, or an attribute written out, is used."""
    return any(ast.unparse(node) in names for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute)))


def test_what_is_imported_is_what_is_installed() -> None:
    """No dependency too few, none too many."""
    setup = (ROOT / "setup.py").read_text("utf-8")
    listed = re.search(r"install_requires=\[(.*?)\]", setup, re.DOTALL)
    assert listed
    required = {re.split(r"[<>=!~]", text)[0] for text in re.findall(r'"(.+?)"', listed[1])}
    used = {name.split(".")[0] for tree in TREES.values() for name in imports(tree)}
    foreign = used - set(sys.stdlib_module_names) - {"tap_zoom", "__future__", ""}
    assert {PACKAGES.get(name, name) for name in foreign} == required


@EACH
def test_only_output_writes_to_stdout(name: str) -> None:
    """print, sys.stdout and the descriptor behind it."""
    if name not in ("output",):
        assert not mentions(TREES[name], "print", "sys.stdout", "os.write", "sys.__stdout__")


@EACH
def test_threads_are_started_in_the_frontier_only(name: str) -> None:
    """The login has a lock besides."""
    if name not in ("frontier", "auth"):
        assert "threading" not in imports(TREES[name])
    assert not {"concurrent.futures", "asyncio", "multiprocessing"} & imports(TREES[name])


@EACH
def test_http_is_spoken_in_few_places(name: str) -> None:
    """Requests are made where tokens and limits are known."""
    if name not in ("http", "client", "auth"):
        assert not any(module.startswith("requests") for module in imports(TREES[name]))


@EACH
def test_modules_depend_one_way(name: str) -> None:
    """No circle of imports."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        for module in imports(TREES[todo.pop()]):
            found = module.removeprefix("tap_zoom.").split(".")[0]
            if module.startswith("tap_zoom.") and found in TREES and found not in seen:
                seen.add(found)
                todo.append(found)
    assert name not in seen or name == "__init__"


@EACH
def test_no_stream_is_named_outside_the_table(name: str) -> None:
    """Streams are data: no comparison with a stream's name, but for where a walk starts."""
    from tap_zoom.streams import BY_NAME

    if name == "streams":
        return
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            for side in (node.left, *node.comparators):
                assert not (isinstance(side, ast.Constant) and side.value in BY_NAME), f"{name}:{node.lineno}"


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=lambda path: path.name)
def test_modules_are_small_and_say_what_they_are(path: Path) -> None:
    """A docstring, and no more lines than can be known by heart."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < (560 if path.parent.name == "tap_zoom" else 400)
    assert ast.get_docstring(ast.parse(text)) or path.name == "__init__.py" or path.name == "__main__.py"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_every_test_says_what_it_holds(path: Path) -> None:
    """In a sentence."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = ast.get_docstring(node) or ""
            assert said.endswith("."), f"{path.name}: {node.name}"


@EACH
def test_nothing_random_or_slow_at_import(name: str) -> None:
    """Module level holds definitions only: no call that reads, asks or waits."""
    for node in TREES[name].body if name != "__main__" else []:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            raise AssertionError(f"{name}:{node.lineno} {ast.unparse(node)}")
