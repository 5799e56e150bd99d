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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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
        return _StoreFile(config.token_store, configured)
    if config.refresh_token_file is None or "MELTANO_PROJECT_ROOT" in os.environ:  # Meltano deletes its config files
        raise ConfigError(
            "Zoom replaces the refresh token at each use, but this run's config is temporary, so the next token can't "
            "be stored in it. Set token_store to a permanent file, for example .meltano/tap-zoom-token.json; or use a "
            "Server-to-Server OAuth app, which needs no refresh token."
        )
    return _ConfigFile(config.refresh_token_file, configured)


class TokenStore:
    def __init__(self, path: Path, configured: str) -> None:
        self._path = Path(os.path.realpath(path))  # replaces a link's target, not the link
        self._configured = configured

    @contextmanager
    def rotation(self) -> Iterator[Rotation]:
        """Lock the file for one use of the token. Raises ConfigError if the next token couldn't be stored, before the
        current one is used."""
        with ExitStack() as stack:
            try:
                rotation = self._rotation(stack)
            except OSError as error:
                raise ConfigError(
                    f"The next refresh token can't be stored in {self._path} ({error.strerror}), so the current one "
                    "isn't used. Free disk space, make the file writable, or set token_store to another file."
                ) from None
            yield rotation

    def _rotation(self, stack: ExitStack) -> Rotation:
        if self._path.is_dir():  # Docker creates a directory if the file to mount doesn't exist
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            if not os.access(self._path, os.W_OK):
                raise PermissionError(EACCES, os.strerror(EACCES))
            if is_mount_point(self._path) or not os.access(self._path.parent, os.W_OK | os.X_OK):
                file = stack.enter_context(FileIO(self._path, "r+"))
                fcntl.flock(file, fcntl.LOCK_EX)
                token, rest = self._read()
                return stack.enter_context(_InPlace(file, token, rest))
        lock = stack.enter_context(FileIO(f"{self._path}.lock", "w", opener=_private))
        fcntl.flock(lock, fcntl.LOCK_EX)
        file, name = stack.enter_context(_temporary_file(self._path))
        token, rest = self._read()
        return _Replacement(self._path, file, name, token, rest)

    def _read(self) -> tuple[str, dict[str, Any]]:
        """Return the current token, and the other content of the file."""
        raise NotImplementedError


class Rotation:
    """The current token. Space for the next one is reserved in `file`."""

    def __init__(self, file: FileIO, token: str, rest: dict[str, Any]) -> None:
        self.token = token
        self._file = file
        self._rest = rest

    def keep(self, following: str) -> None:
        """Store the next token. It is on disk when this returns, and needs no more space. Atomic: a reader finds either
        the complete old content or the complete new one, even if the process is killed."""
        raise NotImplementedError

    def _content(self, token: str) -> bytes:
        return json.dumps({**self._rest, "refresh_token": token}, indent=2).encode() + b"\n"


class _Replacement(Rotation):
    """Reserves space in a temporary file, which replaces the old file."""

    def __init__(self, path: Path, file: FileIO, name: str, token: str, rest: dict[str, Any]) -> None:
        super().__init__(file, token, rest)
        self._path = path
        self._name = name
        room = b" " * (len(self._content(token)) + LONGEST_TOKEN)
        _write(self._file, room, len(room))

    def keep(self, following: str) -> None:
        content = self._content(following)
        _write(self._file, content, len(content))
        try:
            os.rename(self._name, self._path)
        except OSError:  # another user's file in a sticky directory, or a mount that the system doesn't report
            with FileIO(self._path, "r+") as file:
                _write(file, content, len(content))
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class _InPlace(Rotation):
    """Reserves space in the file itself, as trailing spaces, which JSON ignores."""

    def __init__(self, file: FileIO, token: str, rest: dict[str, Any]) -> None:
        super().__init__(file, token, rest)
        self._former = file.readall()
        self._size = len(self._former)

    def __enter__(self) -> _InPlace:
        self._room = max(self._size, len(self._content(self.token)) + LONGEST_TOKEN)
        try:
            _write(self._file, self._former.ljust(self._room), self._room)
        except OSError:
            self._file.truncate(self._size)
            raise
        return self

    def keep(self, following: str) -> None:
        """Store the next token in one system call, which a kill doesn't interrupt. Only a power failure may."""
        content = self._content(following)
        self._size = len(content)
        _write(self._file, content.ljust(self._room), self._size)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # then trailing spaces remain
            self._file.truncate(self._size)


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


class _ConfigFile(TokenStore):
    """The config file. Its other settings are kept."""

    def _read(self) -> tuple[str, dict[str, Any]]:
        content = read_json_object(str(self._path), "config")
        token = content.get("refresh_token")
        return token.strip() if isinstance(token, str) and token.strip() else self._configured, content


class _StoreFile(TokenStore):
    """A separate file, which several plugins may share. It has the current token for each configured token.

    `grown_from` is the SHA-256 of the configured token of the plugin that wrote last, and `refresh_token` its current
    token. `others` has those of the other plugins, by the same hash. A newly configured token isn't in the file, so it
    is used as it is. Version 0.1 knows the first two fields.
    """

    def _read(self) -> tuple[str, dict[str, Any]]:
        grown_from = hashlib.sha256(self._configured.encode()).hexdigest()
        tokens = self._tokens()
        token = tokens.pop(grown_from, self._configured)
        return token, {"grown_from": grown_from, **({"others": tokens} if tokens else {})}

    def _tokens(self) -> dict[str, str]:
        """Return the current tokens, by the hash of the configured token."""
        try:
            if not self._path.read_bytes().strip():
                return {}
        except FileNotFoundError:
            return {}
        kept = read_json_object(str(self._path), "token_store")
        others = kept.get("others")
        tokens = {**(others if isinstance(others, dict) else {}), kept.get("grown_from"): kept.get("refresh_token")}
        return {name: each for name, each in tokens.items() if isinstance(name, str) and isinstance(each, str) and each}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
