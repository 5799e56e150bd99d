select
    'meeting' as kind,
    polls.meeting_uuid as session_uuid,
    sessions.meeting_uuid,
    cast(null as {{ zoom.type_of('text') }}) as webinar_uuid,
    polls.respondent,
    polls.sequence,
    polls.email,
    polls.name,
    polls.question_details,
    polls.loaded_at
from {{ ref('stg_zoom__meeting_poll_results') }} as polls
inner join {{ ref('int_zoom__meeting_sessions') }} as sessions
    on sessions.session_uuid = polls.meeting_uuid

union all

select
    'webinar' as kind,
    webinar_uuid as session_uuid,
    cast(null as {{ zoom.type_of('text') }}) as meeting_uuid,
    webinar_uuid,
    respondent,
    sequence,
    email,
    name,
    question_details,
    loaded_at
from {{ ref('stg_zoom__webinar_poll_results') }}
