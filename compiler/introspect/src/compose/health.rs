//! What a compose file says of a service's health, as a check from outside.
//!
//! It runs no command: it reads those that everybody uses.

use conductor_protocol::plan::Health;

use crate::document::{Kind, Node};

/// A check, and how long it may take until it passes, in milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    pub health: Health,
    pub within_ms: Option<u64>,
}

const RETRIES: u64 = 3;
const INTERVAL_MS: u64 = 30_000;

/// `port` is the one that is asked, inside. Without a check of its own a service is well where it accepts connections.
///
/// # Errors
/// A text that cannot be filled in.
pub fn check(
    service: &Node,
    port: u32,
    filled: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Check, String> {
    let none = Check { health: Health::Tcp, within_ms: None };
    let Some(written) = service.get("healthcheck").filter(|check| !check.is_true_at("disable")) else {
        return Ok(none);
    };
    let words = match written.get("test").map(|test| &test.kind) {
        Some(Kind::Text(line)) => filled(line)?,
        Some(Kind::List(words)) if words.first().and_then(Node::text) != Some("NONE") => {
            let words: Vec<String> =
                words.iter().skip(1).filter_map(Node::spelling).map(filled).collect::<Result<_, _>>()?;
            words.join(" ")
        }
        _ => return Ok(none),
    };
    let time = |key: &str| -> Result<Option<u64>, String> {
        let text = written.get(key).and_then(Node::spelling).map(filled).transpose()?;
        Ok(text.and_then(|text| milliseconds(&text)))
    };
    let retries = written.get("retries").and_then(Node::spelling).map(filled).transpose()?;
    let retries = retries.and_then(|text| text.parse::<u64>().ok()).unwrap_or(RETRIES);
    let interval = time("interval")?.unwrap_or(INTERVAL_MS);
    let start = time("start_period")?.unwrap_or(0);
    let within_ms = Some(start.saturating_add(interval.saturating_mul(retries)));
    Ok(Check { health: kind(&words, port), within_ms })
}

fn kind(line: &str, port: u32) -> Health {
    if line.contains("grpc_health_probe") || line.contains("grpc-health-probe") {
        return Health::Grpc;
    }
    let url = line.split(|letter: char| letter.is_whitespace() || "'\"();|&<>`".contains(letter)).find_map(
        |word| {
            let rest = word.strip_prefix("http://")?;
            let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
            let asked = host.rsplit_once(':').map_or(Some(80), |(_, asked)| asked.parse().ok());
            // A port that a variable of the container names is taken for the one that is meant.
            let same = asked.is_none_or(|asked: u32| asked == port);
            same.then(|| format!("/{path}"))
        },
    );
    url.map_or(Health::Tcp, Health::Http)
}

/// `1m30s`, `500ms`
fn milliseconds(text: &str) -> Option<u64> {
    let mut total = 0u64;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let scale = match &rest[..unit] {
            "us" => 0.001,
            "ms" => 1.0,
            "s" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return None,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
        let part = (number * scale).round() as u64;
        total = total.saturating_add(part);
        rest = &rest[unit..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use conductor_protocol::plan::Health;

    use super::{Check, check, milliseconds};
    use crate::document;

    fn of(yaml: &str) -> Check {
        let (_, root) = document::read(format!("healthcheck: {yaml}").into_bytes());
        check(&root.expect("yaml"), 8000, &|text| Ok(text.to_owned())).expect("a check")
    }

    #[test]
    fn commands_that_everybody_uses() {
        let http = |path: &str| Health::Http(path.to_owned());
        for (yaml, wanted) in [
            ("{test: [CMD, curl, -f, 'http://localhost:8000/health?deep=1']}", http("/health?deep=1")),
            ("{test: 'curl -fs http://localhost:8000/healthz || exit 1'}", http("/healthz")),
            ("{test: [CMD-SHELL, \"wget -qO- 'http://127.0.0.1:8000'\"]}", http("/")),
            ("{test: 'curl http://localhost:$PORT/up'}", http("/up")),
            ("{test: 'curl http://localhost:9000/up'}", Health::Tcp),
            ("{test: [CMD, /bin/grpc_health_probe, '-addr=:50051']}", Health::Grpc),
            ("{test: [CMD, pg_isready]}", Health::Tcp),
            ("{test: [NONE]}", Health::Tcp),
            ("{test: 'curl http://localhost:8000/x', disable: true}", Health::Tcp),
        ] {
            assert_eq!(of(yaml).health, wanted, "{yaml}");
        }
    }

    #[test]
    fn how_long_it_may_take() {
        let yaml = "{test: [CMD, x], interval: 5s, retries: 4, start_period: 1m30s}";
        assert_eq!(of(yaml).within_ms, Some(110_000));
        assert_eq!(of("{test: [CMD, x]}").within_ms, Some(90_000));
        assert_eq!(of("{test: [NONE]}").within_ms, None);
        assert_eq!(milliseconds("1.5h"), Some(5_400_000));
        assert_eq!((milliseconds("5"), milliseconds("5d"), milliseconds("x")), (None, None, None));
    }
}
