{{ zoom.stage('meetings', [
    ('id', 'integer', 'meeting_id'),
    ('uuid', 'text', 'next_meeting_uuid'),
    ('topic', 'text'),
    ('type', 'integer', 'meeting_type'),
    ('host_id', 'text'),
    ('host_email', 'email'),
    ('start_time', 'timestamp', 'starts_at'),
    ('duration', 'integer', 'duration_minutes'),
    ('timezone', 'text'),
    ('created_at', 'timestamp'),
    ('agenda', 'text'),
    ('occurrences', 'json')
], key=['meeting_id']) }}
