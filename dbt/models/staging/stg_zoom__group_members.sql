{{ zoom.stage('group_members', [
    ('group_id', 'text'),
    ('id', 'text', 'user_id'),
    ('email', 'email'),
    ('first_name', 'text'),
    ('last_name', 'text'),
    ('type', 'integer', 'user_type')
], key=['group_id', 'user_id']) }}
