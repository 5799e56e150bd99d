{{ zoom.stage('webinar_questions', [
    ('webinar_id', 'integer'),
    ('questions', 'json'),
    ('custom_questions', 'json')
], key=['webinar_id']) }}
