"""Surveys, and the answers to them.

Source: https://developers.zoom.us/docs/api/accounts/
"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Find, Stream, Thing, Uuid
from tap_zoom.streams.refusals import NO_SURVEY, NO_SURVEY_RIGHT
from tap_zoom.streams.spans import SUBMITTED

SURVEY = Thing("survey", {"survey_id": Uuid})

STREAMS = (
    Stream(
        "surveys", "surveys", MEDIUM, ("survey_management:read:list_surveys:admin", "survey:read:admin"),
        page=30, rows="surveys", unavailable=(NO_SURVEY_RIGHT,), finds=(Find(SURVEY, {"survey_id": "survey_id"}),),
        key=("survey_id",),
        holds="surveys",
        needs="role with Surveys: view",
    ),
    Stream(
        "survey_details", "surveys/{survey_id}", LIGHT, ("survey_management:read:survey:admin", "survey:read:admin"),
        about=SURVEY, nothing=(NO_SURVEY,), unavailable=(NO_SURVEY_RIGHT,),
        key=("survey_id",),
        holds="questions and options of a survey",
        needs="role with Surveys: view",
    ),
    Stream(
        "survey_instances", "surveys/{survey_id}/instances", MEDIUM,
        ("survey_management:read:list_survey_instances:admin", "survey:read:admin"),
        about=SURVEY, page=30, rows="survey_instances", nothing=(NO_SURVEY,), unavailable=(NO_SURVEY_RIGHT,),
        key=("survey_id", "instance_id"),
        holds="where a survey was used",
        needs="role with Surveys: view",
    ),
    Stream(
        "survey_answers", "surveys/{survey_id}/answers", MEDIUM,
        ("survey_management:read:list_survey_answers:admin", "survey:read:admin"),
        about=SURVEY, over=SUBMITTED, page=30, rows="survey_answers", at="submit_time", nothing=(NO_SURVEY,),
        unavailable=(NO_SURVEY_RIGHT,),
        key=("survey_id", "instance_id", "submit_time", "sequence"), adds=("survey_id", "sequence"),
        fallback={"instance_id": ""},
        holds="answers to surveys",
        needs="role with Surveys: view",
        overlaps=(
            "Take it rather than `report_meeting_survey` and `report_webinar_survey`: a list for each survey costs "
            "far less than a request for each meeting."
        ),
    ),
)  # fmt: skip
