{{ zoom.stage('report_webinars', [
    ('uuid', 'text', 'webinar_uuid'),
    ('id', 'integer', 'webinar_id'),
    ('topic', 'text'),
    ('type', 'integer', 'webinar_type'),
    ('user_email', 'email', 'host_email'),
    ('user_name', 'text', 'host_name'),
    ('dept', 'text', 'department'),
    ('start_time', 'timestamp', 'started_at'),
    ('end_time', 'timestamp', 'ended_at'),
    ('duration', 'integer', 'duration_minutes'),
    ('total_minutes', 'integer'),
    ('participants_count', 'integer')
], key=['webinar_uuid']) }}
