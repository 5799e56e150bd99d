"""Files that the simulated Zoom's answers link to: which requests need the token, and which must not have it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.reading import path
from tests.simulator import Account, SimulatedZoom, truth_of
from tests.simulator.dates import UTC
from tests.simulator.further import STREAMS
from tests.test_simulator import Client, Reply


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with SimulatedZoom(Account(seed=3, now=datetime(2026, 3, 17, 9, 30, tzinfo=UTC)), scopes="classic") as zoom:
        yield zoom


@pytest.fixture
def client(zoom: SimulatedZoom) -> Client:
    return Client(zoom)


def fetch(zoom: SimulatedZoom, path: str, bearer: str = "") -> tuple[Reply, bytes]:
    """Send a request without following redirects."""
    connection = http.client.HTTPConnection("127.0.0.1", int(zoom.url.rpartition(":")[2]))
    connection.request("GET", path, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return Reply(answer.status, None, dict(answer.headers)), body


def test_a_transcript_redirects_to_a_signed_url(zoom: SimulatedZoom, client: Client) -> None:
    """The download needs the access token. Sending the token to the signed URL is a violation."""
    with_text = [row for row in truth_of(zoom, "meeting_ai_transcripts") if row["text"]]
    assert with_text and [row for row in truth_of(zoom, "meeting_ai_transcripts") if row["text"] is None]
    download = with_text[0]["download_url"].removeprefix(zoom.url)
    assert fetch(zoom, download)[0].status == 401
    first, _ = fetch(zoom, download, client.bearer)
    signed = first.headers["Location"].removeprefix(zoom.url)
    second, text = fetch(zoom, signed)
    assert (first.status, second.status, second.headers["Content-Type"]) == (302, 200, "text/vtt")
    assert text.decode() == with_text[0]["text"] and not zoom.violations
    fetch(zoom, signed, client.bearer)
    assert "signed URL" in zoom.violations[0]


def test_a_phone_transcript_operation_redirects_to_a_file(zoom: SimulatedZoom, client: Client) -> None:
    """The file is JSON. Only the operation counts against a rate limit."""
    stream = STREAMS["phone_recording_transcripts"]
    record = truth_of(zoom, stream.name)[0]
    first, _ = fetch(zoom, f"/v2{path(stream, record['recording_id'])}", client.bearer)
    second, content = fetch(zoom, first.headers["Location"].removeprefix(zoom.url))
    assert (first.status, second.headers["Content-Type"]) == (302, "application/json")
    assert json.loads(content)["recording_id"] == record["recording_id"]
    assert zoom.requests[-2].label == "Phone Light" and zoom.requests[-1].label == ""
