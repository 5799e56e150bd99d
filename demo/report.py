# ruff: noqa: E501, T201
"""Draw a page of charts from the final models: python demo/report.py zoom.duckdb report.html.

Runs with the Python of dbt's environment, which has Altair. The page is one HTML file with embedded SVG, and needs no
network.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import vl_convert

Row = dict[str, Any]

INK, MUTED, GRID = "#1f2937", "#6b7280", "#e5e7eb"
DARK, BLUE, PALE, ORANGE, GREY = "#1e3a8a", "#2563eb", "#bfdbfe", "#f59e0b", "#d1d5db"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 560, 300
TOP = alt.Legend(orient="top")
KINDS = ["Licensed", "Basic", "Unassigned", "None", "Unknown"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

FIGURES = """
    SELECT (SELECT count(*) FROM zoom__meetings) AS meetings,
           (SELECT sum(attended_minutes) / 60 FROM zoom__meetings) AS hours,
           (SELECT count(*) FROM zoom__webinar_funnel) AS webinars,
           (SELECT sum(no_shows) FROM zoom__webinar_funnel) AS no_shows,
           (SELECT count(*) FROM zoom__licences WHERE is_licensed AND status = 'active') AS licensed,
           (SELECT count(*) FROM zoom__licences WHERE is_licensed AND status = 'active'
                AND (last_hosted_at IS NULL OR last_hosted_at < (SELECT max(started_at) FROM zoom__meetings) - INTERVAL 30 DAY)) AS idle,
           (SELECT min(started_on) FROM zoom__meetings) AS first_day,
           (SELECT max(started_on) FROM zoom__meetings) AS last_day
"""
WEEKLY = """
    SELECT CAST(date_trunc('week', started_on) AS DATE) AS week, CAST(sum(attended_minutes) AS DOUBLE) / 60 AS hours,
           CAST(sum(attendees) AS BIGINT) AS attendees, count(*) AS meetings
    FROM zoom__meetings
    WHERE started_on >= (SELECT max(started_on) FROM zoom__meetings) - INTERVAL 26 WEEK
    GROUP BY 1 ORDER BY 1
"""
HOURS = """
    SELECT isodow(started_at) AS day, extract(hour FROM started_at) AS hour, count(*) AS meetings, CAST(sum(attendees) AS BIGINT) AS attendees
    FROM zoom__meetings GROUP BY ALL
"""
LICENCES = """
    WITH today AS (SELECT max(started_at) AS now FROM zoom__meetings)
    SELECT coalesce(licence, 'Unknown') AS licence,
           CASE WHEN last_hosted_at >= now - INTERVAL 30 DAY THEN 'Hosted within 30 days'
                WHEN last_hosted_at IS NOT NULL THEN 'Hosted before that'
                ELSE 'Never hosted' END AS use,
           count(*) AS users
    FROM zoom__licences, today WHERE status = 'active' GROUP BY ALL
"""
FUNNEL = """
    SELECT topic, started_on, registered, attended, stayed, no_shows FROM zoom__webinar_funnel
    WHERE registered > 0 ORDER BY started_on DESC, webinar_uuid LIMIT 8
"""


def main(database: str, page: str) -> None:
    with duckdb.connect(database, read_only=True) as connection:

        def ask(sql: str) -> list[Row]:
            answer = connection.execute(sql)
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

        figures = ask(FIGURES)[0]
        charts = [attendance(ask(WEEKLY)), hours(ask(HOURS)), licences(ask(LICENCES)), funnel(ask(FUNNEL))]
    Path(page).write_text(written(figures, charts), "utf-8")
    print(f"{len(charts)} charts")


# --- charts: title, description, model, SVG ---------------------------------------------------------------------------


def attendance(rows: list[Row]) -> tuple[str, str, str, str]:
    data = alt.Data(values=[{**row, "week": row["week"].isoformat()} for row in rows])
    picture = (
        alt.Chart(data)
        .mark_bar(color=BLUE, size=13, cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%-d %b", tickCount=8, labelFlush=True)),
            y=alt.Y("hours:Q", title="hours of all attendees", axis=alt.Axis(tickCount=5, grid=True)),
        )
    )
    best = max(rows, key=lambda row: row["hours"], default=None)
    words = (
        f"Hours that people spent in meetings, by week. The peak is the week of {best['week']:%-d %B %Y}."
        if best
        else "No meetings."
    )
    return "Attendance over time", words, "zoom__meetings", drawn(picture)


def hours(rows: list[Row]) -> tuple[str, str, str, str]:
    counts = {(row["day"], row["hour"]): row for row in rows}
    values = [
        {
            "day": name,
            "hour": hour,
            **{what: counts.get((day, hour), {}).get(what, 0) for what in ("meetings", "attendees")},
        }
        for day, name in enumerate(DAYS, start=1)
        for hour in range(24)
    ]
    picture = (
        alt.Chart(alt.Data(values=values))
        .mark_rect(stroke="white", strokeWidth=2, cornerRadius=3)
        .encode(
            x=alt.X(
                "hour:O",
                title="hour (UTC)",
                axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3)), domain=False, ticks=False),
            ),
            y=alt.Y("day:O", title=None, sort=DAYS, axis=alt.Axis(domain=False, ticks=False)),
            color=alt.Color(
                "attendees:Q", title="attendees", scale=alt.Scale(type="sqrt", range=["#f3f4f6", PALE, BLUE, DARK])
            ),
        )
    )
    best = max(values, key=lambda row: row["attendees"])
    words = f"Attendees by the hour in which their meeting began. The busiest is {best['day']} at {best['hour']:02}:00."
    return "Busiest hours", words, "zoom__meetings", drawn(picture)


def licences(rows: list[Row]) -> tuple[str, str, str, str]:
    order = ["Hosted within 30 days", "Hosted before that", "Never hosted"]
    values = [{**row, "place": order.index(row["use"])} for row in rows]
    picture = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(size=26, cornerRadius=2)
        .encode(
            x=alt.X("users:Q", title="active users", axis=alt.Axis(tickMinStep=1, tickCount=6, grid=True)),
            y=alt.Y("licence:N", title=None, sort=KINDS, axis=alt.Axis(domain=False, ticks=False)),
            color=alt.Color("use:N", title=None, scale=alt.Scale(domain=order, range=[BLUE, ORANGE, GREY]), legend=TOP),
            order=alt.Order("place:Q"),
        )
    )
    idle = sum(row["users"] for row in rows if row["licence"] == "Licensed" and row["use"] != order[0])
    words = f"{plural(idle, 'licensed user')} hosted nothing in the last 30 days of the data."
    return "License use", words, "zoom__licences", drawn(picture)


def funnel(rows: list[Row]) -> tuple[str, str, str, str]:
    steps = ["registered", "attended", "stayed"]
    values = [
        {
            "webinar": f"{row['started_on']:%-d %b} {shortened(row['topic'] or 'Webinar')}",
            "step": step,
            "people": row[step],
            "place": place,
        }
        for place, row in enumerate(rows)
        for step in steps
    ]
    picture = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(cornerRadius=1)
        .encode(
            x=alt.X("people:Q", title="people", axis=alt.Axis(tickCount=6, grid=True)),
            y=alt.Y("webinar:N", title=None, sort=alt.EncodingSortField("place", op="min"),
                    axis=alt.Axis(domain=False, ticks=False, labelLimit=150), scale=alt.Scale(paddingInner=0.3)),
            yOffset=alt.YOffset("step:N", sort=steps),
            color=alt.Color("step:N", title=None, scale=alt.Scale(domain=steps, range=[PALE, BLUE, DARK]), legend=TOP),
        )
    )  # fmt: skip
    missed = sum(row["no_shows"] for row in rows)
    words = f"The last {plural(len(rows), 'webinar')} with registration. {plural(missed, 'person', 'people')} registered for them and did not come."
    return "Webinar funnel", words, "zoom__webinar_funnel", drawn(picture)


def drawn(picture: alt.Chart) -> str:
    """Return the chart as SVG."""
    whole = (
        picture.properties(width=WIDTH, height=HEIGHT, background="transparent", autosize=alt.AutoSizeParams(type="fit", contains="padding"))
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED, titleColor=MUTED, titleFontWeight="normal", labelFontSize=11, titleFontSize=11, gridColor=GRID, domainColor=GRID,
            tickColor=GRID, grid=False,
        )
        .configure_legend(labelColor=INK, titleColor=MUTED, titleFontWeight="normal", labelFontSize=11, titleFontSize=11)
    )  # fmt: skip
    svg: str = vl_convert.vegalite_to_svg(whole.to_json())
    return svg


# --- the page -----------------------------------------------------------------------------------------------------


def written(figures: Row, charts: list[tuple[str, str, str, str]]) -> str:
    tiles = [
        (number(figures["meetings"]), "meetings"), (number(figures["hours"]), "hours in meetings"), (number(figures["webinars"]), "webinars"),
        (number(figures["no_shows"]), "webinar no-shows"), (f"{figures['idle']} of {figures['licensed']}", "licenses idle for 30 days"),
    ]  # fmt: skip
    span = (
        f"{figures['first_day']:%-d %B %Y} to {figures['last_day']:%-d %B %Y}"
        if figures["first_day"]
        else "no meetings"
    )
    return PAGE.format(
        span=span,
        tiles="".join(f"<div class=tile><b>{value}</b><span>{name}</span></div>" for value, name in tiles),
        charts="".join(
            f"<figure><h2>{html.escape(title)}</h2><p>{html.escape(words)}</p>{svg}<figcaption>{model}</figcaption></figure>"
            for title, words, model, svg in charts
        ),
    )


def number(value: float | None) -> str:
    return f"{round(value or 0):,}"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shortened(text: str, longest: int = 16) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Zoom: meetings, webinars, licenses</title>
<style>
body {{ margin: 0; background: #f3f4f6; color: #1f2937; font: 15px/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; }}
main {{ max-width: 1240px; margin: 0 auto; padding: 28px 24px 40px; }}
h1 {{ font-size: 24px; margin: 0 0 2px; }}
.span {{ color: #6b7280; margin: 0 0 20px; }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 16px; margin-bottom: 16px; }}
.tile, figure {{ background: #fff; border: 1px solid #e5e7eb; border-radius: 10px; padding: 16px 20px; margin: 0; }}
.tile b {{ display: block; font-size: 26px; }}
.tile span {{ color: #6b7280; font-size: 13px; }}
.charts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(520px, 100%), 1fr)); gap: 16px; }}
h2 {{ font-size: 16px; margin: 0; }}
figure p {{ margin: 2px 0 12px; color: #6b7280; font-size: 13px; }}
figure svg {{ width: 100%; height: auto; display: block; }}
figcaption {{ color: #9ca3af; font: 12px/1 "Liberation Mono", monospace; margin-top: 12px; }}
</style>
</head>
<body>
<main>
<h1>Zoom: meetings, webinars, licenses</h1>
<p class="span">A simulated account, {span} (UTC)</p>
<section class="tiles">{tiles}</section>
<section class="charts">{charts}</section>
</main>
</body>
</html>
"""


if __name__ == "__main__":
    main(*sys.argv[1:])
