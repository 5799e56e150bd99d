{{ zoom.stage('users', [
    ('id', 'text', 'user_id'),
    ('email', 'email'),
    ('first_name', 'text'),
    ('last_name', 'text'),
    ('display_name', 'text'),
    ('dept', 'text', 'department'),
    ('type', 'integer', 'user_type'),
    ('status', 'text'),
    ('role_id', 'text'),
    ('timezone', 'text'),
    ('created_at', 'timestamp', 'login_created_at'),
    ('user_created_at', 'timestamp'),
    ('last_login_time', 'timestamp', 'last_login_at'),
    ('last_client_version', 'text'),
    ('license_info_list', 'json')
], key=['user_id']) }}
