{#
  A join that gives a row for each item of a list: `item`, a JSON document, and `position`, from 1.

  document: a column of kind json, with the alias of its table. Anything but a list has no items.
#}
{% macro join_items(document) %}
{{- adapter.dispatch('join_items', 'zoom')(document) -}}
{% endmacro %}

{% macro duckdb__join_items(document) -%}
cross join lateral (
    select
        unnest(json_extract({{ document }}, '$[*]')) as item,
        unnest(range(1, cast(json_array_length({{ document }}) as bigint) + 1)) as position
) as items
{%- endmacro %}

{% macro postgres__join_items(document) -%}
cross join lateral jsonb_array_elements(
    case when jsonb_typeof({{ document }}) = 'array' then {{ document }} else '[]' end
) with ordinality as items (item, position)
{%- endmacro %}

{% macro snowflake__join_items(document) -%}
cross join lateral (
    select list_item.value as item, list_item.index + 1 as position
    from table(flatten(input => {{ document }})) as list_item
) as items
{%- endmacro %}

{% macro bigquery__join_items(document) -%}
cross join unnest(array(
    select as struct list_item as item, list_offset + 1 as position
    from unnest(json_query_array({{ document }})) as list_item with offset as list_offset
)) as items
{%- endmacro %}


{# The text of a field of a JSON object. Empty text and JSON's null are null. #}
{% macro json_text(document, field) %}
nullif({{ adapter.dispatch('json_text', 'zoom')(document, field) }}, '')
{%- endmacro %}

{% macro default__json_text(document, field) -%}
({{ document }} ->> '{{ field }}')
{%- endmacro %}

{% macro snowflake__json_text(document, field) -%}
cast({{ document }}:{{ field }} as text)
{%- endmacro %}

{% macro bigquery__json_text(document, field) -%}
json_value({{ document }}, '$.{{ field }}')
{%- endmacro %}
