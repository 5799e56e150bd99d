{{ zoom.stage('phone_call_queue_analytics', [
    ('window_from', 'date', 'called_on'),
    ('call_queue_id', 'text'),
    ('call_queue_name', 'text'),
    ('site_name', 'text'),
    ('inbound_calls', 'integer'),
    ('completed_calls', 'integer'),
    ('abandoned_calls', 'integer'),
    ('overflowed_calls', 'integer'),
    ('avg_in_queue_wait_time', 'integer', 'average_wait_seconds'),
    ('max_in_queue_wait_time', 'integer', 'longest_wait_seconds'),
    ('avg_handle_time', 'integer', 'average_handle_seconds'),
    ('outbound_calls', 'integer'),
    ('outbound_connected_calls', 'integer')
], key=['called_on', 'call_queue_id']) }}
