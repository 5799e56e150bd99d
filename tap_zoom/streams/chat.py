"""Team Chat: channels, members, messages.

Source: https://developers.zoom.us/docs/api/team-chat/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import CHATS, DAYS, THREE_DAYS
from tap_zoom.streams.model import LIGHT, MEDIUM, Entity, Link, Stream
from tap_zoom.streams.refusals import USER_NOT_FOUND
from tap_zoom.streams.users import MEMBER

CHANNEL = Entity("channel", {"channel_id": str})
CHAT = Entity("chat", {"session_id": str})

STREAMS = (
    Stream(
        "chat_account_channels", "chat/channels", MEDIUM,
        ("team_chat:read:list_channels:admin", "chat_channel:read:admin"),
        page_size=20, records="channels", links=(Link(CHANNEL, {"channel_id": "id"}),),
        key=("id",),
        description="public channels of the account",
        requires="role with Chat Channels: view",
    ),
    Stream(
        "chat_user_channels", "chat/users/{user_id}/channels", MEDIUM,
        ("team_chat:read:list_user_channels:admin", "chat_channel:read:admin"),
        parent=MEMBER, page_size=1000, records="channels", empty_answers=(USER_NOT_FOUND,),
        key=("user_id", "id"), context_columns=("user_id",),
        description="channels of a user, including private ones",
        requires="role with Chat Channels: view",
        overlaps=(
            "`chat_account_channels` lists the public channels of the account. This stream takes a request for each "
            "user, and adds private channels."
        ),
    ),
    Stream(
        "chat_channel_members", "chat/channels/{channel_id}/members", MEDIUM,
        ("team_chat:read:list_members:admin", "chat_channel:read:admin"),
        parent=CHANNEL, page_size=100, records="members",
        key=("channel_id", "member_id"), context_columns=("channel_id",),
        description="members of public channels",
        requires="role with Chat Channels: view",
    ),
    Stream(
        "chat_channel_activities", "chat/activities/channels", LIGHT,
        ("team_chat:read:list_channel_activity_logs:admin", "chat_channel:read:admin"),
        date_range=THREE_DAYS, params={"activity_type": "membership"}, page_size=15, records="channel_activity_logs",
        replication_key="activity_timestamp",
        key=("channel_id", "activity_timestamp", "sequence"), context_columns=("sequence",),
        description="people who joined or left channels",
        requires="role with Chat Channels: view",
    ),
    Stream(
        "chat_sessions", "report/chat/sessions", MEDIUM,
        ("report:read:list_chat_sessions:admin", "report_chat:read:admin", "imchat:read:admin"),
        date_range=CHATS, page_size=300, records="sessions", replication_key="last_message_sent_time",
        links=(Link(CHAT, {"session_id": "id"}, same_window=True),),
        key=("id",),
        description="chats with messages: channels, groups, one-to-one",
        requires="Pro; role with Chat Reports: view", retention="six months",
    ),
    Stream(
        "chat_messages", "report/chat/sessions/{session_id}", MEDIUM,
        ("report:read:chat_session:admin", "report_chat:read:admin", "imchat:read:admin"),
        parent=CHAT, date_range=DAYS,
        params={
            "include_fields": "edited_messages,deleted_messages", "include_bot_message": "true",
            "include_reactions": "true", "include_custom_emoji_reactions": "true",
        },
        page_size=100, replication_key="date_time",
        record_lists={
            "messages": {"message_state": "sent"}, "edited_messages": {"message_state": "edited"},
            "deleted_messages": {"message_state": "deleted"},
        },
        key=("session_id", "id", "message_state", "sequence"),
        context_columns=("session_id", "message_state", "sequence"),
        description="chat messages: sent, edited, deleted",
        requires="Pro; role with Chat Reports: view", retention="six months",
    ),
    Stream(
        "chat_spaces", "chat/spaces", MEDIUM, ("team_chat:read:list_shared_spaces:admin", "chat:read:admin"),
        page_size=30, records="shared_spaces",
        key=("space_id",),
        description="shared spaces",
        requires="role with Chat Channels: view",
    ),
)  # fmt: skip
