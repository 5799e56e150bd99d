"""Users and account: details, settings, groups, roles, devices.

Source: https://developers.zoom.us/docs/api/users/
"""

from __future__ import annotations

from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, Entity, Link, Stream, each
from tap_zoom.streams.refusals import (
    ACCOUNT_UNKNOWN,
    DEVICES_FORBIDDEN,
    GROUP_NOT_FOUND,
    NO_INVITATION,
    ROLE_NOT_FOUND,
    USER_NOT_FOUND,
    USER_PENDING,
)
from tap_zoom.streams.users import MEMBER

GROUP = Entity("group", {"group_id": str})
ROLE = Entity("role", {"role_id": str})

STREAMS = (
    Stream(
        "groups", "groups", MEDIUM, ("group:read:list_groups:admin", "group:read:admin"),
        page_size=300, records="groups", links=(Link(GROUP, {"group_id": "id"}),),
        key=("id",),
        description="groups of users",
        requires="Pro; role with Groups: view",
    ),
    Stream(
        "group_members", "groups/{group_id}/members", MEDIUM, ("group:read:list_members:admin", "group:read:admin"),
        parent=GROUP, page_size=300, records="members", empty_answers=(GROUP_NOT_FOUND,),
        key=("group_id", "id"), context_columns=("group_id",), key_defaults={"id": "email"},
        description="members of groups",
        requires="Pro; role with Groups: view",
    ),
    Stream(
        "group_settings", "groups/{group_id}/settings", MEDIUM, ("group:read:settings:admin", "group:read:admin"),
        parent=GROUP,
        variants=({}, *each("option", "meeting_authentication", "recording_authentication", "meeting_security")),
        empty_answers=(GROUP_NOT_FOUND,),
        key=("group_id", "option"), context_columns=("group_id", "option"), param_columns={"option": "option"},
        description="settings of a group, a row for each kind of settings",
        requires="Pro; role with Groups: view",
    ),
    Stream(
        "user_details", "users/{user_id}", LIGHT, ("user:read:user:admin", "user:read:admin"),
        parent=MEMBER, empty_answers=(USER_NOT_FOUND, NO_INVITATION, USER_PENDING),
        key=("id",),
        description="all details of a user: department, manager, plan, phone numbers, login types",
        requires="any plan; role with User: view",
        overlaps=(
            "`users` has most of it, with a request for 300 users. This stream takes a request for each, and adds "
            "manager, company, cost center, phone numbers and login types."
        ),
    ),
    Stream(
        "user_settings", "users/{user_id}/settings", MEDIUM, ("user:read:settings:admin", "user:read:admin"),
        parent=MEMBER,
        variants=({}, *each("option", "meeting_authentication", "recording_authentication", "meeting_security")),
        empty_answers=(USER_NOT_FOUND, NO_INVITATION, USER_PENDING),
        key=("user_id", "option"), context_columns=("user_id", "option"), param_columns={"option": "option"},
        description="settings of a user, a row for each kind of settings",
        requires="any plan; role with User: view",
    ),
    Stream(
        "user_assistants", "users/{user_id}/assistants", MEDIUM, ("user:read:list_assistants:admin", "user:read:admin"),
        parent=MEMBER, records="assistants", empty_answers=(USER_NOT_FOUND, NO_INVITATION, USER_PENDING),
        key=("user_id", "id"), context_columns=("user_id",), key_defaults={"id": "email"},
        description="assistants who may schedule for a user",
        requires="any plan; role with User: view",
    ),
    Stream(
        "users_summary", "users/summary", MEDIUM, ("user:read:summary:admin", "user:read:admin"),
        key=("snapshot_date",), context_columns=("snapshot_date",),
        description="license usage, a row for each day on which the tap runs",
        requires="any plan; role with User: view",
    ),
    Stream(
        "account_settings", "accounts/me/settings", MEDIUM, ("account:read:settings:admin", "account:read:admin"),
        variants=(
            {}, *each("option", "meeting_authentication", "recording_authentication", "security", "meeting_security"),
        ),
        no_access=(ACCOUNT_UNKNOWN,),
        key=("option",), context_columns=("option",), param_columns={"option": "option"},
        description="settings of the account, a row for each kind of settings",
        requires="a paid plan; role with Account Settings: view",
    ),
    Stream(
        "roles", "roles", MEDIUM, ("role:read:list_roles:admin", "role:read:admin"),
        variants=each("type", "common", "iq"), records="roles", links=(Link(ROLE, {"role_id": "id"}),),
        key=("id",),
        description="roles for administrators",
        requires="Pro; role with Role Management: view",
    ),
    Stream(
        "role_details", "roles/{role_id}", LIGHT, ("role:read:role:admin", "role:read:admin"),
        parent=ROLE, empty_answers=(ROLE_NOT_FOUND,),
        key=("id",),
        description="privileges of a role",
        requires="Pro; role with Role Management: view",
    ),
    Stream(
        "role_members", "roles/{role_id}/members", MEDIUM, ("role:read:list_members:admin", "role:read:admin"),
        parent=ROLE, page_size=300, records="members", empty_answers=(ROLE_NOT_FOUND,),
        key=("role_id", "id"), context_columns=("role_id",), key_defaults={"id": "email"},
        description="members of roles",
        requires="Pro; role with Role Management: view",
    ),
    Stream(
        "tracking_fields", "tracking_fields", MEDIUM,
        ("tracking_field:read:list_tracking_fields:admin", "tracking_fields:read:admin"),
        records="tracking_fields",
        key=("id",),
        description="fields that hosts fill in for a meeting",
        requires="Business; role with Tracking Fields: view",
    ),
    Stream(
        "devices", "devices", HEAVY, ("device:read:admin",),
        # Without a type, phone appliances (5) aren't listed.
        variants=(
            *each("is_enrolled_in_zdm", "true", "false"),
            {"is_enrolled_in_zdm": "true", "device_type": "5"}, {"is_enrolled_in_zdm": "false", "device_type": "5"},
        ),
        page_size=300, records="devices", no_access=(DEVICES_FORBIDDEN,),
        key=("device_id",),
        description="devices that Zoom manages",
        requires="Zoom Rooms; role with Zoom Rooms: view",
        overlaps="`room_devices` has the devices of each room; `phone_devices` has desk phones.",
    ),
)  # fmt: skip
