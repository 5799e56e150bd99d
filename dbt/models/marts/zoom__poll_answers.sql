{{ config(
    materialized='incremental',
    incremental_strategy=zoom.append_strategy(),
    on_schema_change='fail',
    pre_hook="{{ zoom.forget_changed(zoom.poll_units()) }}"
) }}

with units as (
    {{ zoom.units_to_build(zoom.poll_units()) }}
),

answers as (
    select
        units.unit,
        units.source_rows,
        units.source_loaded_at,
        results.kind,
        results.session_uuid,
        results.meeting_uuid,
        results.webinar_uuid,
        results.respondent,
        results.sequence,
        results.email,
        results.name,
        items.position as question_number,
        {{ zoom.json_text('items.item', 'polling_id') }} as poll_id,
        {{ zoom.json_text('items.item', 'question') }} as question,
        {{ zoom.json_text('items.item', 'answer') }} as answer,
        {{ zoom.json_text('items.item', 'date_time') }} as answered_at
    from {{ ref('int_zoom__poll_results') }} as results
    inner join units
        on units.unit = results.kind || '/' || results.session_uuid || '/' || coalesce(results.meeting_uuid, results.webinar_uuid)
    {{ zoom.join_items('results.question_details') }}
)

select
    {{ dbt.hash(
        "kind || '/' || session_uuid || '/' || respondent || '/' || cast(sequence as " ~ zoom.type_of('text') ~ ")"
        ~ " || '/' || cast(question_number as " ~ zoom.type_of('text') ~ ")"
    ) }} as answer_key,
    kind,
    meeting_uuid,
    webinar_uuid,
    respondent,
    email,
    name,
    poll_id,
    question,
    answer,
    {{ zoom.utc('answered_at', 'text', true) }} as answered_at,
    unit,
    source_rows,
    source_loaded_at
from answers
where answer is not null
