//! Values as a manifest has them: mappings keep the order in which they were written.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no 64-bit integer, by its value and its spelling.
    Float(f64, String),
    Text(String),
    List(Vec<Data>),
    Map(Vec<(String, Data)>),
}

impl Data {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Data {
        Data::Text(text.into())
    }

    /// A mapping of the pairs.
    #[must_use]
    pub fn map(pairs: impl IntoIterator<Item = (&'static str, Data)>) -> Data {
        Data::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Data> {
        let Data::Map(pairs) = self else { return None };
        pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Data> {
        let Data::Map(pairs) = self else { return None };
        pairs.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Data::Text(text) = self { Some(text) } else { None }
    }

    /// Sets a key of a mapping, in its place where it is there, else as the last one.
    pub(crate) fn set(&mut self, key: &str, value: Data) {
        if let Some(old) = self.get_mut(key) {
            *old = value;
        } else if let Data::Map(pairs) = self {
            pairs.push((key.to_owned(), value));
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(value) => serializer.serialize_bool(*value),
            Data::Int(value) => serializer.serialize_i64(*value),
            Data::Float(value, _) => serializer.serialize_f64(*value),
            Data::Text(text) => serializer.serialize_str(text),
            Data::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Data::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}
