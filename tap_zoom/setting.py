"""The definition of a setting: its kind, its format in the environment, and its allowed values."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tap_zoom.errors import ConfigError
from tap_zoom.times import parse_time

KINDS = {"str": "string", "int": "integer", "bool": "boolean", "datetime": "date_iso8601", "Path": "file"}
WORDS = {"id": "ID", "jwt": "JSON Web Token", "api": "API", "url": "URL", "auth": "Authorization"}  # in labels
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # in the environment


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `options`: the allowed values; `bounds`: minimum and maximum of an integer."""

    name: str
    type: str  # its annotation
    description: str
    default: str | int | bool | None
    sensitive: bool = False
    options: tuple[str, ...] = ()
    bounds: tuple[int, int] = (0, 0)
    documentation: str = ""  # URL of Zoom's page
    check: Callable[[str, str], str] | None = None  # takes a text and its location, instead of the default check

    @property
    def label(self) -> str:
        return " ".join(WORDS.get(word, word.title()) for word in self.name.split("_"))

    @property
    def kind(self) -> str:
        """Its kind in Meltano's plugin definitions; secrets are of the kind password."""
        if self.sensitive:
            return "password"
        return "options" if self.options else KINDS[self.type.removesuffix(" | None")]

    def from_text(self, text: str, name: str) -> str | int | bool:
        """Convert the environment variable `name`. Raises ConfigError if its value is invalid."""
        if self.kind == "integer":
            try:
                return int(text)
            except ValueError:
                raise ConfigError(f"{name} must be an integer.") from None
        if self.kind == "boolean":
            if text.lower() not in BOOLEANS:
                raise ConfigError(f"{name} must be true or false.")
            return BOOLEANS[text.lower()]
        return text

    def checked(self, value: Any, source: str) -> Any:
        """Return the value in its type. Raises ConfigError, which doesn't repeat it: it could be a misplaced secret."""
        where = f"The setting {self.name} in {source}"
        if self.kind == "integer":
            if not isinstance(value, int) or isinstance(value, bool):
                raise ConfigError(f"{where} must be an integer, not {json_kind(value)}.")
            least, most = self.bounds
            if not least <= value <= most:
                raise ConfigError(f"{where} must be from {least} to {most}.")
            return value
        if self.kind == "boolean":
            if not isinstance(value, bool):
                raise ConfigError(f"{where} must be true or false, not {json_kind(value)}.")
            return value
        if not isinstance(value, str):
            raise ConfigError(f"{where} must be a string, not {json_kind(value)}.")
        return self._checked_text(value, where)

    def _checked_text(self, value: str, where: str) -> Any:
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise ConfigError(f"{where} contains a line break or another control character. Copy and paste it again.")
        if self.options and value not in self.options:
            raise ConfigError(f"{where} must be one of: {', '.join(self.options)}.")
        if self.check is not None:
            return self.check(value, where)
        if self.kind == "date_iso8601":
            moment = parse_time(value)
            if moment is None:
                raise ConfigError(
                    f"{where} must be a date such as 2024-12-31 or a date-time such as 2024-12-31T23:59:59Z."
                )
            return moment
        if self.kind == "file":
            return _path(value, where)
        if not value.isascii():
            raise ConfigError(f"{where} contains a non-ASCII character. Copy and paste it again.")
        return value.strip()


def _path(value: str, where: str) -> Path:
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        path = None
    if path is None or (value.partition("/")[0] == "~" and os.environ.get("HOME") == ""):
        raise ConfigError(f"{where} begins with ~, but there is no such home directory. Use an absolute path.")
    return path


def setting(description: str, default: str | int | bool | None = None, **more: Any) -> Any:
    """Define a dataclass field that is a setting. `more`: other fields of Setting. The repr doesn't show secrets."""
    attributes = {"description": description, "default": default, **more}
    return field(default=default, repr=not more.get("sensitive"), metadata=attributes)


def settings_of(table: type[Any]) -> tuple[Setting, ...]:
    """Return the fields of a dataclass that are settings."""
    return tuple(Setting(each.name, str(each.type), **each.metadata) for each in fields(table) if each.metadata)


def json_kind(value: object) -> str:
    """Return the JSON type of a value, for messages that must not repeat the value."""
    kinds: dict[type, str] = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "a list"}
    return "an object" if isinstance(value, dict) else kinds.get(type(value), "null")
