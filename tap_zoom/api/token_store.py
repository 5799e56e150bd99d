"""Where a rotating refresh token is kept: Zoom replaces it at every use, and the old one is worth nothing then.

The new token is on disk before anything is done with what it came with: written to a file beside the old one,
synced, and renamed over it. That file has its full size before the old token is spent, so that a full disk is noticed
in time. A lock file keeps two runs from spending the same token.

Nothing can be renamed over a file that is a mount point of its own (`docker run -v "$PWD/token.json:/token.json"`, a
Kubernetes subPath), nor in a directory that is not writable. There the file is locked and written in place.
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
                rotation = self._rotation(stack)
            except OSError as error:
                raise ConfigError(
                    f"The next refresh token can't be kept in {self._path} ({error.strerror}), and the one there is "
                    "would be spent. Make room, or the file writable, or set token_store to another one."
                ) from None
            yield rotation

    def _rotation(self, stack: ExitStack) -> Rotation:
        if self._path.is_dir():  # Docker makes one where the file to mount is not there
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            if not os.access(self._path, os.W_OK):
                raise PermissionError(EACCES, os.strerror(EACCES))
            if is_mount_point(self._path) or not os.access(self._path.parent, os.W_OK | os.X_OK):
                file = stack.enter_context(FileIO(self._path, "r+"))
                fcntl.flock(file, fcntl.LOCK_EX)
                token, beside = self._read()
                return stack.enter_context(_InPlace(file, token, beside))
        lock = stack.enter_context(FileIO(f"{self._path}.lock", "w", opener=_private))
        fcntl.flock(lock, fcntl.LOCK_EX)
        file, name = stack.enter_context(_file_beside(self._path))
        token, beside = self._read()
        return _Beside(self._path, file, name, token, beside)

    def _read(self) -> tuple[str, dict[str, Any]]:
        """The token to use now, and what else stands in the file."""
        raise NotImplementedError


class Rotation:
    """The token to use now. Room for the next one is reserved in `file`."""

    def __init__(self, file: FileIO, token: str, beside: dict[str, Any]) -> None:
        self.token = token
        self._file = file
        self._beside = beside

    def keep(self, following: str) -> None:
        """Put the next token on disk: it is there when this returns. Needs no more room. Atomic: a reader, or a kill at
        any moment, finds the old content or the new one, whole."""
        raise NotImplementedError

    def _content(self, token: str) -> bytes:
        return json.dumps({**self._beside, "refresh_token": token}, indent=2).encode() + b"\n"


class _Beside(Rotation):
    """The room is a file of its own, which takes the other one's place."""

    def __init__(self, path: Path, file: FileIO, name: str, token: str, beside: dict[str, Any]) -> None:
        super().__init__(file, token, beside)
        self._path = path
        self._name = name
        room = b" " * (len(self._content(token)) + LONGEST_TOKEN)
        _write(self._file, room, len(room))

    def keep(self, following: str) -> None:
        content = self._content(following)
        _write(self._file, content, len(content))
        try:
            os.rename(self._name, self._path)
        except OSError:  # somebody else's file in a sticky directory, or a mount that the system does not name
            with FileIO(self._path, "r+") as file:
                _write(file, content, len(content))
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class _InPlace(Rotation):
    """The room is in the file itself: spaces at its end, which mean nothing in JSON."""

    def __init__(self, file: FileIO, token: str, beside: dict[str, Any]) -> None:
        super().__init__(file, token, beside)
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
        """In one call of the system, which a kill does not cut; only a machine that loses its power in it may."""
        content = self._content(following)
        self._size = len(content)
        _write(self._file, content.ljust(self._room), self._size)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # a few spaces more than needed
            self._file.truncate(self._size)


def _write(file: FileIO, content: bytes, size: int) -> None:
    """Over what is there, then cut to `size`: the blocks that the file has are used again."""
    file.seek(0)
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())
    file.truncate(size)
    os.fsync(file.fileno())


def is_mount_point(path: Path) -> bool:
    """Is this file mounted by itself? Other than os.path.ismount, this also notices a mount from the same disk."""
    return _mount(path) != _mount(path.parent)


def _mount(path: Path) -> str:
    """The id of the mount that a path is in, or where the system names none (macOS) that of its device."""
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
    """A file of its own, which several plugins may share: one token for each token that was configured.

    `grown_from` is the SHA-256 of a configured token and `refresh_token` the one to use next in its place, of the
    plugin that wrote last; `others` has those of the other plugins by the same hash. So a newly configured token, of
    which there is none, wins. Version 0.1 wrote and reads the first two.
    """

    def _read(self) -> tuple[str, dict[str, Any]]:
        grown_from = hashlib.sha256(self._configured.encode()).hexdigest()
        tokens = self._tokens()
        token = tokens.pop(grown_from, self._configured)
        return token, {"grown_from": grown_from, **({"others": tokens} if tokens else {})}

    def _tokens(self) -> dict[str, str]:
        """The tokens to use next, by what they grew from."""
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
