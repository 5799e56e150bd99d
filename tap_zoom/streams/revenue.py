"""Zoom Revenue Accelerator: conversations, their analysis, and deals.

Source: https://developers.zoom.us/docs/api/iq/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import ALL_MOMENTS
from tap_zoom.streams.model import LIGHT, MEDIUM, Entity, Join, Link, Stream, Uuid
from tap_zoom.streams.refusals import CONVERSATION_HIDDEN, CONVERSATION_NOT_FOUND

CONVERSATION = Entity("conversation", {"conversation_id": Uuid})
DEAL = Entity("deal", {"deal_id": str})

STREAMS = (
    Stream(
        "zra_conversations", "zra/conversations", MEDIUM,
        ("zra:read:list_conversations:admin", "iq_conversation:read:admin"),
        # By default Zoom lists by the start of the meeting, but a conversation is processed hours later.
        date_range=ALL_MOMENTS, params={"period_type": "iqProcessedTime"}, page_size=300, records="conversations",
        replication_key="iq_processed_time", links=(Link(CONVERSATION, {"conversation_id": "conversation_id"}),),
        key=("conversation_id",),
        description="analyzed conversations: meetings and calls, with scores",
        requires="Zoom Revenue Accelerator; role with All Conversations: view",
        joins=(
            Join("meeting_uuid", "report_meetings", "uuid", "no match for calls, or if the meeting wasn't read"),
            Join("deal_id", "zra_deals", "deal_id", "empty without a deal"),
        ),
    ),
    Stream(
        "zra_conversation_details", "zra/conversations/{conversation_id}", LIGHT,
        ("zra:read:conversations:admin", "iq_conversation:read:admin"),
        parent=CONVERSATION, empty_answers=(CONVERSATION_NOT_FOUND, CONVERSATION_HIDDEN),
        key=("conversation_id",),
        description="all details of a conversation: summary, deal, participants, views, moments",
        requires="Zoom Revenue Accelerator; role with All Conversations: view",
        overlaps=(
            "`zra_conversations` has most of it, with a request for 300 conversations. This stream takes a request for "
            "each, and adds summary, deal and participants."
        ),
    ),
    Stream(
        "zra_interactions", "zra/conversations/{conversation_id}/interactions", MEDIUM,
        ("zra:read:conversation_participants:admin", "iq_conversation:read:admin"),
        parent=CONVERSATION, page_size=300, records="participants", empty_answers=(CONVERSATION_NOT_FOUND,),
        key=("conversation_id", "sequence"), context_columns=("conversation_id", "sequence"),
        description="transcript and metrics of each speaker: talk ratio, speed, longest monologue",
        requires="Zoom Revenue Accelerator; role with All Conversations: view",
    ),
    Stream(
        "zra_content_analysis", "zra/conversations/{conversation_id}/content_analysis", MEDIUM,
        ("zra:read:conversation_analysis:admin", "iq_conversation:read:admin"),
        parent=CONVERSATION, params={"analysis_type": "all"}, page_size=300, row_spans_pages=True,
        empty_answers=(CONVERSATION_NOT_FOUND,),
        key=("conversation_id",), context_columns=("conversation_id",),
        description="analysis of a conversation: topics, next steps, questions, indicators, deal memo",
        requires="Zoom Revenue Accelerator; role with All Conversations: view",
    ),
    Stream(
        "zra_scorecards", "zra/conversations/{conversation_id}/scorecards", MEDIUM,
        ("zra:read:conversation_scorecards:admin", "iq_coaching:read:admin"),
        parent=CONVERSATION, page_size=300, records="scorecards", empty_answers=(CONVERSATION_NOT_FOUND,),
        key=("conversation_id", "scorecard_id", "sequence"), context_columns=("conversation_id", "sequence"),
        description="ratings of a conversation, with each question and answer",
        requires="Zoom Revenue Accelerator",
    ),
    Stream(
        "zra_deals", "zra/deals", MEDIUM, ("zra:read:list_deals:admin", "iq_deal:read:admin"),
        page_size=300, records="deals", links=(Link(DEAL, {"deal_id": "deal_id"}),),
        key=("deal_id",),
        description="deals from the CRM",
        requires="Zoom Revenue Accelerator",
    ),
    Stream(
        "zra_deal_activities", "zra/deals/{deal_id}/activities", MEDIUM,
        ("zra:read:list_deal_activities:admin", "iq_deal:read:admin"),
        parent=DEAL, page_size=300, records="activities", empty_answers=(CONVERSATION_NOT_FOUND,),
        key=("deal_id", "start_date", "sequence"), context_columns=("deal_id", "sequence"),
        key_defaults={"start_date": ""},
        description="conversations, calls and messages about a deal",
        requires="Zoom Revenue Accelerator",
        joins=(Join("conversation_id", "zra_conversations", "conversation_id", "no match for messages"),),
    ),
)  # fmt: skip
