"""The tables of docs/which-streams.md: which streams answer which question, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable

from costs import cost_of, rounded
from pages import link, table

from tap_zoom.access import ancestors
from tap_zoom.streams import BY_NAME, ENRICHERS
from tap_zoom.streams.model import Stream

# From the least to the most restrictive, as written before " with" or "," in a stream's `requires`.
PLANS = ("any plan", "a paid plan", "Pro host", "Pro", "Business")

# By subject: questions and the streams that answer them, the cheapest option first.
CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "Meetings": (
        ("Which meetings took place: topic, host, start, duration, number of participants?", "history_meetings"),
        ("The same up to a year back, for meeting numbers that Zoom still has?", "report_meetings"),
        ("Who attended which meeting, and for how long?", "history_meetings report_meeting_participants"),
        ("Who attended, without Heavy requests for each meeting?", "past_meeting_participants"),
        ("Which meetings are scheduled?", "meetings"),
        ("Who registered for a meeting?", "meeting_registrants"),
        ("What did people answer in polls?", "meeting_poll_results"),
        ("What did people ask in Q&A?", "meeting_qna_results"),
        ("How good were audio and video?", "metrics_quality"),
    ),
    "Webinars": (
        ("Which webinars took place, and how many people came?", "report_webinars"),
        (
            "Who registered, attended, or didn't show up?",
            "webinar_registrants report_webinar_participants webinar_absentees",
        ),
        ("Where did registrants come from?", "webinar_tracking_sources"),
        ("What did attendees answer and ask?", "webinar_poll_results webinar_qna_results"),
    ),
    "People and licenses": (
        ("Who has an account, with which license and department, and when was the last sign-in?", "users"),
        ("The same, with manager, company and phone numbers?", "user_details"),
        ("Which licensed users host nothing?", "users history_meetings"),
        ("How many minutes did each host use, in total?", "report_users"),
        ("Who signed in when, from which client?", "report_activities"),
        ("What did administrators change?", "report_operation_logs"),
        ("Who is in which group or role?", "groups group_members roles role_members"),
    ),
    "Recordings, transcripts, summaries": (
        ("What is recorded, how large is it, and whose is it?", "recordings"),
        ("What was said, as one text for each meeting?", "meeting_transcripts"),
        ("What was said, line by line with times?", "meeting_transcript_cues"),
        ("What did AI Companion summarize, and which next steps did it list?", "meeting_summary_details"),
        ("How much cloud storage is used each day?", "report_cloud_recording"),
    ),
    "Phone, chat, rooms": (
        ("Which calls were made?", "phone_call_history"),
        ("How many calls does each queue miss?", "phone_call_queues phone_call_queue_analytics"),
        ("What do calls cost?", "phone_call_charges"),
        ("What is written in chats?", "chat_sessions chat_messages"),
        ("How active is each channel?", "chat_channel_activities"),
        ("Which Zoom Rooms are there, and which devices do they have?", "rooms room_devices"),
        ("How full are meeting rooms?", "metrics_zoomroom_meetings"),
    ),
    "Call quality": (
        ("Which participants of meetings had bad audio or video, by the minute?", "metrics_meeting_participants_qos"),
        ("The same, summarized for each participant?", "metrics_meeting_participants_qos_summary"),
        ("The same for webinars?", "metrics_webinar_participants_qos_summary"),
    ),
    "Contact Center": (
        ("Which conversations with customers were there, on which channel and queue?", "contact_center_engagements"),
        ("What happened in each, step by step?", "contact_center_engagements contact_center_engagement_events"),
        ("How does each queue perform?", "contact_center_dataset_queue_performance"),
        (
            "How does each agent perform, and when was each available?",
            "contact_center_dataset_agent_performance contact_center_agent_status_history",
        ),
        ("Which agents belong to which queue?", "contact_center_queues contact_center_queue_agents"),
        ("What did customers answer in surveys?", "contact_center_engagements contact_center_engagement_surveys"),
    ),
    "Events": (
        ("Which events and sessions are there?", "zoom_events zoom_event_sessions"),
        ("Who registered, with which ticket?", "zoom_event_registrants zoom_event_tickets"),
        ("Who attended an event, and which of its sessions?", "zoom_event_attendance zoom_event_session_attendance"),
    ),
    "Sales conversations (Revenue Accelerator)": (
        ("Which conversations were analyzed, with which result?", "zra_conversations zra_content_analysis"),
        ("How were they scored?", "zra_conversations zra_scorecards"),
        ("Which deals are there, and what happened in each?", "zra_deals zra_deal_activities"),
    ),
}


def tables() -> str:
    """Return a section for each subject."""
    lines: list[str] = []
    for subject, questions in CHOICES.items():
        lines += [f"## {subject}", "", table(HEAD, (row(question, names.split()) for question, names in questions)), ""]
    return "\n".join(lines).rstrip()


HEAD = ("Question", "Streams", "Requests: first sync", "each night", "Needs", "Scopes")


def row(question: str, names: list[str]) -> tuple[str, ...]:
    streams = [BY_NAME[name] for name in names]
    costs = [cost_of(stream) for stream in requested(streams)]
    return (
        question,
        ", ".join(link(stream, "streams/") for stream in streams),
        rounded(sum(cost.first for cost in costs)),
        rounded(sum(cost.nightly for cost in costs)),
        needs(requested(streams)),
        ", ".join(dict.fromkeys(scope_of(stream) for stream in requested(streams, older=True))),
    )


def needs(streams: Iterable[Stream]) -> str:
    """Return the combined requirements of streams: the strictest plan, add-ons, other conditions, role permissions."""
    plans: set[str] = set()
    addons: dict[str, None] = {}
    products: dict[str, None] = {}
    conditions: dict[str, None] = {}
    rights: dict[str, None] = {}
    for part in (part for stream in streams for part in stream.requires.split("; ") if part):
        if part.startswith("role with "):
            rights[part.removeprefix("role with ")] = None
            continue
        first, *more = part.split(", ")
        plan, _, addon = first.partition(" with ")
        if plan in PLANS:
            plans.add(plan)
            addons.update(dict.fromkeys(filter(None, addon.split(" and "))))
        else:
            products[first] = None
        conditions.update(dict.fromkeys(more))
    if products:
        plans.discard("any plan")
    plan = max(plans, key=PLANS.index, default="")
    plan = f"{plan} with {' and '.join(addons)}" if addons else plan
    role = f"role with {', '.join(rights)}" if rights else ""
    return "; ".join(filter(None, [", ".join(filter(None, [plan, *products, *conditions])), role]))


def scope_of(stream: Stream) -> str:
    return f"`{stream.granular}`" if stream.granular else f"`{stream.classic}` (classic apps only)"


def requested(streams: Iterable[Stream], older: bool = False) -> list[Stream]:
    """Return these streams and their ancestors. `older`: also those that lead to meetings older than six months."""
    names = {name for stream in streams for name in (stream.name, *ancestors(stream, older))}
    return [stream for stream in BY_NAME.values() if stream.name in names - ENRICHERS]
