{#- Stays in meetings of people who can be told apart, cut at midnight in `zoom__timezone`. -#}
with stays as (
    select
        coalesce(users.email, stays.email, stays.person_key) as person,
        stays.meeting_uuid,
        stays.started_at,
        stays.ended_at,
        {{ zoom.local_day('stays.started_at') }} as first_day,
        {{ zoom.local_day('stays.ended_at') }} as last_day
    from {{ ref('int_zoom__meeting_stays') }} as stays
    left join {{ ref('stg_zoom__users') }} as users
        on users.user_id = stays.zoom_user_id
    where stays.person_key not like 'guest:%'
),

cut as (
    select
        stays.person,
        stays.meeting_uuid,
        stays.started_at,
        stays.ended_at,
        days.day,
        {{ zoom.start_of_day('days.day') }} as starts_at,
        {{ zoom.start_of_day(zoom.days_after('days.day', 1)) }} as ends_at
    from stays
    {{ zoom.join_days('stays.first_day', 'stays.last_day') }}
)

select
    person,
    meeting_uuid,
    day,
    greatest(started_at, starts_at) as started_at,
    least(ended_at, ends_at) as ended_at
from cut
where ended_at > starts_at or started_at >= starts_at
