"""Where a rotating refresh token is kept: Zoom replaces it at every use, and the old one is worth nothing then.

The new token is on disk before anything is done with what it came with: written to a file beside the old one,
synced, and renamed over it. A lock file keeps two runs from spending the same token.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from tap_zoom.config import Config, read_json_object
from tap_zoom.errors import ConfigError


class TokenStore(Protocol):
    def locked(self) -> Any:
        """A context manager: nobody else who honours the lock reads or writes the token inside."""

    def read(self) -> str:
        """The refresh token to use now."""

    def write(self, token: str) -> None:
        """Keep the token that replaces it: on disk when this returns."""


def token_store(config: Config) -> TokenStore:
    """The file named by token_store, otherwise the config file that the refresh token came from.

    Raises ConfigError, before any token is spent, where the next one could not be kept.
    """
    configured = config.refresh_token or ""
    store: _StoreFile | _ConfigFile
    if config.token_store is not None:
        store = _StoreFile(config.token_store, configured)
    elif config.refresh_token_file is None or "MELTANO_PROJECT_ROOT" in os.environ:  # Meltano deletes its config files
        raise ConfigError(
            "Zoom replaces the refresh token at each use, and the next one would be lost: this run's config is thrown "
            "away after it. Set token_store to a file that stays, for example .meltano/tap-zoom-token.json; "
            "or use a Server-to-Server OAuth app, which needs no refresh token."
        )
    else:
        store = _ConfigFile(config.refresh_token_file, configured)
    store.check_writable()
    return store


class _File:
    def __init__(self, path: Path, configured: str) -> None:
        self._path = Path(os.path.realpath(path))  # a link stays a link: what it points at is replaced
        self._configured = configured

    @contextmanager
    def locked(self) -> Iterator[None]:
        with open(f"{self._path}.lock", "w", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def check_writable(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._path.parent), self.locked():
                pass
            if self._path.exists() and not os.access(self._path, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise ConfigError(
                f"The next refresh token can't be kept in {self._path} ({error.strerror}), and the one there is would "
                "be spent. Make the file writable, or set token_store to one that is."
            ) from None

    def _replace(self, content: Any) -> None:
        """Atomic: a reader, or a kill at any moment, finds the old content or the new one, whole."""
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name + ".")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, self._path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class _ConfigFile(_File):
    """The config file itself; everything else in it is kept."""

    def read(self) -> str:
        token = read_json_object(str(self._path), "config").get("refresh_token")
        return token.strip() if isinstance(token, str) and token.strip() else self._configured

    def write(self, token: str) -> None:
        self._replace({**read_json_object(str(self._path), "config"), "refresh_token": token})


class _StoreFile(_File):
    """A file of its own. It remembers which configured token it grew from, so that a newly configured one wins."""

    def read(self) -> str:
        if not self._path.exists() or self._path.stat().st_size == 0:
            return self._configured
        kept = read_json_object(str(self._path), "token_store")
        token = kept.get("refresh_token")
        if kept.get("grown_from") != _fingerprint(self._configured) or not isinstance(token, str) or not token:
            return self._configured
        return token

    def write(self, token: str) -> None:
        self._replace({"grown_from": _fingerprint(self._configured), "refresh_token": token})


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
