{{ zoom.stage('webinar_polls', [
    ('webinar_id', 'integer'),
    ('id', 'text', 'poll_id'),
    ('title', 'text'),
    ('poll_type', 'integer'),
    ('status', 'text'),
    ('anonymous', 'boolean', 'is_anonymous'),
    ('questions', 'json')
], key=['webinar_id', 'poll_id']) }}
