"""Storage of a rotating refresh token: Zoom replaces it at each use, and the old one becomes invalid.

The new token is on disk before the new access token is used: it is written to a temporary file next to the old one,
synced, and renamed over it. That file has its full size before the old token is used, so that a full disk is noticed
in time. A lock file prevents two runs from using the same token.

A file that is a mount point (`docker run -v "$PWD/token.json:/token.json"`, a Kubernetes subPath) or in a read-only
directory can't be replaced by renaming. It is locked and written in place.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from errno import EACCES, EISDIR
from io import FileIO
from pathlib import Path
from typing import Any

from tap_zoom.config import Config, read_json_object
from tap_zoom.errors import ConfigError

LONGEST_TOKEN = 8192  # bytes: Zoom's have less than 1,000


def token_store(config: Config) -> TokenStore:
    """Return the file in the setting token_store, or else the config file that contains the refresh token.

    Raises ConfigError if that config file is temporary.
    """
    configured = config.refresh_token or ""
    if config.token_store is not None:
        return TokenStore(config.token_store, configured, _read_store)
    if config.refresh_token_file is None or "MELTANO_PROJECT_ROOT" in os.environ:  # Meltano deletes its config files
        raise ConfigError(
            "Zoom replaces the refresh token at each use, but this run's config is temporary, so the next token can't "
            "be stored in it. Set token_store to a permanent file, for example .meltano/tap-zoom-token.json; or use a "
            "Server-to-Server OAuth app, which needs no refresh token."
        )
    return TokenStore(config.refresh_token_file, configured, _read_config)


class TokenStore:
    """The file at `path`. `read` returns the current token and the other content, given the path and the token in the
    settings."""

    def __init__(self, path: Path, configured: str, read: Callable[[Path, str], tuple[str, dict[str, Any]]]) -> None:
        self._path = Path(os.path.realpath(path))  # replaces a link's target, not the link
        self._configured = configured
        self._read = read

    @contextmanager
    def rotation(self) -> Iterator[Rotation]:
        """Lock the file for one use of the token. Raises ConfigError if the next token couldn't be stored, before the
        current one is used."""
        with ExitStack() as stack:
            try:
                rotation = stack.enter_context(self._in_place() if self._is_fixed() else self._replaced())
            except OSError as error:
                raise ConfigError(
                    f"The next refresh token can't be stored in {self._path} ({error.strerror}), so the current one "
                    "isn't used. Free disk space, make the file writable, or set token_store to another file."
                ) from None
            yield rotation

    def _is_fixed(self) -> bool:
        """True if the file can't be replaced by renaming."""
        if self._path.is_dir():  # Docker creates a directory if the file to mount doesn't exist
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return False
        if not os.access(self._path, os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
        return is_mount_point(self._path) or not os.access(self._path.parent, os.W_OK | os.X_OK)

    @contextmanager
    def _replaced(self) -> Iterator[Rotation]:
        """Reserve space in a temporary file, which replaces the old file."""
        with FileIO(f"{self._path}.lock", "w", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with _temporary_file(self._path) as (file, name):
                token, rest = self._read(self._path, self._configured)
                room = len(_content(token, rest)) + LONGEST_TOKEN
                _write(file, b" " * room, room)

                def keep(following: str) -> None:
                    content = _content(following, rest)
                    _write(file, content, len(content))
                    try:
                        os.rename(name, self._path)
                    except OSError:  # another user's file in a sticky directory, or a mount the system doesn't report
                        with FileIO(self._path, "r+") as old:
                            _write(old, content, len(content))
                    directory = os.open(self._path.parent, os.O_RDONLY)
                    try:
                        os.fsync(directory)
                    finally:
                        os.close(directory)

                yield Rotation(token, keep)

    @contextmanager
    def _in_place(self) -> Iterator[Rotation]:
        """Reserve space in the file itself, as trailing spaces, which JSON ignores. The next token is stored in one
        system call, which a kill doesn't interrupt. Only a power failure may."""
        with FileIO(self._path, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            token, rest = self._read(self._path, self._configured)
            former = file.readall()
            size, room = len(former), max(len(former), len(_content(token, rest)) + LONGEST_TOKEN)

            def keep(following: str) -> None:
                nonlocal size
                content = _content(following, rest)
                size = len(content)
                _write(file, content.ljust(room), size)

            try:
                _write(file, former.ljust(room), room)
                yield Rotation(token, keep)
            finally:
                with suppress(OSError):  # then trailing spaces remain
                    file.truncate(size)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The current token. Space for the next one is reserved; `keep` stores it. It is on disk when that returns. Atomic:
    a reader finds either the complete old content or the complete new one, even if the process is killed."""

    token: str = field(repr=False)
    keep: Callable[[str], None] = field(repr=False)


def _content(token: str, rest: dict[str, Any]) -> bytes:
    return json.dumps({**rest, "refresh_token": token}, indent=2).encode() + b"\n"


def _write(file: FileIO, content: bytes, size: int) -> None:
    """Overwrite a file and truncate it to `size`. Its blocks on disk are reused."""
    file.seek(0)
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())
    file.truncate(size)
    os.fsync(file.fileno())


def is_mount_point(path: Path) -> bool:
    """True if this file is a mount point. Unlike os.path.ismount, detects mounts from the same disk too."""
    return _mount(path) != _mount(path.parent)


def _mount(path: Path) -> str:
    """Return the mount id of a path, or its device id if the system has no mount ids (macOS)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        about = Path(f"/proc/self/fdinfo/{descriptor}").read_text("utf-8")
        found = re.search(r"^mnt_id:\s*(\d+)", about, re.MULTILINE)
    except OSError:
        found = None
    finally:
        os.close(descriptor)
    return found[1] if found else f"device {path.stat().st_dev}"


@contextmanager
def _temporary_file(path: Path) -> Iterator[tuple[FileIO, str]]:
    """Create a temporary file next to another one; yields it and its name. Deleted at the end, unless renamed."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")  # mode 0600
    try:
        with FileIO(descriptor, "w") as file:
            yield file, name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _read_config(path: Path, configured: str) -> tuple[str, dict[str, Any]]:
    """Read a config file. Its other settings are kept."""
    content = read_json_object(str(path), "config")
    token = content.get("refresh_token")
    return token.strip() if isinstance(token, str) and token.strip() else configured, content


def _read_store(path: Path, configured: str) -> tuple[str, dict[str, Any]]:
    """Read a separate file, which several plugins may share. It has the current token for each configured token.

    `grown_from` is the SHA-256 of the configured token of the plugin that wrote last, and `refresh_token` its current
    token. `others` has those of the other plugins, by the same hash. A newly configured token isn't in the file, so it
    is used as it is. Version 0.1 knows the first two fields.
    """
    grown_from = hashlib.sha256(configured.encode()).hexdigest()
    is_new = not path.exists() or not path.read_bytes().strip()
    kept = {} if is_new else read_json_object(str(path), "token_store")
    others = kept.get("others")
    every = {**(others if isinstance(others, dict) else {}), kept.get("grown_from"): kept.get("refresh_token")}
    tokens = {name: each for name, each in every.items() if isinstance(name, str) and isinstance(each, str) and each}
    token = tokens.pop(grown_from, configured)
    return token, {"grown_from": grown_from, **({"others": tokens} if tokens else {})}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
