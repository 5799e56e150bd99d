{#
  Select the columns of a stream's table, renamed and cast.

  stream: name of the stream.
  columns: (column, kind) or (column, kind, new name) for each; the kinds are those of `typed`.
  key: new names of the key's columns. Of several rows with one key the last loaded is kept:
  files of JSON lines can hold a row twice.

  A column that the table lacks is null. A table that is missing, or switched off by
  `zoom__using_<stream>: false`, is empty.
#}
{% macro stage(stream, columns, key) %}
{%- set table = source('zoom', stream) -%}
{%- set relation = load_relation(table) if execute and var('zoom__using_' ~ stream, true) else none -%}
{%- set found = {} -%}
{%- if relation -%}
  {%- for column in adapter.get_columns_in_relation(relation) -%}
    {%- do found.update({column.name | lower: column}) -%}
  {%- endfor -%}
{%- endif -%}
{%- set loaded = ['_sdc_extracted_at', '_sdc_batched_at'] | select('in', found) | first -%}
{%- set names = [] -%}
with source_rows as (
    select
    {%- for column in columns %}
        {%- do names.append(column[2] if column | length > 2 else column[0]) %}
        {{ zoom.typed(found.get(column[0]), column[1]) }} as {{ names[-1] }},
    {%- endfor %}
        {{ zoom.typed(found.get(loaded), 'timestamp') }} as loaded_at
    {%- if relation %}
    from {{ relation }}
    {%- else %}
    limit 0
    {%- endif %}
),

numbered as (
    select
        *,
        row_number() over (partition by {{ key | join(', ') }} order by loaded_at desc) as row_of_key
    from source_rows
)

select
{%- for name in names %}
    {{ name }},
{%- endfor %}
    loaded_at
from numbered
where row_of_key = 1
{% endmacro %}


{#
  Cast a column of a source table to a kind: text, email, integer, boolean, timestamp (UTC, without a zone), date or json.

  Empty text becomes null. A missing column becomes a null of that kind.
#}
{% macro typed(column, kind) %}
{%- if not column -%}
    cast(null as {{ zoom.type_of(kind) }})
{%- else -%}
    {%- set name = adapter.quote(column.name) -%}
    {%- set type = column.data_type | lower -%}
    {%- set is_text = 'char' in type or type.startswith('text') or type == 'string' -%}
    {%- if kind == 'text' -%}
        nullif(cast({{ name }} as {{ zoom.type_of('text') }}), '')
    {%- elif kind == 'email' -%}
        nullif(lower(trim(cast({{ name }} as {{ zoom.type_of('text') }}))), '')
    {%- elif kind == 'timestamp' -%}
        {{ zoom.utc(name, type, is_text) }}
    {%- elif kind == 'date' and is_text -%}
        cast(nullif(substr({{ name }}, 1, 10), '') as date)
    {%- elif kind == 'json' -%}
        {{ zoom.as_json(name, type, is_text) }}
    {%- elif is_text -%}
        cast(nullif({{ name }}, '') as {{ zoom.type_of(kind) }})
    {%- else -%}
        cast({{ name }} as {{ zoom.type_of(kind) }})
    {%- endif -%}
{%- endif -%}
{% endmacro %}
