with pieces as (
    select
        *,
        max(ended_at) over (
            partition by person, day
            order by started_at, ended_at, meeting_uuid
            rows between unbounded preceding and 1 preceding
        ) as ended_before_at
    from {{ ref('int_zoom__stay_days') }}
),

attended as (
    select
        person,
        day,
        count(distinct meeting_uuid) as meetings,
        {# Time in two meetings at once counts once: each piece adds what the pieces before it did not cover. -#}
        cast(sum(case
            when ended_before_at is null or ended_before_at <= started_at
                then {{ zoom.seconds_between('started_at', 'ended_at') }}
            when ended_before_at < ended_at
                then {{ zoom.seconds_between('ended_before_at', 'ended_at') }}
            else 0
        end) as {{ zoom.type_of('integer') }}) as seconds
    from pieces
    group by person, day
),

organised as (
    select
        host_email as person,
        started_on as day,
        count(*) as meetings
    from {{ ref('zoom__meetings') }}
    where host_email is not null and started_on is not null
    group by host_email, started_on
),

calendar as (
    select
        members.email as person,
        days.day
    from {{ ref('int_zoom__members') }} as members
    inner join {{ ref('int_zoom__days') }} as days
        on members.created_at is null or days.ends_at > members.created_at
    where members.status = 'active'
),

person_days as (
    select person, day from attended
    union
    select person, day from organised
    union
    select person, day from calendar
)

select
    {{ dbt.hash("person_days.person || '/' || cast(person_days.day as " ~ zoom.type_of('text') ~ ")") }} as person_day_key,
    person_days.person,
    members.user_id,
    members.department,
    members.email is not null as is_member,
    person_days.day,
    person_days.day >= {{ zoom.days_after(zoom.week_of('person_days.day'), 5) }} as is_weekend,
    coalesce(attended.meetings, 0) as meetings,
    {{ zoom.minutes('coalesce(attended.seconds, 0)') }} as meeting_minutes,
    coalesce(attended.seconds, 0) as meeting_seconds,
    coalesce(organised.meetings, 0) as meetings_organised,
    attended.person is null and organised.person is null as is_meeting_free
from person_days
left join attended
    on attended.person = person_days.person and attended.day = person_days.day
left join organised
    on organised.person = person_days.person and organised.day = person_days.day
left join {{ ref('int_zoom__members') }} as members
    on members.email = person_days.person
