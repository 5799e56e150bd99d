"""The streams beyond the 19 that the simulated account knows by hand: a table of them, served by one generic machine."""

from .. import operations
from . import meetings, people, phone, products, workplace
from .model import HANDLER, Further

STREAMS: dict[str, Further] = {
    stream.name: stream for table in (people, meetings, phone, workplace, products) for stream in table.STREAMS
}
OPERATIONS = tuple(stream.operation() for stream in STREAMS.values())
# Streams of operations that are served by hand, beside others that are not emitted.
HAND_MADE = {
    "history_meetings": "/report/history_meetings", "user_details": "/users/{userId}",
    "report_user_meetings": "/report/users/{userId}/meetings",
    # Made of the files that a recording names.
    "meeting_transcripts": "/users/{userId}/recordings", "meeting_transcript_cues": "/users/{userId}/recordings",
}  # fmt: skip
KEYS = {
    "history_meetings": ("meeting_uuid",), "user_details": ("id",),
    "report_user_meetings": ("user_id", "query_type", "uuid", "sequence"),
    "meeting_transcripts": ("meeting_uuid",), "meeting_transcript_cues": ("meeting_uuid", "number"),
    **{name: stream.key for name, stream in STREAMS.items()},
}  # fmt: skip
BY_PATH = {stream.path: stream for stream in STREAMS.values()}
# What a token has of either form, for these and for those served by hand. A few operations have no granular scope in
# Zoom's files: who has granular scopes only can't ask them.
SCOPES = {
    form: tuple(
        dict.fromkeys([*known, *(scope for stream in STREAMS.values() for scope in stream.documented_scopes(form))])
    )
    for form, known in (("granular", operations.GRANULAR_SCOPES), ("classic", operations.CLASSIC_SCOPES))
}

__all__ = ["BY_PATH", "HANDLER", "HAND_MADE", "KEYS", "OPERATIONS", "SCOPES", "STREAMS", "Further"]
