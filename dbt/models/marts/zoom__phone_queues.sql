select
    {{ dbt.hash("days.call_queue_id || '/' || cast(days.called_on as " ~ zoom.type_of('text') ~ ")") }} as queue_day_key,
    days.call_queue_id,
    coalesce(days.call_queue_name, queues.call_queue_name) as call_queue_name,
    days.site_name,
    days.called_on,
    days.inbound_calls,
    days.completed_calls as answered_calls,
    coalesce(days.abandoned_calls, 0) + coalesce(days.overflowed_calls, 0) as missed_calls,
    days.abandoned_calls,
    days.overflowed_calls,
    days.average_wait_seconds,
    days.longest_wait_seconds,
    days.average_handle_seconds,
    days.outbound_calls,
    days.outbound_connected_calls
from {{ ref('stg_zoom__phone_call_queue_analytics') }} as days
left join {{ ref('stg_zoom__phone_call_queues') }} as queues
    on queues.call_queue_id = days.call_queue_id
