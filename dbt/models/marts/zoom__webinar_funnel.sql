with registrations as (
    select
        webinar_id,
        cast(sum(case when status = 'approved' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as approved,
        cast(sum(case when status = 'pending' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as pending,
        cast(sum(case when status = 'denied' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as denied
    from {{ ref('stg_zoom__webinar_registrants') }}
    group by webinar_id
),

visits as (
    select webinar_id, cast(sum(visits) as {{ zoom.type_of('integer') }}) as visits
    from {{ ref('stg_zoom__webinar_tracking_sources') }}
    group by webinar_id
),

absentees as (
    select webinar_uuid, count(*) as no_shows
    from {{ ref('stg_zoom__webinar_absentees') }}
    group by webinar_uuid
),

attendance as (
    select
        webinar_uuid,
        count(*) as attended,
        count(distinct registrant_id) as attended_registrants,
        cast(sum(case when has_stayed then 1 else 0 end) as {{ zoom.type_of('integer') }}) as stayed,
        cast(sum(attended_seconds) as {{ zoom.type_of('integer') }}) as attended_seconds
    from {{ ref('zoom__webinar_attendance') }}
    group by webinar_uuid
),

polls as (
    select
        webinar_uuid,
        count(distinct respondent) as poll_respondents,
        count(*) as poll_answers
    from {{ ref('zoom__poll_answers') }}
    where kind = 'webinar'
    group by webinar_uuid
),

questions as (
    select
        questions.webinar_uuid,
        count(distinct questions.respondent) as questioners,
        count(*) as questions
    from {{ ref('stg_zoom__webinar_qna_results') }} as questions
    {{ zoom.join_items('questions.question_details') }}
    group by questions.webinar_uuid
)

select
    webinars.webinar_uuid,
    webinars.webinar_id,
    webinars.webinar_type,
    webinars.topic,
    webinars.host_email,
    webinars.host_name,
    webinars.started_at,
    webinars.ended_at,
    {{ zoom.local_day('webinars.started_at') }} as started_on,
    {{ zoom.minutes(zoom.seconds_between('webinars.started_at', 'webinars.ended_at')) }} as duration_minutes,
    visits.visits,
    case
        when coalesce(registrations.approved, 0) > 0 then registrations.approved
        else coalesce(attendance.attended_registrants, 0) + coalesce(absentees.no_shows, 0)
    end as registered,
    coalesce(registrations.pending, 0) as registrations_pending,
    coalesce(registrations.denied, 0) as registrations_denied,
    coalesce(attendance.attended, 0) as attended,
    coalesce(attendance.attended_registrants, 0) as attended_registrants,
    coalesce(attendance.stayed, 0) as stayed,
    coalesce(absentees.no_shows, 0) as no_shows,
    {{ zoom.minutes('coalesce(attendance.attended_seconds, 0)') }} as attended_minutes,
    coalesce(polls.poll_respondents, 0) as poll_respondents,
    coalesce(polls.poll_answers, 0) as poll_answers,
    coalesce(questions.questioners, 0) as questioners,
    coalesce(questions.questions, 0) as questions,
    webinars.has_report
from {{ ref('int_zoom__webinar_sessions') }} as webinars
left join registrations on registrations.webinar_id = webinars.webinar_id
left join visits on visits.webinar_id = webinars.webinar_id
left join absentees on absentees.webinar_uuid = webinars.webinar_uuid
left join attendance on attendance.webinar_uuid = webinars.webinar_uuid
left join polls on polls.webinar_uuid = webinars.webinar_uuid
left join questions on questions.webinar_uuid = webinars.webinar_uuid
