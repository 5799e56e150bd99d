{#
  Every past meeting or webinar of which any stream knows, one row per occurrence (UUID).

  kind: meeting or webinar. Facts come from its report, else from the account's history, else from its participants
  and poll results: a report can be missing where the others are not.
#}
{% macro occurrences(kind) %}
{%- set streams = {
    'reports': 'stg_zoom__report_' ~ kind ~ 's',
    'participants': 'stg_zoom__report_' ~ kind ~ '_participants',
    'polls': 'stg_zoom__' ~ kind ~ '_poll_results'
} -%}
with reports as (
    select * from {{ ref(streams.reports) }}
),

history as (
    select * from {{ ref('stg_zoom__history_meetings') }}
    where kind = '{{ kind | capitalize }}'
),

participants as (
    select
        {{ kind }}_uuid,
        max({{ kind }}_id) as {{ kind }}_id,
        min(joined_at) as started_at,
        max(left_at) as ended_at,
        max(loaded_at) as loaded_at
    from {{ ref(streams.participants) }}
    group by {{ kind }}_uuid
),

polls as (
    select
        {{ kind }}_uuid,
        max({{ kind }}_id) as {{ kind }}_id,
        min(started_at) as started_at,
        max(loaded_at) as loaded_at
    from {{ ref(streams.polls) }}
    group by {{ kind }}_uuid
),
{% if kind == 'webinar' %}
absentees as (
    select
        webinar_uuid,
        max(webinar_id) as webinar_id,
        max(loaded_at) as loaded_at
    from {{ ref('stg_zoom__webinar_absentees') }}
    group by webinar_uuid
),
{% endif %}
known as (
    select {{ kind }}_uuid from reports
    union
    select occurrence_uuid from history
    union
    select {{ kind }}_uuid from participants
    union
    select {{ kind }}_uuid from polls
    {%- if kind == 'webinar' %}
    union
    select webinar_uuid from absentees
    {%- endif %}
)

select
    known.{{ kind }}_uuid,
    coalesce(reports.{{ kind }}_id, history.occurrence_number, participants.{{ kind }}_id, polls.{{ kind }}_id
        {%- if kind == 'webinar' %}, absentees.webinar_id{% endif %}) as {{ kind }}_id,
    reports.{{ kind }}_uuid is not null as has_report,
    reports.{{ kind }}_type,
    coalesce(reports.topic, history.topic) as topic,
    coalesce(reports.host_email, history.host_email) as host_email,
    coalesce(reports.host_name, history.host_name) as host_name,
    coalesce(reports.department, history.department) as department,
    coalesce(reports.started_at, history.started_at, polls.started_at, participants.started_at) as started_at,
    coalesce(
        reports.ended_at,
        history.ended_at,
        {{ zoom.seconds_after('reports.started_at', 'reports.duration_minutes * 60') }},
        participants.ended_at,
        reports.started_at,
        history.started_at,
        polls.started_at,
        participants.started_at
    ) as ended_at,
    coalesce(reports.participants_count, history.participants_count) as participants_count,
    {{ zoom.later('reports.loaded_at', zoom.later('history.loaded_at', 'polls.loaded_at')) }} as loaded_at
from known
left join reports on reports.{{ kind }}_uuid = known.{{ kind }}_uuid
left join history on history.occurrence_uuid = known.{{ kind }}_uuid
left join participants on participants.{{ kind }}_uuid = known.{{ kind }}_uuid
left join polls on polls.{{ kind }}_uuid = known.{{ kind }}_uuid
{%- if kind == 'webinar' %}
left join absentees on absentees.webinar_uuid = known.webinar_uuid
{%- endif %}
{% endmacro %}
