"""Codes and links in the schemas: a table says which are selected by default. None is emitted as an unknown field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tap_zoom.discover import schema_of
from tap_zoom.streams import EMITTED
from tap_zoom.streams.secrets import HELD_BACK, KEPT, is_held_back
from tests.scripted import says, scripted
from tests.tap import catalog_of, run_tap

# Names of codes and links. Only used for columns of text or numbers, since flags and lists are neither.
LOOKS_LIKE_ONE = re.compile(
    r"pass(word|code)|pwd|secret|token|(^|_)key$|(^|_)zak$|pin_code|activation_code|host_key|fingerprint|(^|_)(url|link)$|Url$"
)
# Fields that let a reader act as the host, sign in, set up a room, or open a file without a login.
ACTS = {
    ("meetings", "start_url"), ("webinars", "start_url"), ("users", "host_key"), ("meetings", "dynamic_host_key"),
    ("meeting_recordings", "download_access_token"), ("rooms", "activation_code"), ("room_details", "basic.activation_code"),
    ("room_details", "basic.room_passcode"), ("room_location_details", "basic.room_passcode"),
    ("chat_messages", "files.download_url"), ("phone_sms_messages", "attachments.download_url"), ("clips", "share_link_settings.passcode"),
    ("zra_conversation_details", "downloadUrl"), ("zoom_event_tickets", "qr_code_url"), ("contact_center_engagement_surveys", "survey_results.file_url"),
}  # fmt: skip
# Fields that users need.
WANTED = {
    ("meetings", "password"), ("meetings", "h323_password"), ("meetings", "pstn_password"), ("meetings", "encrypted_password"),
    ("meetings", "join_url"), ("recordings", "recording_play_passcode"), ("recordings", "share_url"), ("recordings", "recording_files.download_url"),
}  # fmt: skip


def columns(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        yield f"{above}{name}", part
        yield from columns(part, f"{above}{name}.")
    if "items" in schema:
        yield from columns(schema["items"], above)


def texts() -> list[tuple[str, str]]:
    """Return stream and path of each column of text or numbers whose name looks like a code or a link."""
    return [
        (stream.name, path)
        for stream in EMITTED
        for path, part in columns(schema_of(stream))
        if {"string", "integer"} & set(part["type"]) and LOOKS_LIKE_ONE.search(path.rpartition(".")[2])
    ]


def test_each_code_and_link_is_in_a_table() -> None:
    """One of the two tables has its name. This fails for new ones in Zoom's API descriptions."""
    kept = {secret.name for secret in KEPT}
    assert len(texts()) > 60
    assert [
        (stream, path)
        for stream, path in texts()
        if not is_held_back(stream, path.rpartition(".")[2]) and path.rpartition(".")[2] not in kept
    ] == []


def test_the_tables_have_no_unused_entries() -> None:
    """Each field is in a schema, except a few that Zoom uses elsewhere. Each has a reason."""
    there = {path.rpartition(".")[2] for stream in EMITTED for path, _ in columns(schema_of(stream))}
    assert {secret.name for secret in KEPT} <= there
    assert {secret.name for secret in HELD_BACK} - there <= {
        "access_token",
        "refresh_token",
        "zak",
        "download_token",
        "file_url",
    }
    assert all(len(secret.reason) > 8 for secret in (*HELD_BACK, *KEPT))


def test_discovery_deselects_secrets_but_not_fields_that_users_need() -> None:
    """selected-by-default is false for fields that impersonate a user or open a file, and true for passcodes and join
    links."""
    found = json.loads(run_tap(None, "--discover", document=True).stdout)
    by_default = {
        (entry["stream"], ".".join(word for word in mark["breadcrumb"] if word not in ("properties", "items"))): mark[
            "metadata"
        ]["selected-by-default"]
        for entry in found["streams"]
        for mark in entry["metadata"]
    }
    assert {place: by_default[place] for place in ACTS} == dict.fromkeys(ACTS, False)
    assert {place: by_default[place] for place in WANTED} == dict.fromkeys(WANTED, True)


@pytest.mark.parametrize("keep", [True, False])
def test_unknown_fields_contain_no_secrets(keep: bool) -> None:
    """Secrets are left out at the top level, nested, and if they are in the schema but not selected. With
    keep_unknown_fields, other fields are kept and a WARNING names the secrets."""
    secrets = {
        "host_key": "HOST-123",
        "zak": "ZAK-123",
        "start_url": "https://zoom.us/s/1?zak=START-123",
        "dynamic_host_key": "777-HOST",
    }
    body = {
        "id": 111,
        "topic": "there",
        **secrets,
        "zz": {"note": 1, "deep": [{"file_url": "https://x?jwt=FILE-123", "size": 2}]},
    }
    with scripted(says(r"/v2/meetings/111\?", body)) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=keep), zoom=zoom, catalog=catalog_of("meetings"))
    assert run.exit_status == 0
    assert not re.search("-123|777-HOST", run.stdout + run.stderr)
    [row] = run.records["meetings"]
    assert row.get("unknown_fields") == ({"zz": {"note": 1, "deep": [{"size": 2}]}} if keep else None)
    if keep:
        [told] = [line for line in run.logged("WARNING") if "secrets" in line]
        assert told.endswith("left out as secrets: host_key, zak, zz.deep.file_url.")


def test_a_selected_secret_is_emitted() -> None:
    """The catalog selects dynamic_host_key."""
    marks = {("properties", "dynamic_host_key"): True}
    with scripted(says(r"/v2/meetings/111\?", {"id": 111, "dynamic_host_key": "123456"})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meetings", meetings=marks))
    assert run.records["meetings"] == [{"id": 111, "dynamic_host_key": "123456"}]
