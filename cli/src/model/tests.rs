use std::time::Duration;

use super::endpoint::{Endpoint, Format};
use super::{Model, ModelArgs};
use crate::exit::Exit;

fn endpoint(model: &str, url: Option<&str>, variables: &[(&str, &str)]) -> Endpoint {
    let env = |name: &str| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    };
    Endpoint::of(model, url, &env).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn the_beginning_of_an_endpoint_is_enough() {
    for (given, url, format) in [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions", Format::OpenAi),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/chat/completions", Format::OpenAi),
        ("https://a.example/api/v1", "https://a.example/api/v1/chat/completions", Format::OpenAi),
        (
            "https://a.example/x/chat/completions?api-version=1",
            "https://a.example/x/chat/completions?api-version=1",
            Format::OpenAi,
        ),
        ("https://a.example/v1/messages", "https://a.example/v1/messages", Format::Anthropic),
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages", Format::Anthropic),
    ] {
        let made = endpoint("some", Some(given), &[]);
        assert_eq!((made.url.as_str(), made.format), (url, format), "{given}");
    }
    assert_eq!(endpoint("claude-x", None, &[]).url, "https://api.anthropic.com/v1/messages");
    assert_eq!(endpoint("gpt-x", None, &[]).url, "https://api.openai.com/v1/chat/completions");
}

#[test]
fn the_key_of_a_vendor_goes_to_no_one_else() {
    let all = [("OPENAI_API_KEY", "o"), ("ANTHROPIC_API_KEY", "a")];
    let key = |model: &str, url: Option<&str>, variables: &[(&str, &str)]| {
        endpoint(model, url, variables).key.map(|key| key.secret)
    };
    assert_eq!(key("gpt-x", None, &all).as_deref(), Some("o"));
    assert_eq!(key("claude-x", None, &all).as_deref(), Some("a"));
    for url in ["https://a.example/v1", "https://api.openai.com.example/v1", "https://a.example/v1/messages"]
    {
        assert_eq!(key("gpt-x", Some(url), &all), None, "{url}");
        assert_eq!(key("gpt-x", Some(url), &[("CONDUCTOR_MODEL_KEY", "c")]).as_deref(), Some("c"), "{url}");
    }
    let own = [("OPENAI_API_KEY", "o"), ("CONDUCTOR_MODEL_KEY", "c")];
    assert_eq!(key("gpt-x", None, &own).as_deref(), Some("c"), "the one that was set for this");
}

#[test]
fn what_is_no_endpoint_is_refused() {
    for (model, url) in [
        ("llama", None),
        ("x", Some("ftp://a.example")),
        ("x", Some("a.example:80")),
        ("x", Some("http://")),
        ("x", Some("https://user:secret@a.example")),
    ] {
        let Err(failure) = Endpoint::of(model, url, &|_| None) else { panic!("{url:?} is taken") };
        assert_eq!(failure.exit, Exit::Usage, "{failure}");
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}

#[test]
fn the_environment_names_a_model_only_where_one_is_asked_for() {
    let args = |model: Option<&str>| ModelArgs {
        model: model.map(str::to_owned),
        endpoint: None,
        dry_run: false,
        timeout: None,
        repairs: 2,
    };
    let env = |name: &str| match name {
        "CONDUCTOR_MODEL" => Some("local".to_owned()),
        "CONDUCTOR_MODEL_URL" => Some("http://127.0.0.1:9".to_owned()),
        _ => None,
    };
    assert!(Model::with(&args(None), &env).expect("no model").is_none());
    let named = |given| Model::with(&args(Some(given)), &env).expect("a model").expect("one is asked for");
    assert_eq!((named("").name.as_str(), named("other").name.as_str()), ("local", "other"));
    assert_eq!(named("").timeout, Duration::from_secs(120));
    assert!(Model::with(&args(Some("")), &|_| None).is_err());
}
