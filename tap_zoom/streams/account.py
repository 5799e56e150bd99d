"""Who is there, in full: details, settings, groups, roles; the account itself.

Source: https://developers.zoom.us/docs/api/users/
"""

from __future__ import annotations

from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, Find, Stream, Thing, each
from tap_zoom.streams.refusals import (
    NO_ACCOUNT,
    NO_DEVICE_RIGHT,
    NO_GROUP,
    NO_INVITATION,
    NO_ROLE,
    NO_USER,
    STILL_PENDING,
)
from tap_zoom.streams.users import MEMBER

GROUP = Thing("group", {"group_id": str})
ROLE = Thing("role", {"role_id": str})

STREAMS = (
    Stream(
        "groups", "groups", MEDIUM, ("group:read:list_groups:admin", "group:read:admin"),
        page=300, rows="groups", finds=(Find(GROUP, {"group_id": "id"}),),
        key=("id",),
        holds="groups of users",
        needs="Pro; role with Groups: view",
    ),
    Stream(
        "group_members", "groups/{group_id}/members", MEDIUM, ("group:read:list_members:admin", "group:read:admin"),
        about=GROUP, page=300, rows="members", nothing=(NO_GROUP,),
        key=("group_id", "id"), adds=("group_id",), fallback={"id": "email"},
        holds="who is in which group",
        needs="Pro; role with Groups: view",
    ),
    Stream(
        "group_settings", "groups/{group_id}/settings", MEDIUM, ("group:read:settings:admin", "group:read:admin"),
        about=GROUP,
        asks=({}, *each("option", "meeting_authentication", "recording_authentication", "meeting_security")),
        nothing=(NO_GROUP,),
        key=("group_id", "option"), adds=("group_id", "option"), asked={"option": "option"},
        holds="settings of a group, a row for each kind of them",
        needs="Pro; role with Groups: view",
    ),
    Stream(
        "user_details", "users/{user_id}", LIGHT, ("user:read:user:admin", "user:read:admin"),
        about=MEMBER, nothing=(NO_USER, NO_INVITATION, STILL_PENDING),
        key=("id",),
        holds="a user in full: department, manager, plan, phone numbers, login types",
        needs="any plan; role with User: view",
        overlaps=(
            "`users` has most of it, at a request for 300 people. This costs one for each, and adds manager, company, "
            "cost centre, phone numbers and login types."
        ),
    ),
    Stream(
        "user_settings", "users/{user_id}/settings", MEDIUM, ("user:read:settings:admin", "user:read:admin"),
        about=MEMBER,
        asks=({}, *each("option", "meeting_authentication", "recording_authentication", "meeting_security")),
        nothing=(NO_USER, NO_INVITATION, STILL_PENDING),
        key=("user_id", "option"), adds=("user_id", "option"), asked={"option": "option"},
        holds="settings of a user, a row for each kind of them",
        needs="any plan; role with User: view",
    ),
    Stream(
        "user_assistants", "users/{user_id}/assistants", MEDIUM, ("user:read:list_assistants:admin", "user:read:admin"),
        about=MEMBER, rows="assistants", nothing=(NO_USER, NO_INVITATION, STILL_PENDING),
        key=("user_id", "id"), adds=("user_id",), fallback={"id": "email"},
        holds="who may schedule for whom",
        needs="any plan; role with User: view",
    ),
    Stream(
        "users_summary", "users/summary", MEDIUM, ("user:read:summary:admin", "user:read:admin"),
        key=("snapshot_date",), adds=("snapshot_date",),
        holds="how many licences are in use, a row for each day of a run",
        needs="any plan; role with User: view",
    ),
    Stream(
        "account_settings", "accounts/me/settings", MEDIUM, ("account:read:settings:admin", "account:read:admin"),
        asks=(
            {}, *each("option", "meeting_authentication", "recording_authentication", "security", "meeting_security"),
        ),
        unavailable=(NO_ACCOUNT,),
        key=("option",), adds=("option",), asked={"option": "option"},
        holds="settings of the account, a row for each kind of them",
        needs="a paid plan; role with Account Settings: view",
    ),
    Stream(
        "roles", "roles", MEDIUM, ("role:read:list_roles:admin", "role:read:admin"),
        asks=each("type", "common", "iq"), rows="roles", finds=(Find(ROLE, {"role_id": "id"}),),
        key=("id",),
        holds="roles for administrators",
        needs="Pro; role with Role Management: view",
    ),
    Stream(
        "role_details", "roles/{role_id}", LIGHT, ("role:read:role:admin", "role:read:admin"),
        about=ROLE, nothing=(NO_ROLE,),
        key=("id",),
        holds="what a role may do",
        needs="Pro; role with Role Management: view",
    ),
    Stream(
        "role_members", "roles/{role_id}/members", MEDIUM, ("role:read:list_members:admin", "role:read:admin"),
        about=ROLE, page=300, rows="members", nothing=(NO_ROLE,),
        key=("role_id", "id"), adds=("role_id",), fallback={"id": "email"},
        holds="who has which role",
        needs="Pro; role with Role Management: view",
    ),
    Stream(
        "tracking_fields", "tracking_fields", MEDIUM,
        ("tracking_field:read:list_tracking_fields:admin", "tracking_fields:read:admin"),
        rows="tracking_fields",
        key=("id",),
        holds="fields that hosts fill in for a meeting",
        needs="Business; role with Tracking Fields: view",
    ),
    Stream(
        "devices", "devices", HEAVY, ("device:read:admin",),
        # Without a type, the phone appliances (5) stay out.
        asks=(
            *each("is_enrolled_in_zdm", "true", "false"),
            {"is_enrolled_in_zdm": "true", "device_type": "5"}, {"is_enrolled_in_zdm": "false", "device_type": "5"},
        ),
        page=300, rows="devices", unavailable=(NO_DEVICE_RIGHT,),
        key=("device_id",),
        holds="devices that Zoom manages",
        needs="Zoom Rooms; role with Zoom Rooms: view",
        overlaps="`room_devices` has what stands in each room; `phone_devices` has desk phones.",
    ),
)  # fmt: skip
