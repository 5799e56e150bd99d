"""The optional streams, one by one: all rows, and no unnecessary requests."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.everything import config, needed_for, right, template_of, zoom_with_everything
from tests.simulator import SimulatedZoom, further
from tests.tap import assert_exact, catalog_of, run_tap

# Streams with unusual shapes.
ODD = (
    "chat_messages", "meeting_ai_transcripts", "meeting_transcript_cues", "meeting_transcripts", "metrics_meeting_participants", "metrics_zoomroom_meetings", "phone_call_history",
    "phone_recording_transcripts", "phone_sms_messages", "report_meeting_qa", "workspace_reservations", "workspaces",
    "contact_center_dataset_dispositions", "contact_center_engagement_surveys", "contact_center_engagements", "metrics_webinar_participants_qos",
    "report_billing_invoices", "zoom_event_attendance", "zoom_event_session_attendance", "zra_content_analysis", "zra_conversation_details",
)  # fmt: skip
OTHERS = [name for name in further.KEYS if name not in ODD]
LOT = random.Random(91).sample(OTHERS, 12)
GROUPS = [OTHERS[number::6] for number in range(6)]


@pytest.fixture(scope="module")
def zoom() -> Iterator[SimulatedZoom]:
    """One account for all tests, because no run changes it."""
    with zoom_with_everything() as zoom:
        yield zoom


def read(zoom: SimulatedZoom, *streams: str) -> None:
    """Read only these streams, and check requests, schemas and records."""
    before, violations = zoom.operations.copy(), len(zoom.violations)
    run = run_tap(config(zoom), zoom=zoom, catalog=catalog_of(*streams))
    asked = set(zoom.operations - before)
    assert run.exit_status == 0, run.log[-1]
    assert zoom.violations[violations:] == []
    assert {template_of(name) for name in streams} <= asked <= needed_for(*streams)
    assert set(run.schemas) == set(streams)
    expected = right(zoom, *streams)
    assert all(expected.values()), "a stream without rows shows nothing"
    assert_exact(expected, run.records)
    assert run.logged("ERROR") == []


@pytest.mark.parametrize("stream", [*ODD, *sorted(LOT)])
@pytest.mark.few(12)
def test_a_single_stream_is_complete(zoom: SimulatedZoom, stream: str) -> None:
    """All of its records are emitted, and no others. Only the stream and those that lead to it are requested."""
    read(zoom, stream)


@pytest.mark.parametrize("number", range(len(GROUPS)))
@pytest.mark.few(2)
def test_groups_of_streams_are_complete(zoom: SimulatedZoom, number: int) -> None:
    """All other streams, in groups to save time."""
    read(zoom, *GROUPS[number])
