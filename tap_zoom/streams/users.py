"""Who is there. Source: https://developers.zoom.us/docs/api/users/"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, NO_VALUE, Find, Stream, Thing, Where, each
from tap_zoom.streams.refusals import NO_INVITATION, NO_USER

USER = Thing("user", {"user_id": str})
MEMBER = Thing("member", {"user_id": str})  # a user who has joined: of a pending one Zoom knows little more

STREAMS = (
    Stream(
        "users", "users", MEDIUM, ("user:read:list_users:admin", "user:read:admin"),
        params={"include_fields": "custom_attributes"}, asks=each("status", "active", "inactive", "pending"), page=300,
        rows="users",
        finds=(
            Find(USER, {"user_id": "id"}),
            Find(MEMBER, {"user_id": "id"}, where=(Where("status", frozenset({"pending"}), is_one=False),)),
        ),
        lookup="user_lookup", branch="scheduled",
        key=("id",), fallback={"id": "email"},
        core=True,
        holds="people of the account: active, inactive and pending",
        needs="any plan; role with User: view", keeps="while the user is in the account",
    ),
    # A pending user has no id in the list; asked for by e-mail it has.
    Stream(
        "user_lookup", "users/{email}", LIGHT, ("user:read:user:admin", "user:read:admin"),
        about=Thing("pending_user", {"email": str}), nothing=(NO_USER, NO_INVITATION),
        lacking=(Where("id", NO_VALUE), Where("email", NO_VALUE, is_one=False)),
    ),
)  # fmt: skip
