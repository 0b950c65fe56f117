//! What `conductor export` writes for this manifest, asked of the programs that read it.

use anyhow::{Context, Result, ensure};
use conductor_tests::observability::{Prometheus, grafana_check, promtool};
use conductor_tests::project::Project;
use serde_json::Value;

use crate::shop::Shop;

fn exported(project: &Project, what: &str) -> Result<String> {
    Ok(project.conductor(&["export", what])?.expect_code(0)?.stdout)
}

/// Every expression of a dashboard, with the variables of Grafana filled in.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets
        .filter_map(|target| target["expr"].as_str())
        .map(|expression| expression.replace("$__rate_interval", "1m"))
        .collect()
}

#[test]
fn every_query_of_the_dashboard_has_data() -> Result<()> {
    let shop = Shop::open(Vec::new())?;
    let dashboard: Value = serde_json::from_str(&exported(&shop.project, "grafana")?)?;
    let prometheus = Prometheus::scraping(shop.port)?;
    // A rate needs two samples of a series: it must have been there before.
    shop.serve(&["ada-1", "flaky-1", "poor-1"])?;
    prometheus.eventually("count_over_time(conductor_runs_stopped_total[1m])", |samples| samples > 3.0)?;
    shop.serve(&["ada-2", "flaky-2", "poor-2"])?;
    let all = expressions(&dashboard);
    ensure!(all.len() > 20, "{all:?}");
    for expression in &all {
        let found = conductor_tests::eventually(expression, || {
            let series = prometheus.query(expression)?;
            let number = |one: &Value| one["value"][1].as_str().is_some_and(|text| text != "NaN");
            Ok(series.iter().any(number).then_some(()))
        });
        found.with_context(|| format!("no data: {expression}"))?;
    }
    Ok(())
}

#[test]
fn grafana_s_own_types_find_nothing_wrong() -> Result<()> {
    let project = Project::named("observed")?;
    let text = exported(&project, "grafana")?;
    project.write("dashboard.json", &text)?;
    let checked = grafana_check(&project.path().join("dashboard.json"))?;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    // The checker can say no.
    project.write("dashboard.json", &text.replacen("\"schemaVersion\"", "\"schemaVersions\"", 1))?;
    assert_ne!(grafana_check(&project.path().join("dashboard.json"))?.code, Some(0));
    let dashboard: Value = serde_json::from_str(&text)?;
    let titles: Vec<&str> = dashboard["panels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|panel| panel["title"].as_str())
        .collect();
    assert!(titles.contains(&"Workflow order") && titles.contains(&"desk: permits"), "{titles:?}");
    Ok(())
}

#[test]
fn the_rules_are_sound_and_one_of_them_fires() -> Result<()> {
    let shop = Shop::open(Vec::new())?;
    let rules = exported(&shop.project, "alerts")?;
    shop.project.write("rules.yml", &rules)?;
    let path = shop.path().join("rules.yml");
    let checked = promtool(&["check", "rules", &path.display().to_string()], &path)?;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{}", checked.stdout);
    assert!(
        rules.contains("> 48") && rules.contains("> 16"),
        "80 % of the deadline and of the timeout: {rules}"
    );
    let prometheus = Prometheus::with_rules(shop.port, Some(&path))?;
    shop.serve(&["ada-1", "poor-1"])?;
    prometheus.eventually("count_over_time(conductor_runs_stopped_total[1m])", |samples| samples > 3.0)?;
    shop.serve(&["poor-2", "poor-3"])?;
    prometheus.eventually("conductor:run_failures:ratio_rate5m{workflow=\"order\"}", |share| share > 0.5)?;
    prometheus.eventually("ALERTS{alertname=\"ConductorRunsFail\",window=\"1h\"}", |fires| fires > 0.5)?;
    Ok(())
}

#[test]
fn init_writes_servers_that_are_wired() -> Result<()> {
    let project = Project::named("observed")?;
    project.conductor(&["init", "--observability"])?.expect_code(0)?;
    let config = project.path().join("observability/prometheus/prometheus.yml");
    let checked = promtool(&["check", "config", &config.display().to_string()], &config)?;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{}", checked.stdout);
    let compose = project.read("observability/compose.yaml")?;
    for image in ["prom/prometheus:", "grafana/grafana:", "jaegertracing/jaeger:"] {
        assert!(compose.contains(image), "{compose}");
    }
    serde_json::from_str::<Value>(&project.read("observability/grafana/dashboards/conductor.json")?)?;
    Ok(())
}
