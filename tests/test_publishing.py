"""Publishing: metadata, the address of the repository, workflows, the container image and its build context."""

from __future__ import annotations

import email.message
import email.parser
import fnmatch
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import make_github
import pytest
import yaml
from release_check import problems
from repository import NAME, REPOSITORY, owner

ROOT = Path(__file__).parent.parent
ADDRESS = "https://github.com/someone/tap-zoom"
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / ".github" / "workflows").glob("*.yml")
}
JOBS = {f"{file}: {name}": job for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()}
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


def files() -> list[Path]:
    """Return the files in git, and new files that aren't ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("Not a clone: git doesn't know the files.")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def classifiers(metadata: email.message.Message) -> list[str]:
    """Return the classifiers in a package's metadata."""
    return [str(value) for value in metadata.get_all("Classifier", [])]


def backend(project: Path, call: str) -> None:
    """Call a function of setuptools' build backend (PEP 517) in a project. It writes to the folder `dist`."""
    (project / "dist").mkdir()
    script = f"from setuptools import build_meta; build_meta.{call}('dist')"
    done = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def metadata(repository: str, project: Path) -> email.message.Message:
    """Return the metadata of the distribution if its repository has this address."""
    (project / "tap_zoom").mkdir()
    for name in ("README.md", "LICENSE", "tap_zoom/__init__.py", "pyproject.toml"):
        (project / name).write_bytes((ROOT / name).read_bytes())
    setup = (ROOT / "setup.py").read_text("utf-8")
    setup = re.sub(r'^REPOSITORY = ".*"$', f'REPOSITORY = "{repository}"', setup, flags=re.MULTILINE)
    (project / "setup.py").write_text(
        re.sub(r"^    packages=.*$", "    packages=[],", setup, flags=re.MULTILINE), "utf-8"
    )
    backend(project, "prepare_metadata_for_build_wheel")
    (file,) = (project / "dist").rglob("METADATA")
    return email.parser.Parser().parsestr(file.read_text("utf-8"))


# --- the name and the address -----------------------------------------------------------------------------------


def test_the_repository_is_on_github_or_empty() -> None:
    """It is set in setup.py only."""
    assert not REPOSITORY or re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+", REPOSITORY)


def test_no_file_has_a_placeholder_for_the_owner() -> None:
    """Links to a tap-zoom on GitHub are to the address in setup.py, to the example in the tests, or to a known other
    project."""
    known = {"someone", owner(REPOSITORY).lower(), *"singer-io mashey hotgluexyz meltanolabs robby-rob-slalom".split()}
    for path in files():
        if path.suffix != ".json":
            text = path.read_text("utf-8").lower()
            assert not re.search(
                r"github\.(?:com|io)[/:](?:owner|org|organization|user|username|your[\w-]*|example)\b", text
            ), path
            assert set(re.findall(r"github\.com[/:]([\w-]+)/tap-zoom\b", text)) <= known, path


def test_github_files_without_an_address() -> None:
    """CODEOWNERS has no rule, and the issue forms have no links."""
    made = make_github.files("")
    assert not re.search(r"^[^#\s].*@", made[".github/CODEOWNERS"], re.MULTILINE)
    assert "http" not in made[".github/ISSUE_TEMPLATE/config.yml"]


def test_github_files_with_an_address() -> None:
    """They have the owner, and links to the repository and its site."""
    made = make_github.files(ADDRESS)
    assert re.search(r"^\* @someone$", made[".github/CODEOWNERS"], re.MULTILINE)
    links = [each["url"] for each in yaml.safe_load(made[".github/ISSUE_TEMPLATE/config.yml"])["contact_links"]]
    assert links == [f"{ADDRESS}/security/advisories/new", "https://someone.github.io/tap-zoom/"]


def test_metadata_without_an_address(tmp_path: Path) -> None:
    """The name isn't tap-zoom, the license is an expression with its file (PEP 639), and there are no links."""
    made = metadata("", tmp_path)
    assert made["Name"] == NAME != "tap-zoom"  # tap-zoom on PyPI is another project
    assert made["License-Expression"] == "MIT" and made["License-File"] == "LICENSE" and made["License"] is None
    assert made["Keywords"] and made["Summary"] and made["Requires-Python"] == ">=3.10"
    assert not [value for value in classifiers(made) if value.startswith("License ::")]
    assert made.get_all("Project-URL") is None
    assert "github.com" not in str(made.get_payload())


def test_metadata_with_an_address(tmp_path: Path) -> None:
    """There are links, and links in the README are absolute, so that they work on PyPI."""
    made = metadata(ADDRESS, tmp_path)
    links = dict(value.split(", ") for value in made.get_all("Project-URL", []))
    assert links == {
        "Documentation": "https://someone.github.io/tap-zoom/",
        "Source": ADDRESS,
        "Issues": f"{ADDRESS}/issues",
        "Changelog": f"{ADDRESS}/blob/main/CHANGELOG.md",
    }
    targets = re.findall(r"\]\(([^)\s]+)\)", str(made.get_payload()))
    assert all(target.startswith(("https://", "#")) for target in targets)
    assert f"{ADDRESS}/blob/v{made['Version']}/LICENSE" in targets


@pytest.mark.long
def test_the_sdist_has_all_files_in_git(tmp_path: Path) -> None:
    """Except for two that only a clone needs."""
    kept = [path.relative_to(ROOT) for path in files()]
    for path in kept:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    backend(tmp_path, "build_sdist")
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {path.as_posix() for path in kept} - packed == {".gitignore", ".ci/run"}


# --- the release --------------------------------------------------------------------------------------------------


def test_a_matching_tag_can_be_released() -> None:
    """Its version, the heading in the changelog and the address agree."""
    assert problems("v1.2.3", ADDRESS, "1.2.3", "## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n", ADDRESS) == []


@pytest.mark.parametrize(
    ("tag", "changelog", "configured", "told"),
    [
        ("v1.2.4", "## [1.2.3] - 2026-12-01", ADDRESS, "tag v1.2.3"),
        ("1.2.3", "## [1.2.3] - 2026-12-01", ADDRESS, "tag v1.2.3"),
        ("v1.2.3", "## [Unreleased]\n## [1.2.3]", ADDRESS, "CHANGELOG.md has no heading `## [1.2.3] - YYYY-MM-DD`"),
        ("v1.2.3", "## [1x2x3] - 2026-12-01", ADDRESS, "CHANGELOG.md has no heading"),
        ("v1.2.3", "## [1.2.3] - 2026-12-01", "", f'REPOSITORY in setup.py is "", but this is {ADDRESS}'),
    ],
)
def test_a_mismatched_tag_is_refused(tag: str, changelog: str, configured: str, told: str) -> None:
    """Each mismatch is one problem."""
    (problem,) = problems(tag, ADDRESS, "1.2.3", changelog, configured)
    assert told in problem


# --- workflows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_only_the_permissions_it_needs(name: str) -> None:
    """None by default, and write permissions only for releases. Each job has a timeout of at most an hour."""
    job = JOBS[name]
    assert WORKFLOWS[name.split(":")[0]]["permissions"] == {}
    assert job["timeout-minutes"] <= 60
    writing = {scope for scope, access in job["permissions"].items() if access == "write"}
    allowed = {"release.yml: publish": {"id-token"}, "release.yml: docs": {"pages", "id-token"}}
    assert writing == allowed.get(name, set())


def test_actions_are_pinned_by_commit() -> None:
    """The version is in a comment. Checkouts don't persist credentials."""
    texts = [path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    used = [line for text in texts for line in re.findall(r"uses: (.+)", text)]
    assert len(used) > 10
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert len({line.split("@")[0] for line in used}) == len(set(used))  # one commit per action
    checkouts = [step for _, step in STEPS if "actions/checkout@" in step.get("uses", "")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_matrix_has_each_supported_version_and_macos() -> None:
    """The versions are those of the classifiers. The oldest and the newest are also tested on macOS."""
    matrix: dict[str, Any] = JOBS["ci.yml: test"]["strategy"]["matrix"]
    supported = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "setup.py").read_text("utf-8"))
    assert matrix["python"] == supported
    assert [each["python"] for each in matrix["include"] if each["os"] == "macos-latest"] == [
        supported[0],
        supported[-1],
    ]


def test_make_targets_in_workflows_exist() -> None:
    """The Makefile has every target that a workflow calls."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    called = {
        target for _, step in STEPS for target in re.findall(r"^ *make ([\w-]+)", step.get("run", ""), re.MULTILINE)
    }
    assert {"lint", "test", "docs", "dist", "demo", "release-check"} <= called <= targets


# --- the image ----------------------------------------------------------------------------------------------------


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(words[0], words[1]) for words in lines]


def in_context(name: str) -> bool:
    """True if .dockerignore lets a file into the context. Later lines win, and a line for a folder covers its files."""
    result = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        deep = line.startswith("**/")
        parts = name.split("/")
        paths = parts if deep else ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        if line and not line.startswith("#") and any(fnmatch.fnmatchcase(path, pattern) for path in paths):
            result = line.startswith("!")
    return result


def test_the_build_context_has_only_the_copied_files() -> None:
    """This keeps settings, tokens, states and environments out of images."""
    copied = [word for name, words in dockerfile() if name == "COPY" for word in words.split()[:-1]]
    assert "tap_zoom" in copied
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        assert in_context(name) == (name in copied or name.split("/")[0] in copied), name
    for name in (
        "config.json",
        "state.json",
        "token.json",
        ".env",
        ".git/config",
        ".venv/x",
        "tap_zoom/__pycache__/x.pyc",
    ):
        assert not in_context(name), name


def test_the_image_has_the_files_that_setup_reads() -> None:
    """Those that it opens, and the package."""
    copied = [word for name, words in dockerfile() if name == "COPY" for word in words.split()[:-1]]
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "tap_zoom"} == set(copied)


def test_the_image_runs_as_a_user_with_a_volume() -> None:
    """The user is a number, so that Kubernetes can check that it isn't root. The docs name the same user and volume."""
    last = [number for number, (name, _) in enumerate(dockerfile()) if name == "FROM"][-1]
    final = dict(dockerfile()[last:])
    assert final["USER"].isdigit() and final["USER"] != "0"
    assert f"--uid {final['USER']} " in final["RUN"]
    assert final["ENTRYPOINT"] == '["tap-zoom"]'
    page = (ROOT / "docs" / "container.md").read_text("utf-8")
    assert f"`{final['VOLUME']}`" in page and f"user {final['USER']}" in page
