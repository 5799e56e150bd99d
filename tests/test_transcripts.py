"""Transcripts of recordings: the text comes from the recording's files. A file that can't be read is an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_zoom.streams.model import TextFile
from tap_zoom.streams.transcripts import cues
from tests.scripted import paths, says, scripted
from tests.simulator import Fault, SimulatedZoom
from tests.tap import Run, catalog_of, run_tap

TEXTS, CUES = "meeting_transcripts", "meeting_transcript_cues"
VTT = b"\xef\xbb\xbfWEBVTT\r\n\r\n1\r\n00:00:01.500 --> 00:00:03.250\r\nAnn Example: Good morning.\r\n"
UUID = "cmVjb3JkaW5n/9999999A=="


def file(path: str = "/rec/download/one", **more: Any) -> dict[str, Any]:
    return {
        "id": "f1",
        "file_type": "TRANSCRIPT",
        "status": "completed",
        "recording_start": "2026-01-02T10:00:00Z",
        "download_url": path,
        **more,
    }


def recording(zoom: SimulatedZoom, *files: dict[str, Any], uuid: str = UUID) -> dict[str, Any]:
    """Return a recording of five days ago. Download URLs without a host are on the simulated Zoom."""
    start = zoom.now - timedelta(days=5)
    listed = [
        {**each, "download_url": zoom.url + each["download_url"]} if str(each["download_url"]).startswith("/") else each
        for each in files
    ]
    return {
        "uuid": uuid, "id": 111, "account_id": "acc", "host_id": "u1", "topic": "Stand-up", "type": 1, "auto_delete": "false",
        "start_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "recording_files": [{"id": "v", "file_type": "MP4"}, *listed],
    }  # fmt: skip


def read(
    *files: dict[str, Any], answers: tuple[Fault, ...] = (), streams: tuple[str, ...] = (TEXTS,)
) -> tuple[Run, SimulatedZoom]:
    """Read the transcripts of an account that has a recording with these files, and one without a transcript."""
    with scripted(*answers) as zoom:
        rows = [recording(zoom, *files), recording(zoom, uuid="bm9uZQ==")]
        zoom.faults.insert(0, says("/v2/users/u1/recordings", {"meetings": rows}))
        zoom.faults.insert(len(answers) + 1, says("/rec/download/", VTT))
        run = run_tap(
            zoom.config(start_date=str((zoom.now - timedelta(days=20)).date())), zoom=zoom, catalog=catalog_of(*streams)
        )
    return run, zoom


def test_the_text_comes_from_the_file_of_the_recording() -> None:
    """The transcript operation would answer 404/3322, and isn't requested. Other columns come from the recording."""
    none = says("/transcript", {"code": 3322, "message": "This meeting transcript does not exist."}, 404)
    run, zoom = read(file(), answers=(none,))
    assert run.exit_status == 0
    assert run.records[TEXTS] == [
        {
            "meeting_uuid": UUID, "account_id": "acc", "host_id": "u1", "auto_delete": False, "auto_delete_date": None, "can_download": True,
            "download_url": f"{zoom.url}/rec/download/one", "meeting_id": UUID, "meeting_topic": "Stand-up",
            "text": VTT.decode("utf-8-sig"),
        }
    ]  # fmt: skip
    assert not [path for path in paths(zoom) if path.endswith("/transcript")]


def test_several_files_become_one_row() -> None:
    """If a host stops and restarts the recording, each part has a file. The text is in the order of the recording."""
    second = file("/rec/download/two", id="f2", recording_start="2026-01-02T10:30:00Z", file_type="transcript")
    answers = (says("/rec/download/two", b"WEBVTT\n\nsecond"), says("/rec/download/one", b"WEBVTT\n\nfirst"))
    run, _ = read(second, file(), answers=answers)
    [row] = run.records[TEXTS]
    assert run.exit_status == 0 and row["text"] == "WEBVTT\n\nfirst\n\nWEBVTT\n\nsecond"


@pytest.mark.parametrize(
    ("change", "answer", "words"),
    [
        ({"download_url": ""}, None, "no download URL"), ({"download_url": None, "status": "processing"}, None, "no download URL"),
        ({"download_url": 7}, None, "no download URL"), ({"download_url": "https://files.example.com/x"}, None, "isn't on a host of Zoom"),
        ({}, (404, b"", "404"), "404"), ({}, (200, b"<html>Sign in</html>", ""), "HTML"),
        ({}, (200, {"status": False, "errorCode": 200, "errorMessage": "Forbidden"}, ""), "JSON"), ({}, (200, b"\xff\xfe", ""), "UTF-8"),
    ],
    ids=["empty address", "still processing", "a number", "another host", "404", "HTML", "JSON", "no UTF-8"],
)  # fmt: skip
def test_a_transcript_that_can_not_be_read_is_an_error(change: dict[str, Any], answer: Any, words: str) -> None:
    """One ERROR names the recording, and the exit status is 1. It isn't an empty answer, and others are read."""
    answers = (says("/rec/download/bad", answer[1], answer[0]),) if answer else ()
    with scripted(*answers, says("/rec/download/", VTT)) as zoom:
        rows = [recording(zoom, file("/rec/download/bad", **change)), recording(zoom, file(), uuid="Z29vZA==")]
        zoom.faults.insert(0, says("/v2/users/u1/recordings", {"meetings": rows}))
        run = run_tap(
            zoom.config(start_date=str((zoom.now - timedelta(days=20)).date())), zoom=zoom, catalog=catalog_of(TEXTS)
        )
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert error.startswith("ERROR Lost: ") and UUID in error and words in error
    assert [row["meeting_uuid"] for row in run.records[TEXTS]] == ["Z29vZA=="]
    assert not any("no transcript" in line for line in run.log)


def test_a_row_needs_the_text_of_each_file() -> None:
    """No row is emitted if one of the files can't be read."""
    second = file("/rec/download/two", id="f2", recording_start="2026-01-02T10:30:00Z")
    run, _ = read(file(), second, answers=(says("/rec/download/two", b"", 404),), streams=(TEXTS, CUES))
    assert run.exit_status == 1 and TEXTS not in run.records and CUES not in run.records


def test_a_file_is_downloaded_once_for_both_streams() -> None:
    """Text and cues come from one download. Recordings alone need none."""
    run, zoom = read(file(), streams=(TEXTS, CUES, "recordings"))
    assert run.exit_status == 0 and len(run.records["recordings"]) == 2
    assert paths(zoom).count("/rec/download/one") == 1
    assert [(row["number"], row["speaker"], row["text"]) for row in run.records[CUES]] == [
        (1, "Ann Example", "Good morning.")
    ]
    _, zoom = read(file(), streams=("recordings",))
    assert not [path for path in paths(zoom) if "download" in path]


def test_a_recording_outside_the_window_is_not_downloaded() -> None:
    """The requested days begin a day before the window. Here that day is before the start_date."""
    with scripted(says("/rec/download/", VTT)) as zoom:
        start = (zoom.now - timedelta(days=2)).date()
        row = {**recording(zoom, file()), "start_time": f"{start - timedelta(days=1)}T23:00:00Z"}
        zoom.faults.insert(0, says("/v2/users/u1/recordings", {"meetings": [row]}))
        run = run_tap(zoom.config(start_date=str(start)), zoom=zoom, catalog=catalog_of(TEXTS))
    assert run.exit_status == 0 and TEXTS not in run.records
    assert not [path for path in paths(zoom) if "download" in path]


def test_a_resumed_run_retries_a_failed_transcript() -> None:
    """The state has the list and its days, not the URL of a file. The resumed run reads the list again."""
    bad = Fault.answer(404, b"", match="/rec/download/", times=1)
    with scripted(says("/rec/download/", VTT)) as zoom:
        zoom.faults.insert(0, bad)
        zoom.faults.insert(0, says("/v2/users/u1/recordings", {"meetings": [recording(zoom, file())]}))
        config = zoom.config(start_date=str((zoom.now - timedelta(days=60)).date()))
        first = run_tap(config, zoom=zoom, catalog=catalog_of(TEXTS))
        states = [state for state in first.states if state["unfinished"]]
        assert first.exit_status == 1 and "rec/download" not in json.dumps(first.states)
        second = run_tap(config, zoom=zoom, catalog=catalog_of(TEXTS), state=states[-1])
    assert second.exit_status == 0 and {row["meeting_uuid"] for row in second.records[TEXTS]} == {UUID}


def test_cues_are_parsed() -> None:
    """With and without hours, comma or point, colons after a name, several lines, notes, a broken cue, and no cues."""
    text = (
        "WEBVTT - made by hand\n\nNOTE not said\n\nintro\n00:01.000 --> 00:02,500 align:start\nNobody named\nsays this\n\n"
        "10:00:00.001 --> 10:00:01.000\nAnn: Example: 10:30, then\n\n2\n00:00:03.000 --> 00:00:04.000\n\n2\nbroken --> 00:00:05.000\nleft out\n"
    )  # fmt: skip
    made = list(
        cues({}, [TextFile({"id": "f", "recording_start": "2026-01-02T10:00:00Z"}, text), TextFile({}, "no cues")])
    )
    assert [(cue["number"], cue["start_seconds"], cue["end_seconds"], cue["speaker"], cue["text"]) for cue in made] == [
        (1, 1.0, 2.5, None, "Nobody named\nsays this"), (2, 36000.001, 36001.0, "Ann", "Example: 10:30, then"), (3, 3.0, 4.0, None, ""),
    ]  # fmt: skip
    assert {(cue["file_id"], cue["recording_start"]) for cue in made} == {("f", "2026-01-02T10:00:00Z")}


def test_ai_transcripts_are_requested_for_past_meetings() -> None:
    """A meeting without a transcript is an empty answer, not an error."""
    held: Callable[[str, datetime], dict[str, Any]] = lambda uuid, when: {  # noqa: E731
        "meeting_uuid": uuid, "meeting_id": 111, "type": "Meeting", "start_time": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    when = datetime.now(timezone.utc) - timedelta(days=3)
    with scripted(
        says("/v2/report/history_meetings", {"history_meetings": [held("b25l", when), held("dHdv", when)]}),
        says("/v2/meetings/dHdv/transcript", {"code": 3322, "message": "This meeting transcript does not exist."}, 404),
        says("/rec/download/", VTT),
    ) as zoom:
        there = {"meeting_id": "b25l", "can_download": True, "download_url": f"{zoom.url}/rec/download/ai"}
        zoom.faults.insert(0, says("/v2/meetings/b25l/transcript", there))
        run = run_tap(
            zoom.config(start_date=str((zoom.now - timedelta(days=20)).date())),
            zoom=zoom,
            catalog=catalog_of("meeting_ai_transcripts"),
        )
    assert run.exit_status == 0
    [row] = run.records["meeting_ai_transcripts"]
    assert row == {**there, "meeting_uuid": "b25l", "text": VTT.decode("utf-8-sig")}
    assert any("no transcript 1" in line for line in run.log)
