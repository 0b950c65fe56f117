//! A run followed live: drawn in place on a terminal, else a line for each change.
//!
//! It asks one stream of the sidecar for the run as it is after each change, and asks again where the stream is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::client::Client;
use crate::commands::show;
use crate::events::Events;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert_line};
use crate::screen::{self, Screen};
use crate::view::{self, Moment, Run, Step};

/// What is drawn counts seconds; a sidecar that is lost is asked so often.
const TICK: Duration = Duration::from_secs(1);

/// Follows the run until it has ended or is paused.
pub async fn follow(client: &Client, id: &str, format: Format) -> Result<Exit, Failure> {
    let path = format!("/v1/runs/{}", view::url_encoded(id));
    let mut shown = Shown::new(format);
    let stream = client.listen(&format!("{path}/events")).await?;
    let mut events = match stream {
        Ok(events) => events,
        Err(answer) => return Err(refused(client, answer)),
    };
    loop {
        if let Some(exit) = hear(client, &path, &mut events, &mut shown).await? {
            shown.leave();
            return Ok(exit);
        }
        shown.lost(client);
        events = listen_again(client, &path, &mut shown).await?;
        shown.found();
    }
}

fn refused(client: &Client, answer: crate::client::Answer) -> Failure {
    match view::expect_ok(client, answer) {
        Err(failure) => failure,
        Ok(_) => Failure::environment("the sidecar answered without events"),
    }
}

/// How the command ends; nothing where the sidecar was lost before.
async fn hear(
    client: &Client,
    path: &str,
    events: &mut Events,
    shown: &mut Shown,
) -> Result<Option<Exit>, Failure> {
    loop {
        let heard = tokio::time::timeout(TICK, events.next()).await;
        let Ok(heard) = heard else {
            shown.tick();
            continue;
        };
        let body = match heard {
            None => return Ok(None),
            Some(event) if event.name == "run" => serde_json::from_str(&event.data).unwrap_or_default(),
            // It was purged before its end was seen, which the answer says.
            Some(event) if event.name == "end" => view::expect_ok(client, client.get(path).await?)?,
            Some(_unknown) => continue,
        };
        let exit = shown.is_now(client, body)?;
        if exit.is_some() {
            return Ok(exit);
        }
    }
}

/// The stream anew, as soon as the sidecar is back; an error where it has no such run any more.
async fn listen_again(client: &Client, path: &str, shown: &mut Shown) -> Result<Events, Failure> {
    loop {
        tokio::time::sleep(TICK).await;
        shown.tick();
        match client.listen(&format!("{path}/events")).await {
            Ok(Ok(events)) => return Ok(events),
            Ok(Err(answer)) if answer.status < 500 => return Err(refused(client, answer)),
            Ok(Err(_)) | Err(_) => {}
        }
    }
}

/// What is shown of the run, and how.
struct Shown {
    form: Form,
    last: Option<(Value, Run)>,
    notice: String,
}

enum Form {
    Drawn(Screen),
    Lines(Changes),
    Json,
}

impl Shown {
    fn new(format: Format) -> Shown {
        let form = match format {
            Format::Json => Form::Json,
            Format::Text if screen::is_there() => Form::Drawn(Screen::default()),
            Format::Text => Form::Lines(Changes::default()),
        };
        Shown { form, last: None, notice: String::new() }
    }

    /// Shows the run where it has changed; how the command ends, where it ends with that or nobody reads any more.
    fn is_now(&mut self, client: &Client, body: Value) -> Result<Option<Exit>, Failure> {
        let run: Run = view::parse(client, body.clone())?;
        let exit = view::exit_of(&run.state);
        let is_new = self.last.as_ref().is_none_or(|(last, _)| *last != body);
        let is_read = match &mut self.form {
            Form::Lines(changes) => output::print_to_reader(&changes.to(&run)),
            Form::Json if is_new => output::print_json_line(&body),
            Form::Drawn(_) | Form::Json => true,
        };
        self.last = Some((body, run));
        self.tick();
        Ok((exit != Exit::Waiting || !is_read).then_some(exit))
    }

    fn tick(&mut self) {
        if let (Form::Drawn(screen), Some((_, run))) = (&mut self.form, &self.last) {
            let rows = screen::rows().saturating_sub(usize::from(!self.notice.is_empty()));
            screen.draw(format!("{}{}", show::fitted(run, rows), self.notice));
        }
    }

    fn lost(&mut self, client: &Client) {
        let place = inert_line(&client.socket().display().to_string(), 200);
        let notice = format!("the sidecar at {place} is lost; waiting for it");
        match self.form {
            Form::Drawn(_) => self.notice = format!("{notice}\n"),
            Form::Lines(_) | Form::Json => output::note(&notice),
        }
        self.tick();
    }

    fn found(&mut self) {
        match self.form {
            Form::Drawn(_) => self.notice.clear(),
            Form::Lines(_) | Form::Json => output::note("the sidecar is back"),
        }
    }

    /// The run as it was last, whole.
    fn leave(self) {
        if let (Form::Drawn(screen), Some((_, run))) = (self.form, self.last) {
            screen.leave(show::describe(&run));
        }
    }
}

/// What was last said of the run and of each step.
#[derive(Default)]
struct Changes {
    run: String,
    steps: BTreeMap<String, String>,
}

impl Changes {
    /// A line for each change, in the order in which they happened; the run's own first and last.
    fn to(&mut self, run: &Run) -> String {
        let mut lines: Vec<(i64, String)> = Vec::new();
        for step in &run.steps {
            let (at, said) = of_step(step);
            if self.steps.get(&step.key) != Some(&said) {
                let when = view::moment(at.unwrap_or(&run.started_at));
                lines.push((at.map_or(0, Moment::milliseconds), format!("{when}  {said}\n")));
                self.steps.insert(step.key.clone(), said);
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        let mut text: String = lines.into_iter().map(|(_, line)| line).collect();
        let said = of_run(run);
        if self.run != said {
            let is_first = self.run.is_empty();
            let line = format!("{}  {said}\n", time_of(run));
            self.run = said;
            if is_first && !run.is_over() { text.insert_str(0, &line) } else { text.push_str(&line) }
        }
        text
    }
}

fn time_of(run: &Run) -> String {
    let steps = run.steps.iter().filter_map(|step| of_step(step).0);
    let last = steps.chain([&run.started_at]).max_by_key(|at| at.milliseconds());
    view::moment(run.finished_at.as_ref().or(last).unwrap_or(&run.started_at))
}

fn of_run(run: &Run) -> String {
    let detail = match (&run.error, &run.output, &run.waiting_for) {
        (Some(error), ..) => show::error_line(&error.form),
        (None, Some(output), _) => inert_line(&output.to_string(), 300),
        (None, None, Some(waits)) if !run.is_over() => format!("waits for {}", inert_line(waits, 200)),
        _ => inert_line(&run.workflow, 200),
    };
    format!("{}  {}  {detail}", inert_line(&run.id, 200), view::state_text(&run.state))
}

/// When the step became what it is, and what that is.
fn of_step(step: &Step) -> (Option<&Moment>, String) {
    let last = step.history.last();
    let began = last.and_then(|attempt| attempt.started_at.as_ref()).or(step.started_at.as_ref());
    let mut said = format!("{}  {}", inert_line(&step.key, 200), view::state_text(&step.state));
    let again = last
        .filter(|_| step.finished_at.is_none())
        .and_then(|attempt| Some((attempt, attempt.retry_at.as_ref()?)));
    if let Some((attempt, retry_at)) = again {
        let error =
            attempt.error.as_ref().map_or_else(String::new, |form| format!(": {}", show::error_line(form)));
        said.push_str(&format!(
            "  attempt {} failed{error}; again at {}",
            step.attempts,
            view::moment(retry_at)
        ));
        return (attempt.finished_at.as_ref().or(began), said);
    }
    if let Some(error) = &step.error {
        said.push_str(&format!("  {}", show::error_line(&error.form)));
    } else if step.finished_at.is_none() {
        let attempt = if step.attempts > 1 { format!(", attempt {}", step.attempts) } else { String::new() };
        let until = step.until.as_ref().map_or_else(String::new, |at| format!(" until {}", view::moment(at)));
        said.push_str(&format!("  {}{until}{attempt}", inert_line(&step.work(), 200)));
    }
    (step.finished_at.as_ref().or(began), said)
}
