{{ zoom.stage('webinar_poll_results', [
    ('webinar_uuid', 'text'),
    ('webinar_id', 'integer'),
    ('respondent', 'text'),
    ('sequence', 'integer'),
    ('email', 'text'),
    ('name', 'text'),
    ('start_time', 'timestamp', 'started_at'),
    ('question_details', 'json')
], key=['webinar_uuid', 'respondent', 'sequence']) }}
