//! Types of well-known packages outside the project.
//!
//! It knows their meaning by their import path, not their sources.

use conductor_protocol::types::Type;

/// What the values of such a type are; `None` where it is not known.
pub fn well_known(path: &str, name: &str) -> Option<Type> {
    Some(match (path, name) {
        ("time", "Time") | ("google.golang.org/protobuf/types/known/timestamppb", "Timestamp") => {
            Type::Timestamp
        }
        ("time", "Duration") | ("google.golang.org/protobuf/types/known/durationpb", "Duration") => {
            Type::Duration
        }
        ("time", "Month" | "Weekday") | ("math/big", "Int") => Type::Int,
        ("encoding/json", "RawMessage") => Type::Any,
        ("encoding/json", "Number") => Type::Float,
        ("github.com/google/uuid" | "github.com/gofrs/uuid" | "github.com/gofrs/uuid/v5", "UUID") => {
            Type::Uuid
        }
        ("github.com/google/uuid", "NullUUID") => Type::optional(Type::Uuid),
        ("github.com/shopspring/decimal", "Decimal") => Type::Decimal,
        ("github.com/shopspring/decimal", "NullDecimal") => Type::optional(Type::Decimal),
        ("cloud.google.com/go/civil", "Date") => Type::Date,
        ("net/netip", "Addr" | "AddrPort" | "Prefix") | ("net", "IP") => Type::String,
        _ => return None,
    })
}

/// The context that tells a function that nobody waits any more.
pub fn is_context(path: &str, name: &str) -> bool {
    (path, name) == ("context", "Context")
}

/// Whether a function of a package outside the project gives an error and nothing else.
pub fn makes_error(path: &str, name: &str) -> bool {
    match path {
        "errors" => matches!(name, "New" | "Join"),
        "fmt" => name == "Errorf",
        "github.com/pkg/errors" | "golang.org/x/xerrors" | "github.com/cockroachdb/errors" => {
            matches!(name, "New" | "Newf" | "Errorf" | "Wrap" | "Wrapf" | "WithMessage" | "WithStack")
        }
        "google.golang.org/grpc/status" => matches!(name, "Error" | "Errorf"),
        _ => false,
    }
}

/// Whether a package outside the project is known to have an error by that name.
pub fn is_error_value(path: &str, name: &str) -> bool {
    let known: &[&str] = match path {
        "bufio" => &["ErrTooLong", "ErrBufferFull"],
        "context" => &["Canceled", "DeadlineExceeded"],
        "database/sql" => &["ErrNoRows", "ErrTxDone", "ErrConnDone"],
        "database/sql/driver" => &["ErrBadConn"],
        "io" => {
            &["EOF", "ErrUnexpectedEOF", "ErrClosedPipe", "ErrShortWrite", "ErrShortBuffer", "ErrNoProgress"]
        }
        "io/fs" | "os" => &["ErrNotExist", "ErrExist", "ErrPermission", "ErrInvalid", "ErrClosed"],
        "net" => &["ErrClosed"],
        "net/http" => {
            &["ErrServerClosed", "ErrHandlerTimeout", "ErrNoCookie", "ErrUseLastResponse", "ErrNotSupported"]
        }
        "strconv" => &["ErrRange", "ErrSyntax"],
        "github.com/jackc/pgx/v5" | "github.com/jackc/pgx/v4" => {
            &["ErrNoRows", "ErrTooManyRows", "ErrTxClosed"]
        }
        "github.com/redis/go-redis/v9" | "github.com/go-redis/redis/v8" => {
            &["Nil", "ErrClosed", "TxFailedErr"]
        }
        "gorm.io/gorm" => &["ErrRecordNotFound", "ErrDuplicatedKey", "ErrInvalidTransaction"],
        "go.mongodb.org/mongo-driver/mongo" | "go.mongodb.org/mongo-driver/v2/mongo" => &["ErrNoDocuments"],
        _ => &[],
    };
    // `os` has a further one of its own.
    known.contains(&name) || (path, name) == ("os", "ErrDeadlineExceeded")
}

/// The predeclared type below a type of the standard library.
pub fn basic_below(path: &str, name: &str) -> Option<&'static str> {
    match (path, name) {
        ("time", "Duration") => Some("int64"),
        ("time", "Month" | "Weekday") => Some("int"),
        ("encoding/json", "Number") => Some("string"),
        ("os", "FileMode") | ("io/fs", "FileMode") => Some("uint32"),
        _ => None,
    }
}

/// Types of the standard library whose zero value is meant to be used.
pub fn is_usable_as_zero(path: &str, name: &str) -> bool {
    match path {
        "sync" => name != "Locker",
        "sync/atomic" => true,
        "bytes" => name == "Buffer",
        "strings" => name == "Builder",
        _ => basic_below(path, name).is_some(),
    }
}
