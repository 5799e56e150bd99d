{# The units of poll answers: one occurrence, under the meeting that it belongs to now. #}
{% macro poll_units() -%}
select
    kind || '/' || session_uuid || '/' || coalesce(meeting_uuid, webinar_uuid) as unit,
    count(*) as source_rows,
    max(loaded_at) as source_loaded_at
from {{ ref('int_zoom__poll_results') }}
group by 1
{%- endmacro %}


{# The units of phone calls: one call each. #}
{% macro call_units() -%}
select
    call_uuid as unit,
    1 as source_rows,
    loaded_at as source_loaded_at
from {{ ref('stg_zoom__phone_call_history') }}
{%- endmacro %}
