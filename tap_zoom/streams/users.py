"""Users. Source: https://developers.zoom.us/docs/api/users/"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, NO_VALUE, Condition, Entity, Link, Stream, each
from tap_zoom.streams.refusals import NO_INVITATION, USER_NOT_FOUND

USER = Entity("user", {"user_id": str})
MEMBER = Entity("member", {"user_id": str})  # a user who isn't pending: Zoom refuses most requests about those

STREAMS = (
    Stream(
        "users", "users", MEDIUM, ("user:read:list_users:admin", "user:read:admin"),
        params={"include_fields": "custom_attributes"}, variants=each("status", "active", "inactive", "pending"),
        page_size=300,
        records="users",
        links=(
            Link(USER, {"user_id": "id"}),
            Link(MEMBER, {"user_id": "id"}, where=(Condition("status", frozenset({"pending"}), is_in=False),)),
        ),
        enriched_by="user_lookup",
        key=("id",), key_defaults={"id": "email"},
        core=True,
        description="users of the account: active, inactive and pending",
        requires="any plan; role with User: view", retention="while the user is in the account",
    ),
    # The list has no ids of pending users. A request by e-mail returns them.
    Stream(
        "user_lookup", "users/{email}", LIGHT, ("user:read:user:admin", "user:read:admin"),
        parent=Entity("pending_user", {"email": str}), empty_answers=(USER_NOT_FOUND, NO_INVITATION),
        enriches=(Condition("id", NO_VALUE), Condition("email", NO_VALUE, is_in=False)),
    ),
)  # fmt: skip
