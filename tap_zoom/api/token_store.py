"""Where a rotating refresh token is kept: Zoom replaces it at every use, and the old one is worth nothing then.

The new token is on disk before anything is done with what it came with: written to a file beside the old one,
synced, and renamed over it. That file has its full size before the old token is spent, so that a full disk is noticed
in time. A lock file keeps two runs from spending the same token.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from errno import EACCES
from io import FileIO
from pathlib import Path
from typing import Any

from tap_zoom.config import Config, read_json_object
from tap_zoom.errors import ConfigError

LONGEST_TOKEN = 8192  # bytes: Zoom's have less than a thousand


def token_store(config: Config) -> TokenStore:
    """The file named by token_store, otherwise the config file that the refresh token came from.

    Raises ConfigError where that file is thrown away after the run.
    """
    configured = config.refresh_token or ""
    if config.token_store is not None:
        return _StoreFile(config.token_store, configured)
    if config.refresh_token_file is None or "MELTANO_PROJECT_ROOT" in os.environ:  # Meltano deletes its config files
        raise ConfigError(
            "Zoom replaces the refresh token at each use, and the next one would be lost: this run's config is thrown "
            "away after it. Set token_store to a file that stays, for example .meltano/tap-zoom-token.json; "
            "or use a Server-to-Server OAuth app, which needs no refresh token."
        )
    return _ConfigFile(config.refresh_token_file, configured)


class TokenStore:
    def __init__(self, path: Path, configured: str) -> None:
        self._path = Path(os.path.realpath(path))  # a link stays a link: what it points at is replaced
        self._configured = configured

    @contextmanager
    def rotation(self) -> Iterator[Rotation]:
        """One use of the token: nobody else who honours the lock reads or writes it inside. Raises ConfigError, before
        a token is spent, where the next one could not be kept."""
        with ExitStack() as stack:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(open(f"{self._path}.lock", "w", opener=_private))
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self._path.exists() and not os.access(self._path, os.W_OK):
                    raise PermissionError(EACCES, os.strerror(EACCES))
                file, name = stack.enter_context(_file_beside(self._path))
                rotation = Rotation(self._path, file, name, *self._read())
            except OSError as error:
                raise ConfigError(
                    f"The next refresh token can't be kept in {self._path} ({error.strerror}), and the one there is "
                    "would be spent. Make room, or the file writable, or set token_store to another one."
                ) from None
            yield rotation

    def _read(self) -> tuple[str, dict[str, Any]]:
        """The token to use now, and what else stands in the file."""
        raise NotImplementedError


class Rotation:
    """The token to use now, and a file that takes the other one's place when the next token is there; until then it
    holds the room for it."""

    def __init__(self, path: Path, file: FileIO, name: str, token: str, beside: dict[str, Any]) -> None:
        self.token = token
        self._path = path
        self._file = file
        self._name = name
        self._beside = beside
        self._write(b" " * (len(self._content(token)) + LONGEST_TOKEN))

    def keep(self, following: str) -> None:
        """Put the next token on disk: it is there when this returns. Needs no more room. Atomic: a reader, or a kill at
        any moment, finds the old content or the new one, whole."""
        self._write(self._content(following))
        os.rename(self._name, self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _content(self, token: str) -> bytes:
        return json.dumps({**self._beside, "refresh_token": token}, indent=2).encode() + b"\n"

    def _write(self, content: bytes) -> None:
        """Over what is there: the blocks that the file has are used again."""
        self._file.seek(0)
        left = memoryview(content)
        while left:
            left = left[self._file.write(left) :]
        self._file.truncate()
        os.fsync(self._file.fileno())


@contextmanager
def _file_beside(path: Path) -> Iterator[tuple[FileIO, str]]:
    """A new file and its name. It is gone in the end, unless it took the other one's place."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")  # mode 0600
    try:
        with FileIO(descriptor, "w") as file:
            yield file, name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


class _ConfigFile(TokenStore):
    """The config file itself; everything else in it is kept."""

    def _read(self) -> tuple[str, dict[str, Any]]:
        content = read_json_object(str(self._path), "config")
        token = content.get("refresh_token")
        return token.strip() if isinstance(token, str) and token.strip() else self._configured, content


class _StoreFile(TokenStore):
    """A file of its own. It remembers which configured token it grew from, so that a newly configured one wins."""

    def _read(self) -> tuple[str, dict[str, Any]]:
        beside = {"grown_from": hashlib.sha256(self._configured.encode()).hexdigest()}
        if not self._path.exists() or self._path.stat().st_size == 0:
            return self._configured, beside
        kept = read_json_object(str(self._path), "token_store")
        token = kept.get("refresh_token")
        if kept.get("grown_from") != beside["grown_from"] or not isinstance(token, str) or not token:
            token = self._configured
        return token, beside


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
