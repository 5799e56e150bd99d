{{ zoom.stage('meeting_polls', [
    ('meeting_id', 'integer'),
    ('id', 'text', 'poll_id'),
    ('title', 'text'),
    ('poll_type', 'integer'),
    ('status', 'text'),
    ('anonymous', 'boolean', 'is_anonymous'),
    ('questions', 'json')
], key=['meeting_id', 'poll_id']) }}
