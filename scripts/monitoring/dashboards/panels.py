"""What the dashboards are put together from: a panel is a title and what is asked of Prometheus."""

from collections.abc import Iterable, Mapping
from typing import Final

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    prometheus,
    stat,
    timeseries,
)
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

SECONDS: Final = units.Seconds
PER_SECOND: Final = units.CountsPerSecond
SHARE: Final = units.PercentUnit
COUNT: Final = units.Short

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_GREEN: Final = "green"
_RED: Final = "red"


Part = dashboard.Row | timeseries.Panel | stat.Panel


def board(title: str, uid: str, text: str, parts: Iterable[Part]) -> dashboard.Dashboard:
    """Return a dashboard of the last six hours, for any Prometheus that Grafana knows."""
    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(text)
        .tags(["license-api"])
        .timezone("utc")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .refresh("30s")
        .readonly()
        .with_variable(source)
    )
    for part in parts:
        if isinstance(part, dashboard.Row):
            made.with_row(part)
        else:
            made.with_panel(part)
    return made


def of(metric: str, matchers: str = "") -> str:
    """Return the series of our servers, of one metric."""
    return f'{metric}{{job="license-api"{matchers and ", " + matchers}}}'


def rate_by(label: str, metric: str, matchers: str = "") -> dict[str, str]:
    """Return one curve for each value of a label: how fast a counter grows."""
    return {f"{{{{{label}}}}}": f"sum by ({label}) ({rate(metric, matchers)})"}


def rate(metric: str, matchers: str = "") -> str:
    """Return how fast each series of a counter grows, a second."""
    return f"rate({of(metric, matchers)}[$__rate_interval])"


def quantiles(
    shares: Iterable[float], histogram: str, *, by: str = "", matchers: str = ""
) -> dict[str, str]:
    """Return one curve for each share, and for each value of the label ``by``."""
    labels = f"le, {by}" if by else "le"
    buckets = f"sum by ({labels}) ({rate(f'{histogram}_bucket', matchers)})"
    before = f"{{{{{by}}}}} " if by else ""
    return {
        f"{before}p{share * 100:g}": f"histogram_quantile({share}, {buckets})" for share in shares
    }


def lines(
    title: str,
    queries: Mapping[str, str],
    *,
    unit: str,
    text: str,
    width: int = 12,
    above: float | None = None,
    below: float | None = None,
) -> timeseries.Panel:
    """Return curves over time; ``queries`` maps a legend to an expression.

    Red begins above or below the alert's own threshold, where there is one.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(text)
        .datasource(_SOURCE)
        .unit(unit)
        .min(0)
        .span(width)
        .height(8)
        .draw_style(GraphDrawStyle.LINE)
        .fill_opacity(8)
        .legend(_legend())
    )
    for letter, (legend, expression) in zip("ABCDEFGH", queries.items(), strict=False):
        panel = panel.with_target(_query(letter, legend, expression))
    if above is None and below is None:
        return panel
    style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.LINE)
    return panel.thresholds(_steps(above, below)).thresholds_style(style)


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    """Return curves that stand on each other, because their sum means something."""
    return panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(30)


def number(
    title: str,
    query: str,
    *,
    unit: str,
    text: str,
    legend: str = "",
    above: float | None = None,
    below: float | None = None,
) -> stat.Panel:
    """Return one figure as it is now, or one for each value of a label."""
    return (
        stat.Panel()
        .title(title)
        .description(text)
        .datasource(_SOURCE)
        .unit(unit)
        .span(6)
        .height(4)
        .color_mode(BigValueColorMode.VALUE)
        .thresholds(_steps(above, below))
        .with_target(_query("A", legend, query).instant())
    )


def _query(letter: str, legend: str, expression: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(_SOURCE)
        .ref_id(letter)
        .expr(expression)
        .legend_format(legend)
    )


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)  # noqa: FBT003  the library's own
    )


def _steps(above: float | None, below: float | None) -> dashboard.ThresholdsConfig:
    if below is not None:
        steps = [Threshold(value=None, color=_RED), Threshold(value=below, color=_GREEN)]
    elif above is not None:
        steps = [Threshold(value=None, color=_GREEN), Threshold(value=above, color=_RED)]
    else:
        steps = [Threshold(value=None, color=_GREEN)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
