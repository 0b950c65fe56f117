//! Who may do what: three roles, and what each request needs.
//!
//! It does not know how somebody proves who he is.

use std::sync::Arc;

use jiff::Timestamp;

/// What somebody may be to a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// An application: executes runs and serves tasks.
    App,
    /// A person, or a program in a person's place, who decides.
    Operator,
    ReadOnly,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::App, Role::Operator, Role::ReadOnly];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::App => "app",
            Role::Operator => "operator",
            Role::ReadOnly => "read-only",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }

    fn may(self, act: Act) -> bool {
        match act {
            Act::See => true,
            Act::Greet => self == Role::App,
            Act::Start => self != Role::ReadOnly,
            Act::Operate => self == Role::Operator,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    See,
    /// Opening a session, and all that is done in one.
    Greet,
    /// Starting and cancelling runs, sending signals.
    Start,
    /// Everything else: resuming, restarting, deciding, purging.
    Operate,
}

impl Act {
    /// What a request over HTTP needs. What is not known is an operator's.
    pub(crate) fn of(method: &str, path: &str) -> Act {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method, &parts[..]) {
            ("GET" | "HEAD", _) => Act::See,
            ("POST", ["v1", "workflows", _, "runs"] | ["v1", "runs", _, "cancel"]) => Act::Start,
            ("POST", ["v1", "runs", _, "signals", _]) => Act::Start,
            // A browser may then what its asker may, and no more.
            ("POST", ["v1", "ui", "codes"]) => Act::See,
            _ => Act::Operate,
        }
    }

    /// The roles that allow it, as a person is told.
    pub(crate) fn needed(self) -> String {
        let roles = Role::ALL.into_iter().filter(|role| role.may(self));
        roles.map(Role::as_str).collect::<Vec<_>>().join(" or ")
    }
}

/// Somebody who has proved who he is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// As the audit trail names him: `uid 1000`, `token shop`, `certificate web-1.shop.internal`.
    pub(crate) name: Arc<str>,
    pub(crate) roles: Arc<[Role]>,
    pub(crate) until: Option<Timestamp>,
    /// Of this machine and its user: nothing was proved over a network.
    pub(crate) is_local: bool,
}

impl Access {
    /// The user whose sidecar it is, or root.
    pub(crate) fn of_user(uid: u32) -> Access {
        Access { name: format!("uid {uid}").into(), roles: Role::ALL.into(), until: None, is_local: true }
    }

    pub(crate) fn may(&self, act: Act) -> bool {
        self.roles.iter().any(|role| role.may(act))
    }

    /// What stands under his decision: what he calls himself, and over TCP who he has proved to be, last.
    pub(crate) fn signs(&self, calls_himself: Option<String>) -> String {
        let said = calls_himself.filter(|said| !said.is_empty());
        match said {
            None => self.name.to_string(),
            // The user whose sidecar it is could write anything into the journal.
            Some(said) if self.is_local => said,
            Some(said) => format!("{said} ({})", self.name),
        }
    }

    /// What he is told where he may not.
    pub(crate) fn denied(&self, act: Act) -> String {
        let has: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        format!("{} is {} only: this needs the role {}", self.name, has.join(" and "), act.needed())
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Role};

    #[test]
    fn each_role_has_its_acts_and_the_unknown_is_an_operators() {
        let table = [
            ("GET", "/v1/runs", [true, true, true]),
            ("GET", "/v1/runs/a%2Fcancel", [true, true, true]),
            ("HEAD", "/metrics", [true, true, true]),
            ("POST", "/v1/workflows/w/runs", [true, true, false]),
            ("POST", "/v1/runs/r/signals/s", [true, true, false]),
            ("POST", "/v1/runs/r/cancel", [true, true, false]),
            ("POST", "/v1/runs/r/resume", [false, true, false]),
            ("POST", "/v1/runs/r/restart", [false, true, false]),
            ("POST", "/v1/ui/codes", [true, true, true]),
            ("DELETE", "/v1/runs/r", [false, true, false]),
            ("DELETE", "/v1/runs", [false, true, false]),
            ("PUT", "/v1/breakers/b", [false, true, false]),
            ("GET", "/v1/policies/p", [true, true, true]),
            ("PUT", "/v1/policies/p", [false, true, false]),
            ("DELETE", "/v1/policies/p", [false, true, false]),
            ("PUT", "/v1/something/new", [false, true, false]),
            ("POST", "//v1/runs/r/cancel", [false, true, false]),
            ("get", "/v1/runs", [false, true, false]),
        ];
        for (method, path, allowed) in table {
            let act = Act::of(method, path);
            assert_eq!(Role::ALL.map(|role| role.may(act)), allowed, "{method} {path}");
        }
        assert_eq!(Role::ALL.map(|role| role.may(Act::Greet)), [true, false, false]);
    }
}
