{{ config(
    materialized='incremental',
    incremental_strategy=zoom.append_strategy(),
    on_schema_change='fail',
    pre_hook="{{ zoom.forget_changed(zoom.stay_units('webinar')) }}"
) }}

{{ zoom.stays('webinar') }}
