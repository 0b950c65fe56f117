//! Starts that are answered before a store that several sidecars share has them.

use conductor_tests::servers::{Postgres, Version};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::fleet::{Fleet, served};
use crate::support::{Client, runtime, start, step_started, succeeded};

const STORE: i64 = -32017;

/// While it is there nobody writes to runs, and everybody may read them.
struct Stop {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Stop {
    fn of(server: &Postgres) -> Stop {
        let runtime = runtime();
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
            tokio::spawn(connection);
            let lock = "BEGIN; LOCK TABLE conductor.runs IN SHARE ROW EXCLUSIVE MODE";
            client.batch_execute(lock).await.unwrap();
            client
        });
        Stop { runtime, client }
    }

    fn end(self) {
        self.runtime.block_on(self.client.batch_execute("COMMIT")).unwrap();
    }
}

fn owned(epoch: u64, next_seq: u64) -> (Value, Value, Value) {
    (json!("owned"), json!(epoch), json!(next_seq))
}

fn begin(client: &mut Client, run: &str) -> (Value, Value, Value) {
    let answer = client.start(run);
    (answer["outcome"].clone(), answer["epoch"].clone(), answer["next_seq"].clone())
}

/// Whether the records of the run were taken; else how they were refused.
fn taken(client: &mut Client, run: &str) -> Result<(), Value> {
    let is_told = |line: &Value| {
        let method = &line["method"];
        (method == "run.refused" || method == "run.ack" && line["params"]["seq"] == 1)
            && line["params"]["run"] == run
    };
    let told = client.wait_for(is_told);
    if told["method"] == "run.ack" { Ok(()) } else { Err(told["params"].clone()) }
}

#[test]
fn of_two_sidecars_that_begin_a_run_at_once_one_has_it_and_the_other_s_client_hears_so() {
    let fleet = Fleet::new(Version::Newest, 2);
    let mut clients = [served(&fleet.sidecars[0], "a", 0), served(&fleet.sidecars[1], "b", 0)];
    let stop = Stop::of(&fleet.server);
    for client in &mut clients {
        assert_eq!(begin(client, "r"), owned(1, 1));
        client.record("r", 1, 1, step_started("s"));
    }
    stop.end();
    let told = clients.each_mut().map(|client| taken(client, "r"));
    let [winner, loser] = if told[0].is_ok() { [0, 1] } else { [1, 0] };
    assert_eq!(told[winner], Ok(()));
    let refused = told[loser].as_ref().unwrap_err();
    assert_eq!((&refused["seq"], &refused["code"]), (&json!(0), &json!(STORE)), "{refused}");
    assert_eq!(clients[loser].start("r"), json!({"outcome": "attached", "state": "running"}));
    clients[winner].record("r", 1, 2, succeeded(&json!("won")));
    clients[winner].acked("r", 2);
    assert_eq!(clients[loser].call("run.await", json!({"run": "r"}))["output"], "won");
}

#[test]
fn a_start_with_which_the_server_died_is_told_and_made_again_when_it_is_back() {
    let mut fleet = Fleet::new(Version::Newest, 1);
    let mut client = served(&fleet.sidecars[0], "a", 0);
    let stop = Stop::of(&fleet.server);
    assert_eq!(begin(&mut client, "r"), owned(1, 1));
    client.record("r", 1, 1, step_started("s"));
    fleet.server.kill().unwrap();
    drop(stop);
    let refused = taken(&mut client, "r").unwrap_err();
    assert_eq!((&refused["seq"], &refused["code"]), (&json!(0), &json!(STORE)), "{refused}");
    let again = client.send("run.start", start("r", json!({"n": 1})));
    fleet.server.recover().unwrap();
    let answer = client.answer(again);
    assert_eq!(answer["result"]["outcome"], "owned", "{answer}");
    let number = |name: &str| answer["result"][name].as_u64().unwrap();
    let (epoch, next) = (number("epoch"), number("next_seq"));
    client.record("r", epoch, next, succeeded(&json!(1)));
    client.acked("r", next);
    assert_eq!(client.call("run.await", json!({"run": "r"}))["state"], "succeeded");
}
