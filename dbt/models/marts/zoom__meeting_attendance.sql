with attendance as (
    {{ zoom.attendance('meeting') }}
),

meetings as (
    select meeting_uuid, meeting_id, started_at, host_email
    from {{ ref('int_zoom__meeting_sessions') }}
    where session_number = 1
)

select
    attendance.attendance_key,
    attendance.meeting_uuid,
    meetings.meeting_id,
    meetings.started_at as meeting_started_at,
    attendance.person_key,
    attendance.email,
    attendance.name,
    attendance.user_id,
    attendance.department,
    attendance.attendee_type,
    attendance.attendee_type = 'guest' as is_guest,
    case
        when attendance.attendee_type <> 'unknown' then attendance.attendee_type in ('external', 'guest')
    end as is_external,
    coalesce(attendance.email = meetings.host_email, false) as is_host,
    attendance.joins,
    attendance.attended_seconds,
    attendance.attended_minutes,
    attendance.first_joined_at,
    attendance.last_left_at
from attendance
inner join meetings
    on meetings.meeting_uuid = attendance.meeting_uuid
