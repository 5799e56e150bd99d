"""How tap-zoom is built and installed. All metadata is here; pyproject.toml holds only the settings of tools."""

import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (HERE / "tap_zoom" / "__init__.py").read_text("utf-8"), re.MULTILINE)
if VERSION is None:
    raise SystemExit("tap_zoom/__init__.py has no line __version__ = \"...\".")

TEST = [
    "pytest>=8,<10", "pytest-xdist>=3.5,<4", "hypothesis>=6.100,<7", "time-machine>=2.16,<4", "PyYAML>=6,<7",
    "fastjsonschema>=2.20,<3", "trustme>=1.1,<2",
]  # fmt: skip

setup(
    name="tap-zoom",
    version=VERSION[1],
    description="Singer tap for Zoom: meetings, webinars, recordings, reports, phone, chat, rooms.",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    author="tap-zoom contributors",
    license="MIT",
    license_files=["LICENSE"],
    keywords=["singer", "tap", "extractor", "zoom", "meltano", "elt"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    install_requires=[
        "singer-python>=6.0.1,<7",
        "requests>=2.32.4,<3",
        "urllib3>=1.26.18,<3",
        "backoff>=2.2.1,<3",
        "PyJWT>=2.8,<3",
        "orjson>=3.9.15,<4",
    ],
    extras_require={
        "test": TEST,
        "dev": [
            *TEST, "mypy>=1.13,<3", "ruff>=0.9,<1", "types-requests>=2.32,<3", "types-PyYAML>=6,<7", "build>=1.2,<2",
        ],
        "demo": ["duckdb>=1.1,<3"],
        "mutants": ["mutmut>=3.8.1,<4"],
    },
    # singer-python installs a top-level package "tests", so nothing but tap_zoom goes into the wheel.
    packages=["tap_zoom", "tap_zoom.engine", "tap_zoom.streams", "tap_zoom.zoom"],
    package_data={"tap_zoom": ["py.typed", "schemas/*.json", "words/*.json"]},
    entry_points={"console_scripts": ["tap-zoom=tap_zoom:main"]},
)
