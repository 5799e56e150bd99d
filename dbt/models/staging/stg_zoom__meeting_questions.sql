{{ zoom.stage('meeting_questions', [
    ('meeting_id', 'integer'),
    ('questions', 'json'),
    ('custom_questions', 'json')
], key=['meeting_id']) }}
