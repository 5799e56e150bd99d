{{ zoom.stage('phone_call_queues', [
    ('id', 'text', 'call_queue_id'),
    ('name', 'text', 'call_queue_name'),
    ('extension_id', 'text'),
    ('extension_number', 'integer'),
    ('status', 'text')
], key=['call_queue_id']) }}
