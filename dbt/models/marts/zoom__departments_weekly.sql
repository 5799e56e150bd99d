with person_days as (
    select
        *,
        coalesce(department, '(none)') as department_name,
        {{ zoom.week_of('day') }} as week
    from {{ ref('zoom__person_days') }}
    where is_member
),

met as (
    select
        coalesce(members.department, '(none)') as department_name,
        {{ zoom.week_of('stays.day') }} as week,
        count(distinct stays.meeting_uuid) as meetings
    from {{ ref('int_zoom__stay_days') }} as stays
    inner join {{ ref('int_zoom__members') }} as members
        on members.email = stays.person
    group by 1, 2
),

weeks as (
    select
        department_name,
        week,
        count(distinct person) as people,
        count(distinct case when meetings > 0 then person end) as people_in_meetings,
        cast(sum(meeting_seconds) as {{ zoom.type_of('integer') }}) as seconds,
        cast(sum(meetings_organised) as {{ zoom.type_of('integer') }}) as meetings_organised,
        cast(sum(case when is_weekend then 0 else 1 end) as {{ zoom.type_of('integer') }}) as working_days,
        cast(sum(case when is_meeting_free and not is_weekend then 1 else 0 end) as {{ zoom.type_of('integer') }}) as meeting_free_days
    from person_days
    group by department_name, week
)

select
    {{ dbt.hash("weeks.department_name || '/' || cast(weeks.week as " ~ zoom.type_of('text') ~ ")") }} as department_week_key,
    weeks.department_name as department,
    weeks.week,
    weeks.people,
    weeks.people_in_meetings,
    coalesce(met.meetings, 0) as meetings,
    {{ zoom.minutes('weeks.seconds') }} as meeting_minutes,
    weeks.meetings_organised,
    weeks.working_days,
    weeks.meeting_free_days
from weeks
left join met
    on met.department_name = weeks.department_name and met.week = weeks.week
