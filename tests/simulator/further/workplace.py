"""What Rooms, Team Chat, Clips and Whiteboard have."""

from __future__ import annotations

from .model import DATES, HOURS, REPORTS, THREE_DAYS, Further, each

STREAMS = (
    Further("rooms", "/rooms", "rooms", "id", asks=each("unassigned_rooms", "false", "true"), page=300),
    Further(
        "room_details", "/rooms/{roomId}", "", "room_id", parent="rooms", by="id", adds="room_id=parent:id",
        nothing=((404, 1012, "Room not found: {roomId}."),),
    ),
    Further(
        "room_devices", "/rooms/{roomId}/devices", "devices", "room_id id", parent="rooms", by="id",
        adds="room_id=parent:id",
    ),
    Further(
        "room_sensor_data", "/rooms/{roomId}/sensor_data", "sensor_data",
        "room_id device_id sensor_type date_time sequence", parent="rooms", by="id", window=HOURS, time="date_time",
        adds="room_id=parent:id sequence=sequence", page=300, nothing=((404, 1012, "Room not found:{roomId}."),),
    ),
    Further("room_locations", "/rooms/locations", "locations", "id", page=300),
    Further(
        "room_location_details", "/rooms/locations/{locationId}", "", "location_id", parent="room_locations", by="id",
        adds="location_id=parent:id", nothing=((404, 4801, "Location not found: {locationId}."),),
    ),
    Further(
        "workspaces", "/workspaces", "workspaces", "id", parent="room_locations", by="id", asked_as="location_id",
        asks=({}, *each("workspace_type", "commonWorkspace")), page=30,
    ),
    Further(
        "workspace_reservations", "/workspaces/{workspaceId}/reservations", "reservations", "workspace_id id",
        parent="workspaces", by="id", window=HOURS, time="start_time", adds="workspace_id=parent:id",
        ahead=14,
    ),
    Further(
        "workspace_release_events", "/workspaces/released_workspaces_by_timeout", "release_events",
        "workspace_id event_id", parent="room_locations", by="id", asked_as="location_id",
        params={"workspace_type": "all", "snapshot_date": "@window_to"}, window=DATES,
        time="reservation_start_time", page=30,
    ),
    Further(
        "visitor_invitations", "/visitor/invitation", "invitations", "invitation_id",
        params={"data_scope": "account"}, window=HOURS, time="start_time", page=30,
    ),
    Further("chat_account_channels", "/chat/channels", "channels", "id", page=20),
    Further(
        "chat_user_channels", "/chat/users/{userId}/channels", "channels", "user_id id", parent="users", by="id",
        adds="user_id=parent:id", page=1000,
    ),
    Further(
        "chat_channel_members", "/chat/channels/{channelId}/members", "members", "channel_id member_id",
        parent="chat_account_channels", by="id", adds="channel_id=parent:id", page=100,
    ),
    Further(
        "chat_channel_activities", "/chat/activities/channels", "channel_activity_logs",
        "channel_id activity_timestamp sequence", params={"activity_type": "membership"}, window=THREE_DAYS,
        time="activity_timestamp", adds="sequence=sequence", page=15,
    ),
    Further(
        "chat_sessions", "/report/chat/sessions", "sessions", "id", window=REPORTS, time="last_message_sent_time",
        page=300, used_in="chat_messages",
    ),
    Further(
        "chat_messages", "/report/chat/sessions/{sessionId}", "messages", "session_id id message_state sequence",
        parent="chat_sessions", by="id",
        params={
            "include_fields": "edited_messages,deleted_messages", "include_bot_message": "true", "include_reactions": "true",
            "include_custom_emoji_reactions": "true",
        },
        states={"messages": "sent", "edited_messages": "edited", "deleted_messages": "deleted"},
        window=REPORTS, time="date_time", adds="session_id=parent:id message_state=list sequence=sequence", page=100,
    ),
    Further("chat_spaces", "/chat/spaces", "shared_spaces", "space_id", page=30),
    Further(
        "clips", "/clips", "data", "clip_id", params={"date_filter_type": "MODIFIED_DATE"}, window=HOURS,
        time="modified_date", page=300,
    ),
    Further(
        "whiteboards", "/whiteboards", "whiteboards", "whiteboard_id", params={"date_filter_type": "modified_date"},
        window=HOURS, time="modified_date", page=50,
    ),
    Further(
        "whiteboard_sessions", "/whiteboards/sessions", "sessions", "id", window=HOURS, time="start_time", until="end_time",
        page=300,
    ),
)
