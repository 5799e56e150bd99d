{{ config(
    materialized='incremental',
    incremental_strategy=zoom.append_strategy(),
    on_schema_change='fail',
    pre_hook="{{ zoom.forget_changed(zoom.call_units()) }}"
) }}

with units as (
    {{ zoom.units_to_build(zoom.call_units()) }}
)

select
    calls.call_uuid,
    calls.call_id,
    calls.direction,
    calls.connect_type,
    calls.call_type,
    calls.call_result,
    case
        when calls.call_result in ('answered', 'accepted', 'picked_up', 'connected', 'succeeded') then 'answered'
        when calls.call_result = 'voicemail' then 'voicemail'
        when calls.call_result in (
            'hang_up', 'canceled', 'unconnected', 'rejected', 'busy', 'ring_timeout', 'overflowed', 'no_answer', 'abandoned'
        ) then 'missed'
        when calls.call_result is not null then 'failed'
        when calls.answered_at is not null then 'answered'
        else 'unknown'
    end as outcome,
    calls.started_at,
    calls.answered_at,
    calls.ended_at,
    case
        when coalesce(calls.answered_at, calls.ended_at) >= calls.started_at
            then {{ zoom.seconds_between('calls.started_at', 'coalesce(calls.answered_at, calls.ended_at)') }}
    end as waited_seconds,
    case
        when calls.ended_at >= calls.answered_at then {{ zoom.seconds_between('calls.answered_at', 'calls.ended_at') }}
    end as talked_seconds,
    calls.duration_seconds,
    case when calls.direction = 'outbound' then calls.caller_email else calls.callee_email end as user_email,
    calls.caller_name,
    calls.caller_number,
    calls.callee_name,
    calls.callee_number,
    calls.callee_extension_type,
    queues.call_queue_id,
    queues.call_queue_name,
    calls.department,
    calls.site_name,
    units.unit,
    units.source_rows,
    units.source_loaded_at
from {{ ref('stg_zoom__phone_call_history') }} as calls
inner join units
    on units.unit = calls.call_uuid
left join {{ ref('stg_zoom__phone_call_queues') }} as queues
    on calls.callee_extension_type = 'call_queue' and queues.extension_id = calls.callee_extension_id
