//! The ports that a service publishes.
//!
//! It knows numbers, not which of them is wanted.

use crate::document::{Kind, Node};

/// The widest range that is written out.
const MAX_RANGE: u32 = 1000;

/// A port of TCP, inside and on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub inside: u32,
    /// The host's address that it is bound to.
    pub host: String,
    /// `None` where any free port is taken.
    pub outside: Option<u32>,
}

/// What one entry under `ports` publishes; its texts are filled in already.
///
/// # Errors
/// What is wrong with it.
pub fn published(
    entry: &Node,
    filled: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Vec<Published>, String> {
    match &entry.kind {
        Kind::Number(text) | Kind::Text(text) => short(&filled(text)?),
        Kind::Map(_) => long(entry, filled),
        _ => {
            Err("a port is a text such as \"8000:80\", or a mapping with `target` and `published`".to_owned())
        }
    }
}

/// `[HOST:]PUBLISHED:TARGET[/PROTOCOL]`, or `TARGET` alone.
fn short(text: &str) -> Result<Vec<Published>, String> {
    let wrong = || format!("`{text}` is no port: write `PUBLISHED:TARGET`, such as `8000:80`");
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if protocol != "tcp" {
        return if protocol == "udp" || protocol == "sctp" { Ok(Vec::new()) } else { Err(wrong()) };
    }
    let (before, inside) = match ports.rsplit_once(':') {
        Some((before, inside)) => (Some(before), inside),
        None => (None, ports),
    };
    let (host, outside) = match before {
        None => ("", None),
        Some(before) => match before.rsplit_once(':') {
            // `127.0.0.1::80` takes any free port.
            Some((host, outside)) => (host, Some(outside).filter(|outside| !outside.is_empty())),
            None => ("", Some(before).filter(|outside| !outside.is_empty())),
        },
    };
    let inside = range(inside).ok_or_else(wrong)?;
    let outside = outside.map(|outside| range(outside).ok_or_else(wrong)).transpose()?;
    pairs(inside, outside, host).ok_or_else(wrong)
}

fn long(entry: &Node, filled: &dyn Fn(&str) -> Result<String, String>) -> Result<Vec<Published>, String> {
    let text = |key: &str| entry.get(key).and_then(Node::spelling).map(filled).transpose();
    if text("protocol")?.is_some_and(|protocol| protocol != "tcp") {
        return Ok(Vec::new());
    }
    let target = text("target")?.ok_or("a port needs its `target`, which is the port inside")?;
    let wrong = |text: &str| format!("`{text}` is no port");
    let inside = range(&target).ok_or_else(|| wrong(&target))?;
    let published = text("published")?.filter(|published| !published.is_empty());
    let outside = match &published {
        Some(published) => Some(range(published).ok_or_else(|| wrong(published))?),
        None => None,
    };
    let host = text("host_ip")?.unwrap_or_default();
    pairs(inside, outside, &host).ok_or_else(|| wrong(published.as_deref().unwrap_or(&target)))
}

/// Ranges of one length go together, port by port; of a wider one outside any free port is taken.
fn pairs(inside: (u32, u32), outside: Option<(u32, u32)>, host: &str) -> Option<Vec<Published>> {
    let host = match host.trim_start_matches('[').trim_end_matches(']') {
        // All addresses of the host, of which this one is always there.
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" | "::1" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let count = inside.1 - inside.0;
    let first = match outside {
        Some((first, last)) if last - first == count => Some(first),
        Some(_) if count > 0 => return None,
        _ => None,
    };
    let pair = |offset: u32| Published {
        inside: inside.0 + offset,
        host: host.clone(),
        outside: first.map(|first| first + offset),
    };
    Some((0..=count).map(pair).collect())
}

/// `80`, or `3000-3005`.
fn range(text: &str) -> Option<(u32, u32)> {
    let port = |text: &str| text.trim().parse::<u32>().ok().filter(|port| (1..=65_535).contains(port));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(first)?, port(last)?);
    (first <= last && last - first <= MAX_RANGE).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::published;
    use crate::document;

    fn shown(yaml: &str) -> String {
        let (_, root) = document::read(format!("x: {yaml}").into_bytes());
        let root = root.expect("yaml");
        match published(root.get("x").expect("x"), &|text| Ok(text.to_owned())) {
            Ok(ports) => {
                let one = |port: super::Published| {
                    let outside = port.outside.map_or("?".to_owned(), |outside| outside.to_string());
                    format!("{}:{outside}>{}", port.host, port.inside)
                };
                ports.into_iter().map(one).collect::<Vec<_>>().join(" ")
            }
            Err(why) => why,
        }
    }

    #[test]
    fn every_form_of_a_port() {
        for (yaml, wanted) in [
            ("80", "127.0.0.1:?>80"),
            ("'8000:80'", "127.0.0.1:8000>80"),
            ("8000:80", "127.0.0.1:8000>80"),
            ("10.0.0.5:8000:80/tcp", "10.0.0.5:8000>80"),
            ("0.0.0.0:8000:80", "127.0.0.1:8000>80"),
            ("'[::1]:8000:80'", "[::1]:8000>80"),
            ("127.0.0.1::80", "127.0.0.1:?>80"),
            ("3000-3001:4000-4001", "127.0.0.1:3000>4000 127.0.0.1:3001>4001"),
            ("8000-9000:80", "127.0.0.1:?>80"),
            ("53:53/udp", ""),
            ("{target: 80, published: '8080', host_ip: 127.0.0.1, mode: host}", "127.0.0.1:8080>80"),
            ("{target: 80, published: 8080, protocol: udp}", ""),
            ("{target: 80}", "127.0.0.1:?>80"),
            ("{published: 80}", "a port needs its `target`, which is the port inside"),
            ("'80:http'", "`80:http` is no port: write `PUBLISHED:TARGET`, such as `8000:80`"),
            ("'70000:80'", "`70000:80` is no port: write `PUBLISHED:TARGET`, such as `8000:80`"),
            ("'1-65535:80'", "`1-65535:80` is no port: write `PUBLISHED:TARGET`, such as `8000:80`"),
            ("[80]", "a port is a text such as \"8000:80\", or a mapping with `target` and `published`"),
        ] {
            assert_eq!(shown(yaml), wanted, "{yaml}");
        }
    }
}
