"""Rules for the code. Several of them are also tested with code that breaks them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from scripts.mutants import TESTS as MUTATED
from tap_zoom.streams import BY_NAME
from tests.each import for_each

ROOT = Path(__file__).parent.parent
PACKAGES = {"jwt": "PyJWT", "singer": "singer-python"}


def modules(folder: str) -> dict[str, Path]:
    """Return the modules below a folder by dotted name. A package has its own name, without __init__."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return {
        ".".join(path.relative_to(ROOT / folder).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


class Trees(Mapping[str, ast.Module]):
    """The syntax trees of modules by name, parsed on first use."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._paths = paths

    def __getitem__(self, name: str) -> ast.Module:
        return tree_of(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


PATHS = modules("tap_zoom")
OTHERS = {
    f"{folder}.{name}": path
    for folder in ("tests", "scripts", "benchmarks", "demo")
    for name, path in modules(folder).items()
}
TREES, TREES_OF_OTHERS = Trees(PATHS), Trees(OTHERS)


def imports(tree: ast.AST) -> set[str]:
    """Return the modules, and the names in them, that a module imports, as dotted names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def mentions(tree: ast.AST, *names: str) -> bool:
    """True if one of these names or dotted attributes is used."""
    return any(ast.unparse(node) in names for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute)))


def test_dependencies_match_imports() -> None:
    """No dependency is missing or unused."""
    setup = (ROOT / "setup.py").read_text("utf-8")
    listed = re.search(r"install_requires=\[(.*?)\]", setup, re.DOTALL)
    assert listed
    required = {re.split(r"[<>=!~]", text)[0] for text in re.findall(r'"(.+?)"', listed[1])}
    used = {name.split(".")[0] for tree in TREES.values() for name in imports(tree)}
    foreign = used - set(sys.stdlib_module_names) - {"tap_zoom", "__future__", ""}
    assert {PACKAGES.get(name, name) for name in foreign} == required


@for_each(name=TREES)
def test_only_output_writes_to_stdout(name: str) -> None:
    """Checks print, sys.stdout, sys.__stdout__ and os.write."""
    if name != "output":
        assert not mentions(TREES[name], "print", "sys.stdout", "os.write", "sys.__stdout__")


@for_each(name=TREES)
def test_only_some_modules_use_threading(name: str) -> None:
    """The dispatcher, the login, the connections and the handling of signals do. None uses asyncio or the like."""
    if name not in ("api.dispatcher", "api.auth", "api.http", "interrupts"):
        assert "threading" not in imports(TREES[name])
    assert not {"concurrent.futures", "asyncio", "multiprocessing"} & imports(TREES[name])


# --- the network ------------------------------------------------------------------------------------------------

NETWORK = ("requests", "urllib3", "urllib.request", "http.client", "socket", "ssl", "httpx", "aiohttp")
VERBS = "get post put patch delete head options request".split()
SENDING = {"send", "urlopen", "urlretrieve", "create_connection", "getaddrinfo", "getresponse"}


def sends(tree: ast.AST) -> Iterator[str]:
    """Yield the calls of a module that send something: of an adapter, a session or a package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = ast.unparse(node.func.value)
            verb = node.func.attr in VERBS and re.search(r"(?i)^requests\b|session|client", of)
            if node.func.attr in SENDING or verb:
                yield f"line {node.lineno}: {ast.unparse(node)}"


@for_each(name=TREES)
def test_only_http_uses_the_network(name: str) -> None:
    """The client and the token endpoint may import network packages, too, but send nothing."""
    knows = {
        module for module in imports(TREES[name]) if f"{module}.".startswith(tuple(f"{each}." for each in NETWORK))
    }
    assert not knows or name in ("api.http", "api.client", "api.token_endpoint")
    assert not list(sends(TREES[name])) or name == "api.http"


# --- dependencies between modules -------------------------------------------------------------------------------

# Each module imports only from lines above its own. The package itself only starts the command line.
FLOORS = """
api  errors  streams.model  streams.secrets  sync  sync.traversal  text  times  words
api.http  api.rate_limits  api.request  interrupts  setting  streams.refusals  streams.transcripts
api.bodies  api.queues  api.retry  config  output  streams.date_ranges  streams.users  sync.rows
api.responses  api.token_endpoint  api.token_store  log  streams.account  streams.boards  streams.chat  streams.contact_center  streams.dashboards  streams.events  streams.meetings  streams.phone  streams.reports  streams.revenue  streams.rooms  streams.surveys  streams.webinars
api.auth  streams.held  streams.quality
api.client  streams.occurrences  streams.recordings
api.dispatcher  streams
access  discover  sync.context
about  state  sync.coercion  sync.windows
check  sync.failures  sync.records  sync.start_dates
report  sync.tasks
sync.pages  sync.retries
sync.traversals
sync.sync
run
cli
__init__
__main__
"""


def ours(tree: ast.AST) -> set[str]:
    """Return the modules of the tap that a module imports."""
    found = {name.removeprefix("tap_zoom.") for name in imports(tree) if name.startswith("tap_zoom.")}
    return {name for name in found if name in TREES} | ({"__init__"} if "tap_zoom.main" in imports(tree) else set())


def climbs(trees: dict[str, ast.Module], floors: str) -> list[str]:
    """Return the imports that don't lead to a line above the module's own."""
    floor = {name: number for number, row in enumerate(floors.split("\n")) for name in row.split()}
    return [
        f"{name} -> {used}"
        for name in trees
        for used in sorted(ours(trees[name]) - {name})
        if floor[used] >= floor[name]
    ]


def test_dependencies_between_modules_go_one_way() -> None:
    """Each module is on one line and imports only from earlier lines, so there are no cycles."""
    assert sorted(FLOORS.split()) == sorted(TREES)
    assert climbs(TREES, FLOORS) == []


# --- the table of streams ---------------------------------------------------------------------------------------


def named_streams(tree: ast.AST) -> list[str]:
    """Return the strings that are names of streams, with their lines."""
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [
        f"line {node.lineno}: {node.value}"
        for node in constants
        if isinstance(node.value, str) and node.value in BY_NAME
    ]


@for_each(name=TREES)
def test_no_stream_is_named_outside_the_table(name: str) -> None:
    """Streams are data, so the code doesn't depend on single ones."""
    if name.partition(".")[0] != "streams":
        assert named_streams(TREES[name]) == []


TABLES_OF_SCRIPTS = ("CORRECTIONS", "FILES", "CHOICES")  # data for single streams


def without_tables(tree: ast.Module) -> ast.Module:
    kept = [
        node
        for node in tree.body
        if not (isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in TABLES_OF_SCRIPTS)
    ]
    return ast.Module(kept, [])


def test_scripts_name_no_stream() -> None:
    """Their tables of data are exempt."""
    scripts = {name for name in OTHERS if name.startswith("scripts.")}
    named = {name: named_streams(without_tables(TREES_OF_OTHERS[name])) for name in scripts}
    assert not any(named.values()), named


# --- size and docstrings ------------------------------------------------------------------------------------------

LARGEST = 300  # lines of a module
LARGEST_CLASS = 250
LARGEST_OF_OTHERS = 525  # lines of a test or a script, whose parts are independent


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


@for_each(name=TREES)
def test_modules_are_small(name: str) -> None:
    """Each can be read in one sitting. The table of streams is exempt, because it is for reference."""
    assert lines(PATHS[name]) <= LARGEST or name.startswith("streams.")


@for_each(name=TREES)
def test_classes_are_small(name: str) -> None:
    """A class has at most LARGEST_CLASS lines."""
    classes = (node for node in ast.walk(TREES[name]) if isinstance(node, ast.ClassDef))
    assert {
        node.name for node in classes if node.end_lineno and node.end_lineno - node.lineno >= LARGEST_CLASS
    } == set()


def test_tests_and_scripts_are_small() -> None:
    """Each has at most LARGEST_OF_OTHERS lines."""
    assert {name for name, path in OTHERS.items() if lines(path) > LARGEST_OF_OTHERS} == set()


def test_modules_have_docstrings() -> None:
    """__init__.py and __main__.py are exempt."""
    trees, paths = {**TREES, **TREES_OF_OTHERS}, {**PATHS, **OTHERS}
    silent = {name for name, tree in trees.items() if not ast.get_docstring(tree)}
    assert {name for name in silent if paths[name].name not in ("__init__.py", "__main__.py")} == set()


def test_every_test_has_a_docstring() -> None:
    """It ends with a period."""
    functions = (
        (name, node)
        for name, tree in TREES_OF_OTHERS.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )
    tests = [(name, node) for name, node in functions if node.name.startswith("test_")]
    assert [f"{name}: {node.name}" for name, node in tests if not (ast.get_docstring(node) or "").endswith(".")] == []


def test_modules_with_mutants_exist() -> None:
    """The tests for them exist, too."""
    modules = {f"{name.replace('/', '.')}" for name in MUTATED}
    assert modules <= TREES.keys()
    assert {test for tests in MUTATED.values() for test in tests} <= {path.stem for path in OTHERS.values()}


# --- side effects of imports --------------------------------------------------------------------------------------

# Calls that only create a value. The tap's dataclasses and named tuples are allowed, too.
CONSTRUCTORS = {
    "Timeout", "dataclass", "field", "float", "frozenset", "tuple", "re.compile", "logging.getLogger", "timedelta", "ContextVar", "map", "_days", "_moments", "_matching", "date", "each", "setting", "settings_of",
}  # fmt: skip
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def dataclasses(tree: ast.AST) -> set[str]:
    """Return the dataclasses and named tuples that a module defines."""
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    marks = ((node.name, map(ast.unparse, (*node.decorator_list, *node.bases))) for node in classes)
    return {name for name, words in marks if any(word.startswith(("dataclass", "NamedTuple")) for word in words)}


@cache
def own_classes() -> set[str]:
    return set().union(*map(dataclasses, TREES.values()))


def done_at_import(tree: ast.Module) -> Iterator[str]:
    """Yield what a module does when it is imported, except for definitions and creating values."""
    for statement in tree.body:
        if not isinstance(statement, DEFINITIONS) and ast.get_docstring(ast.Module([statement], [])) is None:
            yield f"line {statement.lineno}: {ast.unparse(statement)}"
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef):  # its body runs later, its defaults and decorators at import
            todo += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in CONSTRUCTORS | own_classes():
            yield f"line {node.lineno}: {ast.unparse(node)}"


@for_each(name=TREES)
def test_imports_have_no_side_effects(name: str) -> None:
    """The module level has only definitions and values: nothing that reads, sends or waits."""
    if name != "__main__":
        assert list(done_at_import(TREES[name])) == []


# --- tests of the rules -------------------------------------------------------------------------------------------

BREAKS: list[tuple[Callable[[ast.Module], object], str]] = [
    (done_at_import, 'X = requests.get("https://zoom.us")'), (done_at_import, "X: str = open('x').read()"),
    (done_at_import, "start()"), (done_at_import, "def f(x=now()): ..."), (done_at_import, "class A:\n    x = load()"),
    (done_at_import, "@register()\ndef f(): ..."), (done_at_import, "X = [load(n) for n in 'ab']"),
    (done_at_import, "if True:\n    X = 1"), (done_at_import, "for x in 'ab': pass"),
    (named_streams, 'x = name == "users"'), (named_streams, 'x = name in {"users", "y"}'), (named_streams, 'x = table["meetings"]'),
    (named_streams, 'def f():\n    ask(BY_NAME["history_meetings"])'), (named_streams, 'match name:\n    case "webinars": ...'),
    (sends, "requests.get(url)"), (sends, "requests.Session().post(url)"), (sends, "self._session.request('GET', url)"),
    (sends, "adapter.send(prepared)"), (sends, "urllib.request.urlopen(url)"), (sends, "socket.create_connection(where)"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "code"), BREAKS, ids=lambda value: getattr(value, "__name__", value))
def test_a_rule_finds_violations(rule: Callable[[ast.Module], Iterator[str]], code: str) -> None:
    """Each rule is tried on several kinds of violations."""
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize(
    "code", ["from tap_zoom.sync.sync import Sync", "from tap_zoom.sync import sync", "import tap_zoom.cli"]
)
def test_an_import_from_a_later_line_is_found(code: str) -> None:
    """Tests each form of import."""
    assert climbs({"sync.traversal": ast.parse(code)}, FLOORS)


@pytest.mark.parametrize(
    "code",
    ['"""users"""', "X = re.compile('x')", "X = frozenset({1})", "def f():\n    return load()", "X = lambda: load()"],
)
def test_allowed_code_is_not_reported(code: str) -> None:
    """Definitions, values, and code that runs later."""
    assert list(done_at_import(ast.parse(code))) == []
