"""Codes and links that let a reader impersonate a user or open something. Each is decided once, for all streams.

Fields in HELD_BACK are in the schemas, but aren't selected by default, and are never in the column of unknown fields.
Fields in KEPT are selected by default: users need them, and they open nothing without a login, a second code or an
invitation. A test compares both tables with every schema.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Secret(NamedTuple):
    """A field, by its name at any depth; `streams`: only in these streams (empty: in all)."""

    name: str
    reason: str
    streams: frozenset[str] = frozenset()

    def is_in(self, stream: str) -> bool:
        return not self.streams or stream in self.streams


HELD_BACK = (
    # impersonate a user
    Secret("start_url", "starts a meeting or webinar as its host"),
    Secret("host_key", "makes a participant the host in any meeting of the user"),
    Secret("dynamic_host_key", "makes a participant the host of the meeting"),
    Secret("activation_code", "connects a device as a Zoom Room"),
    Secret("room_passcode", "changes the settings of a Zoom Room, or signs it out"),
    Secret("access_token", "logs in; not documented for any stream"),
    Secret("refresh_token", "logs in; not documented for any stream"),
    Secret("zak", "logs in as a user; not documented for any stream"),
    # open something without a login
    Secret("download_access_token", "downloads the files of a recording"),
    Secret("download_token", "downloads the files of a recording; Zoom documents it for webhooks only"),
    Secret("authorized_channel_token", "opens the archive to which Team Chat is copied"),
    Secret("passcode", "opens the archive to which Team Chat is copied", frozenset({"account_settings"})),
    Secret("passcode", "opens a clip that is shared by its link", frozenset({"clips"})),
    Secret("thumbnail_link", "opens the picture: the link contains a token", frozenset({"clips"})),
    Secret(
        "download_url", "opens the file: the link contains a token",
        frozenset({"chat_messages", "phone_sms_messages", "room_details", "room_location_details"}),
    ),
    Secret("file_url", "opens the file: the link contains a token"),
    Secret("downloadUrl", "opens the recording: the link contains a token"),
    Secret("recording_download_url", "opens the recording: the link contains a token"),
    Secret("qr_code_url", "checks in with the ticket: the link contains a token"),
)  # fmt: skip
KEPT = (
    Secret("password", "to join a meeting or watch a recording; invitations have it"),
    Secret("h323_password", "to join from a room system; invitations have it"),
    Secret("h323_passcode", "to join from a room system; invitations have it"),
    Secret("pstn_password", "to join by telephone; invitations have it"),
    Secret("encrypted_password", "to join; the link of an invitation has it"),
    Secret("encrypted_passcode", "to join; the link of an invitation has it"),
    Secret("pmi_password", "to join the personal meeting; invitations have it"),
    Secret("default_password_for_scheduled_meetings", "to join; invitations have it"),
    Secret("participant_pin_code", "identifies a registrant who joins by telephone"),
    Secret("join_url", "to join as a participant"),
    Secret("chat_join_url", "to join the chat of a meeting as a participant"),
    Secret("personal_meeting_url", "to join as a participant"),
    Secret("registration_url", "to register; made to be published"),
    Secret("tracking_url", "to register; made to be published"),
    Secret("recording_play_passcode", "opens a recording, together with its link"),
    Secret("play_url", "plays a recording; Zoom asks for its passcode, or for a login"),
    Secret("share_url", "plays a recording; Zoom asks for its passcode, or for a login"),
    Secret("share_link", "plays a clip; the owner's settings decide who must log in"),
    Secret("download_url", "requires an access token"),
    Secret("transcript_download_url", "requires an access token"),
    Secret("transcript_url", "requires an access token"),
    Secret("playback_url", "plays a recording; Zoom asks for a login"),
    Secret("conversation_url", "opens a conversation for users with access"),
    Secret("event_join_link", "to join an event as a participant; the ticket has it"),
    Secret("event_url", "made to be published"),
    Secret("public_url", "made to be published"),
    Secret("linkedin_url", "made to be published"),
    Secret("twitter_url", "made to be published"),
    Secret("youtube_url", "made to be published"),
    Secret("summary_doc_url", "opens a document for users it is shared with"),
    Secret("channel_url", "opens a channel for its members"),
    Secret("survey_url", "made to be published"),
    Secret("giphy_view_url", "a public picture"),
    Secret("pic_url", "a profile picture"),
    Secret("visitor_photo_url", "a picture; requires a login"),
    Secret("vanity_url", "the name of a personal link"),
    Secret("session_key", "a label that a developer gives a session"),
    Secret("customer_key", "a label that a developer gives a participant"),
    Secret("key", "the name of an account's custom field"),
    Secret("press_key", "the keys that a caller pressed in a menu"),
    Secret("encryption_fingerprint", "a checksum"),
    Secret("minimum_password_length", "a rule for passwords"),
    Secret("require_password_for_pmi_meetings", "a rule for passwords"),
)


def is_held_back(stream: str, name: str) -> bool:
    """True if a field of a stream isn't selected by default because it is a secret. `name`: at any depth."""
    return name in names_held_back(stream)


@cache
def names_held_back(stream: str) -> frozenset[str]:
    """Return the names of fields that are held back in a stream, including those that its schema lacks."""
    return frozenset(secret.name for secret in HELD_BACK if secret.is_in(stream))
