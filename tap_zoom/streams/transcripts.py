"""Rows made from a recording's transcript files, which are WebVTT.

A recording has several of them if the host stopped and restarted it. The times in each file begin at 0.

    1
    00:00:16.239 --> 00:00:27.079
    Ann Example: Good morning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tap_zoom.streams.model import Row, TextFile

_TIMES = re.compile(r"^\s*((?:\d+:)?\d\d:\d\d[.,]\d{3})\s+-->\s+((?:\d+:)?\d\d:\d\d[.,]\d{3})", re.ASCII)
_SPEAKER = re.compile(r"([^:\n]{1,100}): (.*)", re.DOTALL)


def transcript(recording: Row, files: list[TextFile]) -> Iterator[dict[str, Any]]:
    """Yield the single row of a recording, with the texts of all files in order."""
    yield {
        **{name: recording.get(name) for name in ("account_id", "host_id", "auto_delete", "auto_delete_date")},
        "meeting_id": recording.get("uuid"),
        "meeting_topic": recording.get("topic"),
        "can_download": True,
        "download_url": files[0].file.get("download_url"),
        "text": "\n\n".join(each.text for each in files),
    }


def cues(_: Row, files: list[TextFile]) -> Iterator[dict[str, Any]]:
    """Yield a row for each cue, numbered from 1 over all files."""
    number = 0
    for file, text in files:
        for start, end, cue in _cues(text):
            number += 1
            speaker, spoken = found.groups() if (found := _SPEAKER.fullmatch(cue)) else (None, cue)
            yield {
                "number": number, "file_id": file.get("id"), "recording_start": file.get("recording_start"),
                "start_seconds": start, "end_seconds": end, "speaker": speaker, "text": spoken,
            }  # fmt: skip


def _cues(text: str) -> Iterator[tuple[float, float, str]]:
    """Yield start and end in seconds, and the lines below them up to an empty line."""
    lines = iter([*text.splitlines(), ""])
    for line in lines:
        if times := _TIMES.match(line):
            cue = "\n".join(iter(lambda: next(lines).strip(), ""))
            yield _seconds(times[1]), _seconds(times[2]), cue


def _seconds(time: str) -> float:
    """Parse "01:02:03.456", or the same without hours."""
    *hours, minutes, seconds = time.replace(",", ".").split(":")
    return round(3600 * int(hours[0] if hours else 0) + 60 * int(minutes) + float(seconds), 3)
