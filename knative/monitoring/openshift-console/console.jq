# Makes of Grafana's dashboard what OpenShift's console draws: graph and singlestat, with their units where it looks for them.
#
#   jq -f knative/monitoring/openshift-console/console.jq knative/monitoring/dashboard.json \
#     > knative/monitoring/openshift-console/dashboard.json
def unit: .fieldConfig.defaults.unit // "short";
{
  title,
  templating: {
    list: [.templating.list[] | select(.type == "query") | {name, type, "label": .label, refresh, query: .query.query}]
  },
  panels: [
    .panels[] | {id, type, title, description, gridPos}
      + (if .type == "stat" then {type: "singlestat", format: unit, valueName: "current"}
         elif .type == "timeseries" then {type: "graph", yaxes: [{format: unit}], stack: false}
         else {} end)
      + (if .targets then {targets: [.targets[] | {refId, expr, legendFormat, format: "time_series"}]} else {} end)
  ]
}
