//! Services of a compose file: where they are from the host, and what says that they are well.
//!
//! It starts none, and opens no files: it says what it needs and is given it.

mod health;
mod interpolate;
mod ports;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use conductor_model::names::{listed, nearest};
use conductor_protocol::plan::Health;
use conductor_source::{FileId, Sources, Span};

use self::ports::Published;
use crate::document::{self, Node, Place, Problem};
use crate::{Answer, Need};

/// The names that a compose file has where nobody says another, the preferred first.
pub const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// What the manifest says of a container.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub service: String,
    /// `None` looks for one of [`NAMES`].
    pub file: Option<String>,
    /// The port inside.
    pub port: Option<u32>,
    /// Whether the manifest says where the service is, so that nothing need be published.
    pub has_address: bool,
}

/// What the compose file says of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Container {
    /// `127.0.0.1:8000`; `None` where the manifest says it.
    pub address: Option<String>,
    pub health: Health,
    /// How long it may take until it is well, in milliseconds.
    pub within_ms: Option<u64>,
}

/// Why it cannot be said.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub message: String,
    /// In the compose file.
    pub span: Option<Span>,
    pub help: Option<String>,
}

/// A compose file, as long as something is awaited.
#[derive(Debug)]
pub struct Opening {
    wanted: Wanted,
    /// The files that may be it, by name; `None` is awaited.
    candidates: Vec<(String, Option<Answer>)>,
    dot_env: Option<Answer>,
    /// Values of the environment; `None` inside where a variable is not set.
    environment: BTreeMap<String, Option<String>>,
    /// Once there.
    read: RefCell<Option<Loaded>>,
}

/// A compose file: its name, its text and its tree.
type Loaded = (String, String, Result<Node, Problem>);

impl Opening {
    #[must_use]
    pub fn new(wanted: Wanted) -> Opening {
        let names: Vec<String> = match &wanted.file {
            Some(file) => vec![crate::files::normal(file)],
            None => NAMES.iter().map(|name| (*name).to_owned()).collect(),
        };
        Opening {
            wanted,
            candidates: names.into_iter().map(|name| (name, None)).collect(),
            dot_env: None,
            environment: BTreeMap::new(),
            read: RefCell::new(None),
        }
    }

    /// What must be supplied before it can be finished.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let awaited = self.candidates.iter().filter(|(_, answer)| answer.is_none());
        let files: Vec<Need> = awaited.map(|(name, _)| Need::File(name.clone())).collect();
        if !files.is_empty() {
            return files;
        }
        if self.dot_env.is_none() {
            return vec![Need::File(self.beside(".env"))];
        }
        let mut names = BTreeSet::new();
        if let Some((_, _, Ok(root))) = &*self.loaded() {
            if let Some(service) =
                root.get("services").and_then(|services| services.get(&self.wanted.service))
            {
                ["ports", "healthcheck", "network_mode"]
                    .iter()
                    .filter_map(|key| service.get(key))
                    .for_each(|node| texts(node, &mut names));
            }
            if let (Some(Answer::File(bytes)), false) = (&self.dot_env, names.is_empty()) {
                interpolate::named(&String::from_utf8_lossy(bytes), &mut names);
            }
        }
        let unknown = names.into_iter().filter(|name| !self.environment.contains_key(name));
        unknown.map(Need::Variable).collect()
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        match need {
            Need::File(path) => match self.candidates.iter_mut().find(|(name, _)| name == path) {
                Some((_, awaited)) => *awaited = Some(answer),
                None => self.dot_env = Some(answer),
            },
            Need::Variable(name) => {
                let value = if let Answer::Variable(value) = answer { Some(value) } else { None };
                self.environment.insert(name.clone(), value);
            }
            _ => {}
        }
    }

    /// The container, once nothing is needed. The text of the compose file is added to `sources`.
    ///
    /// # Errors
    /// What is wrong with the compose file, or missing.
    pub fn finish(self, sources: &mut Sources) -> Result<Container, Mistake> {
        let loaded = self.loaded();
        let Some((name, text, root)) = &*loaded else {
            if self.wanted.has_address && self.wanted.file.is_none() {
                return Ok(Container { address: None, health: Health::Tcp, within_ms: None });
            }
            let names: Vec<String> = self.candidates.iter().map(|(name, _)| name.clone()).collect();
            return Err(Mistake {
                message: format!("there is no compose file: searched {}", listed(&names)),
                span: None,
                help: Some("name it under `compose`, relative to the manifest's folder".to_owned()),
            });
        };
        let file = sources.add(name.clone(), text.clone());
        let problem = |problem: &Problem| mistake(file, problem.message.clone(), problem.place);
        let root = root.as_ref().map_err(problem)?;
        let service = self.service(file, root)?;
        self.container(file, service)
    }

    /// The first of the candidates that is there.
    fn loaded(&self) -> std::cell::Ref<'_, Option<Loaded>> {
        if self.read.borrow().is_none() {
            let there = self.candidates.iter().find_map(|(name, answer)| match answer {
                Some(Answer::File(bytes)) => {
                    let (text, root) = document::read(bytes.clone());
                    Some((name.clone(), text, root))
                }
                Some(Answer::Refused(why)) => {
                    Some((name.clone(), String::new(), Err(Problem::new(why.clone()))))
                }
                _ => None,
            });
            *self.read.borrow_mut() = there;
        }
        self.read.borrow()
    }

    /// A file in the folder of the compose file.
    fn beside(&self, name: &str) -> String {
        let there = self.candidates.iter().find(|(_, answer)| matches!(answer, Some(Answer::File(_))));
        let folder = there.and_then(|(name, _)| name.rsplit_once('/')).map_or(".", |(folder, _)| folder);
        crate::files::join(folder, name)
    }

    fn service<'n>(&self, file: FileId, root: &'n Node) -> Result<&'n Node, Mistake> {
        let wanted = &self.wanted.service;
        let services = root.get("services").and_then(Node::map);
        let Some(entry) = services.and_then(|services| services.entry(wanted)) else {
            let known: Vec<String> = services.map_or_else(Vec::new, |services| {
                services.entries().iter().map(|entry| entry.key.clone()).collect()
            });
            let help = match nearest(wanted, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has no services".to_owned(),
                None => format!("its services are {}", listed(&known)),
            };
            // The service may stand in a file that is not read.
            let include = root.get("include").map(|include| include.place);
            let also = if include.is_some() { ", and what it includes is not read" } else { "" };
            let message = format!("the compose file has no service `{wanted}`{also}");
            return Err(Mistake { help: Some(help), ..mistake(file, message, include) });
        };
        if let Some(extends) = entry.value.map().and_then(|service| service.entry("extends")) {
            let message = format!("the service `{wanted}` extends another, which is not followed");
            let help = "write its ports and health check out, or give the address under `url`".to_owned();
            return Err(Mistake { help: Some(help), ..mistake(file, message, Some(extends.place)) });
        }
        Ok(&entry.value)
    }

    fn container(&self, file: FileId, service: &Node) -> Result<Container, Mistake> {
        let dot_env = match &self.dot_env {
            Some(Answer::File(bytes)) => {
                let set = |name: &str| self.environment.get(name).cloned().flatten();
                interpolate::dot_env(&String::from_utf8_lossy(bytes), &set)
            }
            _ => BTreeMap::new(),
        };
        let variables = |name: &str| {
            let set = self.environment.get(name).cloned().flatten();
            set.or_else(|| dot_env.get(name).cloned())
        };
        let filled = |text: &str| interpolate::filled(text, &variables);
        let (address, inside) = match self.wanted.has_address {
            true => (None, self.wanted.port.unwrap_or(0)),
            false => {
                let published = self.published(file, service, &filled)?;
                (published.outside.map(|port| format!("{}:{port}", published.host)), published.inside)
            }
        };
        let place = service.get("healthcheck").map(|check| check.place);
        let check = health::check(service, inside, &filled).map_err(|why| mistake(file, why, place))?;
        Ok(Container { address, health: check.health, within_ms: check.within_ms })
    }

    /// The port that is meant, with where it is published.
    fn published(
        &self,
        file: FileId,
        service: &Node,
        filled: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Published, Mistake> {
        let wanted = &self.wanted;
        if service.text_at("network_mode") == Some("host") {
            let Some(port) = wanted.port else {
                let message = format!("the service `{}` is in the host's network", wanted.service);
                let place = service.get("network_mode").map(|mode| mode.place);
                let help = "say under `port` which port it listens on".to_owned();
                return Err(Mistake { help: Some(help), ..mistake(file, message, place) });
            };
            return Ok(Published { inside: port, host: "127.0.0.1".to_owned(), outside: Some(port) });
        }
        let mut found: Vec<(Published, Place)> = Vec::new();
        for entry in service.list_at("ports") {
            let ports =
                ports::published(entry, filled).map_err(|why| mistake(file, why, Some(entry.place)))?;
            found.extend(ports.into_iter().map(|port| (port, entry.place)));
        }
        let all = service.get("ports").map(|ports| ports.place).or(Some(service.place));
        let inside: BTreeSet<u32> = found.iter().map(|(port, _)| port.inside).collect();
        let known: Vec<String> = inside.iter().map(u32::to_string).collect();
        let port = match (wanted.port, inside.first()) {
            (Some(port), _) => port,
            (None, Some(only)) if inside.len() == 1 => *only,
            (None, first) => {
                let (message, help) = match first {
                    None => {
                        ("publishes no port", "publish it under `ports`, or give its address under `url`")
                    }
                    Some(_) => ("publishes several ports", "say under `port` which is meant"),
                };
                let help =
                    if known.is_empty() { help.to_owned() } else { format!("{help}: {}", listed(&known)) };
                let message = format!("the service `{}` {message}", wanted.service);
                return Err(Mistake { help: Some(help), ..mistake(file, message, all) });
            }
        };
        let mut of_port = found.into_iter().filter(|(published, _)| published.inside == port).peekable();
        let Some((_, place)) = of_port.peek().cloned() else {
            let message = format!("the service `{}` does not publish port {port}", wanted.service);
            let help = match known.is_empty() {
                true => "publish it under `ports`, or give its address under `url`".to_owned(),
                false => format!("it publishes {}", listed(&known)),
            };
            return Err(Mistake { help: Some(help), ..mistake(file, message, all) });
        };
        of_port.map(|(published, _)| published).find(|published| published.outside.is_some()).ok_or_else(
            || {
                let message = format!("port {port} of `{}` is published on any free port", wanted.service);
                let help = format!("say which: `\"{port}:{port}\"`; or give its address under `url`");
                Mistake { help: Some(help), ..mistake(file, message, Some(place)) }
            },
        )
    }
}

fn mistake(file: FileId, message: String, place: Option<Place>) -> Mistake {
    let span = place.map(|place| Span { file, start: place.start, end: place.end });
    Mistake { message, span, help: None }
}

/// The variables that texts below a value need.
fn texts(node: &Node, names: &mut BTreeSet<String>) {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        if let Some(text) = node.text() {
            interpolate::named(text, names);
        }
        pending.extend(node.list().unwrap_or_default());
        pending.extend(
            node.map().map(document::Map::entries).unwrap_or_default().iter().map(|entry| &entry.value),
        );
    }
}

#[cfg(test)]
mod tests;
