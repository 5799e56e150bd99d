{# The database's type for a kind of column: text, email, integer, number, boolean, timestamp, date or json. #}
{% macro type_of(kind) %}
{{- adapter.dispatch('type_of', 'zoom')(kind) -}}
{% endmacro %}

{% macro default__type_of(kind) %}
{{- {'text': 'text', 'email': 'text', 'integer': 'bigint', 'number': 'double precision', 'boolean': 'boolean',
     'timestamp': 'timestamp', 'date': 'date', 'json': 'json'}[kind] -}}
{% endmacro %}

{% macro duckdb__type_of(kind) %}
{{- 'double' if kind == 'number' else zoom.default__type_of(kind) -}}
{% endmacro %}

{% macro postgres__type_of(kind) %}
{{- 'jsonb' if kind == 'json' else zoom.default__type_of(kind) -}}
{% endmacro %}

{% macro snowflake__type_of(kind) %}
{{- {'timestamp': 'timestamp_ntz', 'json': 'variant'}.get(kind) or zoom.default__type_of(kind) -}}
{% endmacro %}

{% macro bigquery__type_of(kind) %}
{{- {'text': 'string', 'email': 'string', 'integer': 'int64', 'number': 'float64', 'boolean': 'bool',
     'timestamp': 'datetime', 'date': 'date', 'json': 'json'}[kind] -}}
{% endmacro %}


{# A moment in UTC, without a zone, from a column of any type. Text that is no moment becomes null. #}
{% macro utc(name, type, is_text) %}
{{- adapter.dispatch('utc', 'zoom')(name, type, is_text) -}}
{% endmacro %}

{% macro duckdb__utc(name, type, is_text) %}
{%- if 'time zone' in type -%}
    {{ name }} at time zone 'UTC'
{%- else -%}
    try_cast({{ name }} as timestamp)
{%- endif -%}
{% endmacro %}

{% macro postgres__utc(name, type, is_text) %}
{%- if 'with time zone' in type -%}
    {{ name }} at time zone 'UTC'
{%- elif is_text -%}
    case
        when {{ name }} ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$' then cast({{ name }} as timestamp)
        when {{ name }} ~ '^\d{4}-\d\d-\d\d' then cast({{ name }} as timestamptz) at time zone 'UTC'
    end
{%- else -%}
    cast({{ name }} as timestamp)
{%- endif -%}
{% endmacro %}

{% macro snowflake__utc(name, type, is_text) %}
{%- if is_text -%}
    case
        when regexp_like({{ name }}, '.*(Z|[+-][0-9]{2}:?[0-9]{2})')
            then cast(convert_timezone('UTC', try_to_timestamp_tz({{ name }})) as timestamp_ntz)
        else try_to_timestamp_ntz({{ name }})
    end
{%- elif 'ntz' in type -%}
    {{ name }}
{%- else -%}
    cast(convert_timezone('UTC', {{ name }}) as timestamp_ntz)
{%- endif -%}
{% endmacro %}

{% macro bigquery__utc(name, type, is_text) %}
    datetime(safe_cast({{ name }} as timestamp), 'UTC')
{%- endmacro %}


{# A JSON document from a column that holds one, or a list, or text. #}
{% macro as_json(name, type, is_text) %}
{{- adapter.dispatch('as_json', 'zoom')(name, type, is_text) -}}
{% endmacro %}

{% macro duckdb__as_json(name, type, is_text) %}
{%- if type.endswith(']') or type.startswith('struct') -%}
    to_json({{ name }})
{%- else -%}
    try_cast({{ name }} as json)
{%- endif -%}
{% endmacro %}

{% macro postgres__as_json(name, type, is_text) %}
{%- if is_text and not type.endswith(']') -%}
    cast(nullif({{ name }}, '') as jsonb)
{%- else -%}
    to_jsonb({{ name }})
{%- endif -%}
{% endmacro %}

{% macro snowflake__as_json(name, type, is_text) %}
{{- 'try_parse_json(' ~ name ~ ')' if is_text else 'to_variant(' ~ name ~ ')' -}}
{% endmacro %}

{% macro bigquery__as_json(name, type, is_text) %}
{%- if is_text -%}
    safe.parse_json({{ name }})
{%- elif type == 'json' -%}
    {{ name }}
{%- else -%}
    to_json({{ name }})
{%- endif -%}
{% endmacro %}
