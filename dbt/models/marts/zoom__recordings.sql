{{ config(materialized='view') }}

with files as (
    select
        recording_uuid,
        count(*) as files,
        cast(sum(case when file_type = 'MP4' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as videos,
        cast(sum(case when file_type = 'M4A' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as audios,
        cast(sum(case when file_type = 'TRANSCRIPT' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as transcripts,
        cast(sum(case when file_type = 'CHAT' then 1 else 0 end) as {{ zoom.type_of('integer') }}) as chats,
        cast(sum(case when file_type = 'MP4' then size_bytes end) as {{ zoom.type_of('integer') }}) as video_bytes
    from {{ ref('int_zoom__recording_files') }}
    group by recording_uuid
)

select
    recordings.recording_uuid,
    sessions.meeting_uuid,
    recordings.meeting_id,
    recordings.topic,
    case
        when recordings.recording_type in ('5', '6', '9') then 'webinar'
        when recordings.recording_type = '99' then 'upload'
        when recordings.recording_type is not null then 'meeting'
    end as kind,
    recordings.host_id,
    coalesce(users.email, sessions.host_email) as host_email,
    recordings.started_at,
    {{ zoom.age_in_days('recordings.started_at') }} as age_days,
    recordings.duration_minutes,
    recordings.size_bytes,
    cast(round(recordings.size_bytes / 1000000.0) as {{ zoom.type_of('integer') }}) as megabytes,
    coalesce(files.files, recordings.files, 0) as files,
    coalesce(files.video_bytes, 0) as video_bytes,
    coalesce(files.videos, 0) > 0 as has_video,
    coalesce(files.audios, 0) > 0 as has_audio,
    coalesce(files.transcripts, 0) > 0 as has_transcript,
    coalesce(files.chats, 0) > 0 as has_chat,
    coalesce(recordings.is_auto_deleted, false) as is_auto_deleted,
    recordings.auto_delete_on
from {{ ref('stg_zoom__recordings') }} as recordings
left join files
    on files.recording_uuid = recordings.recording_uuid
left join {{ ref('stg_zoom__users') }} as users
    on users.user_id = recordings.host_id
left join {{ ref('int_zoom__meeting_sessions') }} as sessions
    on sessions.session_uuid = recordings.recording_uuid
