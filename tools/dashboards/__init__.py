"""The Grafana dashboards of the chart, made from declarations: ``python -m tools.dashboards`` writes them."""
