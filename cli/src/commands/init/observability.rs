//! `conductor init --observability`: a compose file with Prometheus, Grafana and Jaeger, wired to each other and to the sidecar.
//!
//! It knows their files, not what stands in the dashboard and the rules.

use crate::commands::export::{Observed, dashboard_text, rules_text};
use crate::compile::{Overlay, Which, compile};
use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::{disk, output, signals};

/// Where they stand, in the project.
const FOLDER: &str = "observability";

/// The objective of the rules, in percent, until somebody chooses one with `conductor export alerts`.
const OBJECTIVE: f64 = 99.0;

const COMPOSE: &str = "\
# Written by `conductor init --observability`: docker compose -f observability/compose.yaml up
# All listen on this machine alone. They use its network, because the sidecar answers on its loopback only.
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    network_mode: host
    command:
      - --config.file=/etc/prometheus/prometheus.yml
      - --web.listen-address=127.0.0.1:9090
      - --enable-feature=exemplar-storage,native-histograms
    volumes: [\"./prometheus:/etc/prometheus:ro\"]
  jaeger:
    image: jaegertracing/jaeger:2.8.0
    network_mode: host
  grafana:
    image: grafana/grafana:12.1.0
    network_mode: host
    environment:
      GF_SERVER_HTTP_ADDR: 127.0.0.1
      GF_AUTH_ANONYMOUS_ENABLED: \"true\"
      GF_AUTH_ANONYMOUS_ORG_ROLE: Admin
    volumes:
      - ./grafana/provisioning:/etc/grafana/provisioning:ro
      - ./grafana/dashboards:/var/lib/grafana/dashboards:ro
";

const PROMETHEUS: &str = "\
global:
  scrape_interval: 5s
  evaluation_interval: 15s
rule_files: [rules.yml]
scrape_configs:
  - job_name: conductor
    static_configs:
      - targets: [\"127.0.0.1:9464\"]
";

const SOURCES: &str = "\
apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://127.0.0.1:9090
    isDefault: true
    jsonData:
      exemplarTraceIdDestinations:
        - name: trace_id
          datasourceUid: jaeger
  - name: Jaeger
    uid: jaeger
    type: jaeger
    access: proxy
    url: http://127.0.0.1:16686
";

const DASHBOARDS: &str = "\
apiVersion: 1
providers:
  - name: conductor
    type: file
    options:
      path: /var/lib/grafana/dashboards
";

const NEXT: &str = "\
next: docker compose -f observability/compose.yaml up -d
next: OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 conductor sidecar --http 127.0.0.1:9464
next: open http://127.0.0.1:3000/dashboards
";

/// Writes the files for a manifest that is there, over older ones.
pub(super) fn write(project: &Project) -> Result<Exit, Failure> {
    let compilation = compile(project, &Overlay::new())?;
    let Some(compiled) = &compilation.outcome.compiled else {
        output::note(compilation.findings(Which::Errors, output::coloured()).trim_end());
        return Ok(Exit::Finding);
    };
    let seen = Observed::of_project(project, &compiled.plans);
    let files = [
        ("compose.yaml", COMPOSE.to_owned()),
        ("prometheus/prometheus.yml", PROMETHEUS.to_owned()),
        ("prometheus/rules.yml", rules_text(&seen, OBJECTIVE)),
        ("grafana/provisioning/datasources/conductor.yaml", SOURCES.to_owned()),
        ("grafana/provisioning/dashboards/conductor.yaml", DASHBOARDS.to_owned()),
        ("grafana/dashboards/conductor.json", dashboard_text(&seen)),
    ];
    let _whole = signals::writing();
    for (name, text) in &files {
        let path = project.root.join(FOLDER).join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
        }
        disk::sweep(&path);
        disk::replace_file(&path, text.as_bytes())?;
    }
    output::print(&format!("wrote {} files to {FOLDER}/\n{NEXT}", files.len()));
    Ok(Exit::Fine)
}
