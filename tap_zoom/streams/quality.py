"""Quality of service: audio, video, screen sharing and network of each participant.

Source: https://developers.zoom.us/docs/api/accounts/ and https://developers.zoom.us/docs/api/qss/
"""

from __future__ import annotations

from tap_zoom.streams.dashboards import METERED_MEETING, METERED_WEBINAR
from tap_zoom.streams.model import HEAVY, Stream
from tap_zoom.streams.refusals import HOST_GONE, NO_MEETING, TOO_OLD

STREAMS = (
    Stream(
        "metrics_meeting_participants_qos", "metrics/meetings/{meeting_uuid}/participants/qos", HEAVY,
        ("dashboard:read:list_meeting_participants_qos:admin", "dashboard_meetings:read:admin", "dashboard:read:admin"),
        parent=METERED_MEETING, params={"type": "past"}, page_size=10, records="participants",
        empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("meeting_uuid", "user_id", "join_time", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "sequence"),
        description="quality of a meeting for each participant, minute by minute",
        requires="Business; dashboard; role with Dashboard: view",
        overlaps=(
            "`metrics_meeting_participants_qos_summary` has the lowest, mean and highest values in place of the "
            "minutes: a hundredth of the size. A row of this stream is 100 kB and more."
        ),
    ),
    Stream(
        "metrics_meeting_participants_qos_summary", "metrics/meetings/{meeting_uuid}/participants/qos_summary", HEAVY,
        ("dashboard:read:list_meeting_participants_qos:admin", "dashboard_meetings:read:admin", "dashboard:read:admin"),
        parent=METERED_MEETING, page_size=10, records="participants", empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("meeting_uuid", "participant_id", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "sequence"),
        description="quality of a meeting for each participant: lowest, mean and highest values",
        requires="Business with Quality of Service Subscription, the app subscribed to the QoS summary event",
        overlaps="`metrics_meeting_participants_qos` has the same minute by minute.",
    ),
    Stream(
        "metrics_webinar_participants_qos", "metrics/webinars/{webinar_uuid}/participants/qos", HEAVY,
        ("dashboard:read:list_webinar_participants_qos:admin", "dashboard_webinars:read:admin", "dashboard:read:admin"),
        parent=METERED_WEBINAR, params={"type": "past"}, page_size=10, records="participants",
        empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("webinar_uuid", "user_id", "join_time", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "sequence"),
        description="quality of a webinar for each participant, minute by minute",
        requires="Business with the webinar add-on; role with Dashboard: view",
        overlaps=(
            "`metrics_webinar_participants_qos_summary` has the lowest, mean and highest values in place of the "
            "minutes: a hundredth of the size. A row of this stream is 100 kB and more."
        ),
    ),
    Stream(
        "metrics_webinar_participants_qos_summary", "metrics/webinars/{webinar_uuid}/participants/qos_summary", HEAVY,
        ("dashboard:read:list_webinar_participants_qos:admin", "dashboard_webinars:read:admin", "dashboard:read:admin"),
        parent=METERED_WEBINAR, page_size=10, records="participants", empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("webinar_uuid", "participant_id", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "sequence"),
        description="quality of a webinar for each participant: lowest, mean and highest values",
        requires="Business with the webinar add-on and Quality of Service Subscription, the app subscribed to the QoS "
        "summary event",
        overlaps="`metrics_webinar_participants_qos` has the same minute by minute.",
    ),
)  # fmt: skip
