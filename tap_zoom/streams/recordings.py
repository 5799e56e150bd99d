"""Recordings, transcripts, AI summaries and archives.

Source: https://developers.zoom.us/docs/api/meetings/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import ALL_DAYS, ALL_MOMENTS, WEEKS
from tap_zoom.streams.held import LISTED_MEETING
from tap_zoom.streams.model import DOWNLOADS, LIGHT, MEDIUM, NO_VALUE, Condition, Entity, Join, Link, Stream, Uuid
from tap_zoom.streams.refusals import (
    ACCOUNT_UNKNOWN_400,
    HOST_GONE,
    MAY_NOT_HOST,
    MEETING_ID_INVALID,
    NO_MEETING,
    NO_RECORDING,
    NO_TRANSCRIPT,
    NOT_FOUND,
    NOT_FOUND_WITH_CODE,
    SUMMARIES_FORBIDDEN,
    SUMMARIES_UNAVAILABLE,
    SUMMARY_IN_TRASH,
)
from tap_zoom.streams.transcripts import cues, transcript
from tap_zoom.streams.users import MEMBER

RECORDING = Entity("recording", {"meeting_uuid": Uuid, "meeting_id": int})
SUMMARY = Entity("summary", {"meeting_uuid": Uuid})
TRANSCRIPT_FILE = Entity("transcript_file", {"download_url": str, "meeting_uuid": Uuid})
AI_TRANSCRIPT = Entity("ai_transcript", {"download_url": str, "meeting_uuid": Uuid})

LIST_RECORDINGS = ("cloud_recording:read:list_user_recordings:admin", "recording:read:admin")
TRANSCRIPT = ("cloud_recording:read:meeting_transcript:admin", "recording:read:admin")

STREAMS = (
    Stream(
        # recording_source_type is omitted on purpose: then Zoom lists all recordings, including those of My Notes. Each
        # of its values excludes some.
        "recordings", "users/{user_id}/recordings", MEDIUM, LIST_RECORDINGS,
        parent=MEMBER, date_range=ALL_DAYS, page_size=300, records="meetings", replication_key="start_time",
        empty_answers=(NO_RECORDING, *HOST_GONE),
        links=(
            Link(RECORDING, {"meeting_uuid": "uuid", "meeting_id": "id"}),
            Link(
                TRANSCRIPT_FILE, {"download_url": "download_url", "meeting_uuid": "uuid"},
                where=(Condition("file_type", frozenset({"transcript"})),), files="recording_files",
            ),
        ),
        key=("uuid",),
        description="cloud recordings, with their files",
        requires="Pro with cloud recording; role with Recording: view",
        overlaps="Prefer it to `meeting_recordings`, which takes a request for each recording.",
        joins=(
            Join("host_id", "users", "id", "no match if the host has left the account"),
            Join("uuid", "report_meetings", "uuid", "of meetings, for a year"),
        ),
    ),
    Stream(
        "meeting_recordings", "meetings/{meeting_uuid}/recordings", LIGHT,
        ("cloud_recording:read:list_recording_files:admin", "recording:read:admin"),
        parent=RECORDING, empty_answers=(NO_RECORDING, *HOST_GONE),
        key=("uuid",),
        description="all details of a recording: passcode, audio of each participant",
        requires="Pro with cloud recording; role with Recording: view",
        overlaps=(
            "`recordings` has the same, except the passcode and the audio of each participant. Choose this stream only "
            "for these."
        ),
    ),
    Stream(
        "recording_settings", "meetings/{meeting_uuid}/recordings/settings", LIGHT,
        ("cloud_recording:read:recording_settings:admin", "recording:read:admin"),
        parent=RECORDING, empty_answers=(NOT_FOUND, NOT_FOUND_WITH_CODE, *HOST_GONE),
        key=("meeting_uuid",), context_columns=("meeting_uuid", "meeting_id"),
        description="sharing settings of a recording: audience and expiry",
        requires="Pro with cloud recording; role with Recording: view",
    ),
    # meetings/{uuid}/transcript answers 404/3322 for most of these, so the text is read from the file.
    Stream(
        "meeting_transcripts", "{download_url}", DOWNLOADS, LIST_RECORDINGS,
        parent=TRANSCRIPT_FILE, text_column="text", of_files=transcript,
        key=("meeting_uuid",), context_columns=("meeting_uuid",),
        description="the transcript of a recording, as text",
        requires="Pro with cloud recording; role with Recording: view", retention="as recordings",
        joins=(Join("meeting_uuid", "recordings", "uuid"),),
    ),
    Stream(
        "meeting_transcript_cues", "{download_url}", DOWNLOADS, LIST_RECORDINGS,
        parent=TRANSCRIPT_FILE, text_column="text", of_files=cues,
        key=("meeting_uuid", "number"), context_columns=("meeting_uuid",),
        description="the transcript of a recording, a row for each cue with speaker and time",
        requires="Pro with cloud recording; role with Recording: view", retention="as recordings",
        overlaps="The same files as `meeting_transcripts`. If both are selected, each file is downloaded once.",
        joins=(Join("meeting_uuid", "recordings", "uuid"),),
    ),
    Stream(
        "meeting_ai_transcripts", "meetings/{meeting_uuid}/transcript", MEDIUM, TRANSCRIPT,
        parent=LISTED_MEETING, empty_answers=(NO_TRANSCRIPT, NO_MEETING, *HOST_GONE), enriched_by="ai_transcript_texts",
        key=("meeting_uuid",), context_columns=("meeting_uuid", "text"),
        description="transcripts of the AI assistant, including meetings without a recording",
        requires="Pro with the AI assistant; role with Recording: view",
        overlaps=(
            "Transcripts of the AI assistant; those of `meeting_transcripts` are files of a recording. It takes a "
            "request for each past meeting."
        ),
        joins=(Join("meeting_uuid", "report_meetings", "uuid", "for a year"),),
    ),
    # The text is in a file whose URL is in the answer. If the answer has a download restriction, the file isn't ready
    # or isn't available.
    Stream(
        "ai_transcript_texts", "{download_url}", DOWNLOADS, TRANSCRIPT,
        parent=AI_TRANSCRIPT, text_column="text",
        enriches=(
            Condition("can_download", frozenset({"true"})), Condition("download_restriction_reason", NO_VALUE),
            Condition("download_url", NO_VALUE, is_in=False),
        ),
    ),
    Stream(
        "meeting_summaries", "meetings/meeting_summaries", MEDIUM,
        ("meeting:read:list_summaries:admin", "meeting_summary:read:admin"),
        date_range=ALL_MOMENTS, params={"time_filter_field": "summary_created_time"}, page_size=300,
        records="summaries",
        replication_key="summary_last_modified_time",
        no_access=(SUMMARIES_UNAVAILABLE, MAY_NOT_HOST, SUMMARIES_FORBIDDEN),
        links=(Link(SUMMARY, {"meeting_uuid": "meeting_uuid"}),),
        key=("meeting_uuid", "summary_created_time"),
        description="AI summaries: the meetings that have one",
        requires="Pro with AI Companion; role with Meeting Summaries: view",
        joins=(Join("meeting_uuid", "report_meetings", "uuid", "for a year"),),
    ),
    Stream(
        "meeting_summary_details", "meetings/{meeting_uuid}/meeting_summary", LIGHT,
        ("meeting:read:summary:admin", "meeting_summary:read:admin"),
        parent=SUMMARY, empty_answers=(NO_MEETING, MEETING_ID_INVALID, SUMMARY_IN_TRASH, *HOST_GONE),
        no_access=(SUMMARIES_FORBIDDEN,),
        key=("meeting_uuid",),
        description="AI summaries: the text and next steps",
        requires="Pro with AI Companion; role with Meeting Summaries: view",
    ),
    Stream(
        "archive_files", "archive_files", MEDIUM, ("archiving:read:list_archived_files:admin", "recording:read:admin"),
        date_range=WEEKS, params={"query_date_type": "archive_complete_time"}, page_size=300, records="meetings",
        replication_key="complete_time",
        no_access=(ACCOUNT_UNKNOWN_400,),
        key=("uuid",),
        description="archived meetings and webinars, with their files",
        requires="Meeting and Webinar Archiving, switched on by Zoom's support",
        overlaps="Files of the archive, which aren't in `recordings`.",
    ),
)  # fmt: skip
