{{ zoom.stage('webinars', [
    ('id', 'integer', 'webinar_id'),
    ('uuid', 'text', 'next_webinar_uuid'),
    ('topic', 'text'),
    ('type', 'integer', 'webinar_type'),
    ('host_id', 'text'),
    ('host_email', 'email'),
    ('start_time', 'timestamp', 'starts_at'),
    ('duration', 'integer', 'duration_minutes'),
    ('timezone', 'text'),
    ('created_at', 'timestamp'),
    ('agenda', 'text'),
    ('occurrences', 'json')
], key=['webinar_id']) }}
