"""The further streams: all but the 19 core streams. Most are entries of a table, served by generic code."""

from .. import operations
from . import meetings, people, phone, products, workplace
from .model import HANDLER, Further

STREAMS: dict[str, Further] = {
    stream.name: stream for table in (people, meetings, phone, workplace, products) for stream in table.STREAMS
}
OPERATIONS = tuple(stream.operation() for stream in STREAMS.values())
# Further streams that are not in the table -> the path of the operation that they are read from.
HAND_MADE = {
    "history_meetings": "/report/history_meetings", "user_details": "/users/{userId}",
    "report_user_meetings": "/report/users/{userId}/meetings",
    # Made from the files that a recording lists.
    "meeting_transcripts": "/users/{userId}/recordings", "meeting_transcript_cues": "/users/{userId}/recordings",
}  # fmt: skip
KEYS = {
    "history_meetings": ("meeting_uuid",), "user_details": ("id",),
    "report_user_meetings": ("user_id", "query_type", "uuid", "sequence"),
    "meeting_transcripts": ("meeting_uuid",), "meeting_transcript_cues": ("meeting_uuid", "number"),
    **{name: stream.key for name, stream in STREAMS.items()},
}  # fmt: skip
BY_PATH = {stream.path: stream for stream in STREAMS.values()}
# All scopes of each form, for the core and the further streams. A few operations have no granular scope in Zoom's
# files: an app with granular scopes only has no access to them.
SCOPES = {
    form: tuple(
        dict.fromkeys([*known, *(scope for stream in STREAMS.values() for scope in stream.documented_scopes(form))])
    )
    for form, known in (("granular", operations.GRANULAR_SCOPES), ("classic", operations.CLASSIC_SCOPES))
}

__all__ = ["BY_PATH", "HANDLER", "HAND_MADE", "KEYS", "OPERATIONS", "SCOPES", "STREAMS", "Further"]
