{{ zoom.stage('webinar_tracking_sources', [
    ('webinar_id', 'integer'),
    ('id', 'text', 'tracking_source_id'),
    ('source_name', 'text'),
    ('tracking_url', 'text'),
    ('visitor_count', 'integer', 'visits'),
    ('registration_count', 'integer', 'registrations')
], key=['webinar_id', 'tracking_source_id']) }}
