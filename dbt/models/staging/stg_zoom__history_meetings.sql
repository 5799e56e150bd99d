{{ zoom.stage('history_meetings', [
    ('meeting_uuid', 'text', 'occurrence_uuid'),
    ('meeting_id', 'integer', 'occurrence_number'),
    ('type', 'text', 'kind'),
    ('topic', 'text'),
    ('host_email', 'email'),
    ('host_display_name', 'text', 'host_name'),
    ('department', 'text'),
    ('start_time', 'timestamp', 'started_at'),
    ('end_time', 'timestamp', 'ended_at'),
    ('duration', 'integer', 'duration_minutes'),
    ('participants', 'integer', 'participants_count'),
    ('total_participant_minutes', 'integer', 'total_minutes'),
    ('source', 'text'),
    ('feature_used', 'json', 'features_used')
], key=['occurrence_uuid']) }}
