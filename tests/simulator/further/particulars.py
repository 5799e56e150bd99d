"""Values in the rows of a few streams that do not follow from their schema."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from ..account import Account
from ..dates import written
from ..making import code, text, uuid
from ..model import Occurrence
from ..scheduled_fields import Fields

Row = dict[str, Any]
_BOTH = {"allow_authentication_exception", "authentication_options"}
# Settings that are sent for one value of `option` only; "security" is also sent without `option`.
_OF_OPTION = {
    "meeting_authentication": _BOTH | {"meeting_authentication"},
    "recording_authentication": _BOTH | {"recording_authentication"},
    "meeting_security": {"meeting_security"},
    "security": {"security"},
}


def of_option(table: Fields, option: str | None) -> Fields:
    """Return the fields of an answer about settings, which depend on the parameter `option`."""
    mine = _OF_OPTION.get(option or "")
    others = set().union(*(names for name, names in _OF_OPTION.items() if name != "security"))
    return {name: kind for name, kind in table.items() if (name in mine if mine else name not in others)}


def is_empty(stream: str, parent: Row) -> bool:
    """True if the parent's row shows that there is no data for it."""
    return stream == "phone_recording_transcripts" and not parent.get("transcript_download_url")


def of_row(stream: str, parent: str, moment: datetime | None, rng: random.Random) -> Row:
    """Return the values of a row that the schema doesn't determine. All others are random."""
    if stream == "recordings":
        # Captions have no id. A recording that was stopped and restarted has two transcripts, listed in any order.
        files: list[Row] = [{"id": "f1", "file_type": "MP4"}, {"file_type": "CC"}]
        for number in range(rng.choice((0, 1, 1, 2))):
            start = f"2026-03-0{2 - number}T10:00:00Z"
            files.append({"id": f"t{number}", "file_type": "TRANSCRIPT", "recording_start": start})
        return {"host_id": parent, "recording_files": files, "total_size": rng.randint(10**7, 10**9)}
    if stream == "meeting_summaries" and moment is not None:
        # Edited later, perhaps in another month.
        return {"summary_last_modified_time": written(moment + timedelta(days=rng.choice((0, 1, 40))))}
    if stream == "phone_recordings":
        url = f"https://example.com/{rng.getrandbits(32):x}"
        return {"transcript_download_url": url if rng.random() < 0.7 else ""}
    if stream == "contact_center_engagements":
        return {"survey_id": code(rng) if rng.random() < 0.7 else rng.choice(("", None))}
    if stream == "zoom_events":
        return {"status": rng.choice(("PUBLISHED", "ENDED", "DRAFT"))}
    if stream == "zra_conversations" and moment is not None:
        return {"conversation_id": f"{uuid(rng)},{int(moment.timestamp() * 1000)}"}
    if stream == "phone_recording_transcripts":
        return {"recording_id": parent, "type": "zoom_transcript", "ver": 1}
    return {}


def kept(stream: str, parent: str, account: Account) -> dict[datetime, Occurrence]:
    """Return past meetings with a row in a stream, by the row's time: every other one of the latest.

    Those of the host `parent` for recordings, those of the account for meeting_summaries, none for other streams.
    """
    if stream not in ("recordings", "meeting_summaries"):
        return {}
    held = [held for held in account.held if held.of.kind == "meeting" and held.end < account.now]
    if stream == "meeting_summaries":
        return {each.end: each for each in held[-1:-12:-2]}
    return {each.start: each for each in [each for each in held if each.of.host.id == parent][-1:-6:-2]}


def of_meeting(stream: str, held: Occurrence) -> Row:
    """Return the fields of a row that identify its meeting."""
    if stream == "recordings":
        return {"uuid": held.uuid, "id": held.of.number}
    start, end = written(held.start), written(held.end)
    return {
        "meeting_uuid": held.uuid, "meeting_id": held.of.number, "meeting_host_id": held.of.host.id,
        "meeting_host_email": held.of.host.email, "meeting_start_time": start, "meeting_end_time": end,
    }  # fmt: skip


def transcript(meeting: str, url: str, rng: random.Random) -> tuple[Row, str]:
    """Return an answer about a transcript, and its text: "" if downloads are restricted, which keeps the URL."""
    reason = rng.choice((None, None, "", "NOT_READY", "DELETED_OR_TRASHED"))
    row = {
        "meeting_id": meeting,
        "can_download": not reason,
        "download_url": url,
        "download_restriction_reason": reason,
    }
    return row, "" if reason else text_file(rng)


def text_file(rng: random.Random) -> str:
    """Return a WebVTT file of two cues. Only the first names its speaker."""
    first, second = (f"{number}\r\n00:0{number}:01.000 --> 01:00:0{number}.250\r\n" for number in (1, 2))
    return f"WEBVTT\r\n\r\n{first}Zoë: {text(rng)}\r\n\r\n{second}{text(rng)}\r\n{text(rng)}\r\n"
