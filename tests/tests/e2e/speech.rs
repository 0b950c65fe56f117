//! Clients that speak badly, too old, too new, or not to the end: each is answered, and nobody else is disturbed.

use anyhow::Result;
use conductor_tests::lab::Lab;
use conductor_tests::rpc::{Client, hello};
use serde_json::json;

#[test]
fn an_older_and_a_newer_client_are_told_both_ranges() -> Result<()> {
    let (_lab, sidecar) = Lab::with_sidecar()?;
    for (min, max) in [(0, 0), (7, 9)] {
        let mut client = Client::connect(&sidecar.socket())?;
        let answer =
            client.call(1, "hello", &hello("018f0000-0000-7000-8000-000000000001", min, max, &json!([])))?;
        assert_eq!(answer["error"]["code"], -32001, "{answer}");
        assert_eq!(answer["error"]["data"]["client"], json!({"min": min, "max": max}));
        assert!(answer["error"]["data"]["sidecar"]["max"].is_u64(), "{answer}");
    }
    let mut client = Client::connect(&sidecar.socket())?;
    let answer = client.call(1, "hello", &hello("018f0000-0000-7000-8000-000000000002", 1, 9, &json!([])))?;
    assert_eq!(answer["result"]["protocol"], 1, "{answer}");
    Ok(())
}

#[test]
fn what_is_not_json_is_answered_and_the_connection_goes_on() -> Result<()> {
    let (_lab, sidecar) = Lab::with_sidecar()?;
    let mut client = Client::connect(&sidecar.socket())?;
    let greeting = hello("018f0000-0000-7000-8000-000000000003", 1, 1, &json!([]));
    assert!(client.call(1, "hello", &greeting)?["result"].is_object());
    for (line, code) in [("{nonsense\n", -32700), ("{\"a\": 1}\n", -32600)] {
        client.send_bytes(line.as_bytes())?;
        let answer = client.receive()?;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &json!(null)), "{line}");
    }
    assert_eq!(client.call(2, "no.such.method", &json!({}))?["error"]["code"], -32601);
    assert!(client.call(3, "ping", &json!({}))?["result"].is_object());
    Ok(())
}

#[test]
fn nothing_is_done_before_the_greeting() -> Result<()> {
    let (_lab, sidecar) = Lab::with_sidecar()?;
    let mut client = Client::connect(&sidecar.socket())?;
    assert_eq!(client.call(1, "ping", &json!({}))?["error"]["code"], -32002);
    Ok(())
}

#[test]
fn a_client_that_vanishes_in_the_middle_of_a_line_harms_nobody() -> Result<()> {
    let (_lab, sidecar) = Lab::with_sidecar()?;
    for _ in 0..20 {
        let mut client = Client::connect(&sidecar.socket())?;
        client.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hel")?;
    }
    assert_eq!(sidecar.get("/healthz")?.status, 200);
    Ok(())
}
