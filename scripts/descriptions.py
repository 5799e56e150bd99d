"""What each stream holds and what joins to what, in words: for the documentation and the demo.

Everything else in the documentation is read from the code. update_readme.py checks that every stream is here and that
every column named here is in a schema.
"""

HOLDS: dict[str, str] = {
    "users": "people of the account: active, inactive and pending",
    "meetings": "scheduled meetings, a series once, with settings and occurrences",
    "meeting_registrants": "who registered for a meeting: approved, pending and denied",
    "meeting_questions": "what a meeting's registration form asks",
    "meeting_polls": "polls prepared for a meeting",
    "webinars": "scheduled webinars, a series once, with settings and occurrences",
    "webinar_registrants": "who registered for a webinar: approved, pending and denied",
    "webinar_panelists": "who was invited to speak at a webinar",
    "webinar_questions": "what a webinar's registration form asks",
    "webinar_polls": "polls prepared for a webinar",
    "webinar_tracking_sources": "links that bring registrants, with their counts",
    "report_meetings": "meetings held, each occurrence: when, how long, how many people",
    "report_meeting_participants": "who was in a meeting, a row for each time somebody joined",
    "meeting_poll_results": "poll answers in a meeting, a row for each respondent",
    "report_webinars": "webinars held, each occurrence: when, how long, how many people",
    "report_webinar_participants": "who was in a webinar, a row for each time somebody joined",
    "webinar_absentees": "who registered for a webinar and did not come",
    "webinar_poll_results": "poll answers in a webinar, a row for each respondent",
    "webinar_qna_results": "questions asked in a webinar, a row for each asker",
}

# stream, its column, the other stream, its column, and what to know about it.
JOINS: tuple[tuple[str, str, str, str, str], ...] = (
    ("meetings", "host_id", "users", "id", ""),
    ("webinars", "host_id", "users", "id", ""),
    ("meeting_registrants", "meeting_id", "meetings", "id", ""),
    ("meeting_questions", "meeting_id", "meetings", "id", ""),
    ("meeting_polls", "meeting_id", "meetings", "id", ""),
    ("webinar_registrants", "webinar_id", "webinars", "id", ""),
    ("webinar_panelists", "webinar_id", "webinars", "id", ""),
    ("webinar_questions", "webinar_id", "webinars", "id", ""),
    ("webinar_polls", "webinar_id", "webinars", "id", ""),
    ("webinar_tracking_sources", "webinar_id", "webinars", "id", ""),
    ("report_meetings", "id", "meetings", "id", "while Zoom knows the number; instant meetings have none"),
    ("report_meetings", "user_email", "users", "email", "the host; one who left the account has no user"),
    ("report_webinars", "id", "webinars", "id", "while Zoom knows the number"),
    ("report_webinars", "user_email", "users", "email", "the host; one who left the account has no user"),
    ("report_meeting_participants", "meeting_uuid", "report_meetings", "uuid", ""),
    ("report_meeting_participants", "participant_user_id", "users", "id", "empty for guests"),
    ("report_meeting_participants", "registrant_id", "meeting_registrants", "id", "empty without registration"),
    ("meeting_poll_results", "meeting_uuid", "report_meetings", "uuid", ""),
    ("report_webinar_participants", "webinar_uuid", "report_webinars", "uuid", ""),
    ("report_webinar_participants", "participant_user_id", "users", "id", "empty for guests"),
    ("report_webinar_participants", "registrant_id", "webinar_registrants", "id", "empty without registration"),
    ("webinar_absentees", "webinar_uuid", "report_webinars", "uuid", ""),
    ("webinar_absentees", "id", "webinar_registrants", "id", ""),
    ("webinar_poll_results", "webinar_uuid", "report_webinars", "uuid", ""),
    ("webinar_qna_results", "webinar_uuid", "report_webinars", "uuid", ""),
)
