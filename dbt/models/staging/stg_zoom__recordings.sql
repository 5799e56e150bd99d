{{ zoom.stage('recordings', [
    ('uuid', 'text', 'recording_uuid'),
    ('id', 'integer', 'meeting_id'),
    ('host_id', 'text'),
    ('topic', 'text'),
    ('type', 'text', 'recording_type'),
    ('start_time', 'timestamp', 'started_at'),
    ('duration', 'integer', 'duration_minutes'),
    ('total_size', 'integer', 'size_bytes'),
    ('recording_count', 'integer', 'files'),
    ('auto_delete', 'boolean', 'is_auto_deleted'),
    ('auto_delete_date', 'text', 'auto_delete_on'),
    ('recording_files', 'json')
], key=['recording_uuid']) }}
