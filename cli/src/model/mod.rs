//! A language model behind an endpoint: what it is asked, in which format, and what it answers.
//!
//! It knows no manifest. Nothing is sent but by [`Model::ask`].

mod endpoint;
mod sending;
#[cfg(test)]
mod tests;
mod wire;

use std::time::Duration;

use serde_json::Value;

use crate::durations;
use crate::exit::Failure;
use crate::output;
use endpoint::Endpoint;

const LONGEST: Duration = Duration::from_secs(120);

/// Which model is asked, and where.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    /// Ask this language model, too; without a name, the one of `CONDUCTOR_MODEL`
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    model: Option<String>,
    /// Where the model is served [default: `CONDUCTOR_MODEL_URL`, else the vendor's of the name]
    #[arg(long, value_name = "URL", requires = "model")]
    endpoint: Option<String>,
    /// Print what would be sent to the model, but for the key, and send nothing
    #[arg(long, requires = "model")]
    dry_run: bool,
    /// The longest time of one answer of the model [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = durations::parse, requires = "model")]
    timeout: Option<Duration>,
    /// How often the model may mend an answer that is refused
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=10))]
    repairs: u32,
}

/// What is asked: what the model is to do, what has been said in turn, and the JSON Schema of an answer.
#[derive(Debug)]
pub struct Question {
    pub system: String,
    /// The first one and every other one after it is ours, the others are the model's.
    pub turns: Vec<String>,
    pub schema: Value,
}

pub struct Model {
    pub name: String,
    endpoint: Endpoint,
    timeout: Duration,
    /// How many more answers there may be where one is refused.
    pub repairs: u32,
    /// Whether questions are printed in place of being sent.
    pub is_dry: bool,
}

impl Model {
    /// The model that the arguments ask for, `None` where they ask for none.
    pub fn of(args: &ModelArgs) -> Result<Option<Model>, Failure> {
        Model::with(args, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn with(args: &ModelArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Model>, Failure> {
        let Some(name) = &args.model else { return Ok(None) };
        let name = if name.is_empty() {
            env("CONDUCTOR_MODEL").ok_or_else(|| {
                Failure::usage("`--model` has no name, and `CONDUCTOR_MODEL` is not set")
                    .help("conductor draft \"...\" --model NAME")
            })?
        } else {
            name.clone()
        };
        let url = args.endpoint.clone().or_else(|| env("CONDUCTOR_MODEL_URL"));
        let endpoint = Endpoint::of(&name, url.as_deref(), env)?;
        let timeout = args.timeout.unwrap_or(LONGEST);
        Ok(Some(Model { name, endpoint, timeout, repairs: args.repairs, is_dry: args.dry_run }))
    }

    /// Prints what [`Model::ask`] would send.
    pub fn show(&self, question: &Question) {
        let mut text = format!("POST {}\n", self.endpoint.url);
        for (name, value) in wire::headers(&self.endpoint) {
            let shown = match (value, &self.endpoint.key) {
                (wire::Header::Text(value), _) => value.to_owned(),
                (wire::Header::Key(before), Some(key)) => format!("{before}(the key in {})", key.variable),
                (wire::Header::Key(_), None) => continue,
            };
            text += &format!("{name}: {shown}\n");
        }
        output::print_document(&format!("{text}\n{}\n", wire::body(self, question)));
    }

    /// What the model answers: text that should be JSON of the schema, which nobody has looked at.
    pub fn ask(&self, question: &Question) -> Result<String, Failure> {
        let answered = sending::post(self, &wire::body(self, question))?;
        wire::read(self, &answered)
    }
}
