{#- Days of `zoom__timezone` from the first to the last past meeting, and the moments in UTC between which they lie. -#}
with reach as (
    select
        min({{ zoom.local_day('started_at') }}) as first_day,
        max({{ zoom.local_day("greatest(started_at, " ~ zoom.seconds_after('ended_at', -1) ~ ")") }}) as last_day
    from {{ ref('int_zoom__meeting_sessions') }}
)

select
    days.day,
    {{ zoom.start_of_day('days.day') }} as starts_at,
    {{ zoom.start_of_day(zoom.days_after('days.day', 1)) }} as ends_at
from reach
{{ zoom.join_days('reach.first_day', 'reach.last_day') }}
where reach.first_day is not null
