"""Surveys and their answers.

Source: https://developers.zoom.us/docs/api/accounts/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import SUBMITTED
from tap_zoom.streams.model import LIGHT, MEDIUM, Entity, Link, Stream, Uuid
from tap_zoom.streams.refusals import NO_SURVEY, SURVEYS_FORBIDDEN

SURVEY = Entity("survey", {"survey_id": Uuid})

STREAMS = (
    Stream(
        "surveys", "surveys", MEDIUM, ("survey_management:read:list_surveys:admin", "survey:read:admin"),
        page_size=30, records="surveys", no_access=(SURVEYS_FORBIDDEN,),
        links=(Link(SURVEY, {"survey_id": "survey_id"}),),
        key=("survey_id",),
        description="surveys",
        requires="role with Surveys: view",
    ),
    Stream(
        "survey_details", "surveys/{survey_id}", LIGHT, ("survey_management:read:survey:admin", "survey:read:admin"),
        parent=SURVEY, empty_answers=(NO_SURVEY,), no_access=(SURVEYS_FORBIDDEN,),
        key=("survey_id",),
        description="questions and options of a survey",
        requires="role with Surveys: view",
    ),
    Stream(
        "survey_instances", "surveys/{survey_id}/instances", MEDIUM,
        ("survey_management:read:list_survey_instances:admin", "survey:read:admin"),
        parent=SURVEY, page_size=30, records="survey_instances", empty_answers=(NO_SURVEY,),
        no_access=(SURVEYS_FORBIDDEN,),
        key=("survey_id", "instance_id"),
        description="uses of a survey",
        requires="role with Surveys: view",
    ),
    Stream(
        "survey_answers", "surveys/{survey_id}/answers", MEDIUM,
        ("survey_management:read:list_survey_answers:admin", "survey:read:admin"),
        parent=SURVEY, date_range=SUBMITTED, page_size=30, records="survey_answers", replication_key="submit_time",
        empty_answers=(NO_SURVEY,),
        no_access=(SURVEYS_FORBIDDEN,),
        key=("survey_id", "instance_id", "submit_time", "sequence"), context_columns=("survey_id", "sequence"),
        key_defaults={"instance_id": ""},
        description="answers to surveys",
        requires="role with Surveys: view",
        overlaps=(
            "Prefer it to `report_meeting_survey` and `report_webinar_survey`: it takes a list for each survey instead "
            "of a request for each meeting."
        ),
    ),
)  # fmt: skip
