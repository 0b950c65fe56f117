//! Rules of Prometheus: how fast each workflow uses up the failures that its objective allows, and what stands still.
//!
//! The windows and factors are those of the Site Reliability Workbook, chapter 5. It knows the names of metrics, and no server.

use super::observed::{Observed, Workflow, quoted};

/// A long and a short window, the factor by which failures come too fast in both, and what that means.
const BURNING: [(&str, &str, f64, &str); 3] =
    [("1h", "5m", 14.4, "critical"), ("6h", "30m", 6.0, "critical"), ("3d", "6h", 1.0, "warning")];

const WINDOWS: [&str; 5] = ["5m", "30m", "1h", "6h", "3d"];

/// Of a limit, what is too near to it.
const NEAR: f64 = 0.8;

/// One alert.
struct Alert<'a> {
    name: &'a str,
    when: String,
    lasts: &'a str,
    severity: &'a str,
    labels: Vec<(&'a str, String)>,
    summary: String,
    help: &'a str,
}

/// The text of a rules file. `objective` is in percent.
pub(super) fn rules(seen: &Observed, objective: f64) -> String {
    let mut text = String::from("# Written by `conductor export alerts`.\ngroups:\n");
    group(&mut text, "conductor");
    for alert in of_sidecar() {
        alert.write(&mut text);
    }
    for (resource, permits) in &seen.resources {
        exhausted(resource, *permits).write(&mut text);
    }
    for breaker in &seen.breakers {
        opened(breaker).write(&mut text);
    }
    for workflow in &seen.workflows {
        group(&mut text, &format!("conductor workflow {}", workflow.id));
        for window in WINDOWS {
            record(&mut text, workflow, window);
        }
        for alert in of_workflow(workflow, objective) {
            alert.write(&mut text);
        }
    }
    text
}

/// A text of YAML: JSON's strings are some.
fn text_of(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn group(text: &mut String, name: &str) {
    text.push_str(&format!("  - name: {}\n    rules:\n", text_of(name)));
}

fn recorded(workflow: &Workflow, window: &str) -> String {
    format!("conductor:run_failures:ratio_rate{window}{{workflow={}}}", quoted(&workflow.id))
}

fn record(text: &mut String, workflow: &Workflow, window: &str) {
    let name = quoted(&workflow.id);
    let of = |outcomes: &str| {
        format!(
            "sum(rate(conductor_runs_stopped_total{{workflow={name},outcome=~\"{outcomes}\"}}[{window}]))"
        )
    };
    let failed = format!("({} or on() vector(0))", of("failed"));
    let share = format!("{failed} / ({} > 0)", of("failed|succeeded"));
    text.push_str(&format!(
        "      - record: conductor:run_failures:ratio_rate{window}\n        expr: {}\n        labels:\n          workflow: {}\n",
        text_of(&share),
        text_of(&workflow.id)
    ));
}

impl Alert<'_> {
    fn write(&self, text: &mut String) {
        text.push_str(&format!(
            "      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          severity: {}\n",
            self.name,
            text_of(&self.when),
            self.lasts,
            self.severity
        ));
        for (label, value) in &self.labels {
            text.push_str(&format!("          {label}: {}\n", text_of(value)));
        }
        text.push_str(&format!(
            "        annotations:\n          summary: {}\n          description: {}\n",
            text_of(&self.summary),
            text_of(self.help)
        ));
    }
}

fn of_sidecar() -> Vec<Alert<'static>> {
    let alert = |name, when: &str, lasts, severity, summary: &str, help| Alert {
        name,
        when: when.to_owned(),
        lasts,
        severity,
        labels: Vec::new(),
        summary: summary.to_owned(),
        help,
    };
    vec![
        alert(
            "ConductorSidecarMissing",
            "absent(conductor_build_info)",
            "5m",
            "critical",
            "No sidecar of Conductor is scraped",
            "Durable runs neither begin nor go on without one: see whether `conductor sidecar` runs and answers on /metrics.",
        ),
        alert(
            "ConductorStoreFails",
            "increase(conductor_store_failures_total[5m]) > 0",
            "2m",
            "critical",
            "The store refuses commits",
            "Disk full, file locked or database away: the sidecar's standard error says which. Runs wait, and nothing is lost.",
        ),
        alert(
            "ConductorCommitsSlow",
            "(histogram_quantile(0.99, sum by (le, instance) (rate(conductor_commit_duration_seconds_bucket[5m]))) or histogram_quantile(0.99, sum by (instance) (rate(conductor_commit_duration_seconds[5m])))) > 0.25",
            "10m",
            "warning",
            "One commit in a hundred takes over 250 ms",
            "Each write waits for a commit: look at the disk of the store.",
        ),
        alert(
            "ConductorRunsWithoutSession",
            "sum(conductor_dispatchable_runs) > 0",
            "5m",
            "warning",
            "Runs wait for an application that serves them",
            "`conductor runs` says what each waits for: an application with that plan must run and serve.",
        ),
        alert(
            "ConductorExportBehind",
            "max(conductor_export_behind_seconds) > 300",
            "5m",
            "warning",
            "Spans and logs are minutes behind",
            "The collector is down, slow or full. Runs are not slowed; what is not exported waits in the journal.",
        ),
    ]
}

fn exhausted(resource: &str, permits: u32) -> Alert<'static> {
    let only = quoted(resource);
    Alert {
        name: "ConductorResourceExhausted",
        when: format!("min_over_time(conductor_resource_waiting{{resource={only}}}[5m]) > 0"),
        lasts: "5m",
        severity: "warning",
        labels: vec![("resource", resource.to_owned())],
        summary: format!("Attempts have waited for {resource} ({permits} permits) for minutes"),
        help: "More permits, fewer calls at a time, or faster steps: `conductor simulate` compares them.",
    }
}

fn opened(breaker: &str) -> Alert<'static> {
    // Keyed ones are named by their task, a space and the key.
    let only = quoted(&format!("{breaker}( .*)?"));
    Alert {
        name: "ConductorBreakerOpen",
        when: format!("sum by (breaker) (conductor_breaker_state{{breaker=~{only},state=\"open\"}}) > 0"),
        lasts: "1m",
        severity: "warning",
        labels: vec![("task", breaker.to_owned())],
        summary: format!("The circuit breaker of {breaker} is open"),
        help: "Its calls are refused: `conductor breaker` shows why, and lets a person decide.",
    }
}

fn of_workflow(workflow: &Workflow, objective: f64) -> Vec<Alert<'static>> {
    let name = workflow.id.clone();
    let labels = || vec![("workflow", name.clone())];
    let allowed = (100.0 - objective) / 100.0;
    let mut alerts: Vec<Alert<'_>> = BURNING
        .iter()
        .map(|(long, short, factor, severity)| {
            // With a loose objective a factor of it may be more than all.
            let limit = (factor * allowed).min(0.999);
            let over = |window| format!("{} > {limit:.6}", recorded(workflow, window));
            Alert {
                name: "ConductorRunsFail",
                when: format!("{} and {}", over(long), over(short)),
                lasts: "2m",
                severity,
                labels: [labels(), vec![("window", (*long).to_owned())]].concat(),
                summary: format!("Runs of {name} fail {factor} times as often as an objective of {objective} % allows"),
                help: "`conductor runs --state failed` lists them; conductor_run_failures_total says with what errors.",
            }
        })
        .collect();
    alerts.push(Alert {
        name: "ConductorRunsPaused",
        when: format!("sum(conductor_runs{{workflow={},state=\"paused\"}}) > 0", quoted(&name)),
        lasts: "15m",
        severity: "warning",
        labels: labels(),
        summary: format!("Runs of {name} wait for a person"),
        help: "`conductor show RUN` says why; `conductor resume RUN` lets it go on.",
    });
    if let Some(deadline) = workflow.deadline {
        let when = near("conductor_run_duration_seconds", &format!("workflow={}", quoted(&name)), deadline);
        alerts.push(Alert {
            name: "ConductorRunsNearDeadline",
            when,
            lasts: "10m",
            severity: "warning",
            labels: labels(),
            summary: format!("One run of {name} in twenty takes over 80 % of its deadline of {deadline} s"),
            help: "Runs that reach it fail with DeadlineExceeded: look at which task has become slower.",
        });
    }
    for (task, limits) in &workflow.tasks {
        let Some(timeout) = limits.timeout else { continue };
        let only = format!("workflow={},task={}", quoted(&name), quoted(task));
        alerts.push(Alert {
            name: "ConductorAttemptsNearTimeout",
            when: near("conductor_attempt_duration_seconds", &only, timeout),
            lasts: "10m",
            severity: "warning",
            labels: [labels(), vec![("task", task.clone())]].concat(),
            summary: format!("One attempt of {task} in twenty takes over 80 % of its timeout of {timeout} s"),
            help: "Attempts that reach it fail with TimeoutError: what is called has become slower, or the timeout is short.",
        });
    }
    alerts
}

fn near(metric: &str, labels: &str, limit: f64) -> String {
    let limit = limit * NEAR;
    let classic = format!("histogram_quantile(0.95, sum by (le) (rate({metric}_bucket{{{labels}}}[10m])))");
    let native = format!("histogram_quantile(0.95, sum(rate({metric}{{{labels}}}[10m])))");
    format!("({classic} or {native}) > {limit}")
}
