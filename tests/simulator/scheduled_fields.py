"""The fields of a scheduled meeting or webinar, the largest of Zoom's records.

The types of values are explained in `fields`.
"""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]

_TRACKING_VISIBLE = [{"field": "text", "value": "text", "visible": "flag"}]
_DIAL_IN = [
    {"city": "text", "country": "one:US|FR", "country_name": "text", "number": "phone", "type": "one:toll|tollfree"}
]
_INTERPRETATION = {
    "enable": "flag",
    "interpreters": [{"email": "email", "languages": "one:US,FR|DE,US", "interpreter_languages": "one:English,French"}],
}
_SIGN_LANGUAGE = {"enable": "flag", "interpreters": [{"email": "email", "sign_language": "one:American|French"}]}
_OCCURRENCES = [{"duration": "int", "occurrence_id": "id", "start_time": "date", "status": "one:available|deleted"}]
_RECURRENCE = {
    "end_date_time": "date",
    "end_times": "int",
    "monthly_day": "int:1|15|31",
    "monthly_week": "int:-1|1|2|3|4",
    "monthly_week_day": "int:1|2|3|4|5|6|7",
    "repeat_interval": "int",
    "type": "int:1|2|3",
    "weekly_days": "one:1|2,4|7",
}
_SETTINGS_OF_BOTH: Fields = {
    "additional_data_center_regions": ["one:TY|IN|US"],
    "allow_multiple_devices": "flag",
    "alternative_hosts": "one:jchill@example.com;thill@example.com|thill@example.com",
    "alternative_host_update_polls": "flag",
    "approval_type": "int:0|1|2",
    "audio": "one:both|telephony|voip|thirdParty",
    "audio_conference_info": "text",
    "authentication_domains": "one:example.com|*.example.com",
    "authentication_name": "text",
    "authentication_option": "id",
    "auto_recording": "one:local|cloud|none",
    "close_registration": "flag",
    "contact_email": "email",
    "contact_name": "text",
    "enforce_login": "flag",
    "enforce_login_domains": "one:example.com",
    "global_dial_in_countries": ["one:US|FR"],
    "global_dial_in_numbers": _DIAL_IN,
    "host_video": "flag",
    "language_interpretation": _INTERPRETATION,
    "sign_language_interpretation": _SIGN_LANGUAGE,
    "meeting_authentication": "flag",
    "registrants_confirmation_email": "flag",
    "registrants_email_notification": "flag",
    "registration_type": "int:1|2|3",
    "show_share_button": "flag",
    "show_join_info": "flag",
    "request_permission_to_unmute_participants": "flag",
    "allow_host_control_participant_mute_state": "flag",
    "email_in_attendee_report": "flag",
}
_DETAIL_OF_BOTH: Fields = {
    "host_email": "email",
    "host_id": "id",
    "id": "big",
    "uuid": "id",
    "registration_url": "url",
    "agenda": "text",
    "created_at": "date",
    "duration": "int",
    "join_url": "url",
    "occurrences": _OCCURRENCES,
    "password": "zip",
    "recurrence": _RECURRENCE,
    "start_time": "date",
    "start_url": "url",
    "template_id": "id",
    "timezone": "one:Asia/Shanghai|Europe/Paris",
    "topic": "text",
    "tracking_fields": _TRACKING_VISIBLE,
    "creation_source": "one:other|open_api|web_portal",
}

MEETING: Fields = {
    **_DETAIL_OF_BOTH,
    "assistant_id": "id",
    "encrypted_password": "id",
    "pstn_password": "zip",
    "h323_password": "zip",
    "chat_join_url": "url",
    "pmi": "zip",
    "pre_schedule": "flag",
    "status": "one:waiting|started",
    "type": "int:1|2|3|4|8|10",
    "dynamic_host_key": "zip",
    "settings": {
        **_SETTINGS_OF_BOTH,
        "alternative_hosts_email_notification": "flag",
        "alternative_host_manage_meeting_summary": "flag",
        "alternative_host_manage_cloud_recording": "flag",
        "approved_or_denied_countries_or_regions": {
            "approved_list": ["one:CX|FR"],
            "denied_list": ["one:CA|US"],
            "enable": "flag",
            "method": "one:approve|deny",
        },
        "authentication_exception": [{"email": "email", "name": "text", "join_url": "url"}],
        "auto_add_recording_to_video_management": {
            "enable": "flag",
            "channels": [{"channel_id": "id", "name": "text"}],
        },
        "breakout_room": {"enable": "flag", "rooms": [{"name": "text", "participants": ["email"]}]},
        "calendar_type": "int:1|2",
        "cn_meeting": "flag",
        "custom_keys": [{"key": "id", "value": "text"}],
        "email_notification": "flag",
        "encryption_type": "one:enhanced_encryption|e2ee",
        "focus_mode": "flag",
        "in_meeting": "flag",
        "jbh_time": "int:0|5|10|15",
        "join_before_host": "flag",
        "question_and_answer": {
            "enable": "flag",
            "allow_submit_questions": "flag",
            "allow_anonymous_questions": "flag",
            "question_visibility": "one:answered|all",
            "attendees_can_comment": "flag",
            "attendees_can_upvote": "flag",
        },
        "mute_upon_entry": "flag",
        "participant_video": "flag",
        "private_meeting": "flag",
        "use_pmi": "flag",
        "waiting_room": "flag",
        "waiting_room_options": {
            "mode": "one:follow_setting|custom",
            "who_goes_to_waiting_room": "one:everyone|users_not_in_account|users_not_on_invite",
        },
        "watermark": "flag",
        "host_save_video_order": "flag",
        "internal_meeting": "flag",
        "meeting_invitees": [{"email": "email", "internal_user": "flag"}],
        "continuous_meeting_chat": {
            "enable": "flag",
            "auto_add_invited_external_users": "flag",
            "auto_add_meeting_participants": "flag",
            "channel_id": "id",
        },
        "participant_focused_meeting": "flag",
        "push_change_to_calendar": "flag",
        "resources": [
            {"resource_type": "one:whiteboard", "resource_id": "id", "permission_level": "one:editor|commenter|viewer"}
        ],
        "auto_start_meeting_summary": "flag",
        "who_will_receive_summary": "int:1|2|3|4",
        "auto_start_ai_companion_questions": "flag",
        "who_can_ask_questions": "int:1|2|3|4|5",
        "summary_template_id": "id",
        "device_testing": "flag",
        "disable_participant_video": "flag",
    },
}

_NOTIFICATION = {"enable": "flag", "type": "int:0|1|2|3|4|5"}

WEBINAR: Fields = {
    **_DETAIL_OF_BOTH,
    "encrypted_passcode": "id",
    "h323_passcode": "zip",
    "type": "int:5|6|9",
    "is_simulive": "flag",
    "record_file_id": "id",
    "transition_to_live": "flag",
    "simulive_delay_start": {"enable": "flag", "time": "int", "timeunit": "one:second|minute"},
    "settings": {
        **_SETTINGS_OF_BOTH,
        "attendees_and_panelists_reminder_email_notification": _NOTIFICATION,
        "email_language": "one:en-US|fr-FR",
        "follow_up_absentees_email_notification": _NOTIFICATION,
        "follow_up_attendees_email_notification": _NOTIFICATION,
        "hd_video": "flag",
        "hd_video_for_attendees": "flag",
        "panelist_authentication": "flag",
        "add_watermark": "flag",
        "add_audio_watermark": "flag",
        "on_demand": "flag",
        "panelists_invitation_email_notification": "flag",
        "panelists_video": "flag",
        "post_webinar_survey": "flag",
        "practice_session": "flag",
        "question_and_answer": {
            "allow_submit_questions": "flag",
            "allow_anonymous_questions": "flag",
            "answer_questions": "one:only|all",
            "attendees_can_comment": "flag",
            "attendees_can_upvote": "flag",
            "allow_auto_reply": "flag",
            "auto_reply_text": "text",
            "enable": "flag",
        },
        "registrants_restrict_number": "int",
        "send_1080p_video_to_attendees": "flag",
        "survey_url": "url",
        "enable_session_branding": "flag",
    },
}
