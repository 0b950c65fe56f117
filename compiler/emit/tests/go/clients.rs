//! Clients that functions are handed of databases, caches and HTTP services. Drivers are packages of the project that look
//! as the usual ones do.

use conductor_emit::unsupported;
use conductor_protocol::expr::Node;
use conductor_protocol::plan::{Argument, ArgumentValue, Effect, Plan, Pool, Resource, ResourceKind, Scope};
use conductor_protocol::types::{Type, TypeName};

use crate::build::*;
use crate::project::{Project, grpc_module};

const TASKS: &str = r#"// Package tasks is the user's.
package tasks

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
)

func Rows(ctx context.Context, db *sql.DB) (string, error) { return fmt.Sprint(db.Stats().MaxOpenConnections), nil }

func Pooled(ctx context.Context, db *pgxpool.Pool) (string, error) { return fmt.Sprint(db.Config), nil }

func Kept(ctx context.Context, cache *redis.Client) (string, error) { return fmt.Sprint(cache.Options), nil }

func Connected(ctx context.Context, users *grpc.ClientConn) (string, error) { return users.Target(), nil }

func Got(ctx context.Context, api *http.Client) (string, error) {
	reply, err := api.Get("/users")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return string(text), err
}
"#;

const PGXPOOL: &str = "package pgxpool

import \"context\"

type Config struct {
	Address            string
	MinConns, MaxConns int32
}

type Pool struct{ Config Config }

func ParseConfig(address string) (*Config, error) { return &Config{Address: address}, nil }

func NewWithConfig(ctx context.Context, config *Config) (*Pool, error) { return &Pool{*config}, nil }

func (p *Pool) Close() {}
";

const REDIS: &str = "package redis

type Options struct {
	Address                string
	MinIdleConns, PoolSize int
}

type Client struct{ Options Options }

func ParseURL(address string) (*Options, error) { return &Options{Address: address}, nil }

func NewClient(options *Options) *Client { return &Client{*options} }

func (c *Client) Close() error { return nil }
";

const MAIN: &str = r#"package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"example.com/app/conductorgen"
)

type fake struct{}

type connection struct{ driver.Conn }

func (connection) Close() error { return nil }

func (fake) Open(address string) (driver.Conn, error) {
	fmt.Println("connected to", address)
	return connection{}, nil
}

func main() {
	ctx := context.Background()
	os.Setenv("USERS", "grpcs://users:50051")
	os.Setenv("PLACE", "postgres://u:secret@here/db")
	_, err := conductorgen.All(ctx, conductorgen.WithRunID("r"))
	fmt.Println(err)
	sql.Register("pgx", fake{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "GET ", r.URL) }))
	os.Setenv("API", server.URL+"/v1")
	fmt.Println(conductorgen.All(ctx))
	fmt.Println(conductorgen.Close(ctx))
}
"#;

/// A parameter that takes the client of a resource, with its type as `*path.Name`.
pub fn handed(resource: &str, path: &str, name: &str) -> Argument {
    let ty = Type::optional(Type::Named(TypeName { module: path.to_owned(), name: name.to_owned() }));
    Argument { value: ArgumentValue::Resource(resource.to_owned()), ty, ..arg(resource, null()) }
}

fn resource(id: &str, kind: ResourceKind, variable: &str) -> Resource {
    let address = Some(expr(Type::String, Node::Env(variable.to_owned())));
    let pool = (kind != ResourceKind::Http).then_some(Pool { min: 1, max: 5 });
    Resource { address, pool, ..Resource::new(id, kind, Scope::Process) }
}

pub fn all(given: &[(&str, Argument)]) -> Plan {
    let steps = given.iter().map(|(name, argument)| {
        let called = function(name, Type::String);
        task(&name.to_lowercase(), call(&name.to_lowercase(), called, vec![argument.clone()], Effect::Read))
    });
    let steps: Vec<_> = steps.collect();
    let results = steps.iter().map(|step| result(&step.id, Type::String)).collect();
    let output = list(Type::String, results);
    let mut plan = plan("all", false, Vec::new(), steps, output);
    plan.resources = vec![
        resource("api", ResourceKind::Http, "API"),
        resource("cache", ResourceKind::Redis, "PLACE"),
        resource("db", ResourceKind::Postgres, "PLACE"),
        resource("users", ResourceKind::Grpc, "USERS"),
    ];
    plan
}

#[test]
fn functions_are_handed_the_clients_that_their_types_name() {
    let plan = all(&[
        ("Rows", handed("db", "database/sql", "DB")),
        ("Pooled", handed("db", "github.com/jackc/pgx/v5/pgxpool", "Pool")),
        ("Kept", handed("cache", "github.com/redis/go-redis/v9", "Client")),
        ("Connected", handed("users", "google.golang.org/grpc", "ClientConn")),
        ("Got", handed("api", "net/http", "Client")),
    ]);
    assert_eq!(unsupported(&plan), []);
    let module = format!(
        "{}\nrequire (\n\tgithub.com/jackc/pgx/v5 v5.0.0\n\tgithub.com/redis/go-redis/v9 v9.0.0\n)\n\nreplace (\n\tgithub.com/jackc/pgx/v5 => ./pgx\n\tgithub.com/redis/go-redis/v9 => ./redis\n)\n",
        grpc_module()
    );
    let files = [
        ("tasks/tasks.go", TASKS),
        ("main.go", MAIN),
        ("go.mod", &module),
        ("pgx/go.mod", "module github.com/jackc/pgx/v5\n\ngo 1.24\n"),
        ("pgx/pgxpool/pgxpool.go", PGXPOOL),
        ("redis/go.mod", "module github.com/redis/go-redis/v9\n\ngo 1.24\n"),
        ("redis/redis.go", REDIS),
    ];
    let project = Project::with_grpc(&files, &[plan]);
    project.check();
    expect_test::expect![[r#"
        workflow all failed at step rows after 1 attempt (run r): the resource db cannot be opened: postgres://u:xxxxx@here/db: the program has no driver for PostgreSQL: import _ "github.com/jackc/pgx/v5/stdlib" or _ "github.com/lib/pq"
        connected to postgres://u:secret@here/db
        [5 {postgres://u:secret@here/db 1 5} {postgres://u:secret@here/db 1 5} users:50051 GET /v1/users] <nil>
        <nil>
    "#]].assert_eq(&project.go());
}

#[test]
fn a_client_of_another_type_is_refused() {
    for (resource, path, name) in [
        ("db", "github.com/jackc/pgx/v5", "Batch"),
        ("cache", "database/sql", "DB"),
        ("api", "net/http", "Transport"),
    ] {
        let found = unsupported(&all(&[("Rows", handed(resource, path, name))]));
        assert_eq!(found.len(), 1, "{path}.{name}");
    }
}
