"""Runs of the tap as forks of a process that has it loaded: each a process of its own, without the imports.

Loading the tap takes several times as long as reading a small account, and the tests start it hundreds of times.
`python -m tests.forks` is that process. For each run it forks a guard, which starts the run and says how it ended.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

ROOT = Path(__file__).parent.parent
LENGTH = 8  # bytes that say how long an order is


class Fork:
    """A run of the tap, with what the tests use of subprocess.Popen."""

    def __init__(
        self, arguments: Sequence[str], *, stdout: int, stderr: BinaryIO, env: Mapping[str, str], at: float | None = None
    ) -> None:
        """`stdout`: a file descriptor, or subprocess.PIPE; `at`: the Unix time that it is for the run."""
        self.stdout: BinaryIO | None = None
        self.returncode: int | None = None
        out = stdout
        if stdout == subprocess.PIPE:
            ours, out = os.pipe()
            self.stdout = os.fdopen(ours, "rb")
        ours, said = os.pipe()
        self._said = os.fdopen(ours, "rb", buffering=0)
        LOADED.order({"arguments": list(arguments), "env": dict(env), "at": at}, [out, stderr.fileno(), said])
        os.close(said)
        if stdout == subprocess.PIPE:
            os.close(out)
        self.pid = int(self._said.readline())

    def poll(self, timeout: float | None = 0) -> int | None:
        """Its exit status, the negative number of the signal that killed it, or None while it runs."""
        if self.returncode is None and select.select([self._said], [], [], timeout)[0]:
            self.returncode = int(self._said.readline())
            self._said.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        status = self.poll(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("tap-zoom", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Loaded:
    """The process with the tap in it, from the first order on."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket

    def order(self, order: dict[str, Any], descriptors: list[int]) -> None:
        if self._process is None:
            self._socket, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, "-m", __name__, str(theirs.fileno())]
                self._process = subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
                )
        content = json.dumps(order).encode()
        socket.send_fds(self._socket, [len(content).to_bytes(LENGTH, "big")], descriptors)
        self._socket.sendall(content)

    def close(self) -> None:
        if self._process is not None:
            self._socket.close()
            self._process.wait()
            self._process = None


LOADED = Loaded()


def serve(orders: socket.socket) -> None:
    """Until nobody can order any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from a terminal it comes to the tests as well
    while True:
        head, descriptors, _, _ = socket.recv_fds(orders, LENGTH, 3)
        if not head:
            return
        length = int.from_bytes(head, "big")
        content = b""
        while len(content) < length:
            content += orders.recv(length - len(content))
        if os.fork() == 0:
            orders.close()
            only(guard, json.loads(content), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass


def only(task: Callable[..., None], *given: Any) -> NoReturn:
    """All that a fork does: whatever comes of it, it never goes on where it was forked."""
    try:
        task(*given)
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def guard(order: dict[str, Any], stdout: int, stderr: int, said: int) -> None:
    """Start a run, and say its process id and then its exit status."""
    pid = os.fork()
    if pid == 0:
        os.close(said)
        only(run, order, stdout, stderr)
    os.close(stdout)
    os.close(stderr)
    os.write(said, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    os.write(said, b"%d\n" % os.waitstatus_to_exitcode(status))


def run(order: dict[str, Any], stdout: int, stderr: int) -> None:
    """What the command tap-zoom does."""
    import time_machine

    import tap_zoom

    for descriptor, place in ((stdout, 1), (stderr, 2)):
        os.dup2(descriptor, place)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["tap-zoom", *order["arguments"]]
    if order["at"] is not None:
        time_machine.travel(order["at"], tick=True).start()
    tap_zoom.main()


if __name__ == "__main__":
    import tap_zoom.cli  # noqa: F401
    import tests.at  # noqa: F401  (time-machine, without pytest)

    with socket.socket(fileno=int(sys.argv[1])) as orders:
        serve(orders)
