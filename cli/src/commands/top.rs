//! `conductor top`: how much goes on in a sidecar, what fails, what is slow and what is waited for, live.
//!
//! It counts nothing itself: the sidecar's metrics do, and rates are the differences of two looks at them.

use std::time::Duration;

use serde_json::Value;

use crate::client::{Client, SidecarArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::overview::{Look, Pace};
use crate::screen::{self, Screen};
use crate::view;

const EVERY: Duration = Duration::from_secs(1);

/// A sidecar that does not answer for so long is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// Show rates, failures, slow tasks, open breakers and what is waited for, each second
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show it once, with the rates of one second
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let mut shown = Shown::new(&args);
    let (_, mut before) = look(&client).await?;
    shown.begins(&before);
    loop {
        tokio::time::sleep(EVERY).await;
        match look(&client).await {
            Ok((body, now)) => {
                if !shown.is_now(body, &now, &before) || args.once {
                    return Ok(Exit::Fine);
                }
                before = now;
            }
            Err(failure) if args.once => return Err(failure),
            Err(failure) => shown.lost(&failure),
        }
    }
}

async fn look(client: &Client) -> Result<(Value, Look), Failure> {
    let asked = tokio::time::timeout(PATIENCE, client.get("/v1/overview"));
    let place = client.socket().display();
    let answer = asked
        .await
        .map_err(|_| Failure::environment(format!("the sidecar at {place} did not answer in time")))??;
    if answer.status == 404 {
        return Err(Failure::environment(format!("the sidecar at {place} has no overview"))
            .help("it is of an older version: start it anew with this one"));
    }
    let body = view::expect_ok(client, answer)?;
    let look = view::parse(client, body.clone())?;
    Ok((body, look))
}

/// What was shown last, and how.
struct Shown {
    form: Form,
    is_lost: bool,
}

enum Form {
    Drawn { screen: Screen, last: String },
    Text { is_first: bool },
    Json,
}

impl Shown {
    fn new(args: &Args) -> Shown {
        let form = match args.format {
            Format::Json => Form::Json,
            Format::Text if !args.once && screen::is_there() => {
                Form::Drawn { screen: Screen::default(), last: String::new() }
            }
            Format::Text => Form::Text { is_first: true },
        };
        Shown { form, is_lost: false }
    }

    /// A terminal is not kept waiting for the first rates.
    fn begins(&mut self, look: &Look) {
        if let Form::Drawn { screen, last } = &mut self.form {
            *last = look.report(None, Some((screen::rows(), output::width())));
            screen.draw(last.clone());
        }
    }

    /// Shows what is so now; false where nobody reads it any more.
    fn is_now(&mut self, mut body: Value, now: &Look, before: &Look) -> bool {
        let pace = Pace::new(before, now);
        if std::mem::take(&mut self.is_lost) && !matches!(self.form, Form::Drawn { .. }) {
            output::note("the sidecar is back");
        }
        match &mut self.form {
            Form::Drawn { screen, last } => {
                *last = now.report(Some(&pace), Some((screen::rows(), output::width())));
                screen.draw(last.clone());
                true
            }
            Form::Text { is_first } => {
                let between = if std::mem::take(is_first) { "" } else { "\n" };
                output::print_to_reader(&format!("{between}{}", now.report(Some(&pace), None)))
            }
            Form::Json => {
                pace.write_to(&mut body);
                output::print_json_line(&body)
            }
        }
    }

    /// The sidecar is away: what was so last stays on the screen, under a word on that.
    fn lost(&mut self, failure: &Failure) {
        let notice = output::inert_line(&format!("{}; waiting for it", failure.message), 300);
        match &mut self.form {
            Form::Drawn { screen, last } => {
                let (red, reset) = if output::coloured() { (output::RED, output::RESET) } else { ("", "") };
                screen.draw(format!("{red}{notice}{reset}\n{last}"));
            }
            Form::Text { .. } | Form::Json if !self.is_lost => output::note(&notice),
            Form::Text { .. } | Form::Json => {}
        }
        self.is_lost = true;
    }
}
