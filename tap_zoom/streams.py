"""The part of Zoom's API that this tap reads, as one table: parents before children.

To add a stream, add an entry here and a file in ``schemas/`` (CONTRIBUTING.md shows how).
Facts are Zoom's own: path, rate limit label, scopes and refusals stand on the page of the operation
at https://developers.zoom.us/docs/api/meetings/ and https://developers.zoom.us/docs/api/users/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Label(str, Enum):
    """Zoom counts requests per label and account, across endpoints; the values are those of X-RateLimit-Category."""

    LIGHT = "Light"
    MEDIUM = "Medium"
    HEAVY = "Heavy"
    RESOURCE_INTENSIVE = "Resource-intensive"


class Thing(str, Enum):
    """What an account holds and other requests hang on: each is asked about by its own kind of id."""

    ACCOUNT = "account"
    USER = "user"
    MEETING = "meeting"  # a scheduled number
    WEBINAR = "webinar"
    PAST_MEETING = "past meeting"  # an occurrence that was held, by UUID
    PAST_WEBINAR = "past webinar"

    @property
    def kind(self) -> str:
        """What its ids are named after: meeting_id, meeting_uuid, webinar_id, webinar_uuid."""
        return self.value.removeprefix("past ")


@dataclass(frozen=True, slots=True)
class Nothing:
    """A refusal that means "nothing here": Zoom's way to say that a list is empty or a thing is gone.

    `code` None stands for an answer without a Zoom code. The codes 200, 300 and 3000 are each used for unrelated
    things, so their message has to match `says` as well.
    """

    status: int
    code: int | None
    says: re.Pattern[str] | None = None

    def matches(self, status: int, code: int | None, message: str) -> bool:
        # An error body also comes under HTTP 200.
        if code != self.code or (status != self.status and not (status == 200 and code is not None)):
            return False
        return self.says is None or bool(self.says.search(message))


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_REAL_300 = r"^(?!.*(page.?token|validation failed|invalid parameter))"
# The first day asked for is out of reach: Zoom documents "Invalid parameter: {0}" and no words for it.
TOO_EARLY = Nothing(400, 300, _says(r"^(?!.*page.?token)"))
NO_USER = Nothing(404, 1001)
NO_INVITATION = Nothing(400, 1120)
MAY_NOT_HOST = Nothing(400, 3161)
GONE = Nothing(404, 3001)
WRONG_KIND = Nothing(
    400,
    300,
    _says(_REAL_300 + r".*(\bid\b|(meeting|webinar)id\b|can ?not access|registration|does not exist|not found|month)"),
)
NOT_ENABLED = Nothing(400, 3000, _says(r"not (been )?enabled|registration|survey|cannot access|can not access"))
NO_REGISTRATION = Nothing(404, 404)
NO_POLL = Nothing(404, 404)
POLLS_OFF = Nothing(400, 4400)
TOO_OLD = Nothing(400, 12702)
NEVER_HELD = Nothing(404, None)
# The add-on that one user lacks. "No permission" carries the same code and is about the role of who logged in.
NO_WEBINAR_PLAN = Nothing(400, 200, _says(r"^(?!.*no permission).*(webinar plan|webinar.*subscri|subscri.*webinar)"))
NOT_PAID = Nothing(400, 200, _says(r"^(?!.*no permission).*(plan|subscri|paid)"))

# A user or a meeting that belongs to another account, wherever it is met (401 here is not about the token).
OTHER_ACCOUNT = (Nothing(400, 1010), Nothing(401, 1010), Nothing(404, 1010))


@dataclass(frozen=True, slots=True)
class Stream:
    """One GET operation, and the Singer stream it fills.

    An entry without `key` is never emitted: it only finds the things that others are asked about.
    """

    name: str
    path: str  # below /v2; {placeholders} are filled from the parent's ids
    parent: Thing
    label: Label
    classic: str  # scope names, as admin; the :master ones do as well
    granular: str
    records: str | None = None  # the answer's list of rows; None: the answer is the one record
    key: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()  # columns of ours: ids of the parent, and what the key needs besides
    paged: bool = False
    params: dict[str, str] = field(default_factory=dict)
    asks: tuple[dict[str, str], ...] = ({},)  # the same question once with each of these parameters
    finds: tuple[Thing, ...] = ()
    windows: bool = False  # asked for days, `from` and `to`
    too_early: Nothing | None = None  # how it refuses days that are out of reach
    made: Mapping[str, Callable[[Mapping[str, Any]], object]] = field(default_factory=dict)  # columns made of a row
    lookup: str = ""  # the stream that finds a key which rows of this one lack
    fallback: str = ""  # the stream to ask where the account refuses this one
    nothing: tuple[Nothing, ...] = ()
    envelope: tuple[str, ...] = ()  # fields that stand beside the list and belong to each of its rows
    secret: tuple[str, ...] = ()  # fields that let one log in: not selected by default
    needs: str = ""  # plan, add-on and role, in words
    keeps: str = ""  # how far back Zoom answers, in words

    def __post_init__(self) -> None:
        object.__setattr__(self, "nothing", self.nothing + OTHER_ACCOUNT)

    @property
    def emitted(self) -> bool:
        return bool(self.key)

    def allowed_by(self, scopes: frozenset[str]) -> bool:
        """Whether a token with these scopes may ask: the classic or the granular name, as :admin or as :master."""
        masters = {name.removesuffix(":admin") + ":master" for name in (self.classic, self.granular)}
        return not scopes.isdisjoint({self.classic, self.granular, *masters})


def respondent(row: Mapping[str, Any]) -> str:
    """Who answered a poll or asked a question: guests have no e-mail, and anonymous people no name either."""
    for name in ("email", "name"):
        value = row.get(name)
        if value not in (None, ""):
            return str(value)
    return "anonymous"


WEBINAR_TYPES = (5, 6, 9)  # as report/users/{id}/meetings numbers them
_REGISTRANT_STATUSES = ({"status": "approved"}, {"status": "pending"}, {"status": "denied"})

STREAMS: tuple[Stream, ...] = (
    # --- who is there -------------------------------------------------------------------------------------
    Stream(
        "users", "users", Thing.ACCOUNT, Label.MEDIUM,
        "user:read:admin", "user:read:list_users:admin",
        records="users", key=("id",), paged=True, finds=(Thing.USER,),
        params={"include_fields": "custom_attributes"},
        asks=({"status": "active"}, {"status": "inactive"}, {"status": "pending"}),
        lookup="user_lookup", secret=("host_key",),
        needs="any plan; role with User: view", keeps="while the user is in the account",
    ),
    # A pending user has no id in the list; asked for by e-mail it has.
    Stream(
        "user_lookup", "users/{email}", Thing.USER, Label.LIGHT,
        "user:read:admin", "user:read:user:admin",
        nothing=(NO_USER, NO_INVITATION),
    ),
    # --- what is scheduled, by number ---------------------------------------------------------------------
    Stream(
        "user_meetings", "users/{user_id}/meetings", Thing.USER, Label.MEDIUM,
        "meeting:read:admin", "meeting:read:list_meetings:admin",
        records="meetings", paged=True, finds=(Thing.MEETING,),
        nothing=(NO_USER, MAY_NOT_HOST),
    ),
    Stream(
        "meetings", "meetings/{meeting_id}", Thing.MEETING, Label.LIGHT,
        "meeting:read:admin", "meeting:read:meeting:admin",
        key=("id",), params={"show_previous_occurrences": "true"}, secret=("start_url",),
        # 3161 is about the host, who may not schedule any more; the meetings of such a user are not listed either.
        nothing=(GONE, NOT_ENABLED, WRONG_KIND, MAY_NOT_HOST),
        needs="any plan", keeps="30 days after the number's last use",
    ),
    Stream(
        "meeting_registrants", "meetings/{meeting_id}/registrants", Thing.MEETING, Label.MEDIUM,
        "meeting:read:admin", "meeting:read:list_registrants:admin",
        records="registrants", key=("meeting_id", "id"), adds=("meeting_id",), paged=True,
        asks=_REGISTRANT_STATUSES,
        nothing=(GONE, WRONG_KIND, NO_REGISTRATION, MAY_NOT_HOST, NOT_ENABLED),
        needs="Pro host, registration on", keeps="as meetings",
    ),
    Stream(
        "meeting_questions", "meetings/{meeting_id}/registrants/questions", Thing.MEETING, Label.LIGHT,
        "meeting:read:admin", "meeting:read:list_registration_questions:admin",
        key=("meeting_id",), adds=("meeting_id",),
        nothing=(GONE, NOT_ENABLED, WRONG_KIND, MAY_NOT_HOST),
        needs="Pro host, registration on", keeps="as meetings",
    ),
    Stream(
        "meeting_polls", "meetings/{meeting_id}/polls", Thing.MEETING, Label.LIGHT,
        "meeting:read:admin", "meeting:read:list_polls:admin",
        records="polls", key=("meeting_id", "id"), adds=("meeting_id",),
        nothing=(POLLS_OFF, NO_POLL, GONE, MAY_NOT_HOST),
        needs="Pro host", keeps="as meetings",
    ),
    Stream(
        "meeting_instances", "past_meetings/{meeting_id}/instances", Thing.MEETING, Label.MEDIUM,
        "meeting:read:admin", "meeting:read:list_past_instances:admin",
        records="meetings", finds=(Thing.PAST_MEETING,),
        nothing=(GONE,),
    ),
    Stream(
        "user_webinars", "users/{user_id}/webinars", Thing.USER, Label.MEDIUM,
        "webinar:read:admin", "webinar:read:list_webinars:admin",
        records="webinars", paged=True, finds=(Thing.WEBINAR,),
        nothing=(NO_USER, NOT_PAID),
    ),
    Stream(
        "webinars", "webinars/{webinar_id}", Thing.WEBINAR, Label.LIGHT,
        "webinar:read:admin", "webinar:read:webinar:admin",
        key=("id",), params={"show_previous_occurrences": "true"}, secret=("start_url",),
        nothing=(GONE, WRONG_KIND, NO_WEBINAR_PLAN),
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_registrants", "webinars/{webinar_id}/registrants", Thing.WEBINAR, Label.MEDIUM,
        "webinar:read:admin", "webinar:read:list_registrants:admin",
        records="registrants", key=("webinar_id", "id"), adds=("webinar_id",), paged=True,
        asks=_REGISTRANT_STATUSES,
        nothing=(GONE, WRONG_KIND, NOT_ENABLED, NOT_PAID),
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_panelists", "webinars/{webinar_id}/panelists", Thing.WEBINAR, Label.MEDIUM,
        "webinar:read:admin", "webinar:read:list_panelists:admin",
        records="panelists", key=("webinar_id", "id"), adds=("webinar_id",),
        nothing=(GONE, WRONG_KIND, NOT_PAID),
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_questions", "webinars/{webinar_id}/registrants/questions", Thing.WEBINAR, Label.LIGHT,
        "webinar:read:admin", "webinar:read:list_registration_questions:admin",
        key=("webinar_id",), adds=("webinar_id",),
        nothing=(GONE, NOT_ENABLED, WRONG_KIND, NOT_PAID),
        needs="Pro with the webinar add-on, registration on", keeps="as meetings",
    ),
    Stream(
        "webinar_polls", "webinars/{webinar_id}/polls", Thing.WEBINAR, Label.LIGHT,
        "webinar:read:admin", "webinar:read:list_polls:admin",
        records="polls", key=("webinar_id", "id"), adds=("webinar_id",),
        nothing=(GONE, POLLS_OFF, WRONG_KIND, NOT_PAID),
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_tracking_sources", "webinars/{webinar_id}/tracking_sources", Thing.WEBINAR, Label.MEDIUM,
        "webinar:read:admin", "webinar:read:list_tracking_sources:admin",
        records="tracking_sources", key=("webinar_id", "id"), adds=("webinar_id",),
        nothing=(GONE, WRONG_KIND, NOT_PAID),
        needs="Pro with the webinar add-on, registration on", keeps="as meetings",
    ),
    Stream(
        "webinar_instances", "past_webinars/{webinar_id}/instances", Thing.WEBINAR, Label.LIGHT,
        "webinar:read:admin", "webinar:read:list_past_instances:admin",
        records="webinars", finds=(Thing.PAST_WEBINAR,),
        nothing=(WRONG_KIND, NEVER_HELD, GONE, NO_WEBINAR_PLAN),
    ),
    # --- what was held, by UUID: each occurrence of the last six months, of the whole account ---------------
    Stream(
        "history_meetings", "report/history_meetings", Thing.ACCOUNT, Label.HEAVY,
        "report:read:admin", "report:read:list_history_meetings:admin",
        records="history_meetings", paged=True, finds=(Thing.PAST_MEETING, Thing.PAST_WEBINAR), windows=True,
        # Zoom names no default of the two.
        params={"meeting_type": "all", "report_type": "all"},
        fallback="user_past_meetings", too_early=TOO_EARLY,
    ),
    # Takes the place of history_meetings where the account refuses that.
    Stream(
        "user_past_meetings", "report/users/{user_id}/meetings", Thing.USER, Label.HEAVY,
        "report:read:admin", "report:read:user:admin",
        records="meetings", paged=True, finds=(Thing.PAST_MEETING, Thing.PAST_WEBINAR), windows=True,
        asks=({"type": "past"}, {"type": "pastOne"}),  # two or more people; one person
        nothing=(NO_USER,), too_early=TOO_EARLY,
    ),
    Stream(
        "report_meetings", "report/meetings/{meeting_uuid}", Thing.PAST_MEETING, Label.HEAVY,
        "report:read:admin", "report:read:meeting:admin",
        key=("uuid",),
        nothing=(GONE, NO_USER, TOO_OLD, WRONG_KIND),
        needs="Pro; role with Usage Reports: view", keeps="one year",
    ),
    Stream(
        "report_meeting_participants", "report/meetings/{meeting_uuid}/participants", Thing.PAST_MEETING, Label.HEAVY,
        "report:read:admin", "report:read:list_meeting_participants:admin",
        records="participants", key=("meeting_uuid", "user_id", "join_time", "sequence"),
        adds=("meeting_uuid", "meeting_id", "sequence"), paged=True,
        params={"include_fields": "registrant_id"},
        nothing=(GONE, TOO_OLD, WRONG_KIND),
        needs="Pro; role with Usage Reports: view", keeps="one year",
    ),
    Stream(
        "meeting_poll_results", "past_meetings/{meeting_uuid}/polls", Thing.PAST_MEETING, Label.MEDIUM,
        "meeting:read:admin", "meeting:read:list_poll_results:admin",
        records="questions", key=("meeting_uuid", "respondent", "sequence"),
        adds=("meeting_uuid", "meeting_id", "respondent", "sequence"), envelope=("start_time",),
        made={"respondent": respondent},
        nothing=(TOO_OLD, GONE),
        needs="Pro host", keeps="one year",
    ),
    Stream(
        "report_webinars", "report/webinars/{webinar_uuid}", Thing.PAST_WEBINAR, Label.HEAVY,
        "report:read:admin", "report:read:webinar:admin",
        key=("uuid",),
        nothing=(GONE, TOO_OLD, WRONG_KIND, NO_WEBINAR_PLAN),
        needs="Pro with the webinar add-on; role with Usage Reports: view", keeps="one year",
    ),
    Stream(
        "report_webinar_participants", "report/webinars/{webinar_uuid}/participants", Thing.PAST_WEBINAR, Label.HEAVY,
        "report:read:admin", "report:read:list_webinar_participants:admin",
        records="participants", key=("webinar_uuid", "user_id", "join_time", "sequence"),
        adds=("webinar_uuid", "webinar_id", "sequence"), paged=True,
        params={"include_fields": "registrant_id"},
        nothing=(GONE, TOO_OLD, WRONG_KIND, NO_WEBINAR_PLAN),
        needs="Pro with the webinar add-on; role with Usage Reports: view", keeps="six months to one year",
    ),
    Stream(
        "webinar_absentees", "past_webinars/{webinar_uuid}/absentees", Thing.PAST_WEBINAR, Label.HEAVY,
        "webinar:read:admin", "webinar:read:list_absentees:admin",
        records="registrants", key=("webinar_uuid", "id"), adds=("webinar_uuid", "webinar_id"), paged=True,
        nothing=(GONE, NOT_ENABLED, WRONG_KIND, TOO_OLD, NO_WEBINAR_PLAN),
        needs="Pro with the webinar add-on, registration on", keeps="not stated",
    ),
    Stream(
        "webinar_poll_results", "past_webinars/{webinar_uuid}/polls", Thing.PAST_WEBINAR, Label.MEDIUM,
        "webinar:read:admin", "webinar:read:list_past_polls:admin",
        records="questions", key=("webinar_uuid", "respondent", "sequence"),
        adds=("webinar_uuid", "webinar_id", "respondent", "sequence"), envelope=("start_time",),
        made={"respondent": respondent},
        nothing=(GONE, TOO_OLD, NO_WEBINAR_PLAN),
        needs="Pro with the webinar add-on", keeps="not stated",
    ),
    Stream(
        "webinar_qna_results", "past_webinars/{webinar_uuid}/qa", Thing.PAST_WEBINAR, Label.MEDIUM,
        "webinar:read:admin", "webinar:read:past_qa:admin",
        records="questions", key=("webinar_uuid", "respondent", "sequence"),
        adds=("webinar_uuid", "webinar_id", "respondent", "sequence"), envelope=("start_time",),
        made={"respondent": respondent},
        nothing=(GONE, TOO_OLD, NO_WEBINAR_PLAN),
        needs="Pro with the webinar add-on", keeps="not stated",
    ),
)  # fmt: skip

BY_NAME: dict[str, Stream] = {stream.name: stream for stream in STREAMS}
EMITTED: tuple[Stream, ...] = tuple(stream for stream in STREAMS if stream.emitted)


FALLBACKS = frozenset(stream.fallback for stream in STREAMS if stream.fallback)
LOOKUPS = frozenset(stream.lookup for stream in STREAMS if stream.lookup)


def about(thing: Thing, names: Iterable[str]) -> tuple[Stream, ...]:
    """The streams among `names` that are asked about such a thing, in the table's order."""
    wanted = set(names)
    return tuple(stream for stream in STREAMS if stream.parent is thing and stream.name in wanted)


def finders(thing: Thing) -> tuple[Stream, ...]:
    """The streams whose rows lead to such things; a fallback only takes another one's place."""
    return tuple(stream for stream in STREAMS if thing in stream.finds and stream.name not in FALLBACKS)


def found_in(stream: Stream, row: Any, ids: Mapping[str, Any]) -> tuple[Thing, dict[str, Any]] | None:
    """The thing that a row leads to, and the ids to ask about it with; None for a row without an id.

    Occurrences also have a `start_time`. Only history_meetings and report/users say which kind a row is: the one in
    words, the other as a type (5, 6 and 9 are webinars).
    """
    if Thing.USER in stream.finds:
        user_id = text(row.get("id"))
        return (Thing.USER, {"user_id": user_id}) if user_id else None
    uuid = row.get("meeting_uuid") or row.get("uuid")
    if Thing.MEETING in stream.finds or Thing.WEBINAR in stream.finds:
        number = integer(row.get("id"))
        thing = stream.finds[0]
        return (thing, {f"{thing.kind}_id": number}) if number is not None else None
    if not isinstance(uuid, str) or not uuid:
        return None
    thing = stream.finds[0]
    if len(stream.finds) > 1:
        webinar = integer(row.get("type")) in WEBINAR_TYPES or str(row.get("type")).lower() == "webinar"
        thing = Thing.PAST_WEBINAR if webinar else Thing.PAST_MEETING
    number = ids.get(f"{thing.kind}_id", integer(row.get("meeting_id", row.get("id"))))
    return thing, {f"{thing.kind}_uuid": uuid, f"{thing.kind}_id": number, "start_time": row.get("start_time")}


def text(value: object) -> str | None:
    """An id in words: Zoom's are strings; one that comes as an integer is spelled as the record spells it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def integer(value: object) -> int | None:
    """A meeting number: Zoom sends it as an integer, in places as a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
