//! A Prometheus and an OpenTelemetry collector for tests: real servers on ports of their own, gone when their handles are.
//!
//! It knows where `cargo xtask setup` has put them, and what they answer to whom.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::process::{Finished, Process};
use crate::servers::free_port;
use crate::{eventually, root};

fn program(name: &str) -> Result<PathBuf> {
    let path = root().join("target").join(name);
    ensure!(path.exists(), "no {}: `cargo xtask setup`", path.display());
    Ok(path)
}

/// Debian's `promtool` on a text.
///
/// # Errors
/// When the set-up is missing or it does not end in time.
pub fn promtool(arguments: &[&str], input: &Path) -> Result<Finished> {
    let mut command = Command::new("sh");
    let tool = program("prometheus/usr/bin/promtool")?;
    command.arg("-c").arg("exec \"$0\" \"$@\" < \"$INPUT\"").arg(tool).args(arguments).env("INPUT", input);
    Process::spawn("promtool", command)?.wait()
}

/// What Grafana's own types say of a dashboard.
///
/// # Errors
/// When the set-up is missing or it does not end in time.
pub fn grafana_check(dashboard: &Path) -> Result<Finished> {
    let mut command = Command::new("sh");
    let tool = program("grafana-check/grafana-check")?;
    command.arg("-c").arg("exec \"$0\" < \"$INPUT\"").arg(tool).env("INPUT", dashboard);
    Process::spawn("grafana-check", command)?.wait()
}

/// A Prometheus that scrapes one port of this host, ten times a second.
#[derive(Debug)]
pub struct Prometheus {
    _folder: TempDir,
    port: u16,
    process: Process,
}

impl Prometheus {
    /// # Errors
    /// When the set-up is missing or it does not become ready.
    pub fn scraping(target: u16) -> Result<Prometheus> {
        Prometheus::with_rules(target, None)
    }

    /// As [`Self::scraping`], with rules in that file.
    ///
    /// # Errors
    /// When the set-up is missing, or it does not become ready.
    pub fn with_rules(target: u16, rules: Option<&Path>) -> Result<Prometheus> {
        let folder = tempfile::Builder::new().prefix("cdprom").tempdir()?;
        let rules = rules.map(|path| format!("rule_files: [{:?}]\n", path)).unwrap_or_default();
        let config = format!(
            "global: {{scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 200ms}}\n{rules}\
             scrape_configs:\n  - job_name: conductor\n    static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        );
        fs::write(folder.path().join("prometheus.yml"), config)?;
        let port = free_port()?;
        let mut command = Command::new(program("prometheus/usr/bin/prometheus")?);
        command
            .current_dir(folder.path())
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--enable-feature=native-histograms,exemplar-storage");
        let process = Process::spawn("prometheus", command)?;
        let mut prometheus = Prometheus { _folder: folder, port, process };
        eventually("prometheus", || {
            ensure!(prometheus.process.is_alive()?, "it ended: {}", prometheus.process.stderr());
            let answer = http::request_at(port, "GET", "/-/ready", None);
            Ok(answer.is_ok_and(|answer| answer.status == 200).then_some(()))
        })?;
        Ok(prometheus)
    }

    /// The answer of its API.
    ///
    /// # Errors
    /// When it says that something is wrong.
    pub fn get(&self, path: &str) -> Result<Value> {
        let answer = http::request_at(self.port, "GET", path, None)?.json()?;
        if answer["status"] != "success" {
            bail!("{path}: {answer}");
        }
        Ok(answer["data"].clone())
    }

    /// What the expression gives now: the labels of each series, and its value.
    ///
    /// # Errors
    /// When the expression is none.
    pub fn query(&self, expression: &str) -> Result<Vec<Value>> {
        let data = self.get(&format!("/api/v1/query?query={}", escaped(expression)))?;
        data["result"].as_array().cloned().with_context(|| format!("no vector: {data}"))
    }

    /// Waits until the expression gives a value that is wanted.
    ///
    /// # Errors
    /// When it never does.
    pub fn eventually(&self, expression: &str, wanted: impl Fn(f64) -> bool) -> Result<()> {
        let mut last = Vec::new();
        let found = eventually(expression, || {
            last = self.query(expression)?;
            Ok(last.iter().filter_map(value).any(&wanted).then_some(()))
        });
        found.with_context(|| format!("{expression} is {last:?}"))
    }
}

/// The number of a series.
#[must_use]
pub fn value(series: &Value) -> Option<f64> {
    series["value"][1].as_str().and_then(|text| text.parse().ok())
}

/// For a query of a URL.
#[must_use]
pub fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// An OpenTelemetry Collector that keeps what it gets.
#[derive(Debug)]
pub struct Collector {
    folder: TempDir,
    grpc: u16,
    http: u16,
    process: Option<Process>,
}

impl Collector {
    /// # Errors
    /// When the set-up is missing or it does not start.
    pub fn start() -> Result<Collector> {
        let folder = tempfile::Builder::new().prefix("cdotel").tempdir()?;
        let mut collector = Collector { folder, grpc: free_port()?, http: free_port()?, process: None };
        collector.restart()?;
        Ok(collector)
    }

    /// Starts it again, on the same ports, with what it got before.
    ///
    /// # Errors
    /// When it does not accept connections in time.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "it runs already");
        let Collector { grpc, http, .. } = self;
        let config = format!(
            "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{grpc}'}}, http: {{endpoint: '127.0.0.1:{http}'}}}}}}}}\n\
             exporters:\n  file/traces: {{path: traces.json, append: true}}\n  file/logs: {{path: logs.json, append: true}}\n\
             service:\n  telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n    \
             traces: {{receivers: [otlp], exporters: [file/traces]}}\n    logs: {{receivers: [otlp], exporters: [file/logs]}}\n"
        );
        fs::write(self.folder.path().join("config.yaml"), config)?;
        for file in ["traces.json", "logs.json"] {
            // A line that it was killed in ends there.
            let mut file =
                fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join(file))?;
            file.write_all(b"\n")?;
        }
        let mut command = Command::new(program("otel-collector/collector")?);
        command.current_dir(self.folder.path()).args(["--config", "config.yaml"]);
        let mut process = Process::spawn("collector", command)?;
        let ports = [self.grpc, self.http];
        eventually("the collector", || {
            ensure!(process.is_alive()?, "it ended: {}", process.stderr());
            let open = |port: &u16| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok();
            Ok(ports.iter().all(open).then_some(()))
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&mut self) -> Result<()> {
        self.process.take().context("it does not run")?.kill()
    }

    /// The variables that lead there over HTTP.
    #[must_use]
    pub fn over_http(&self) -> Vec<(&'static str, String)> {
        vec![("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{}", self.http))]
    }

    /// The variables that lead there over gRPC.
    #[must_use]
    pub fn over_grpc(&self) -> Vec<(&'static str, String)> {
        let url = format!("http://127.0.0.1:{}", self.grpc);
        vec![("OTEL_EXPORTER_OTLP_ENDPOINT", url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc".to_owned())]
    }

    /// What is in each request.
    fn all(&self, file: &str, places: [&str; 3]) -> Result<Vec<Vec<Value>>> {
        let text = fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        let mut all = Vec::new();
        // The last line may be on its way.
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let inner = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
            let mut found = Vec::new();
            for resource in inner(&line, places[0]) {
                for scope in inner(&resource, places[1]) {
                    found.extend(inner(&scope, places[2]));
                }
            }
            all.push(found);
        }
        Ok(all)
    }

    /// Every span that it got, in the order in which it got them.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn spans(&self) -> Result<Vec<Value>> {
        Ok(self.requests()?.concat())
    }

    /// The spans of each request, in the order in which it got them.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn requests(&self) -> Result<Vec<Vec<Value>>> {
        self.all("traces.json", ["resourceSpans", "scopeSpans", "spans"])
    }

    /// Every log record that it got.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn logs(&self) -> Result<Vec<Value>> {
        Ok(self.all("logs.json", ["resourceLogs", "scopeLogs", "logRecords"])?.concat())
    }
}

/// An attribute of a span or a log record.
#[must_use]
pub fn attribute<'a>(of: &'a Value, key: &str) -> Option<&'a Value> {
    let all = of["attributes"].as_array()?;
    let found = all.iter().find(|one| one["key"] == key)?;
    found["value"].as_object()?.values().next()
}
