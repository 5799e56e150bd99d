{{ zoom.stage('report_webinar_participants', [
    ('webinar_uuid', 'text'),
    ('webinar_id', 'integer'),
    ('user_id', 'text', 'connection_id'),
    ('join_time', 'timestamp', 'joined_at'),
    ('sequence', 'integer'),
    ('leave_time', 'timestamp', 'left_at'),
    ('duration', 'integer', 'duration_seconds'),
    ('user_email', 'email', 'email'),
    ('participant_user_id', 'text'),
    ('id', 'text', 'zoom_user_id'),
    ('registrant_id', 'text'),
    ('name', 'text'),
    ('status', 'text'),
    ('bo_mtg_id', 'text', 'breakout_room_id')
], key=['webinar_uuid', 'connection_id', 'joined_at', 'sequence']) }}
