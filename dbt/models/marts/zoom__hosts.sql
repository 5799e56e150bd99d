with meetings as (
    select
        host_email,
        max(host_name) as host_name,
        count(*) as meetings,
        cast(sum(attendees) as {{ zoom.type_of('integer') }}) as attendees,
        cast(sum(attended_minutes) as {{ zoom.type_of('integer') }}) as attended_minutes,
        cast(sum(duration_minutes) as {{ zoom.type_of('integer') }}) as duration_minutes,
        min(started_at) as first_hosted_at,
        max(started_at) as last_hosted_at
    from {{ ref('zoom__meetings') }}
    where host_email is not null
    group by host_email
),

webinars as (
    select
        host_email,
        max(host_name) as host_name,
        count(*) as webinars,
        min(started_at) as first_hosted_at,
        max(started_at) as last_hosted_at
    from {{ ref('int_zoom__webinar_sessions') }}
    where host_email is not null
    group by host_email
),

scheduled as (
    select
        coalesce(users.email, scheduled.host_email, scheduled.host_id) as host_email,
        cast(sum(case when scheduled.kind = 'meeting' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as meetings,
        cast(sum(case when scheduled.kind = 'webinar' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as webinars
    from (
        select host_id, host_email, 'meeting' as kind from {{ ref('stg_zoom__meetings') }}
        union all
        select host_id, host_email, 'webinar' as kind from {{ ref('stg_zoom__webinars') }}
    ) as scheduled
    left join {{ ref('stg_zoom__users') }} as users
        on users.user_id = scheduled.host_id
    group by 1
),

hosts as (
    select host_email from meetings
    union
    select host_email from webinars
    union
    select host_email from scheduled where host_email is not null
)

select
    hosts.host_email,
    coalesce(meetings.host_name, webinars.host_name) as host_name,
    members.user_id,
    members.department,
    case
        when members.status is not null then members.status
        when exists (select 1 from {{ ref('stg_zoom__users') }}) then 'gone'
        else 'unknown'
    end as status,
    coalesce(meetings.meetings, 0) as meetings,
    coalesce(webinars.webinars, 0) as webinars,
    coalesce(meetings.duration_minutes, 0) as meeting_minutes,
    coalesce(meetings.attendees, 0) as attendees,
    coalesce(meetings.attended_minutes, 0) as attended_minutes,
    coalesce(scheduled.meetings, 0) as scheduled_meetings,
    coalesce(scheduled.webinars, 0) as scheduled_webinars,
    least(
        coalesce(meetings.first_hosted_at, webinars.first_hosted_at),
        coalesce(webinars.first_hosted_at, meetings.first_hosted_at)
    ) as first_hosted_at,
    {{ zoom.later('meetings.last_hosted_at', 'webinars.last_hosted_at') }} as last_hosted_at
from hosts
left join meetings on meetings.host_email = hosts.host_email
left join webinars on webinars.host_email = hosts.host_email
left join scheduled on scheduled.host_email = hosts.host_email
left join {{ ref('int_zoom__members') }} as members on members.email = hosts.host_email
