{#- A host who drops out and starts again makes a new session of the same number; up to 300 s apart they are one meeting. -#}
with sessions as (
    select
        coalesce(cast(meeting_id as {{ zoom.type_of('text') }}), meeting_uuid) as unit,
        meeting_uuid as session_uuid,
        meeting_id,
        has_report,
        meeting_type,
        topic,
        host_email,
        host_name,
        department,
        started_at,
        ended_at,
        participants_count,
        loaded_at
    from (
        {{ zoom.occurrences('meeting') }}
    ) as occurrences
),

ordered as (
    select
        *,
        max(ended_at) over (
            partition by unit
            order by started_at, session_uuid
            rows between unbounded preceding and 1 preceding
        ) as ended_before_at
    from sessions
),

counted as (
    select
        *,
        sum(case when {{ zoom.seconds_between('ended_before_at', 'started_at') }} <= 300 then 0 else 1 end) over (
            partition by unit
            order by started_at, session_uuid
            rows between unbounded preceding and current row
        ) as meeting_number
    from ordered
)

select
    unit,
    session_uuid,
    first_value(session_uuid) over (
        partition by unit, meeting_number
        order by started_at, session_uuid
        rows between unbounded preceding and current row
    ) as meeting_uuid,
    row_number() over (partition by unit, meeting_number order by started_at, session_uuid) as session_number,
    meeting_id,
    has_report,
    meeting_type,
    topic,
    host_email,
    host_name,
    department,
    started_at,
    ended_at,
    participants_count,
    loaded_at
from counted
