"""Team Chat: channels, members, messages.

Source: https://developers.zoom.us/docs/api/team-chat/
"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Find, Stream, Thing
from tap_zoom.streams.refusals import NO_USER
from tap_zoom.streams.spans import DAYS, THREE_DAYS
from tap_zoom.streams.users import MEMBER

CHANNEL = Thing("channel", {"channel_id": str})
CHAT = Thing("chat", {"session_id": str})

STREAMS = (
    Stream(
        "chat_account_channels", "chat/channels", MEDIUM,
        ("team_chat:read:list_channels:admin", "chat_channel:read:admin"),
        page=20, rows="channels", finds=(Find(CHANNEL, {"channel_id": "id"}),),
        key=("id",),
        holds="public channels of the account",
        needs="role with Chat Channels: view",
    ),
    Stream(
        "chat_user_channels", "chat/users/{user_id}/channels", MEDIUM,
        ("team_chat:read:list_user_channels:admin", "chat_channel:read:admin"),
        about=MEMBER, page=1000, rows="channels", nothing=(NO_USER,),
        key=("user_id", "id"), adds=("user_id",),
        holds="the channels that a user is in, private ones as well",
        needs="role with Chat Channels: view",
        overlaps=(
            "`chat_account_channels` lists the public ones at once. This costs a request per user, and adds the "
            "private ones."
        ),
    ),
    Stream(
        "chat_channel_members", "chat/channels/{channel_id}/members", MEDIUM,
        ("team_chat:read:list_members:admin", "chat_channel:read:admin"),
        about=CHANNEL, page=100, rows="members",
        key=("channel_id", "member_id"), adds=("channel_id",),
        holds="who is in a public channel",
        needs="role with Chat Channels: view",
    ),
    Stream(
        "chat_channel_activities", "chat/activities/channels", LIGHT,
        ("team_chat:read:list_channel_activity_logs:admin", "chat_channel:read:admin"),
        over=THREE_DAYS, params={"activity_type": "membership"}, page=15, rows="channel_activity_logs",
        at="activity_timestamp",
        key=("channel_id", "activity_timestamp", "sequence"), adds=("sequence",),
        holds="who joined and left channels",
        needs="role with Chat Channels: view",
    ),
    Stream(
        "chat_sessions", "report/chat/sessions", MEDIUM,
        ("report:read:list_chat_sessions:admin", "report_chat:read:admin", "imchat:read:admin"),
        over=DAYS, page=300, rows="sessions", at="last_message_sent_time",
        finds=(Find(CHAT, {"session_id": "id"}, in_window=True),),
        key=("id",),
        holds="chats with messages: channels, groups, two people",
        needs="Pro; role with Chat Reports: view", keeps="six months",
    ),
    Stream(
        "chat_messages", "report/chat/sessions/{session_id}", MEDIUM,
        ("report:read:chat_session:admin", "report_chat:read:admin", "imchat:read:admin"),
        about=CHAT, over=DAYS,
        params={
            "include_fields": "edited_messages,deleted_messages", "include_bot_message": "true",
            "include_reactions": "true", "include_custom_emoji_reactions": "true",
        },
        page=100, at="date_time",
        lists={
            "messages": {"message_state": "sent"}, "edited_messages": {"message_state": "edited"},
            "deleted_messages": {"message_state": "deleted"},
        },
        key=("session_id", "id", "message_state", "sequence"), adds=("session_id", "message_state", "sequence"),
        holds="chat messages: sent, edited, deleted",
        needs="Pro; role with Chat Reports: view", keeps="six months",
    ),
    Stream(
        "chat_spaces", "chat/spaces", MEDIUM, ("team_chat:read:list_shared_spaces:admin", "chat:read:admin"),
        page=30, rows="shared_spaces",
        key=("space_id",),
        holds="shared spaces",
        needs="role with Chat Channels: view",
    ),
)  # fmt: skip
