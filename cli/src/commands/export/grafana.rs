//! A dashboard of Grafana: an overview, a row a workflow with its limits as thresholds, resources and breakers, the sidecar.
//!
//! It knows the names of metrics, and no server.

use serde_json::{Value, json};

use super::observed::{Observed, Workflow, quoted};

/// Columns of a dashboard.
const WIDE: u32 = 24;
const TALL: u32 = 8;

/// The version of the form of dashboards that is written.
const SCHEMA: u32 = 39;

/// Panels from the left to the right, row after row.
#[derive(Default)]
struct Page {
    panels: Vec<Value>,
    x: u32,
    y: u32,
}

/// How values are shown.
#[derive(Clone, Copy)]
struct Look {
    kind: &'static str,
    unit: &'static str,
    wide: u32,
}

const LINES: Look = Look { kind: "timeseries", unit: "short", wide: 8 };
const RATE: Look = Look { kind: "timeseries", unit: "ops", wide: 8 };
const SECONDS: Look = Look { kind: "timeseries", unit: "s", wide: 8 };
const NUMBER: Look = Look { kind: "stat", unit: "short", wide: 4 };

impl Page {
    fn row(&mut self, title: &str) {
        if self.x > 0 {
            self.y += TALL;
        }
        let id = self.panels.len() + 1;
        self.panels.push(json!({
            "id": id, "type": "row", "title": title, "collapsed": false, "panels": [],
            "gridPos": {"x": 0, "y": self.y, "w": WIDE, "h": 1},
        }));
        (self.x, self.y) = (0, self.y + 1);
    }

    /// A panel with queries, each with its legend, and limits: the first of all, others of series by name.
    fn panel(
        &mut self,
        look: Look,
        title: &str,
        queries: &[(&str, String)],
        limit: Option<f64>,
        limits: &[(String, f64)],
    ) {
        if self.x + look.wide > WIDE {
            (self.x, self.y) = (0, self.y + TALL);
        }
        let source = json!({"type": "prometheus", "uid": "${datasource}"});
        let targets: Vec<Value> = queries
            .iter()
            .zip('A'..='Z')
            .map(|((legend, expression), name)| {
                json!({
                    "refId": name, "expr": expression, "legendFormat": legend, "datasource": source,
                    "exemplar": look.kind == "timeseries", "range": true,
                })
            })
            .collect();
        let overrides: Vec<Value> = limits
            .iter()
            .map(|(series, limit)| {
                json!({
                    "matcher": {"id": "byName", "options": series},
                    "properties": [{"id": "thresholds", "value": thresholds(Some(*limit))}],
                })
            })
            .collect();
        let style = if limit.is_some() { "line" } else { "off" };
        let options = if look.kind == "stat" {
            json!({"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
                "graphMode": "area", "colorMode": "value", "justifyMode": "auto", "textMode": "auto",
                "orientation": "auto", "wideLayout": true, "showPercentChange": false,
                "percentChangeColorMode": "standard"})
        } else {
            json!({"legend": {"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"}})
        };
        let custom =
            if look.kind == "stat" { json!({}) } else { json!({"thresholdsStyle": {"mode": style}}) };
        self.panels.push(json!({
            "id": self.panels.len() + 1, "type": look.kind, "title": title, "datasource": source,
            "gridPos": {"x": self.x, "y": self.y, "w": look.wide, "h": TALL},
            "targets": targets, "options": options,
            "fieldConfig": {
                "defaults": {"unit": look.unit, "thresholds": thresholds(limit), "custom": custom},
                "overrides": overrides,
            },
        }));
        self.x += look.wide;
    }
}

fn thresholds(limit: Option<f64>) -> Value {
    let mut steps = vec![json!({"color": "green", "value": null})];
    if let Some(limit) = limit {
        steps.push(json!({"color": "orange", "value": limit * 0.8}));
        steps.push(json!({"color": "red", "value": limit}));
    }
    json!({"mode": "absolute", "steps": steps})
}

/// Zero where there is no series: what never happened is seen as such.
fn or_zero(expression: &str) -> String {
    format!("{expression} or on() vector(0)")
}

fn rate(by: &str, metric: &str, labels: &str) -> String {
    format!("sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))")
}

/// Of classic buckets, or of a native histogram: a Prometheus that takes these keeps no others.
fn quantile(share: &str, by: &str, metric: &str, labels: &str) -> String {
    let le = if by.is_empty() { "le".to_owned() } else { format!("le, {by}") };
    let (buckets, native) = (rate(&le, &format!("{metric}_bucket"), labels), rate(by, metric, labels));
    format!("(histogram_quantile({share}, {buckets}) or histogram_quantile({share}, {native}))")
}

/// The dashboard of a manifest.
pub(super) fn dashboard(seen: &Observed) -> Value {
    let mut page = Page::default();
    overview(&mut page);
    for workflow in &seen.workflows {
        of_workflow(&mut page, workflow);
    }
    if !seen.resources.is_empty() || !seen.breakers.is_empty() {
        limits(&mut page, seen);
    }
    sidecar(&mut page);
    let source = json!({
        "name": "datasource", "type": "datasource", "label": "Prometheus", "query": "prometheus", "hide": 0,
        "refresh": 1, "multi": false, "includeAll": false, "options": [], "regex": "", "skipUrlSync": false,
        "current": {"selected": false, "text": "Prometheus", "value": "prometheus"},
    });
    json!({
        "uid": uid(&seen.name), "title": format!("Conductor: {}", seen.name), "tags": ["conductor"],
        "schemaVersion": SCHEMA, "version": 1, "editable": true, "graphTooltip": 1, "fiscalYearStartMonth": 0,
        "timezone": "browser", "refresh": "10s", "time": {"from": "now-1h", "to": "now"}, "weekStart": "",
        "templating": {"list": [source]}, "annotations": {"list": []}, "links": [], "panels": page.panels,
    })
}

/// Grafana takes 40 letters, digits, `-` and `_`.
fn uid(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    format!("conductor-{}", name.chars().map(plain).take(30).collect::<String>())
}

fn overview(page: &mut Page) {
    page.row("Overview");
    let share = "sum(rate(conductor_runs_stopped_total{outcome=\"failed\"}[$__rate_interval]))";
    let all = "sum(rate(conductor_runs_stopped_total{outcome=~\"succeeded|failed\"}[$__rate_interval]))";
    page.panel(NUMBER, "Open runs", &[("", "sum(conductor_open_runs)".to_owned())], None, &[]);
    let paused = or_zero("sum(conductor_runs{state=\"paused\"})");
    page.panel(NUMBER, "Paused, for a person", &[("", paused)], Some(1.0), &[]);
    let waiting = "sum(conductor_dispatchable_runs)".to_owned();
    page.panel(NUMBER, "Without a session", &[("", waiting)], Some(1.0), &[]);
    page.panel(NUMBER, "Sessions", &[("", "sum(conductor_sessions)".to_owned())], None, &[]);
    let percent = Look { unit: "percentunit", ..NUMBER };
    let failing = or_zero(&format!("({share}) / ({all} > 0)"));
    page.panel(percent, "Failing runs", &[("", failing)], Some(0.05), &[]);
    let open = or_zero("sum(conductor_breaker_state{state=\"open\"})");
    page.panel(NUMBER, "Open breakers", &[("", open)], Some(1.0), &[]);
    let ended = rate("workflow, outcome", "conductor_runs_stopped_total", "");
    page.panel(RATE, "Runs that ended", &[("{{workflow}} {{outcome}}", or_zero(&ended))], None, &[]);
    let worst = rate("workflow, task", "conductor_attempts_total", "outcome=\"failed\"");
    let worst = or_zero(&format!("topk(10, {worst})"));
    page.panel(RATE, "Tasks that fail most", &[("{{workflow}} {{task}}", worst)], None, &[]);
    let slowest = format!("topk(10, {})", quantile("0.95", "task", "conductor_attempt_duration_seconds", ""));
    page.panel(SECONDS, "Slowest tasks (95 % of attempts)", &[("{{task}}", slowest)], None, &[]);
}

fn of_workflow(page: &mut Page, workflow: &Workflow) {
    let name = &workflow.id;
    let only = format!("workflow={}", quoted(name));
    page.row(&format!("Workflow {name}"));
    let ended = or_zero(&rate("outcome", "conductor_runs_stopped_total", &only));
    page.panel(RATE, &format!("{name}: runs by outcome"), &[("{{outcome}}", ended)], None, &[]);
    let took = |share| quantile(share, "", "conductor_run_duration_seconds", &only);
    let took = [("50 %", took("0.5")), ("95 %", took("0.95")), ("99 %", took("0.99"))];
    page.panel(SECONDS, &format!("{name}: time of a run"), &took, workflow.deadline, &[]);
    let open = or_zero(&format!("sum by (state) (conductor_runs{{{only}}})"));
    page.panel(LINES, &format!("{name}: open runs"), &[("{{state}}", open)], None, &[]);
    let failed = format!("{only},outcome=\"failed\"");
    let failed = or_zero(&rate("task, error_type", "conductor_attempts_total", &failed));
    let legend = "{{task}} {{error_type}}";
    page.panel(RATE, &format!("{name}: failed attempts by error"), &[(legend, failed)], None, &[]);
    let timeouts: Vec<(String, f64)> =
        workflow.tasks.iter().filter_map(|(task, limits)| Some((task.clone(), limits.timeout?))).collect();
    let longest = timeouts.iter().map(|(_, limit)| *limit).reduce(f64::max);
    let took = quantile("0.95", "task", "conductor_attempt_duration_seconds", &only);
    let title = format!("{name}: time of an attempt (95 %)");
    page.panel(SECONDS, &title, &[("{{task}}", took)], longest, &timeouts);
    let retried = or_zero(&rate("task", "conductor_retries_total", &only));
    page.panel(RATE, &format!("{name}: retries"), &[("{{task}}", retried)], None, &[]);
}

fn limits(page: &mut Page, seen: &Observed) {
    page.row("Resources and breakers");
    for (resource, permits) in &seen.resources {
        let only = format!("resource={}", quoted(resource));
        let now = |metric: &str| or_zero(&format!("sum(conductor_resource_{metric}{{{only}}})"));
        let held = [("held", now("in_use")), ("there are", now("limit")), ("waiting", now("waiting"))];
        let title = format!("{resource}: permits");
        page.panel(LINES, &title, &held, Some(f64::from(*permits)), &[]);
        let waited = quantile("0.95", "", "conductor_resource_wait_duration_seconds", &only);
        let title = format!("{resource}: wait for a permit (95 %)");
        page.panel(SECONDS, &title, &[("95 %", or_zero(&waited))], None, &[]);
    }
    if !seen.breakers.is_empty() {
        let states = or_zero("sum by (breaker, state) (conductor_breaker_state)");
        page.panel(LINES, "Circuit breakers", &[("{{breaker}} {{state}}", states)], None, &[]);
    }
}

fn sidecar(page: &mut Page) {
    page.row("Sidecar");
    let commits = |share| quantile(share, "", "conductor_commit_duration_seconds", "");
    let commits = [("50 %", commits("0.5")), ("99 %", commits("0.99"))];
    page.panel(SECONDS, "Commits of the journal", &commits, None, &[]);
    let records = "sum(rate(conductor_commit_records_sum[$__rate_interval]))";
    let batches = "sum(rate(conductor_commit_records_count[$__rate_interval]))";
    let rates = [("records", records.to_owned()), ("commits", batches.to_owned())];
    page.panel(RATE, "Records and commits", &rates, None, &[]);
    let bytes = Look { unit: "bytes", ..LINES };
    page.panel(
        bytes,
        "Size of the store",
        &[("bytes", or_zero("sum(conductor_store_size_bytes)"))],
        None,
        &[],
    );
    let refused = or_zero(&rate("reason", "conductor_refused_total", ""));
    let failures = or_zero("sum(rate(conductor_store_failures_total[$__rate_interval]))");
    let wrong = [("refused: {{reason}}", refused), ("the store's", failures)];
    page.panel(RATE, "Refusals", &wrong, None, &[]);
    let exported = or_zero(&rate("signal", "conductor_exported_total", ""));
    let lost = or_zero(&rate("signal, reason", "conductor_export_lost_total", ""));
    let export = [("{{signal}}", exported), ("lost: {{signal}} {{reason}}", lost)];
    page.panel(RATE, "Spans and logs exported", &export, None, &[]);
    let behind = "max(conductor_export_behind_seconds)".to_owned();
    page.panel(SECONDS, "Export behind", &[("behind", behind)], Some(60.0), &[]);
}
