//! What can still be read of a `step.record` that cannot be: whom a refusal must name, so that nobody waits for it.
//!
//! It knows nothing of entries, and accepts a line that breaks off or goes wrong after its numbers.

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

/// Which record a line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) run: String,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
}

/// The numbers of the `step.record` in `line`, where they stand before what is wrong with it.
pub(crate) fn numbers(line: &[u8]) -> Option<Numbers> {
    let mut found = Found::default();
    // The error was reported already: what was read until then counts.
    let _ = Message(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(line));
    (found.method.as_deref() == Some(conductor_protocol::message::method::STEP_RECORD)).then_some(())?;
    Some(Numbers { run: found.run?, epoch: found.epoch?, seq: found.seq? })
}

#[derive(Default)]
struct Found {
    method: Option<String>,
    run: Option<String>,
    epoch: Option<u64>,
    seq: Option<u64>,
}

struct Message<'a>(&'a mut Found);

struct Params<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for Message<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Message<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "method" => self.0.method = Some(map.next_value()?),
                "params" => map.next_value_seed(Params(self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Params<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Params<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "run" => self.0.run = Some(map.next_value()?),
                "epoch" => self.0.epoch = Some(map.next_value()?),
                "seq" => self.0.seq = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
