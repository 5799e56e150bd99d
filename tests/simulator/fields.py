"""The documented fields of Zoom's answers: one table per kind of record.

A table maps each field to a word for its declared type and the form of its simulated values:

    text, id, url, email, zip, phone, date (RFC 3339), int, big, flag, one:a|b|c (string), int:1|2|3 (integer),
    number, uuid (of an occurrence), moment and day (times that Zoom declares as plain strings)

A dict is an object, and a list of one element is an array of such elements. For example, a meeting with a number, a
type that is 2 or 8, and a list of tracking fields:

    {"id": "big", "type": "int:2|8", "tracking_fields": [{"field": "text", "value": "text"}]}

`making` makes values from a table, and `conversion` reads the declared types from it.
"""

from __future__ import annotations

from .scheduled_fields import MEETING as MEETING
from .scheduled_fields import WEBINAR as WEBINAR
from .scheduled_fields import Fields

_LICENSES = [
    {
        "license_type": "one:MEETING|ZOOM_WORKPLACE_BUNDLE",
        "license_option": "int:2|16|128|33554432|1073741824|576460752303423488",
        "subscription_id": "id",
    }
]
_ATTRIBUTES = [{"key": "id", "name": "text", "value": "text"}]

USER: Fields = {
    "user_created_at": "date",
    "created_at": "date",
    "custom_attributes": _ATTRIBUTES,
    "dept": "text",
    "email": "email",
    "employee_unique_id": "id",
    "first_name": "text",
    "group_ids": ["id"],
    "division_ids": ["id"],
    "host_key": "zip",
    "id": "id",
    "im_group_ids": ["id"],
    "last_client_version": "text",
    "last_login_time": "date",
    "last_name": "text",
    "plan_united_type": "one:1|2|4|8|512|2048",
    "pmi": "big",
    "role_id": "one:0|1|2",
    "status": "one:active|inactive|pending",
    "timezone": "one:Asia/Shanghai|Europe/Paris|America/Los_Angeles|America/New_York",
    "type": "int:1|2|2|2|2|4|99",
    "verified": "int:0|1",
    "display_name": "text",
    "license_info_list": _LICENSES,
}

# The answer about one user. The stream `users` requests it only for the id of a pending user.
USER_DETAIL: Fields = {
    **{name: kind for name, kind in USER.items() if name != "host_key"},
    "role_name": "text",
    "use_pmi": "flag",
    "account_id": "id",
    "account_number": "big",
    "cms_user_id": "id",
    "company": "text",
    "jid": "email",
    "job_title": "text",
    "cost_center": "text",
    "language": "one:en-US|fr-FR",
    "location": "text",
    "login_types": ["int:1|100|101"],
    "manager": "email",
    "personal_meeting_url": "url",
    "phone_country": "one:US|FR",
    "phone_number": "phone",
    "phone_numbers": [
        {
            "code": "one:+1|+33",
            "country": "one:US|FR",
            "label": "one:Mobile|Office",
            "number": "phone",
            "verified": "flag",
        }
    ],
    "pic_url": "url",
    "pronouns": "text",
    "pronouns_option": "int:1|2|3",
    "vanity_url": "url",
    "cluster": "one:us04|eu01",
    "zoom_one_type": "int:16|64",
}

MEETING_ROW: Fields = {
    "agenda": "text",
    "created_at": "date",
    "duration": "int",
    "host_id": "id",
    "id": "big",
    "join_url": "url",
    "pmi": "zip",
    "start_time": "date",
    "timezone": "one:Asia/Shanghai|Europe/Paris",
    "topic": "text",
    "type": "int:2|3|8",
    "uuid": "id",
}
WEBINAR_ROW: Fields = {
    **{name: kind for name, kind in MEETING_ROW.items() if name != "pmi"},
    "type": "int:5|6|9",
    "is_simulive": "flag",
}

_TRACKING = [{"field": "text", "value": "text"}]

ABSENTEE: Fields = {
    "id": "id",
    "address": "text",
    "city": "text",
    "comments": "text",
    "country": "one:US|FR",
    "custom_questions": [{"title": "text", "value": "text"}],
    "email": "email",
    "first_name": "text",
    "industry": "text",
    "job_title": "text",
    "last_name": "text",
    "no_of_employees": "one:|1-20|501-1,000|More than 10,000",
    "org": "text",
    "phone": "phone",
    "purchasing_time_frame": "one:|Within a month|1-3 months|No timeframe",
    "role_in_purchase_process": "one:|Decision Maker|Influencer|Not involved",
    "state": "text",
    "status": "one:approved|denied|pending",
    "zip": "zip",
    "create_time": "date",
    "join_url": "url",
}
WEBINAR_REGISTRANT: Fields = ABSENTEE
MEETING_REGISTRANT: Fields = {**ABSENTEE, "participant_pin_code": "big"}

_FIELD_NAMES = "one:last_name|address|city|country|zip|state|org|comments"
MEETING_QUESTIONS: Fields = {
    "custom_questions": [{"answers": ["text"], "required": "flag", "title": "text", "type": "one:short|single"}],
    "questions": [{"field_name": _FIELD_NAMES, "required": "flag"}],
}
WEBINAR_QUESTIONS: Fields = {
    "custom_questions": [
        {
            "answers": ["text"],
            "required": "flag",
            "title": "text",
            "type": "one:short|single_radio|single_dropdown|multiple",
        }
    ],
    "questions": [{"field_name": _FIELD_NAMES, "required": "flag"}],
}

POLL: Fields = {
    "id": "id",
    "status": "one:notstart|started|ended|sharing|deactivated",
    "anonymous": "flag",
    "poll_type": "int:1|2|3",
    "questions": [
        {
            "answer_max_character": "int",
            "answer_min_character": "int",
            "answer_required": "flag",
            "answers": ["text"],
            "case_sensitive": "flag",
            "name": "one:How useful was this session?|What should we cover next?|Did the time suit you?|How is your week?",
            "prompts": [{"prompt_question": "text", "prompt_right_answers": ["text"]}],
            "rating_max_label": "text",
            "rating_max_value": "int",
            "rating_min_label": "text",
            "rating_min_value": "int:0|1",
            "right_answers": ["text"],
            "show_as_dropdown": "flag",
            "type": "one:single|multiple|matching|rank_order|short_answer|long_answer",
        }
    ],
    "title": "text",
}

PANELIST: Fields = {
    "id": "id",
    "email": "email",
    "name": "text",
    "join_url": "url",
    "virtual_background_id": "id",
    "name_tag_id": "id",
    "name_tag_name": "text",
    "name_tag_pronouns": "text",
    "name_tag_description": "text",
}
TRACKING_SOURCE: Fields = {
    "id": "id",
    "registration_count": "int",
    "source_name": "text",
    "tracking_url": "url",
    "visitor_count": "int",
}

REPORT: Fields = {
    "custom_keys": [{"key": "text", "value": "text"}],
    "dept": "text",
    "duration": "int",
    "end_time": "date",
    "id": "big",
    "participants_count": "int",
    "start_time": "date",
    "topic": "text",
    "total_minutes": "int",
    "tracking_fields": _TRACKING,
    "type": "int:1|2|3|8",
    "user_email": "email",
    "user_name": "text",
    "uuid": "id",
}
PARTICIPANT: Fields = {
    "customer_key": "id",
    "duration": "int",
    "failover": "flag",
    "id": "id",
    "join_time": "date",
    "leave_time": "date",
    "name": "text",
    "registrant_id": "id",
    "status": "one:in_meeting|in_waiting_room",
    "user_email": "text",
    "user_id": "id",
    "bo_mtg_id": "id",
    "participant_user_id": "id",
}
POLL_RESULT: Fields = {
    "email": "text",
    "name": "text",
    "question_details": [{"answer": "text", "date_time": "date", "polling_id": "id", "question": "text"}],
}
QNA_RESULT: Fields = {
    "email": "text",
    "name": "text",
    "question_details": [{"answer": "text", "question": "text"}],
}

_FEATURES = (
    "screen_sharing video_on remote_control closed_caption breakout_room language_interpretation "
    "telephone_usage in_meeting_chat poll join_by_room waiting_room live_transcription reaction zoom_apps "
    "annotation raise_hand virtual_background whiteboard immersive_scene avatar switch_to_mobile "
    "file_sharing meeting_summary meeting_questions record_to_computer record_to_cloud live_translation "
    "registration smart_recording multi_speaker meeting_wallpaper gen_ai_virtual_background multi_share "
    "document_collaboration portrait_lighting personalized_audio_isolation color_themes"
).split()
HISTORY: Fields = {
    "meeting_uuid": "id",
    "meeting_id": "big",
    "type": "one:Meeting|Webinar",
    "host_display_name": "text",
    "host_email": "email",
    "start_time": "date",
    "end_time": "date",
    "topic": "text",
    "participants": "int",
    "duration": "int",
    "total_participant_minutes": "int",
    "department": "text",
    "group": ["text"],
    "source": "one:Zoom|Open API",
    "unique_viewers": "int",
    "max_concurrent_views": "int",
    "create_time": "date",
    "custom_fields": [{"key": "text", "value": "text"}],
    "tracking_fields": _TRACKING,
    "feature_used": dict.fromkeys(_FEATURES, "flag"),
}
USER_REPORT: Fields = {
    "custom_keys": [{"key": "text", "value": "text"}],
    "duration": "int",
    "end_time": "date",
    "id": "big",
    "participants_count": "int",
    "session_key": "id",
    "source": "one:Zoom|Open API",
    "start_time": "date",
    "topic": "text",
    "total_minutes": "int",
    "type": "int:1|2|3|8",
    "user_email": "email",
    "user_name": "text",
    "uuid": "id",
    "schedule_time": "one:12/22/2021 16:20|",
    "join_waiting_room_time": "one:02/11/2022 16:15|",
    "join_time": "one:12/22/2021 16:20|",
    "leave_time": "one:12/22/2021 17:13|",
    "host_organization": "text",
    "host_name": "text",
    "has_screen_share": "flag",
    "has_recording": "flag",
    "has_chat": "flag",
    "meeting_encryption_status": "int:1|2",
    "participants_count_my_account": "int",
}
