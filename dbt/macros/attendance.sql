{#
  Attendance of meetings or webinars, a person per occurrence. The columns that differ between the two are added by the
  models.
#}
{% macro attendance(kind) %}
{%- set has_users = "exists (select 1 from " ~ ref('stg_zoom__users') ~ ")" -%}
select
    {{ dbt.hash("stays." ~ kind ~ "_uuid || '/' || stays.person_key") }} as attendance_key,
    stays.{{ kind }}_uuid,
    stays.person_key,
    coalesce(stays.email, users.email) as email,
    coalesce(stays.name, users.display_name) as name,
    coalesce(users.user_id, members.user_id) as user_id,
    coalesce(users.department, members.department) as department,
    case
        when users.user_id is not null or members.email is not null then 'member'
        when stays.email is null and stays.zoom_user_id is null then 'guest'
        when {{ has_users }} then 'external'
        else 'unknown'
    end as attendee_type,
    stays.registrant_id,
    stays.joins,
    stays.seconds as attended_seconds,
    {{ zoom.minutes('stays.seconds') }} as attended_minutes,
    stays.first_joined_at,
    stays.last_left_at
from (
    select
        {{ kind }}_uuid,
        person_key,
        max(email) as email,
        max(zoom_user_id) as zoom_user_id,
        max(registrant_id) as registrant_id,
        max(name) as name,
        cast(sum(joins) as {{ zoom.type_of('integer') }}) as joins,
        cast(sum(seconds) as {{ zoom.type_of('integer') }}) as seconds,
        min(started_at) as first_joined_at,
        max(ended_at) as last_left_at
    from {{ ref('int_zoom__' ~ kind ~ '_stays') }}
    group by {{ kind }}_uuid, person_key
) as stays
left join {{ ref('stg_zoom__users') }} as users
    on users.user_id = stays.zoom_user_id
left join {{ ref('int_zoom__members') }} as members
    on members.email = coalesce(stays.email, users.email)
{% endmacro %}
