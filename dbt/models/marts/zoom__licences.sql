with hosted as (
    select
        host_email,
        max(started_at) as last_hosted_at,
        cast(sum(case when kind = 'meeting' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as meetings_hosted,
        cast(sum(case when kind = 'webinar' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as webinars_hosted
    from (
        select host_email, started_at, 'meeting' as kind from {{ ref('zoom__meetings') }}
        union all
        select host_email, started_at, 'webinar' as kind from {{ ref('int_zoom__webinar_sessions') }}
    ) as held
    where host_email is not null
    group by host_email
)

select
    users.user_id,
    users.email,
    coalesce(users.display_name, users.first_name || ' ' || users.last_name) as name,
    users.department,
    users.status,
    users.user_type,
    case users.user_type
        when 1 then 'Basic'
        when 2 then 'Licensed'
        when 4 then 'Unassigned'
        when 99 then 'None'
    end as licence,
    coalesce(users.user_type = 2, false) as is_licensed,
    coalesce(users.user_created_at, users.login_created_at) as created_at,
    users.last_login_at,
    hosted.last_hosted_at,
    {{ zoom.later('hosted.last_hosted_at', 'users.last_login_at') }} as idle_since,
    coalesce(hosted.meetings_hosted, 0) as meetings_hosted,
    coalesce(hosted.webinars_hosted, 0) as webinars_hosted
from {{ ref('stg_zoom__users') }} as users
left join hosted
    on hosted.host_email = users.email
