//! A report of a simulation for people: a few figures, a histogram, and tables.
//!
//! It does not know how the numbers came about.

use std::fmt::Write as _;

use conductor_simulate::study::{Arrivals, Comparison, Difference, Quantiles, Report};

use crate::output::{self, BOLD, CYAN, Cell, DIM, GREEN, RED, RESET, YELLOW, inert};

/// Rows of each table that are shown.
const ROWS: usize = 12;

pub fn report(report: &Report, arrivals: Arrivals) -> String {
    let mut text = title(report, arrivals);
    text.push_str(&summary(report));
    text.push_str(&histogram(report));
    text.push_str(&tables(report));
    text
}

pub fn comparison(compared: &Comparison, arrivals: Arrivals) -> String {
    let mut text = title(&compared.before, arrivals);
    let _infallible = writeln!(text, "\n{}", styled(BOLD, "before"));
    text.push_str(&summary(&compared.before));
    let _infallible = writeln!(text, "\n{}", styled(BOLD, "after"));
    text.push_str(&summary(&compared.after));
    text.push_str(&histogram(&compared.after));
    if compared.differences.is_empty() {
        text.push_str("\nnothing differs\n");
        return text;
    }
    let rows: Vec<[Cell; 4]> = compared.differences.iter().map(difference).collect();
    text.push('\n');
    text.push_str(&output::table(["what changes", "before", "after", "change"], &rows));
    text
}

fn styled(style: &str, text: &str) -> String {
    if output::coloured() { format!("{style}{text}{RESET}") } else { text.to_owned() }
}

fn title(report: &Report, arrivals: Arrivals) -> String {
    let how = match arrivals {
        Arrivals::Alone => "each alone".to_owned(),
        Arrivals::PerSecond(rate) => format!("{rate} a second"),
        Arrivals::Concurrent(most) => format!("{most} at a time"),
    };
    let workflow = styled(BOLD, &inert(&report.workflow));
    let mut text =
        format!("{workflow}: {} runs, {how}, seed {}\n", grouped(u64::from(report.runs.asked)), report.seed);
    if let Some(why) = &report.cut_short {
        let _infallible = writeln!(text, "{}", styled(YELLOW, &format!("cut short: {why}")));
    }
    text
}

fn summary(report: &Report) -> String {
    let runs = &report.runs;
    let others = [
        (runs.failed, "failed"),
        (runs.cancelled, "cancelled"),
        (runs.paused, "paused"),
        (runs.stuck, "stuck"),
        (runs.unfinished, "not ended"),
    ];
    let named: Vec<String> = others
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{} {name}", grouped(count)))
        .collect();
    let rest = if named.is_empty() { String::new() } else { format!("   {}", named.join(", ")) };
    let colour = if report.success_rate >= 0.99 {
        GREEN
    } else if report.success_rate >= 0.9 {
        YELLOW
    } else {
        RED
    };
    let Quantiles { mean, p50, p95, p99, max } = report.duration;
    format!(
        "  success   {}{rest}\n  duration  p50 {}   p95 {}   p99 {}   mean {}   max {}\n",
        styled(colour, &percent(report.success_rate)),
        time(p50),
        time(p95),
        time(p99),
        time(mean),
        time(max)
    )
}

fn histogram(report: &Report) -> String {
    let most = report.histogram.iter().map(|bar| bar.runs).max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let width = output::width().saturating_sub(40).clamp(10, 60);
    let mut text = String::from("\n");
    for bar in &report.histogram {
        let length = usize::try_from(bar.runs.saturating_mul(width as u64).div_ceil(most)).unwrap_or(width);
        let drawn = styled(CYAN, &"█".repeat(length));
        let padding = " ".repeat(width - length);
        let range = format!("{:>9} - {:<9}", time(bar.from), time(bar.to));
        let _infallible = writeln!(text, "  {range} {drawn}{padding} {}", grouped(bar.runs));
    }
    text
}

fn tables(report: &Report) -> String {
    let plain = |text: String| -> Cell { (text, "") };
    let mut text = String::new();
    let failures = report.failures.iter().take(ROWS).map(|failing| {
        let count = |count: u64| plain(if count == 0 { "-".to_owned() } else { grouped(count) });
        [
            plain(inert(&failing.step)),
            count(failing.failed),
            count(failing.tolerated),
            plain(inert(&failing.error)),
        ]
    });
    append(&mut text, ["failures", "failed", "tolerated", "error"], failures.collect());
    let calls = report.calls.iter().map(|call| {
        let uses = if call.uses.is_empty() { "-".to_owned() } else { inert(&call.uses.join(", ")) };
        [
            plain(inert(&call.task)),
            plain(format!("{:.3}", call.per_run)),
            plain(percent(call.failed)),
            plain(uses),
        ]
    });
    append(&mut text, ["calls", "per run", "failed", "uses"], calls.collect());
    let pools = report.pools.iter().map(|pool| {
        let limit = pool.limit.map_or("-".to_owned(), |limit| limit.to_string());
        let utilisation = pool.utilisation.map_or("-".to_owned(), percent);
        [
            plain(inert(&pool.name)),
            plain(limit),
            plain(percent(pool.queued)),
            plain(time(pool.wait.mean)),
            plain(time(pool.wait.p95)),
            plain(utilisation),
        ]
    });
    append(&mut text, ["queues", "limit", "queued", "mean wait", "p95 wait", "in use"], pools.collect());
    let path = report.critical_path.iter().take(ROWS);
    let path = path.map(|share| [plain(inert(&share.step)), plain(percent(share.share))]);
    append(&mut text, ["critical path", "share"], path.collect());
    text
}

/// A table under an empty line, where it has rows.
fn append<const N: usize>(text: &mut String, header: [&str; N], rows: Vec<[Cell; N]>) {
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&output::table(header, &rows));
    }
}

fn difference(difference: &Difference) -> [Cell; 4] {
    let Difference { what, unit, before, after } = difference;
    let shown = |value: f64| match *unit {
        "ms" => time(value),
        "share" => percent(value),
        _ => format!("{value:.3}"),
    };
    let change = match *unit {
        "share" => format!("{:+.2} points", (after - before) * 100.0),
        _ if *before > 0.0 => format!("{:+.1} %", (after - before) / before * 100.0),
        _ => "-".to_owned(),
    };
    [(inert(what), ""), (shown(*before), DIM), (shown(*after), BOLD), (change, "")]
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// Three digits: `0.15 ms`, `12.3 ms`, `412 ms`, `1.21 s`, `5.0 min`, `2.0 h`.
fn time(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 100_000.0 => format!("{:.2} s", ms / 1000.0),
        ms if ms < 600_000.0 => format!("{:.0} s", ms / 1000.0),
        ms if ms < 3_600_000.0 => format!("{:.1} min", ms / 60_000.0),
        ms => format!("{:.1} h", ms / 3_600_000.0),
    }
}

/// `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, time};

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let times = [0.0, 12.34, 412.0, 999.7, 1210.0, 190_000.0, 900_000.0, 7_200_000.0].map(time);
        assert_eq!(
            times,
            ["0.00 ms", "12.3 ms", "412 ms", "1000 ms", "1.21 s", "190 s", "15.0 min", "2.0 h"]
        );
    }
}
