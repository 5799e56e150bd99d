"""python -m tap_zoom"""

from tap_zoom import main

main()
