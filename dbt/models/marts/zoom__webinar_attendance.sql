with attendance as (
    {{ zoom.attendance('webinar') }}
),

webinars as (
    select
        *,
        {{ zoom.seconds_between('started_at', 'ended_at') }} as seconds
    from {{ ref('int_zoom__webinar_sessions') }}
),

panelists as (
    select distinct webinar_id, email
    from {{ ref('stg_zoom__webinar_panelists') }}
    where email is not null
),

registrants as (
    select
        webinar_id,
        registrant_id,
        max(lower(email)) as email
    from {{ ref('stg_zoom__webinar_registrants') }}
    group by webinar_id, registrant_id
)

select
    attendance.attendance_key,
    attendance.webinar_uuid,
    webinars.webinar_id,
    webinars.started_at as webinar_started_at,
    attendance.person_key,
    coalesce(attendance.email, registrants.email) as email,
    attendance.name,
    attendance.user_id,
    attendance.department,
    attendance.attendee_type,
    case
        when attendance.email = webinars.host_email then 'host'
        when panelists.email is not null then 'panelist'
        else 'attendee'
    end as role,
    attendance.registrant_id,
    attendance.registrant_id is not null as is_registered,
    attendance.joins,
    attendance.attended_seconds,
    attendance.attended_minutes,
    coalesce(attendance.attended_seconds * 2 >= webinars.seconds, false) as has_stayed,
    attendance.first_joined_at,
    attendance.last_left_at
from attendance
inner join webinars
    on webinars.webinar_uuid = attendance.webinar_uuid
left join panelists
    on panelists.webinar_id = webinars.webinar_id and panelists.email = attendance.email
left join registrants
    on registrants.webinar_id = webinars.webinar_id and registrants.registrant_id = attendance.registrant_id
