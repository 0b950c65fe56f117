//! The shop behind the usual web servers, one for each language: killed in the middle of a payment, and stopped with grace.
//!
//! What is asked of each is the same; only how it is built, started and audited differs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::http::{Response, request_at};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::servers::free_port;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, root};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A shop and what the tests must know of its language.
struct Front {
    project: Project,
    port: u16,
    /// Starts the server on the port given in `PORT`.
    command: fn(&Project, u16) -> Command,
    /// What compiles the server once `conductor build` has written the orchestrator.
    compile: &'static [&'static [&'static str]],
    /// A customer as its interface takes one, where it knows none from the beginning.
    customer: Option<Value>,
    /// An order as its interface takes it.
    order: fn(user: &str, amount: u32) -> Value,
    books: fn(&Path) -> Result<Books>,
}

/// What the shop has written down of its own.
#[derive(Debug, PartialEq, Eq)]
struct Books {
    /// Charges that were begun.
    charges: u32,
    payments: u32,
}

impl Front {
    fn python() -> Result<Front> {
        let project = Project::copy_of(&root().join("examples/shop"))?;
        Ok(Front {
            project,
            port: free_port()?,
            command: |project, port| {
                let python = root().join("target/venv/bin/python");
                let port = port.to_string();
                let mut command = project.command(&python, &["-m", "uvicorn", "web:app", "--port", &port]);
                command.env("SHOP_DB", "shop.db").env("PYTHONDONTWRITEBYTECODE", "1");
                command
            },
            compile: &[],
            customer: Some(json!({"name": "Ada", "email": "ada@example.com"})),
            order: |user, amount| json!({"user_id": user, "amount": amount}),
            books: |folder| {
                let database = rusqlite::Connection::open(folder.join("shop.db"))?;
                let count = |query: &str| database.query_row(query, [], |row| row.get::<_, u32>(0));
                Ok(Books {
                    charges: count("SELECT count(*) FROM calls WHERE function = 'charge'")?,
                    payments: count("SELECT count(*) FROM payments")?,
                })
            },
        })
    }

    fn go() -> Result<Front> {
        let project = Project::copy_of(&root().join("examples/shop-go"))?;
        Ok(Front {
            project,
            port: free_port()?,
            command: |project, port| {
                let mut command = project.command(&project.path().join("shop"), &[]);
                command.env("PORT", port.to_string());
                command
            },
            compile: &[&["go", "build", "-o", "shop", "./cmd/shop"]],
            customer: None,
            order: |user, amount| json!({"user_id": user, "amount": amount}),
            books: ledger,
        })
    }

    fn typescript() -> Result<Front> {
        let project = Project::copy_of(&root().join("examples/shop-typescript"))?;
        symlink(root().join("target/node/node_modules"), project.path().join("node_modules"))?;
        Ok(Front {
            project,
            port: free_port()?,
            command: |project, port| {
                let mut command = project.command(Path::new("node"), &["dist/server.js"]);
                command.env("PORT", port.to_string());
                command
            },
            compile: &[&["node_modules/.bin/tsc"]],
            customer: None,
            order: |user, amount| json!({"userId": user, "amount": amount.to_string()}),
            books: ledger,
        })
    }

    fn start(&self) -> Result<Process> {
        let mut server = Process::spawn("the shop", (self.command)(&self.project, self.port))?;
        eventually("the shop listens", || {
            ensure!(server.is_alive()?, "it ended: {}{}", server.stdout(), server.stderr());
            Ok(request_at(self.port, "GET", "/", None).is_ok().then_some(()))
        })?;
        Ok(server)
    }

    fn place(&self, order: &str, user: &str, amount: u32) -> Result<Response> {
        request_at(self.port, "PUT", &format!("/orders/{order}"), Some(&(self.order)(user, amount)))
    }

    fn books(&self) -> Result<Books> {
        (self.books)(self.project.path())
    }

    /// Waits until the shop has begun to charge somebody for the `count`th time.
    fn charging(&self, count: u32) -> Result<()> {
        eventually("a charge begins", || Ok((self.books()?.charges >= count).then_some(())))
    }
}

/// The books of the shops that keep them in a folder: a file for each payment, a line for each call.
fn ledger(folder: &Path) -> Result<Books> {
    let folder = folder.join("ledger");
    let calls = fs::read_to_string(folder.join("calls.log")).unwrap_or_default();
    let files = fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
    let payments =
        files.filter(|file| file.path().extension().is_some_and(|ending| ending == "json")).count();
    Ok(Books { charges: u32::try_from(calls.lines().count())?, payments: u32::try_from(payments)? })
}

/// An order that a kill cut off is finished under its own id, and nobody pays twice; an order that is there when the
/// shop is told to stop is answered.
fn survives_and_stops(front: &Front) -> Result<()> {
    front.project.conductor(&["build"])?.expect_code(0)?;
    for command in front.compile {
        let (program, arguments) = command.split_first().context("an empty command")?;
        let command = front.project.command(Path::new(program), arguments);
        Process::spawn(program, command)?.wait_at_most(Duration::from_secs(180))?.expect_code(0)?;
    }
    let _sidecar = Sidecar::start(&front.project)?;
    let server = front.start()?;
    if let Some(customer) = &front.customer {
        let registered = request_at(front.port, "PUT", "/users/user-1", Some(customer))?;
        ensure!(registered.status == 201, "{registered:?}");
    }
    let placed = front.place("order-1", "user-1", 20)?;
    ensure!(placed.status == 201, "{placed:?}");
    let refused = front.place("order-2", "nobody", 20)?;
    ensure!(refused.status == 422 && refused.body.contains("nobody"), "{refused:?}");

    std::thread::scope(|scope| -> Result<()> {
        let cut_off = scope.spawn(|| front.place("order-3", "user-1", 30));
        front.charging(2)?;
        server.kill()?;
        let answer = cut_off.join().ok().context("the request panicked")?;
        ensure!(answer.is_err(), "a killed server answered: {answer:?}");
        Ok(())
    })?;
    let server = front.start()?;
    let placed = front.place("order-3", "user-1", 30)?;
    ensure!(placed.status == 201, "{placed:?}");
    ensure!(front.books()?.payments == 2, "{:?}", front.books()?);

    let before = front.books()?.charges;
    let answer = std::thread::scope(|scope| {
        let placed = scope.spawn(|| front.place("order-4", "user-1", 40));
        front.charging(before + 1)?;
        server.signal(Signal::TERM)?;
        placed.join().ok().context("the request panicked")?
    })?;
    ensure!(answer.status == 201, "{answer:?}");
    let ended = server.wait()?;
    // A server of Python ends by the signal that it was sent.
    ensure!(ended.code == Some(0) || ended.signal == Some(Signal::TERM.as_raw()), "{ended:?}");
    ensure!(front.books()?.payments == 3, "{:?}", front.books()?);
    Ok(())
}

#[test]
fn behind_fastapi() -> Result<()> {
    survives_and_stops(&Front::python()?)
}

#[test]
fn behind_net_http() -> Result<()> {
    survives_and_stops(&Front::go()?)
}

#[test]
fn behind_fastify() -> Result<()> {
    survives_and_stops(&Front::typescript()?)
}
