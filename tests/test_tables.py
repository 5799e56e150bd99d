"""The table of streams matches Zoom's OpenAPI files, as summarized in tests/fixtures/operations.json."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tap_zoom.streams import ENRICHERS, STREAMS
from tap_zoom.streams import refusals as refused
from tap_zoom.streams.model import SERVER_SIZE, Refusal, Stream
from tests.each import for_each
from tests.simulator.further.model import APART, documented

Schema = dict[str, Any]


# --- where the table differs from Zoom's file, or has more than it --------------------------------------------------

# The file has the scope of another product, and this one without :admin.
UNDOCUMENTED_SCOPES = {"meeting_recordings": {"recording:read:admin"}}
# Answers have a page token, but no parameter for it is documented.
UNDOCUMENTED_TOKENS = {"user_webinars", "phone_call_queue_members"}
# The file has no maximum page size. These are from its text, from similar lists or from its example.
UNDOCUMENTED_PAGES = {
    "phone_recordings": 300, "phone_call_charges": 300, "phone_sms_charges": 300,  # from the text
    "history_meetings": 300, "report_activities": 300,  # as in other reports
    "surveys": 30, "survey_instances": 30, "survey_answers": 30, "chat_spaces": 30,  # from the example
    "workspaces": 30, "workspace_release_events": 30, "visitor_invitations": 30,  # from the example
}  # fmt: skip
BARE_404 = "contact_center_team_agents zoom_event_ticket_types zoom_event_attendance"
# Refusals that the file does not list for these operations, and why they are declared.
UNDOCUMENTED_REFUSALS: tuple[tuple[Refusal, str, str], ...] = (
    (refused.NOT_FOUND, "the file lists 404 without a code", f"recording_settings phone_call_elements {BARE_404}"),
    (refused.NOT_FOUND_WITH_CODE, "the same, should Zoom name a code after all", f"recording_settings phone_call_elements {BARE_404}"),
    (refused.FORBIDDEN, "the file lists 403 without a code", "zoom_event_attendance"),
    (refused.NEVER_HELD, "the file lists 404 without a code", "webinar_instances"),
    (
        refused.OTHER_KIND, "Zoom's older pages: the id is a webinar's, or a meeting's; or there is no registration",
        "meetings meeting_questions webinar_registrants report_meetings report_meeting_participants report_webinars report_webinar_participants",
    ),
    (refused.NOT_ENABLED, "Zoom's older pages: registration is off", "meeting_registrants meeting_questions webinar_registrants"),
    (
        refused.NO_REGISTRATION, "Zoom's older pages, and clients that met it: registration is off",
        "meeting_registrants meeting_questions webinar_registrants webinar_questions webinar_tracking_sources webinar_absentees",
    ),
    (refused.USER_PENDING, "clients that met it: a user who has not joined yet", "user_settings user_details user_assistants"),
    (refused.OTHERS_MEETINGS_HIDDEN, "Zoom's pages of 2026: meetings that others scheduled are not shown", "user_meetings"),
    (
        refused.NO_INVITATION, "the same as of users",
        "user_assistants user_meetings user_webinars user_past_meetings recordings report_user_meetings",
    ),
    (refused.NO_MEETING, "deleted since it was listed, as other operations about it say", "meeting_polls webinar_instances meeting_poll_results meeting_ai_transcripts"),
    (refused.USER_NOT_FOUND, "deleted since the user was listed, as other operations about users say", "chat_user_channels"),
    (refused.TOO_OLD, "held too long ago, as the reports about it say", "webinar_absentees webinar_poll_results webinar_qna_results"),
    (
        refused.NO_WEBINAR_PLAN, "the file lists the code for a missing right alone; others list it for the plan as well",
        "webinar_instances report_webinars report_webinar_participants webinar_poll_results webinar_qna_results",
    ),
    (
        refused.BEFORE_RETENTION, "the first day is out of reach, as the history of the account says",
        "user_past_meetings report_user_meetings report_users report_cloud_recording report_operation_logs report_activities "
        "report_telephone report_meeting_activities metrics_meetings metrics_webinars metrics_chat metrics_quality "
        "metrics_zoomroom_meetings phone_call_queue_analytics phone_call_history phone_past_calls phone_voicemails "
        "phone_call_charges phone_sms_charges phone_operation_logs chat_sessions chat_messages contact_center_recordings "
        "contact_center_dataset_agent_performance contact_center_dataset_agent_timecards contact_center_dataset_dispositions "
        "contact_center_dataset_engagements contact_center_dataset_flow_performance contact_center_dataset_queue_performance "
        "contact_center_engagement_logs",
    ),
    (refused.DASHBOARD_UNAVAILABLE, "an account without dashboards, as that of meetings says", "metrics_webinars"),
)  # fmt: skip

FORMS = {"boolean": "true|false", "integer": "[0-9]+", "number": "[0-9]+"}  # patterns of values, by type


# --- helpers --------------------------------------------------------------------------------------------------------

DOCUMENTED = [stream for stream in STREAMS if not stream.text_column]  # texts are downloads, not operations
EACH = for_each(stream=DOCUMENTED)


def nameless(path: str) -> str:
    return re.sub(r"{.*?}", "{}", path.replace("/me/", "/{}/"))


BY_PATH = {nameless(path): facts for path, facts in documented().items()}


def facts_of(stream: Stream) -> dict[str, Any]:
    """Return Zoom's documentation of the stream's operation."""
    found: dict[str, Any] = BY_PATH[nameless(f"/{stream.path}")]
    return found


def questions(stream: Stream) -> Iterator[Mapping[str, str]]:
    """Yield the parameters of each of the stream's requests, without the paging parameters."""
    for ask in stream.variants:
        yield {**stream.params, **(stream.date_range.params if stream.date_range else {}), **ask}


def paging(stream: Stream) -> set[str]:
    """Return the names of the paging parameters."""
    return (
        {"next_page_token", *(["page_size"] if stream.page_size != SERVER_SIZE else [])} if stream.page_size else set()
    )


def fields(schema: Schema) -> Schema:
    """Return the fields of a row, or of the rows of a list."""
    found: Schema = schema.get("items", schema).get("properties", {})
    return found


def rows_of(stream: Stream) -> list[Schema]:
    """Return the fields of the stream's rows and of the objects around them, for each list that may have rows."""
    answer = fields(facts_of(stream)["answer"])
    if stream.record_lists:
        return [{**answer, **fields(answer[name])} for name in stream.record_lists]
    if "|" in stream.records:
        return [{**answer, **fields(answer[name])} for name in stream.records.split("|")]
    found, row = answer, answer
    for name in filter(None, stream.records.split(".")):
        row = fields(row[name])
        found = {**found, **row}
    return [found]


# --- comparisons ----------------------------------------------------------------------------------------------------


@EACH
def test_rate_limit_and_scopes_match(stream: Stream) -> None:
    """Phone and Contact Center have their own rate limits. The granular scope comes first."""
    facts = facts_of(stream)
    assert stream.rate_limit.category == facts["label"]
    assert stream.rate_limit.product == APART.get(facts["product"], "")
    assert set(stream.scopes) - {*facts["classic"], *facts["granular"]} == UNDOCUMENTED_SCOPES.get(stream.name, set())
    assert stream.granular in ("", stream.scopes[0])


@EACH
def test_paging_and_page_size_match(stream: Stream) -> None:
    """A stream is paged if page_size or next_page_token is documented. Its page size is at most the maximum."""
    parameters, answer = facts_of(stream)["parameters"], facts_of(stream)["answer"] or {}
    assert bool(stream.page_size) is not {"page_size", "next_page_token"}.isdisjoint({**parameters, **fields(answer)})
    assert (stream.page_size == SERVER_SIZE) is (bool(stream.page_size) and "page_size" not in parameters)
    if stream.page_size > 0:
        largest = parameters["page_size"].get("maximum")
        assert stream.page_size <= largest if largest else stream.page_size == UNDOCUMENTED_PAGES[stream.name]
    assert (stream.name in UNDOCUMENTED_PAGES) is (stream.page_size > 0 and "maximum" not in parameters["page_size"])


@EACH
def test_request_parameters_match(stream: Stream) -> None:
    """All parameters and their values are documented, and all required parameters are sent."""
    parameters = {name: each for name, each in facts_of(stream)["parameters"].items() if each.get("in") != "path"}
    required = {name for name, each in parameters.items() if each.get("required")}
    for question in questions(stream):
        sent = question.keys() | paging(stream)
        assert sent - parameters.keys() == ({"next_page_token"} if stream.name in UNDOCUMENTED_TOKENS else set())
        assert required <= sent
        for name, value in question.items():
            assert "{" in value or set(value.split(",")) <= set(
                map(str, parameters[name].get("enum", value.split(",")))
            ), name
            assert "{" in value or re.fullmatch(FORMS.get(parameters[name]["type"], ".+"), value), name


@for_each(stream=[each for each in DOCUMENTED if not each.redirects])
def test_fields_that_the_table_names_are_in_the_answer(stream: Stream) -> None:
    """Key, time and link fields are in each list that may have rows. Key fields with a default are in at least one."""
    ours = {*stream.context_columns, *stream.param_columns, *stream.computed}
    own_key = {name for name in stream.key if name not in ours}
    places = rows_of(stream)
    for row in places:
        ids = [
            field for link in stream.links if not link.files for field in link.ids.values() if not field.startswith("?")
        ]
        for link in (link for link in stream.links if link.files):
            file = fields(row[link.files])
            assert {*link.ids.values()} <= {*row, *file} and {
                condition.field for condition in link.where
            } <= file.keys()
        for name in [
            *own_key - stream.key_defaults.keys(),
            *filter(None, [stream.replication_key]),
            *stream.copied,
            *ids,
        ]:
            assert any(each in row for each in name.split("|")), name
        for condition in (condition for link in stream.links if not link.files for condition in link.where):
            assert condition.field in (fields(row[condition.in_list]) if condition.in_list else row), condition
    anywhere = set().union(*places)
    assert (own_key | set(filter(None, stream.key_defaults.values()))) <= anywhere | ours


@pytest.mark.parametrize("stream", [each for each in STREAMS if each.enriched_by], ids=lambda stream: stream.name)
def test_fields_that_trigger_an_enrichment_are_in_the_rows(stream: Stream) -> None:
    """These fields decide if a row lacks something."""
    [lookup] = [each for each in STREAMS if each.name == stream.enriched_by and each.name in ENRICHERS]
    assert all(where.field in row for row in rows_of(stream) for where in lookup.enriches)


def is_hosted(stream: Stream) -> bool:
    """True for an operation about a scheduled or past meeting or webinar, its recording or its summary."""
    return bool({"meeting_id", "webinar_id", "meeting_uuid", "webinar_uuid"} & stream.parent.ids.keys())


@EACH
def test_a_host_who_has_left_is_an_empty_answer(stream: Stream) -> None:
    """Operations about meetings and webinars accept 404/1001 and 400/1120, which other clients have seen there."""
    if is_hosted(stream):
        assert set(map(id, refused.HOST_GONE)) <= set(map(id, stream.empty_answers))


@EACH
def test_refusals_are_documented(stream: Stream) -> None:
    """Each declared refusal is documented for the operation, or listed above with a reason."""
    on_page = facts_of(stream)["refusals"]
    declared = (
        *stream.empty_answers,
        *stream.no_access,
        *(stream.date_range.out_of_range if stream.date_range else ()),
    )
    unlisted = [each for each in declared if not any(each.matches(*refusal) for refusal in on_page)]
    if is_hosted(stream):
        unlisted = [each for each in unlisted if each not in refused.HOST_GONE]
    assert {id(each) for each in unlisted} == {
        id(each) for each, _, names in UNDOCUMENTED_REFUSALS if stream.name in names.split()
    }
