"""Refusals of optional streams: a missing scope, plan or role, or an empty answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from tap_zoom.errors import EmptyAnswer
from tests.each import for_each
from tests.everything import EVERYTHING, config, parents_of, right, template_of, zoom_with_everything
from tests.scripted import says, scripted
from tests.simulator import SimulatedZoom, further
from tests.simulator.further.model import documented
from tests.simulator.operations import GRANULAR_SCOPES as CORE_SCOPES
from tests.tap import Run, assert_exact, catalog_of, run_tap
from tests.test_client import meaning, raised

# Refusals, as status/code, that mean that the account lacks a plan, a feature or a role.
UNAVAILABLE = {
    "account_settings": "404/2001", "archive_files": "400/2001", "chat_channel_members": "400/200", "chat_spaces": "403/200",
    "devices": "400/30055008", "group_members": "400/200", "groups": "400/200",
    "meeting_recordings": "200/200", "meeting_summaries": "400/3000 400/200 400/3161 403/2305",
    "meeting_summary_details": "400/200 403/2305", "metrics_meetings": "400/400", "past_meeting_participants": "400/200",
    "past_meetings": "400/200", "past_webinar_participants": "400/200", "phone_sms_messages": "404/2001",
    "phone_users": "404/2001", "report_activities": "400/200", "report_cloud_recording": "400/200",
    "report_daily": "400/200", "report_meeting_qa": "400/200", "report_meeting_survey": "400/200",
    "report_operation_logs": "400/200", "report_telephone": "400/200", "report_user_meetings": "400/200",
    "report_users": "400/200", "report_webinar_qa": "400/200", "report_webinar_survey": "400/200",
    "room_details": "400/200", "room_devices": "400/200", "room_location_details": "400/200", "room_locations": "400/200",
    "room_sensor_data": "400/200", "survey_answers": "403/6720", "survey_details": "403/6720 400/200",
    "survey_instances": "403/6720", "surveys": "403/6720 400/200", "workspace_reservations": "400/200",
    "workspaces": "400/200",
    "report_billing": "400/200", "metrics_meeting_participants_qos_summary": "400/200",
    "metrics_webinar_participants_qos_summary": "400/200", "contact_center_teams": "400/4101",
    "contact_center_team_agents": "400/4101", "contact_center_engagements": "401/1601 403/9001",
    "contact_center_operation_logs": "403/9001", "zoom_event_attendance": "403/-",
    **dict.fromkeys(
        (
            "zoom_event_sessions", "zoom_event_speakers", "zoom_event_ticket_types", "zoom_event_tickets",
            "zoom_event_registrants", "zoom_event_registrations", "zoom_event_session_attendance",
            "zoom_event_survey_answers",
        ),
        "403/260200",
    ),
}  # fmt: skip
# Refusals that mean "nothing here"; "-": no code.
NOTHING = {
    "group_members": "404/4130", "group_settings": "404/4130", "meeting_qna_results": "404/3001 401/1010",
    "meeting_recordings": "404/3301 404/1001 400/1010", "meeting_summary_details": "404/3001 400/300",
    "meeting_ai_transcripts": "404/3322", "metrics_meeting_participants": "404/3001 400/12702",
    "past_meeting_participants": "404/3001 400/12702", "past_meetings": "404/3001 400/12702 400/300",
    "past_webinar_participants": "404/3001", "phone_call_elements": "404/-",
    "phone_recording_transcripts": "400/404 400/12000 400/12001 400/12002", "phone_sms_messages": "404/7013",
    "phone_user_details": "404/1001 400/300", "phone_voicemail_details": "400/300", "recording_settings": "404/-",
    "recordings": "404/1001 404/3301", "report_daily": "400/300", "report_meeting_qa": "404/3001 404/1001",
    "report_meeting_survey": "404/3001 400/12702 400/1010", "report_user_meetings": "404/1001",
    "report_webinar_qa": "404/3001 404/1001", "report_webinar_survey": "404/3001 400/12702 400/1010",
    "role_details": "400/1034", "role_members": "400/1034", "room_details": "404/1012", "room_location_details": "404/4801",
    "room_sensor_data": "404/1012", "survey_answers": "404/6701", "survey_details": "404/6701", "survey_instances": "404/6701",
    "user_assistants": "404/1001", "user_details": "404/1001 400/1120", "user_settings": "404/1001 400/1120",
    "metrics_meeting_participants_qos": "404/3001 400/12702", "metrics_meeting_participants_qos_summary": "404/3001 400/12702",
    "metrics_webinar_participants_qos": "404/3001 400/12702", "metrics_webinar_participants_qos_summary": "404/3001 400/12702",
    "report_billing_invoices": "404/5010 400/300", "contact_center_queue_agents": "404/1201",
    "contact_center_team_agents": "404/-", "contact_center_engagement_events": "400/7001 404/2901",
    "contact_center_engagement_surveys": "404/404 444/444", "zoom_event_sessions": "404/2002", "zoom_event_speakers": "404/2002",
    "zoom_event_ticket_types": "404/-", "zoom_event_tickets": "404/2002", "zoom_event_registrants": "404/2002",
    "zoom_event_registrations": "404/2002", "zoom_event_attendance": "404/-",
    "zoom_event_session_attendance": "404/2002 404/2003", "zoom_event_survey_answers": "404/404",
    "zra_conversation_details": "404/1005 403/1004", "zra_interactions": "404/1005", "zra_content_analysis": "404/1005",
    "zra_scorecards": "404/1005", "zra_deal_activities": "404/1005",
}  # fmt: skip
OTHER = "tracking_fields"


class Refused(NamedTuple):
    """A stream, and how Zoom refuses it."""

    stream: str
    status: int
    code: int | None
    message: str


def refusals(table: dict[str, str]) -> list[Refused]:
    """Return each refusal with the message that Zoom documents, without markup."""
    found = []
    for stream, codes in table.items():
        for status, code in (map(str, words.split("/")) for words in codes.split()):
            number = None if code == "-" else int(code)
            said = [
                text
                for each, of, text in documented()[template_of(stream)]["refusals"]
                if (each, of) == (int(status), number)
            ]
            texts = [re.sub(r"<br>|^\* |\*\*", "", text).strip() for text in said if "Trash" not in text] or [
                "No permission."
            ]
            found += [Refused(stream, int(status), number, text) for text in texts]
    return found


def rounds(refused: Iterable[Refused]) -> list[list[Refused]]:
    """Split refusals into few runs, so that in none of them a stream is a descendant of a refused one."""
    made: list[list[Refused]] = []
    for one in refused:
        for others in made:
            names = {other.stream for other in others}
            if (
                one.stream not in names
                and not names & set(parents_of(one.stream))
                and not any(one.stream in parents_of(name) for name in names)
            ):
                others.append(one)
                break
        else:
            made.append([one])
    return made


def read(refused: list[Refused], **changes: Any) -> tuple[Run, dict[str, Any]]:
    """Run the refused streams with their ancestors and another stream. Also return the records of the others."""
    names = {one.stream for one in refused}
    others = {parent for name in names for parent in parents_of(name)} - {"users"} | {OTHER}
    with zoom_with_everything() as zoom:
        start = str(zoom.now.date() - timedelta(days=200))
        for one in refused:
            zoom.refuse(
                template_of(one.stream),
                one.status,
                {} if one.code is None else {"code": one.code, "message": one.message},
            )
        run = run_tap(config(zoom, start_date=start, **changes), zoom=zoom, catalog=catalog_of(*names, *others))
        assert zoom.violations == []
        return run, right(zoom, *others, start_date=start)


def in_rounds(table: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("refused", rounds(refusals(table)), ids=lambda refused: f"{len(refused)} refusals")


@pytest.mark.parametrize(("mode", "level"), [("fail", "ERROR"), ("skip", "WARNING")])
@in_rounds(UNAVAILABLE)
@pytest.mark.few(6)
def test_missing_access_only_ends_its_stream(refused: list[Refused], mode: str, level: str) -> None:
    """One ERROR each and exit status 1; with skip one WARNING each and 0. Other streams are complete."""
    run, others = read(refused, on_missing_access=mode)
    assert run.exit_status == (mode == "fail")
    assert_exact(others, run.records)
    for one in refused:
        assert len([line for line in run.logged(level) if f"The stream {one.stream} can't be read" in line]) == 1, one
    assert len(run.logged("ERROR")) == (len(refused) if mode == "fail" else 0)


@in_rounds(NOTHING)
@pytest.mark.few(2)
def test_empty_answers_are_counted(refused: list[Refused]) -> None:
    """Exit status 0, no records, and a mention only in the summary. Other streams are complete."""
    run, others = read(refused)
    assert run.exit_status == 0
    assert_exact(others, run.records)
    for one in refused:
        words = raised(one.stream, one.status, {} if one.code is None else {"code": one.code, "message": one.message})
        [line] = [line for line in run.logged("INFO") if re.match(rf"INFO +{one.stream} +[-\d]", line)]
        assert re.search(rf" {words} \d+$", line), line
    assert run.logged("ERROR") == []


@for_each(stream=further.KEYS)
def test_no_other_refusal_is_an_empty_answer(stream: str) -> None:
    """Tests all documented refusals. The exceptions are objects of other accounts, and summaries in the trash."""
    for status, code, text in documented()[template_of(stream)]["refusals"]:
        kind = meaning(stream, status, {} if code is None else {"code": code, "message": text})
        expected = (
            f"{status}/{'-' if code is None else code}" in NOTHING.get(stream, "").split()
            or code == 1010
            or "Trash" in text
        )
        assert (kind is EmptyAnswer) == expected, (status, code, text)


# --- scopes ----------------------------------------------------------------------------------------------------------


def test_all_missing_scopes_are_reported_at_once() -> None:
    """Each stream with its granular and classic scope, before the first record and before any request."""
    with zoom_with_everything(scopes=["user:read:list_users:admin"]) as zoom:
        run = run_tap(config(zoom), zoom=zoom, catalog=catalog_of(*EVERYTHING))
        assert sum(zoom.operations.values()) == 0
    assert run.exit_status == 1
    assert run.messages == []
    for stream in further.STREAMS.values():
        [needs] = re.findall(rf"[:|] {stream.name} needs ([^|]+)", run.critical)
        granular, classic = stream.documented_scopes("granular"), stream.documented_scopes("classic")
        assert any(scope in needs for scope in classic), stream.name
        assert any(scope in needs for scope in granular) or not granular, stream.name


def test_skip_excludes_streams_without_a_granular_scope() -> None:
    """Zoom documents none for three streams. An app with only granular scopes reads the others."""
    names = ("devices", "report_daily", "report_cloud_recording")
    others = ("tracking_fields", "report_activities", "roles", "role_members")
    with zoom_with_everything(scopes="granular") as zoom:
        run = run_tap(config(zoom, on_missing_access="skip"), zoom=zoom, catalog=catalog_of(*names, *others))
        assert_exact(right(zoom, *others), run.records)
    assert run.exit_status == 0
    assert set(run.schemas) == set(others)
    for name in names:
        assert len([line for line in run.logged("WARNING") if f"stream {name} is skipped" in line]) == 1


@pytest.mark.parametrize("stream", ["groups", "chat_sessions", "room_locations"])
def test_descendants_of_a_stream_without_its_scope_are_skipped(stream: str) -> None:
    """All streams that it leads to are skipped, and no others."""
    below = [name for name in further.KEYS if stream in parents_of(name)]
    lacking = set(further.STREAMS[stream].documented_scopes("granular"))
    with zoom_with_everything(scopes=[scope for scope in further.SCOPES["granular"] if scope not in lacking]) as zoom:
        run = run_tap(config(zoom, on_missing_access="skip"), zoom=zoom, catalog=catalog_of(stream, *below, "roles"))
        assert_exact(right(zoom, "roles"), run.records)
    assert run.exit_status == 0 and below
    for name in (stream, *below):
        assert len([line for line in run.logged("WARNING") if f"stream {name} is skipped" in line]) == 1


def test_a_fallback_replaces_the_links_of_a_refused_stream_but_not_its_rows() -> None:
    """The report of each user leads to the child streams of history_meetings. Its own rows stay missing."""
    with zoom_with_everything() as zoom:
        zoom.refuse("/report/history_meetings", 400, {"code": 200, "message": "No permission."})
        run = run_tap(
            config(zoom), zoom=zoom, catalog=catalog_of("history_meetings", "report_meetings", "past_meetings")
        )
    assert run.exit_status == 1
    assert "history_meetings" in run.critical
    assert run.records["report_meetings"] and run.records["past_meetings"]
    assert "history_meetings" not in run.records
    marks = run.states[-1]["bookmarks"]
    assert "history_meetings" not in marks and {"report_meetings", "past_meetings"} <= marks.keys()


def test_an_empty_page_with_a_page_token_ends_a_list() -> None:
    """Clients of the call history have seen such pages."""
    call = {"call_history_uuid": "c1", "start_time": "2026-11-20T08:00:00Z"}
    pages = [{"call_history": [call], "next_page_token": "t1"}, {"call_history": [], "next_page_token": "t2"}]
    with scripted(
        says("/v2/phone/call_history.*next_page_token=t1", pages[1]), says("/v2/phone/call_history", pages[0])
    ) as zoom:
        run = run_tap(zoom.config(start_date="2026-11-15"), zoom=zoom, catalog=catalog_of("phone_call_history"))
    assert run.exit_status == 0
    assert {record["call_history_uuid"] for record in run.records["phone_call_history"]} == {"c1"}


def test_missing_scopes_for_all_streams_suggest_selecting_the_core() -> None:
    """A meltano.yml of version 0.1.0 may select everything, while its app only has the scopes of the core."""
    with SimulatedZoom(scopes=CORE_SCOPES) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*EVERYTHING))
    assert run.exit_status == 1 and not run.records
    assert "select: [users.*, meetings.*, " in run.critical
    assert "--exclude" not in run.critical
