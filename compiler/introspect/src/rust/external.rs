//! Types of the standard library and of well-known crates.
//!
//! It knows their meaning by their path, not their sources.

use conductor_protocol::types::Type;

/// What a type of another crate is made of.
pub enum Known {
    Plain(Type),
    /// As its first type argument.
    Inner,
    Optional,
    /// A list, or bytes.
    Vec,
    List,
    Map,
    Unknown,
}

/// `path` is in full, or the name alone where the prelude brings it.
pub fn known(path: &[String]) -> Known {
    let name = path.last().map_or("", String::as_str);
    let of_crate = path.first().map_or("", String::as_str);
    match (of_crate, name) {
        ("Option" | "Vec" | "String" | "Box", _) if path.len() == 1 => of_std(name),
        ("std" | "core" | "alloc", _) => of_std(name),
        ("serde_json", "Value" | "Number") => Known::Plain(Type::Any),
        ("serde_json", "Map") => Known::Plain(Type::Map(Box::new(Type::Any))),
        ("chrono", "DateTime" | "NaiveDateTime")
        | ("time", "OffsetDateTime" | "PrimitiveDateTime" | "UtcDateTime")
        | ("jiff", "Timestamp" | "Zoned" | "DateTime")
        | ("prost_types", "Timestamp") => Known::Plain(Type::Timestamp),
        ("chrono", "NaiveDate") | ("time" | "jiff", "Date") => Known::Plain(Type::Date),
        ("chrono", "Duration" | "TimeDelta")
        | ("time" | "tokio" | "prost_types", "Duration")
        | ("jiff", "SignedDuration" | "Span") => Known::Plain(Type::Duration),
        ("uuid", "Uuid") => Known::Plain(Type::Uuid),
        ("rust_decimal", "Decimal") | ("bigdecimal", "BigDecimal") => Known::Plain(Type::Decimal),
        ("bytes", "Bytes" | "BytesMut") | ("serde_bytes", "ByteBuf") => Known::Plain(Type::Bytes),
        ("url", "Url") | ("http", "Uri") => Known::Plain(Type::String),
        ("smol_str" | "compact_str" | "ecow" | "arcstr" | "bytestring", _) => Known::Plain(Type::String),
        ("num_bigint", "BigInt" | "BigUint") => Known::Plain(Type::Int),
        ("indexmap" | "hashbrown" | "ahash" | "rustc_hash", _) => match name {
            "IndexMap" | "HashMap" | "AHashMap" | "FxHashMap" => Known::Map,
            "IndexSet" | "HashSet" | "AHashSet" | "FxHashSet" => Known::List,
            _ => Known::Unknown,
        },
        _ => Known::Unknown,
    }
}

fn of_std(name: &str) -> Known {
    match name {
        "String" | "PathBuf" | "Path" | "IpAddr" | "Ipv4Addr" | "Ipv6Addr" | "SocketAddr" => {
            Known::Plain(Type::String)
        }
        "Option" => Known::Optional,
        "Box" | "Rc" | "Arc" | "Cow" | "Reverse" | "Wrapping" | "Saturating" => Known::Inner,
        "Vec" => Known::Vec,
        "VecDeque" | "LinkedList" | "HashSet" | "BTreeSet" | "BinaryHeap" => Known::List,
        "HashMap" | "BTreeMap" => Known::Map,
        "Duration" => Known::Plain(Type::Duration),
        "SystemTime" => Known::Plain(Type::Timestamp),
        _ if name.starts_with("NonZero") => Known::Plain(Type::Int),
        _ => Known::Unknown,
    }
}

pub fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => {
            Type::Int
        }
        "f32" | "f64" => Type::Float,
        "str" | "char" => Type::String,
        _ => return None,
    })
}

/// `Result` of the standard library and its short forms in other crates, as `anyhow::Result`.
pub fn is_result(path: &[String]) -> bool {
    path.last().is_some_and(|name| name == "Result")
}

/// What tells a function that nobody waits any more.
pub fn is_cancellation(path: &[String]) -> bool {
    path.first().is_some_and(|first| first == "tokio_util")
        && path.last().is_some_and(|name| name == "CancellationToken")
}
