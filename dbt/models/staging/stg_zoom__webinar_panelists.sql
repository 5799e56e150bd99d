{{ zoom.stage('webinar_panelists', [
    ('webinar_id', 'integer'),
    ('id', 'text', 'panelist_id'),
    ('email', 'email'),
    ('name', 'text')
], key=['webinar_id', 'panelist_id']) }}
