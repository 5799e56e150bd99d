{# Whole seconds from one moment to another. #}
{% macro seconds_between(start, end) %}
{{- adapter.dispatch('seconds_between', 'zoom')(start, end) -}}
{% endmacro %}

{% macro duckdb__seconds_between(start, end) -%}
cast(round(epoch({{ end }} - {{ start }})) as bigint)
{%- endmacro %}

{% macro postgres__seconds_between(start, end) -%}
cast(round(extract(epoch from {{ end }} - {{ start }})) as bigint)
{%- endmacro %}

{% macro snowflake__seconds_between(start, end) -%}
timestampdiff(second, {{ start }}, {{ end }})
{%- endmacro %}

{% macro bigquery__seconds_between(start, end) -%}
datetime_diff({{ end }}, {{ start }}, second)
{%- endmacro %}


{# A moment some seconds later. #}
{% macro seconds_after(moment, seconds) %}
{{- adapter.dispatch('seconds_after', 'zoom')(moment, seconds) -}}
{% endmacro %}

{% macro default__seconds_after(moment, seconds) -%}
({{ moment }} + ({{ seconds }}) * interval '1 second')
{%- endmacro %}

{% macro snowflake__seconds_after(moment, seconds) -%}
timestampadd(second, {{ seconds }}, {{ moment }})
{%- endmacro %}

{% macro bigquery__seconds_after(moment, seconds) -%}
datetime_add({{ moment }}, interval {{ seconds }} second)
{%- endmacro %}


{# Seconds in whole minutes, rounded half up. #}
{% macro minutes(seconds) -%}
cast(round({{ seconds }} / 60.0) as {{ zoom.type_of('integer') }})
{%- endmacro %}


{# A moment in UTC as the time on the clock in `zoom__timezone`. #}
{% macro local_time(moment) %}
{%- if var('zoom__timezone', 'UTC') == 'UTC' -%}
{{ moment }}
{%- else -%}
{{ adapter.dispatch('local_time', 'zoom')(moment) }}
{%- endif -%}
{% endmacro %}

{% macro default__local_time(moment) -%}
(({{ moment }} at time zone 'UTC') at time zone '{{ var("zoom__timezone") }}')
{%- endmacro %}

{% macro snowflake__local_time(moment) -%}
convert_timezone('UTC', '{{ var("zoom__timezone") }}', {{ moment }})
{%- endmacro %}

{% macro bigquery__local_time(moment) -%}
datetime(timestamp({{ moment }}, 'UTC'), '{{ var("zoom__timezone") }}')
{%- endmacro %}


{# The moment in UTC at which a day begins in `zoom__timezone`. #}
{% macro start_of_day(day) %}
{%- set midnight = 'cast(' ~ day ~ ' as ' ~ zoom.type_of('timestamp') ~ ')' -%}
{%- if var('zoom__timezone', 'UTC') == 'UTC' -%}
{{ midnight }}
{%- else -%}
{{ adapter.dispatch('start_of_day', 'zoom')(midnight) }}
{%- endif -%}
{% endmacro %}

{% macro default__start_of_day(midnight) -%}
(({{ midnight }} at time zone '{{ var("zoom__timezone") }}') at time zone 'UTC')
{%- endmacro %}

{% macro snowflake__start_of_day(midnight) -%}
convert_timezone('{{ var("zoom__timezone") }}', 'UTC', {{ midnight }})
{%- endmacro %}

{% macro bigquery__start_of_day(midnight) -%}
datetime(timestamp({{ midnight }}, '{{ var("zoom__timezone") }}'), 'UTC')
{%- endmacro %}


{# The day in `zoom__timezone` on which a moment falls. #}
{% macro local_day(moment) -%}
cast({{ zoom.local_time(moment) }} as date)
{%- endmacro %}


{# The Monday of a day's week. #}
{% macro week_of(day) %}
{{- adapter.dispatch('week_of', 'zoom')(day) -}}
{% endmacro %}

{% macro default__week_of(day) -%}
cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{% macro snowflake__week_of(day) -%}
dateadd(day, 1 - dayofweekiso({{ day }}), {{ day }})
{%- endmacro %}

{% macro bigquery__week_of(day) -%}
date_trunc({{ day }}, isoweek)
{%- endmacro %}


{# A number of days after a day. #}
{% macro days_after(day, days) %}
{{- adapter.dispatch('days_after', 'zoom')(day, days) -}}
{% endmacro %}

{% macro default__days_after(day, days) -%}
({{ day }} + {{ days }})
{%- endmacro %}

{% macro snowflake__days_after(day, days) -%}
dateadd(day, {{ days }}, {{ day }})
{%- endmacro %}

{% macro bigquery__days_after(day, days) -%}
date_add({{ day }}, interval {{ days }} day)
{%- endmacro %}


{# A join that gives a row for each `day` from a first to a last day, both included. #}
{% macro join_days(first_day, last_day) %}
{{- adapter.dispatch('join_days', 'zoom')(first_day, last_day) -}}
{% endmacro %}

{% macro duckdb__join_days(first_day, last_day) -%}
cross join lateral (
    select {{ first_day }} + cast(unnest(range(0, ({{ last_day }} - {{ first_day }}) + 1)) as integer) as day
) as days
{%- endmacro %}

{% macro postgres__join_days(first_day, last_day) -%}
cross join lateral (
    select {{ first_day }} + day_number as day
    from generate_series(0, {{ last_day }} - {{ first_day }}) as day_numbers (day_number)
) as days
{%- endmacro %}

{% macro snowflake__join_days(first_day, last_day) -%}
cross join lateral (
    select dateadd(day, day_number.value, {{ first_day }}) as day
    from table(flatten(input => array_generate_range(0, datediff(day, {{ first_day }}, {{ last_day }}) + 1))) as day_number
) as days
{%- endmacro %}

{% macro bigquery__join_days(first_day, last_day) -%}
cross join unnest(array(
    select as struct day from unnest(generate_date_array({{ first_day }}, {{ last_day }})) as day
)) as days
{%- endmacro %}


{# Days from a moment until today, both in UTC. #}
{% macro age_in_days(moment) %}
{{- adapter.dispatch('age_in_days', 'zoom')(moment) -}}
{% endmacro %}

{% macro default__age_in_days(moment) -%}
(cast(current_timestamp at time zone 'UTC' as date) - cast({{ moment }} as date))
{%- endmacro %}

{% macro snowflake__age_in_days(moment) -%}
datediff(day, {{ moment }}, convert_timezone('UTC', current_timestamp()))
{%- endmacro %}

{% macro bigquery__age_in_days(moment) -%}
date_diff(current_date('UTC'), date({{ moment }}), day)
{%- endmacro %}


{# The later of two moments; the other one if one is null. #}
{% macro later(first, second) -%}
greatest(coalesce({{ first }}, {{ second }}), coalesce({{ second }}, {{ first }}))
{%- endmacro %}
