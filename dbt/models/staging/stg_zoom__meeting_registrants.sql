{{ zoom.stage('meeting_registrants', [
    ('meeting_id', 'integer'),
    ('id', 'text', 'registrant_id'),
    ('email', 'text'),
    ('first_name', 'text'),
    ('last_name', 'text'),
    ('org', 'text', 'organisation'),
    ('job_title', 'text'),
    ('industry', 'text'),
    ('country', 'text'),
    ('status', 'text'),
    ('create_time', 'timestamp', 'registered_at'),
    ('custom_questions', 'json')
], key=['meeting_id', 'registrant_id']) }}
