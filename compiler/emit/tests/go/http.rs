//! Calls of operations of an HTTP API, against a server of Go's own library.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    BodyForm, Callable, Effect, HttpError, HttpOperation, HttpParameter, Place, Plan, Resource, ResourceKind,
    Scope, Step, TaskCall,
};
use conductor_protocol::types::Type;

use crate::build::*;
use crate::project::Project;

/// Answers with what it was asked.
const MAIN_GO: &str = r#"package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"example.com/app/conductorgen"
)

func serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/missing" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"message": "nobody of this name"}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Println(r.Method, r.URL.RequestURI(), string(body), "|", r.Header.Get("Content-Type"), r.Header.Get("X-Trace"),
		r.Header.Get("Cookie"), r.Header.Get("X-Api-Key"), r.Header.Get("Idempotency-Key"))
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"name": "Ada", "size": 3}`)
}

func main() {
	ctx := context.Background()
	_, err := conductorgen.Missing(ctx, conductorgen.WithRunID("m-1"))
	fmt.Println(err)
	server := httptest.NewServer(http.HandlerFunc(serve))
	defer server.Close()
	os.Setenv("USER_API", server.URL)
	os.Setenv("API_KEY", "k")
	input := conductorgen.PlacesInput{ID: "a/b", Tags: []string{"x", "y z"}, Trace: "t"}
	fmt.Println(conductorgen.Places(ctx, input, conductorgen.WithRunID("p-1")))
	_, err = conductorgen.Places(ctx, conductorgen.PlacesInput{ID: ".."}, conductorgen.WithRunID("p-2"))
	fmt.Println(err)
	err = conductorgen.Form(ctx, conductorgen.FormInput{Tags: []string{"x", "y z"}}, conductorgen.WithRunID("f-1"))
	fmt.Println(err)
	_, err = conductorgen.Missing(ctx, conductorgen.WithRunID("m-2"))
	var remote *conductorgen.RemoteError
	fmt.Println(errors.As(err, &remote) && remote.Types[0] == "NoSuchUser", err)
}
"#;

fn env(name: &str) -> Expr {
    expr(Type::String, Node::Env(name.to_owned()))
}

fn user_api() -> Resource {
    let address = expr(Type::String, Node::Interpolate(vec![env("USER_API"), string("/api")]));
    let headers = vec![("X-Api-Key".to_owned(), env("API_KEY"))];
    Resource {
        address: Some(address),
        headers,
        ..Resource::new("user_api", ResourceKind::Http, Scope::Process)
    }
}

fn parameter(argument: &str, place: Place) -> HttpParameter {
    let name = argument.to_owned();
    HttpParameter { argument: argument.to_owned(), name, place, explode: false, omit_null: false }
}

fn operation(method: &str, path: &str, parameters: Vec<HttpParameter>, returns: Type) -> HttpOperation {
    HttpOperation {
        resource: "user_api".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        parameters,
        body: None,
        errors: vec![HttpError { status: "404".to_owned(), name: "NoSuchUser".to_owned() }],
        returns,
    }
}

fn workflow(name: &str, durable: bool, http: HttpOperation, types: &[(&str, Type)]) -> Plan {
    let args = types.iter().map(|(name, ty)| arg(name, input(name, ty.clone()))).collect();
    let call = TaskCall {
        callable: Callable::Http { http },
        args,
        ..call("ask", function("Ask", Type::Null), Vec::new(), Effect::Read)
    };
    let step: Step = task("ask", call);
    let output = result("ask", step.ty.clone());
    let inputs = types.iter().map(|(name, ty)| given(name, ty.clone())).collect();
    let mut plan = plan(name, durable, inputs, vec![step], output);
    plan.resources = vec![user_api()];
    plan
}

/// Every place that a value can go to.
fn places(name: &str, durable: bool) -> Plan {
    let tags = Type::List(Box::new(Type::String));
    let note = Type::optional(Type::String);
    let types = [
        ("id", Type::String),
        ("tags", tags.clone()),
        ("trace", Type::String),
        ("session", Type::Int),
        ("count", Type::Int),
        ("note", note),
        ("list", tags),
    ];
    let mut parameters = vec![
        parameter("id", Place::Path),
        HttpParameter { explode: true, ..parameter("tags", Place::Query) },
        HttpParameter { name: "X-Trace".to_owned(), ..parameter("trace", Place::Header) },
        parameter("session", Place::Cookie),
        parameter("count", Place::Field),
        HttpParameter { omit_null: true, ..parameter("note", Place::Field) },
        parameter("list", Place::Field),
    ];
    let user = record(&[("name", Type::String), ("size", Type::Int)]);
    let mut http = operation("PUT", "/users/{id}", std::mem::take(&mut parameters), user);
    http.body = Some(BodyForm::Json);
    workflow(name, durable, http, &types)
}

#[test]
fn operations_are_called() {
    let mut form = operation(
        "POST",
        "/forms",
        vec![HttpParameter { explode: true, ..parameter("tags", Place::Field) }],
        Type::Null,
    );
    form.body = Some(BodyForm::Form);
    let plans = [
        places("places", false),
        places("recorded", true),
        workflow("form", false, form, &[("tags", Type::List(Box::new(Type::String)))]),
        workflow("missing", false, operation("GET", "/missing", Vec::new(), Type::Any), &[]),
    ];
    let project = Project::new(&[("main.go", MAIN_GO)], &plans);
    project.check();
    expect_test::expect![[r#"
        workflow missing failed at step ask after 1 attempt (run m-1): the address of the resource user_api is read from the environment variable USER_API, which is not set
        PUT /api/users/a%2Fb?tags=x&tags=y%20z {"count":0,"list":[]} | application/json t session=0 k p-1/ask
        {Ada 3} <nil>
        workflow places failed at step ask after 1 attempt (run p-2): the path parameter id cannot be ".."
        POST /api/forms tags=x&tags=y%20z | application/x-www-form-urlencoded   k f-1/ask
        <nil>
        true workflow missing failed at step ask after 1 attempt (run m-2): 404: nobody of this name
    "#]].assert_eq(&project.go());
}
