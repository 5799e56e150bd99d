{{ zoom.stage('webinar_absentees', [
    ('webinar_uuid', 'text'),
    ('webinar_id', 'integer'),
    ('id', 'text', 'registrant_id'),
    ('email', 'text'),
    ('first_name', 'text'),
    ('last_name', 'text'),
    ('org', 'text', 'organisation'),
    ('job_title', 'text'),
    ('country', 'text'),
    ('status', 'text'),
    ('create_time', 'timestamp', 'registered_at')
], key=['webinar_uuid', 'registrant_id']) }}
