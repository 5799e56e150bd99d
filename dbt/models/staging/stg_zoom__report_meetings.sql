{{ zoom.stage('report_meetings', [
    ('uuid', 'text', 'meeting_uuid'),
    ('id', 'integer', 'meeting_id'),
    ('topic', 'text'),
    ('type', 'integer', 'meeting_type'),
    ('user_email', 'email', 'host_email'),
    ('user_name', 'text', 'host_name'),
    ('dept', 'text', 'department'),
    ('start_time', 'timestamp', 'started_at'),
    ('end_time', 'timestamp', 'ended_at'),
    ('duration', 'integer', 'duration_minutes'),
    ('total_minutes', 'integer'),
    ('participants_count', 'integer')
], key=['meeting_uuid']) }}
