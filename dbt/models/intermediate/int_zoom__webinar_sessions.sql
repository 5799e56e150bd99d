select
    coalesce(cast(webinar_id as {{ zoom.type_of('text') }}), webinar_uuid) as unit,
    webinar_uuid,
    webinar_id,
    has_report,
    webinar_type,
    topic,
    host_email,
    host_name,
    department,
    started_at,
    ended_at,
    participants_count,
    loaded_at
from (
    {{ zoom.occurrences('webinar') }}
) as occurrences
