{#
  Incremental models here are built in units: one meeting number, one webinar, one call. A unit is built anew, as a
  whole, when its rows were loaded again or their number changed.

  `forget_changed` is the pre-hook that deletes such units, and those that the source lost. The model then adds the
  units that it lacks. Nothing depends on how late a row arrives. A source without load times is built in full.

  units: a query that gives unit, source_rows and source_loaded_at.
#}
{% macro forget_changed(units) %}
{%- if execute and is_incremental() -%}
delete from {{ this }}
where unit not in (
    select units_now.unit
    from ({{ units }}) as units_now
    inner join {{ this }} as units_built
        on units_built.unit = units_now.unit
        and units_built.source_rows = units_now.source_rows
        and units_built.source_loaded_at = units_now.source_loaded_at
)
{%- endif -%}
{% endmacro %}


{# The units to build: all of them, or those that the table lacks. #}
{% macro units_to_build(units) -%}
select unit, source_rows, source_loaded_at
from ({{ units }}) as units_now
{%- if is_incremental() %}
where unit not in (select unit from {{ this }})
{%- endif %}
{%- endmacro %}


{% macro append_strategy() -%}
{{- 'merge' if target.type == 'bigquery' else 'append' -}}
{%- endmacro %}
