{# The units of the stays of a kind, which are numbers of meetings or webinars: how many rows they have, and when the last was loaded. #}
{% macro stay_units(kind) %}
{%- set session = 'session_uuid' if kind == 'meeting' else 'webinar_uuid' -%}
select
    sessions.unit,
    count(*) as source_rows,
    {{ zoom.later('max(participants.loaded_at)', 'max(sessions.loaded_at)') }} as source_loaded_at
from {{ ref('int_zoom__' ~ kind ~ '_sessions') }} as sessions
left join {{ ref('stg_zoom__report_' ~ kind ~ '_participants') }} as participants
    on participants.{{ kind }}_uuid = sessions.{{ session }}
group by sessions.unit
{%- endmacro %}


{#
  Who was in a meeting or webinar from when to when: a row for each time without a break.

  A person is an e-mail address, else a Zoom user id, else a registration, else a name. Stays of guests under one name
  are one person's unless two of them overlap; then each connection is a person. Overlapping times of one person (two
  devices, breakout rooms, a row sent twice) count once. Waiting rooms do not count.
#}
{% macro stays(kind) %}
{%- set session = 'session_uuid' if kind == 'meeting' else 'webinar_uuid' -%}
with units as (
    {{ zoom.units_to_build(zoom.stay_units(kind)) }}
),

presences as (
    select
        sessions.unit,
        sessions.{{ kind }}_uuid,
        participants.{{ kind }}_uuid as session_uuid,
        participants.connection_id,
        participants.sequence,
        participants.joined_at,
        greatest(
            participants.joined_at,
            coalesce(
                participants.left_at,
                {{ zoom.seconds_after('participants.joined_at', 'coalesce(participants.duration_seconds, 0)') }}
            )
        ) as left_at,
        participants.email,
        coalesce(participants.participant_user_id, participants.zoom_user_id) as zoom_user_id,
        participants.registrant_id,
        participants.name
    from {{ ref('stg_zoom__report_' ~ kind ~ '_participants') }} as participants
    inner join {{ ref('int_zoom__' ~ kind ~ '_sessions') }} as sessions
        on sessions.{{ session }} = participants.{{ kind }}_uuid
    inner join units
        on units.unit = sessions.unit
    where coalesce(participants.status, 'in_meeting') <> 'in_waiting_room'
),

connections as (
    select
        {{ kind }}_uuid,
        session_uuid,
        connection_id,
        max(email) as email,
        max(zoom_user_id) as zoom_user_id,
        max(registrant_id) as registrant_id,
        max(name) as name,
        min(joined_at) as joined_at,
        max(left_at) as left_at
    from presences
    group by {{ kind }}_uuid, session_uuid, connection_id
),

{#- One who is signed in can have an e-mail address in one row and none in another. #}
known as (
    select
        *,
        coalesce(
            email,
            case when zoom_user_id is not null then max(email) over (partition by {{ kind }}_uuid, zoom_user_id) end,
            'id:' || zoom_user_id,
            'registrant:' || registrant_id
        ) as known_as
    from connections
),

guests as (
    select
        *,
        max(left_at) over (
            partition by {{ kind }}_uuid, known_as, name
            order by joined_at, left_at, session_uuid, connection_id
            rows between unbounded preceding and 1 preceding
        ) as others_left_at
    from known
),

guest_groups as (
    select
        *,
        max(case when joined_at < others_left_at then 1 else 0 end) over (
            partition by {{ kind }}_uuid, known_as, name
        ) as is_overlapping
    from guests
),

people as (
    select
        session_uuid,
        connection_id,
        coalesce(
            known_as,
            case when is_overlapping = 0 then 'guest:' || name end,
            'guest:' || session_uuid || ':' || connection_id
        ) as person_key
    from guest_groups
),

ordered as (
    select
        presences.*,
        people.person_key,
        max(presences.left_at) over (
            partition by presences.{{ kind }}_uuid, people.person_key
            order by
                presences.joined_at, presences.left_at, presences.session_uuid, presences.connection_id, presences.sequence
            rows between unbounded preceding and 1 preceding
        ) as left_before_at
    from presences
    inner join people
        on people.session_uuid = presences.session_uuid
        and people.connection_id = presences.connection_id
),

counted as (
    select
        *,
        sum(case when joined_at <= left_before_at then 0 else 1 end) over (
            partition by {{ kind }}_uuid, person_key
            order by joined_at, left_at, session_uuid, connection_id, sequence
            rows between unbounded preceding and current row
        ) as stay_number
    from ordered
),

joins as (
    select distinct {{ kind }}_uuid, person_key, stay_number, session_uuid, connection_id, joined_at
    from counted
),

joins_of_stays as (
    select {{ kind }}_uuid, person_key, stay_number, count(*) as joins
    from joins
    group by {{ kind }}_uuid, person_key, stay_number
),

stays as (
    select
        unit,
        {{ kind }}_uuid,
        person_key,
        stay_number,
        max(email) as email,
        max(zoom_user_id) as zoom_user_id,
        max(registrant_id) as registrant_id,
        max(name) as name,
        min(joined_at) as started_at,
        max(left_at) as ended_at
    from counted
    group by unit, {{ kind }}_uuid, person_key, stay_number
)

select
    {{ dbt.hash("stays." ~ kind ~ "_uuid || '/' || stays.person_key || '/' || cast(stays.stay_number as " ~ zoom.type_of('text') ~ ")") }}
        as stay_key,
    stays.unit,
    stays.{{ kind }}_uuid,
    stays.person_key,
    stays.email,
    stays.zoom_user_id,
    stays.registrant_id,
    stays.name,
    joins_of_stays.joins,
    stays.started_at,
    stays.ended_at,
    {{ zoom.seconds_between('stays.started_at', 'stays.ended_at') }} as seconds,
    units.source_rows,
    units.source_loaded_at
from stays
inner join joins_of_stays
    on joins_of_stays.{{ kind }}_uuid = stays.{{ kind }}_uuid
    and joins_of_stays.person_key = stays.person_key
    and joins_of_stays.stay_number = stays.stay_number
inner join units
    on units.unit = stays.unit
{% endmacro %}
