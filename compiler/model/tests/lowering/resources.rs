//! Services and their operations.

use conductor_model::{OperationBody, Protocol};
use expect_test::expect;

use crate::{check, findings};

#[test]
fn an_http_service_with_operations_written_in_place() {
    let text = "\
resources:
- id: users
  kind: http
  url: ${env.USERS_URL}
  headers: {Authorization: 'Bearer ${env.TOKEN}'}
  ready: 30s
  operations:
  - id: get_user
    request: get /users/{user_id}
    path: {user_id: int}
    query: {limit: int?}
    response: User
    errors: {UserNotFound: 404, Broken: 5XX}
  - {id: add, request: POST /users, body: {name: string}}
  - {id: replace, request: PUT /users, body: list<User>}
";
    let (manifest, shown) = findings(text);
    assert_eq!(shown, "");
    let users = &manifest.resources[0];
    assert_eq!(users.headers[0].0.value, "Authorization");
    assert_eq!(users.ready.as_ref().map(|ready| ready.value), Some(30_000));
    let [get, add, replace] = users.api.operations.as_slice() else { unreachable!("three operations") };
    assert_eq!(
        (get.request.value.method.as_str(), get.request.value.path.as_str()),
        ("GET", "/users/{user_id}")
    );
    let statuses: Vec<&str> = get.errors.iter().map(|(_, status)| status.value.as_str()).collect();
    assert_eq!(statuses, ["404", "5xx"]);
    assert!(matches!(&add.body, Some(OperationBody::Fields(fields)) if fields[0].0.value == "name"));
    assert!(matches!(&replace.body, Some(OperationBody::Whole(_))));
}

#[test]
fn a_container() {
    let text = "resources:\n- {id: api, kind: container, service: web, compose: c.yaml, port: 8000, protocol: grpc}\n";
    let (manifest, shown) = findings(text);
    assert_eq!(shown, "");
    let api = &manifest.resources[0];
    assert_eq!(api.service.as_ref().map(|service| service.value.as_str()), Some("web"));
    assert_eq!(api.port.as_ref().map(|port| port.value), Some(8000));
    assert_eq!(api.api.protocol.as_ref().map(|protocol| protocol.value), Some(Protocol::Grpc));
}

#[test]
fn mistakes_in_operations() {
    check(
        "\
resources:
- id: users
  kind: http
  url: http://localhost
  openapi: api.yaml
  operations:
  - {id: a, request: /users}
  - {id: b, request: 'GET /users?limit=1'}
  - {id: c, request: 'GET /users/{id'}
  - {id: d, request: 'GET /u/{id}/{id}'}
  - {id: e, request: GET /u, path: {id: int}, errors: {Gone: 200, Odd: 4x}}
",
        expect![[r#"
            error[E058]: `openapi` and `operations` both say which operations there are
             --> concurrency.yaml:6:3
              |
            5 |   openapi: api.yaml
              |   ------- first here
            6 |   operations:
              |   ^^^^^^^^^^ here again
              |
              = help: keep one of the two; what speaks both protocols is two resources
            error[E069]: `/users` is no request
             --> concurrency.yaml:7:22
              |
            7 |   - {id: a, request: /users}
              |                      ^^^^^^ it begins with one of GET, HEAD, OPTIONS, PUT, DELETE, POST, PATCH
              |
              = help: write a method and a path, such as `GET /users/{user_id}`
            error[E069]: `GET /users?limit=1` is no request
             --> concurrency.yaml:8:22
              |
            8 |   - {id: b, request: 'GET /users?limit=1'}
              |                      ^^^^^^^^^^^^^^^^^^^^ a path has neither `?` nor `#` nor blanks; parameters go under `query`
              |
              = help: write a method and a path, such as `GET /users/{user_id}`
            error[E069]: `GET /users/{id` is no request
             --> concurrency.yaml:9:22
              |
            9 |   - {id: c, request: 'GET /users/{id'}
              |                      ^^^^^^^^^^^^^^^^ each `{` needs its `}`
              |
              = help: write a method and a path, such as `GET /users/{user_id}`
            error[E069]: `GET /u/{id}/{id}` is no request
              --> concurrency.yaml:10:22
               |
            10 |   - {id: d, request: 'GET /u/{id}/{id}'}
               |                      ^^^^^^^^^^^^^^^^^^ `{id}` stands twice
               |
               = help: write a method and a path, such as `GET /users/{user_id}`
            error[E069]: the path of `e` has no `{id}`
              --> concurrency.yaml:11:37
               |
            11 |   - {id: e, request: GET /u, path: {id: int}, errors: {Gone: 200, Odd: 4x}}
               |                      ------         ^^ not a part of the path
               |                      |
               |                      the path
            error[E052]: expected a status of an error: 404, or `4xx`, found a number
              --> concurrency.yaml:11:62
               |
            11 |   - {id: e, request: GET /u, path: {id: int}, errors: {Gone: 200, Odd: 4x}}
               |                                                              ^^^ this is a number
            error[E052]: expected a status of an error: 404, or `4xx`, found a string
              --> concurrency.yaml:11:72
               |
            11 |   - {id: e, request: GET /u, path: {id: int}, errors: {Gone: 200, Odd: 4x}}
               |                                                                        ^^ this is a string
        "#]],
    );
}

#[test]
fn keys_of_other_kinds() {
    check(
        "\
resources:
- {id: a, kind: http, url: u, proto: a.proto, service: s, port: 70000}
- {id: b, kind: http}
- {id: c, kind: redis, url: u, ready: 1s, openapi: x.json}
",
        expect![[r#"
            error[E068]: a `http` resource takes no `proto`
             --> concurrency.yaml:2:31
              |
            2 | - {id: a, kind: http, url: u, proto: a.proto, service: s, port: 70000}
              |                 ----          ^^^^^
              |                 |
              |                 this kind of resource
              |
              = help: protocol buffers describe a `grpc` resource, or a container that speaks gRPC
            error[E068]: a `http` resource takes no `service`
             --> concurrency.yaml:2:47
              |
            2 | - {id: a, kind: http, url: u, proto: a.proto, service: s, port: 70000}
              |                 ---- this kind of resource    ^^^^^^^
              |
              = help: only a `container` is a service of a compose file
            error[E068]: a `http` resource takes no `port`
             --> concurrency.yaml:2:59
              |
            2 | - {id: a, kind: http, url: u, proto: a.proto, service: s, port: 70000}
              |                 ---- this kind of resource                ^^^^
              |
              = help: the port is part of the address; only a `container` takes it from a compose file
            error[E059]: `port` must be between 1 and 65535
             --> concurrency.yaml:2:65
              |
            2 | - {id: a, kind: http, url: u, proto: a.proto, service: s, port: 70000}
              |                                                                 ^^^^^
            error[E053]: a `http` resource needs `url`
             --> concurrency.yaml:3:17
              |
            3 | - {id: b, kind: http}
              |                 ^^^^ `url` is missing
              |
              = help: say where it is, or read that when the process starts: `${env.NAME}`
            error[E068]: a `redis` resource takes no `ready`
             --> concurrency.yaml:4:32
              |
            4 | - {id: c, kind: redis, url: u, ready: 1s, openapi: x.json}
              |                 -----          ^^^^^
              |                 |
              |                 this kind of resource
              |
              = help: only `http`, `grpc` and `container` resources are waited for
            error[E068]: a `redis` resource takes no `openapi`
             --> concurrency.yaml:4:43
              |
            4 | - {id: c, kind: redis, url: u, ready: 1s, openapi: x.json}
              |                 -----                     ^^^^^^^
              |                 |
              |                 this kind of resource
              |
              = help: an OpenAPI document describes an `http` resource, or a container that speaks HTTP
        "#]],
    );
}
