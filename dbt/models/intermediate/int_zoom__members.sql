{#- E-mail addresses of the account: its users, one row per address, and hosts of past meetings who are not users any more. -#}
with users as (
    select
        *,
        row_number() over (
            partition by email
            order by case status when 'active' then 0 when 'inactive' then 1 else 2 end, user_id
        ) as row_of_email
    from {{ ref('stg_zoom__users') }}
    where email is not null
),

hosts as (
    select
        host_email,
        max(department) as department
    from (
        select host_email, department from {{ ref('int_zoom__meeting_sessions') }}
        union all
        select host_email, department from {{ ref('int_zoom__webinar_sessions') }}
    ) as held
    where host_email is not null
    group by host_email
)

select
    coalesce(users.email, hosts.host_email) as email,
    users.user_id,
    users.status,
    coalesce(users.department, hosts.department) as department,
    coalesce(users.user_created_at, users.login_created_at) as created_at
from (select * from users where row_of_email = 1) as users
full outer join hosts on hosts.host_email = users.email
