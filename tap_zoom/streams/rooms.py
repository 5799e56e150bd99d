"""Zoom Rooms, workspaces and visitors.

Source: https://developers.zoom.us/docs/api/rooms/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import AHEAD, ALL_MOMENTS, RELEASES
from tap_zoom.streams.model import MEDIUM, Entity, Link, Stream, each
from tap_zoom.streams.refusals import LOCATION_NOT_FOUND, ROOM_NOT_FOUND

ROOM = Entity("room", {"room_id": str})
LOCATION = Entity("location", {"location_id": str})
WORKSPACE = Entity("workspace", {"workspace_id": str})

STREAMS = (
    Stream(
        "rooms", "rooms", MEDIUM, ("zoom_rooms:read:list_rooms:admin", "room:read:admin"),
        variants=each("unassigned_rooms", "false", "true"), page_size=300, records="rooms",
        links=(Link(ROOM, {"room_id": "id"}),),
        key=("id",),
        description="Zoom Rooms",
        requires="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_details", "rooms/{room_id}", MEDIUM, ("zoom_rooms:read:room:admin", "room:read:admin"),
        parent=ROOM, empty_answers=(ROOM_NOT_FOUND,),
        key=("room_id",), context_columns=("room_id",),
        description="all details of a room: type, capacity, calendar, check-in",
        requires="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_devices", "rooms/{room_id}/devices", MEDIUM, ("zoom_rooms:read:list_devices:admin", "room:read:admin"),
        parent=ROOM, records="devices",
        key=("room_id", "id"), context_columns=("room_id",),
        description="devices in a room",
        requires="Zoom Rooms; role with Zoom Rooms: view",
        overlaps="`devices` has all devices that Zoom manages; this stream has the devices of each room.",
    ),
    Stream(
        "room_sensor_data", "rooms/{room_id}/sensor_data", MEDIUM,
        ("zoom_rooms:read:sensor_data:admin", "room:read:admin"),
        parent=ROOM, date_range=ALL_MOMENTS, page_size=300, records="sensor_data", replication_key="date_time",
        empty_answers=(ROOM_NOT_FOUND,),
        key=("room_id", "device_id", "sensor_type", "date_time", "sequence"), context_columns=("room_id", "sequence"),
        description="measurements of a room's sensors",
        requires="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_locations", "rooms/locations", MEDIUM, ("zoom_rooms:read:list_locations:admin", "room:read:admin"),
        page_size=300, records="locations", links=(Link(LOCATION, {"location_id": "id"}),),
        key=("id",),
        description="locations of rooms, as a tree from countries to floors",
        requires="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "room_location_details", "rooms/locations/{location_id}", MEDIUM,
        ("zoom_rooms:read:location:admin", "room:read:admin"),
        parent=LOCATION, empty_answers=(LOCATION_NOT_FOUND,),
        key=("location_id",), context_columns=("location_id",),
        description="all details of a location: address, time zone",
        requires="Zoom Rooms; role with Zoom Rooms: view",
    ),
    Stream(
        "workspaces", "workspaces", MEDIUM, ("workspace:read:list_workspaces:admin", "workspace:read:admin"),
        parent=LOCATION, params={"location_id": "{location_id}"},
        variants=({}, *each("workspace_type", "commonWorkspace")),
        page_size=30, records="workspaces", links=(Link(WORKSPACE, {"workspace_id": "id"}),),
        key=("id",),
        description="desks and other places that can be reserved",
        requires="Workspace Reservation; role with Workspaces: view",
    ),
    Stream(
        "workspace_reservations", "workspaces/{workspace_id}/reservations", MEDIUM,
        ("workspace:read:list_reservations:admin", "workspace:read:admin"),
        parent=WORKSPACE, date_range=AHEAD, records="reservations", replication_key="start_time",
        key=("workspace_id", "id"), context_columns=("workspace_id",),
        description="reservations of a workspace, up to two weeks ahead",
        requires="Workspace Reservation; role with Workspaces: view",
    ),
    Stream(
        "workspace_release_events", "workspaces/released_workspaces_by_timeout", MEDIUM,
        ("zoom_rooms:read:list_release_infos:admin", "workspace:read:admin", "room:read:admin"),
        parent=LOCATION, date_range=RELEASES, params={"workspace_type": "all", "location_id": "{location_id}"},
        page_size=30,
        records="release_events", replication_key="reservation_start_time",
        key=("workspace_id", "event_id"),
        description="reservations that were released because nobody checked in",
        requires="Workspace Reservation; role with Workspaces: view",
    ),
    Stream(
        "visitor_invitations", "visitor/invitation", MEDIUM,
        ("visitor_management:read:list_invitations:admin", "visitor_management:read"),
        date_range=ALL_MOMENTS, params={"data_scope": "account"}, page_size=30, records="invitations",
        replication_key="start_time",
        key=("invitation_id",),
        description="invited visitors",
        requires="Visitor Management",
    ),
)  # fmt: skip
