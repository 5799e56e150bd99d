{# Each value is a meeting of zoom__meetings. Tests without arguments read the same in dbt 1.9 and in 1.11. #}
{% test is_a_meeting(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is not null
    and {{ column_name }} not in (select meeting_uuid from {{ ref('zoom__meetings') }})
{% endtest %}


{# Each value is a webinar of zoom__webinar_funnel. #}
{% test is_a_webinar(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is not null
    and {{ column_name }} not in (select webinar_uuid from {{ ref('zoom__webinar_funnel') }})
{% endtest %}


{# Each value is a user of stg_zoom__users. #}
{% test is_a_user(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is not null
    and {{ column_name }} not in (select user_id from {{ ref('stg_zoom__users') }})
{% endtest %}
