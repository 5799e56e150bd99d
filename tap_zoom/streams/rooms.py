"""Zoom Rooms, workspaces and visitors.

Source: https://developers.zoom.us/docs/api/rooms/
"""

from __future__ import annotations

from tap_zoom.streams.model import MEDIUM, Find, Stream, Thing, each
from tap_zoom.streams.refusals import NO_LOCATION, NO_ROOM
from tap_zoom.streams.spans import AHEAD, ALL_MOMENTS, RELEASES

ROOM = Thing("room", {"room_id": str})
LOCATION = Thing("location", {"location_id": str})
WORKSPACE = Thing("workspace", {"workspace_id": str})

STREAMS = (
    Stream(
        "rooms", "rooms", MEDIUM, ("zoom_rooms:read:list_rooms:admin", "room:read:admin"),
        asks=each("unassigned_rooms", "false", "true"), page=300, rows="rooms", finds=(Find(ROOM, {"room_id": "id"}),),
        key=("id",),
        holds="Zoom Rooms",
        needs="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_details", "rooms/{room_id}", MEDIUM, ("zoom_rooms:read:room:admin", "room:read:admin"),
        about=ROOM, nothing=(NO_ROOM,),
        key=("room_id",), adds=("room_id",),
        holds="a room in full: type, capacity, calendar, check-in",
        needs="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_devices", "rooms/{room_id}/devices", MEDIUM, ("zoom_rooms:read:list_devices:admin", "room:read:admin"),
        about=ROOM, rows="devices",
        key=("room_id", "id"), adds=("room_id",),
        holds="devices in a room",
        needs="Zoom Rooms; role with Zoom Rooms: view",
        overlaps="`devices` has what Zoom manages, in rooms or not; this has what stands in each room.",
    ),
    Stream(
        "room_sensor_data", "rooms/{room_id}/sensor_data", MEDIUM,
        ("zoom_rooms:read:sensor_data:admin", "room:read:admin"),
        about=ROOM, over=ALL_MOMENTS, page=300, rows="sensor_data", at="date_time", nothing=(NO_ROOM,),
        key=("room_id", "device_id", "sensor_type", "date_time", "sequence"), adds=("room_id", "sequence"),
        holds="what the sensors of a room measured",
        needs="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_locations", "rooms/locations", MEDIUM, ("zoom_rooms:read:list_locations:admin", "room:read:admin"),
        page=300, rows="locations", finds=(Find(LOCATION, {"location_id": "id"}),),
        key=("id",),
        holds="where rooms are, as a tree: countries down to floors",
        needs="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_location_details", "rooms/locations/{location_id}", MEDIUM,
        ("zoom_rooms:read:location:admin", "room:read:admin"),
        about=LOCATION, nothing=(NO_LOCATION,),
        key=("location_id",), adds=("location_id",),
        holds="a location in full: address, time zone",
        needs="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "workspaces", "workspaces", MEDIUM, ("workspace:read:list_workspaces:admin", "workspace:read:admin"),
        about=LOCATION, params={"location_id": "{location_id}"}, asks=({}, *each("workspace_type", "commonWorkspace")),
        page=30, rows="workspaces", finds=(Find(WORKSPACE, {"workspace_id": "id"}),),
        key=("id",),
        holds="desks and other places that can be reserved",
        needs="Workspace Reservation; role with Workspaces: view",
    ),
    Stream(
        "workspace_reservations", "workspaces/{workspace_id}/reservations", MEDIUM,
        ("workspace:read:list_reservations:admin", "workspace:read:admin"),
        about=WORKSPACE, over=AHEAD, rows="reservations", at="start_time",
        key=("workspace_id", "id"), adds=("workspace_id",),
        holds="reservations of a workspace, two weeks ahead as well",
        needs="Workspace Reservation; role with Workspaces: view",
    ),
    Stream(
        "workspace_release_events", "workspaces/released_workspaces_by_timeout", MEDIUM,
        ("zoom_rooms:read:list_release_infos:admin", "workspace:read:admin", "room:read:admin"),
        about=LOCATION, over=RELEASES, params={"workspace_type": "all", "location_id": "{location_id}"}, page=30,
        rows="release_events", at="reservation_start_time",
        key=("workspace_id", "event_id"),
        holds="reservations that nobody came for",
        needs="Workspace Reservation; role with Workspaces: view",
    ),
    Stream(
        "visitor_invitations", "visitor/invitation", MEDIUM,
        ("visitor_management:read:list_invitations:admin", "visitor_management:read"),
        over=ALL_MOMENTS, params={"data_scope": "account"}, page=30, rows="invitations", at="start_time",
        key=("invitation_id",),
        holds="invited visitors",
        needs="Visitor Management",
    ),
)  # fmt: skip
