{{ zoom.stage('meeting_poll_results', [
    ('meeting_uuid', 'text'),
    ('meeting_id', 'integer'),
    ('respondent', 'text'),
    ('sequence', 'integer'),
    ('email', 'text'),
    ('name', 'text'),
    ('start_time', 'timestamp', 'started_at'),
    ('question_details', 'json')
], key=['meeting_uuid', 'respondent', 'sequence']) }}
