{{ zoom.stage('groups', [
    ('id', 'text', 'group_id'),
    ('name', 'text', 'group_name'),
    ('total_members', 'integer', 'members')
], key=['group_id']) }}
