with sessions as (
    select * from {{ ref('int_zoom__meeting_sessions') }}
),

whole as (
    select
        meeting_uuid,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        count(*) as sessions,
        max(participants_count) as reported_participants,
        max(case when has_report then 1 else 0 end) = 1 as has_report
    from sessions
    group by meeting_uuid
),

attendance as (
    select
        meeting_uuid,
        count(*) as attendees,
        cast(sum(case when attendee_type = 'member' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as members,
        cast(sum(case when attendee_type = 'external' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as externals,
        cast(sum(case when attendee_type = 'guest' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as guests,
        cast(sum(joins) as {{ zoom.type_of('integer') }}) as joins,
        cast(sum(attended_seconds) as {{ zoom.type_of('integer') }}) as attended_seconds
    from {{ ref('zoom__meeting_attendance') }}
    group by meeting_uuid
),

recorded as (
    select distinct sessions.meeting_uuid
    from sessions
    inner join {{ ref('stg_zoom__recordings') }} as recordings
        on recordings.recording_uuid = sessions.session_uuid
),

polled as (
    select
        meeting_uuid,
        count(distinct respondent) as poll_respondents
    from {{ ref('int_zoom__poll_results') }}
    where kind = 'meeting'
    group by meeting_uuid
)

select
    sessions.meeting_uuid,
    sessions.meeting_id,
    sessions.meeting_type,
    sessions.topic,
    sessions.host_email,
    sessions.host_name,
    sessions.department as host_department,
    whole.started_at,
    whole.ended_at,
    {{ zoom.local_day('whole.started_at') }} as started_on,
    {{ zoom.minutes(zoom.seconds_between('whole.started_at', 'whole.ended_at')) }} as duration_minutes,
    whole.sessions,
    coalesce(attendance.attendees, 0) as attendees,
    coalesce(attendance.members, 0) as members,
    coalesce(attendance.externals, 0) as externals,
    coalesce(attendance.guests, 0) as guests,
    coalesce(attendance.joins, 0) as joins,
    {{ zoom.minutes('coalesce(attendance.attended_seconds, 0)') }} as attended_minutes,
    whole.reported_participants,
    coalesce(polled.poll_respondents, 0) as poll_respondents,
    recorded.meeting_uuid is not null as has_recording,
    whole.has_report
from sessions
inner join whole on whole.meeting_uuid = sessions.meeting_uuid
left join attendance on attendance.meeting_uuid = sessions.meeting_uuid
left join recorded on recorded.meeting_uuid = sessions.meeting_uuid
left join polled on polled.meeting_uuid = sessions.meeting_uuid
where sessions.session_number = 1
