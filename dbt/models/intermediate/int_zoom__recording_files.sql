select
    recordings.recording_uuid,
    items.position,
    {{ zoom.json_text('items.item', 'file_type') }} as file_type,
    {{ zoom.json_text('items.item', 'recording_type') }} as recording_type,
    cast({{ zoom.json_text('items.item', 'file_size') }} as {{ zoom.type_of('integer') }}) as size_bytes
from {{ ref('stg_zoom__recordings') }} as recordings
{{ zoom.join_items('recordings.recording_files') }}
