"""The operations the simulator serves: path, rate label, scopes, documented parameters.

Types of parameters: text, int:<maximum>, date, flag, enum:a|b. Those that end with "!" are required.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Operation:
    """One GET operation."""

    template: str
    handler: str
    label: str
    classic: str
    granular: str
    parameters: dict[str, str] = field(default_factory=dict)
    # Largest page, if the list is paged.
    page: int | None = None
    # Fields next to the list of rows, besides next_page_token.
    envelope: tuple[str, ...] = ("page_size",)
    # next_page_token of the last page; None: the field is absent.
    last_token: str | None = ""
    # The stream that emits its rows, and its key; "" if the rows only lead to child streams.
    stream: str = ""
    key: tuple[str, ...] = ()
    # Further scopes that allow it.
    others: tuple[str, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """All scopes that allow this operation. Those for sub-accounts end with :master; the classic ones are one for
        each product, such as recording:master and report:master."""
        names = (self.classic, self.granular, *self.others)
        masters = [name.removesuffix(":admin") + ":master" for name in names]
        return (*names, *masters, f"{self.classic.split(':')[0]}:master")


_USER, _MEETING, _WEBINAR, _REPORT = "user:read", "meeting:read", "webinar:read", "report:read"
_FULL = ("page_count", "page_number", "page_size", "total_records")
_SOME = ("page_size", "total_records")
_STATUS = "enum:pending|approved|denied"
_NEEDED = "date!"


def _operation(
    template: str,
    handler: str,
    label: str,
    scope: str,
    granular: str,
    page: int | None = None,
    envelope: tuple[str, ...] = ("page_size",),
    last_token: str | None = "",
    *,
    makes: str = "",
    **parameters: str,
) -> Operation:
    """`makes`: the name of the stream and the fields of its key, separated by spaces."""
    if page is not None:
        parameters = {"page_size": f"int:{page}", "next_page_token": "text", **parameters}
    # from_ is the parameter from, which is a Python keyword.
    parameters = {name.rstrip("_"): kind for name, kind in parameters.items()}
    classic = f"{scope}:admin"
    stream, *key = makes.split() or [""]
    return Operation(
        template,
        handler,
        label,
        classic,
        f"{scope}:{granular}:admin",
        parameters,
        page,
        envelope,
        last_token,
        stream,
        tuple(key),
    )


OPERATIONS = (
    _operation(
        "/users",
        "users",
        "Medium",
        _USER,
        "list_users",
        2000,
        _FULL,
        makes="users id",
        page_number="text",
        status="enum:active|inactive|pending",
        role_id="text",
        include_fields="enum:custom_attributes|host_key",
        license="enum:zoom_workforce_management|zoom_compliance_management",
    ),
    _operation(
        "/users/{userId}",
        "user",
        "Light",
        _USER,
        "user",
        login_type="int:101",
        encrypted_email="flag",
        search_by_unique_id="flag",
    ),
    _operation(
        "/users/{userId}/meetings",
        "listed_meetings",
        "Medium",
        _MEETING,
        "list_meetings",
        300,
        _FULL,
        None,
        type="enum:scheduled|live|upcoming|upcoming_meetings|previous_meetings",
        page_number="int:99999",
        from_="date",
        to="date",
        timezone="text",
    ),
    _operation(
        "/users/{userId}/webinars",
        "listed_webinars",
        "Medium",
        _WEBINAR,
        "list_webinars",
        300,
        _FULL,
        type="enum:scheduled|upcoming",
        page_number="int:99999",
        include_events_webinar="flag",
    ),
    _operation(
        "/meetings/{meetingId}",
        "meeting",
        "Light",
        _MEETING,
        "meeting",
        makes="meetings id",
        occurrence_id="text",
        show_previous_occurrences="flag",
    ),
    _operation(
        "/meetings/{meetingId}/registrants",
        "meeting_registrants",
        "Medium",
        _MEETING,
        "list_registrants",
        300,
        _SOME,
        makes="meeting_registrants meeting_id id",
        occurrence_id="text",
        status=_STATUS,
        page_number="int:99999",
    ),
    _operation(
        "/meetings/{meetingId}/registrants/questions",
        "meeting_questions",
        "Light",
        _MEETING,
        "list_registration_questions",
        makes="meeting_questions meeting_id",
    ),
    _operation(
        "/meetings/{meetingId}/polls",
        "meeting_polls",
        "Light",
        _MEETING,
        "list_polls",
        makes="meeting_polls meeting_id id",
        anonymous="flag",
    ),
    _operation("/past_meetings/{meetingId}/instances", "meeting_instances", "Medium", _MEETING, "list_past_instances"),
    _operation(
        "/past_meetings/{meetingId}/polls",
        "meeting_poll_results",
        "Medium",
        _MEETING,
        "list_poll_results",
        makes="meeting_poll_results meeting_uuid respondent sequence",
    ),
    _operation(
        "/webinars/{webinarId}",
        "webinar",
        "Light",
        _WEBINAR,
        "webinar",
        makes="webinars id",
        occurrence_id="text",
        show_previous_occurrences="flag",
    ),
    _operation(
        "/webinars/{webinarId}/registrants",
        "webinar_registrants",
        "Medium",
        _WEBINAR,
        "list_registrants",
        300,
        _SOME,
        None,
        makes="webinar_registrants webinar_id id",
        occurrence_id="text",
        status=_STATUS,
        tracking_source_id="text",
        page_number="int:99999",
    ),
    _operation(
        "/webinars/{webinarId}/registrants/questions",
        "webinar_questions",
        "Light",
        _WEBINAR,
        "list_registration_questions",
        makes="webinar_questions webinar_id",
    ),
    _operation(
        "/webinars/{webinarId}/polls",
        "webinar_polls",
        "Light",
        _WEBINAR,
        "list_polls",
        makes="webinar_polls webinar_id id",
        anonymous="flag",
    ),
    _operation(
        "/webinars/{webinarId}/panelists",
        "webinar_panelists",
        "Medium",
        _WEBINAR,
        "list_panelists",
        makes="webinar_panelists webinar_id id",
    ),
    _operation(
        "/webinars/{webinarId}/tracking_sources",
        "webinar_tracking_sources",
        "Medium",
        _WEBINAR,
        "list_tracking_sources",
        makes="webinar_tracking_sources webinar_id id",
    ),
    _operation("/past_webinars/{webinarId}/instances", "webinar_instances", "Light", _WEBINAR, "list_past_instances"),
    _operation(
        "/past_webinars/{webinarId}/absentees",
        "webinar_absentees",
        "Heavy",
        _WEBINAR,
        "list_absentees",
        300,
        _FULL,
        None,
        makes="webinar_absentees webinar_uuid id",
        occurrence_id="text",
    ),
    _operation(
        "/past_webinars/{webinarId}/polls",
        "webinar_poll_results",
        "Medium",
        _WEBINAR,
        "list_past_polls",
        makes="webinar_poll_results webinar_uuid respondent sequence",
    ),
    _operation(
        "/past_webinars/{webinarId}/qa",
        "webinar_qna_results",
        "Medium",
        _WEBINAR,
        "past_qa",
        makes="webinar_qna_results webinar_uuid respondent sequence",
    ),
    _operation(
        "/report/history_meetings",
        "history",
        "Heavy",
        _REPORT,
        "list_history_meetings",
        300,
        from_=_NEEDED,
        to=_NEEDED,
        date_type="enum:start_time|end_time",
        meeting_type="enum:meeting|webinar|all",
        report_type="enum:all|poll|survey|qa|resource|reaction",
        search_key="text",
        group_id="text",
        meeting_feature="text",
    ),
    _operation(
        "/report/users/{userId}/meetings",
        "user_report",
        "Heavy",
        _REPORT,
        "user",
        300,
        _FULL,
        None,
        from_=_NEEDED,
        to=_NEEDED,
        type="enum:past|pastOne|pastJoined",
    ),
    _operation(
        "/report/meetings/{meetingId}",
        "report_meeting",
        "Heavy",
        _REPORT,
        "meeting",
        makes="report_meetings uuid",
    ),
    _operation(
        "/report/meetings/{meetingId}/participants",
        "report_meeting_participants",
        "Heavy",
        _REPORT,
        "list_meeting_participants",
        300,
        _SOME,
        makes="report_meeting_participants meeting_uuid user_id join_time sequence",
        include_fields="enum:registrant_id",
    ),
    _operation(
        "/report/webinars/{webinarId}",
        "report_webinar",
        "Heavy",
        _REPORT,
        "webinar",
        makes="report_webinars uuid",
    ),
    _operation(
        "/report/webinars/{webinarId}/participants",
        "report_webinar_participants",
        "Heavy",
        _REPORT,
        "list_webinar_participants",
        300,
        _SOME,
        None,
        makes="report_webinar_participants webinar_uuid user_id join_time sequence",
        include_fields="enum:registrant_id",
    ),
)

GRANULAR_SCOPES = tuple(dict.fromkeys(operation.granular for operation in OPERATIONS))
CLASSIC_SCOPES = tuple(dict.fromkeys(operation.classic for operation in OPERATIONS))


class Routes:
    """Finds the operation of a raw path. As in Zoom, paths are split at "/" before they are decoded."""

    def __init__(self, operations: Iterable[Operation] = OPERATIONS) -> None:
        self._by_length: dict[int, list[tuple[Operation, list[str]]]] = {}
        # Paths without variables come first: /users/summary isn't a user.
        for operation in sorted(operations, key=lambda operation: "{" in operation.template):
            parts = operation.template.split("/")[1:]
            self._by_length.setdefault(len(parts), []).append((operation, parts))

    def find(self, raw: str) -> tuple[Operation, str] | None:
        """Return the operation and the raw variable part of the path ("" if it has none), or None."""
        segments = raw.split("/")[1:]
        for operation, parts in self._by_length.get(len(segments), ()):
            variable = ""
            for part, segment in zip(parts, segments, strict=True):
                if part[0] == "{":
                    variable = segment
                elif part != segment:
                    break
            else:
                if variable or "{" not in operation.template:
                    return operation, variable
        return None
