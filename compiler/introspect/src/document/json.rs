//! JSON into the tree.
//!
//! `serde_json` judges the text; this only notes where its values stand.

use serde_json::value::RawValue;

use super::{Entry, Kind, MAX_DEPTH, MAX_VALUES, Map, Node, Place, Problem};

pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    serde_json::from_str::<&RawValue>(body).map_err(|error| invalid(body, skipped, &error))?;
    let mut walker = Walker { text, at: skipped, values: 0 };
    walker.value(0)
}

fn invalid(body: &str, skipped: usize, error: &serde_json::Error) -> Problem {
    let before: usize = body.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = skipped + (before + error.column().saturating_sub(1)).min(body.len());
    Problem::at(format!("it is no JSON: {error}"), Place::new(at, at))
}

/// Walks over a text that is known to be JSON.
struct Walker<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl Walker<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Problem> {
        self.blanks();
        let start = self.at;
        self.values += 1;
        if depth > MAX_DEPTH {
            let message = format!("it is nested deeper than {MAX_DEPTH} levels");
            return Err(Problem::at(message, Place::new(start, start)));
        }
        if self.values > MAX_VALUES {
            return Err(Problem::new(format!("it has more than {MAX_VALUES} values")));
        }
        let kind = match self.next() {
            b'{' => self.map(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Kind::Text(self.string()?),
            _ => self.word(),
        };
        Ok(Node { place: Place::new(start, self.at), kind })
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Problem> {
        self.at += 1;
        let mut entries = Vec::new();
        while self.more(b'}') {
            let start = self.at;
            let key = self.string()?;
            let place = Place::new(start, self.at);
            self.blanks();
            // The colon.
            self.at += 1;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, place, value });
        }
        let twice = |(key, place)| Problem::at(format!("the key `{key}` stands twice"), place);
        Map::new(entries).map(Kind::Map).map_err(twice)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Problem> {
        self.at += 1;
        let mut items = Vec::new();
        while self.more(b']') {
            items.push(self.value(depth + 1)?);
        }
        Ok(Kind::List(items))
    }

    /// Whether another item follows, on which it then stands; else the collection is left.
    fn more(&mut self, close: u8) -> bool {
        self.blanks();
        if self.next() == b',' {
            self.at += 1;
            self.blanks();
        }
        let more = self.next() != close && self.at < self.text.len();
        if !more {
            self.at += 1;
        }
        more
    }

    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        let mut plain = true;
        while self.at < self.text.len() && self.next() != b'"' {
            if self.next() == b'\\' {
                plain = false;
                self.at += 1;
            }
            self.at += 1;
        }
        self.at += 1;
        let written = self.text.get(start..self.at).unwrap_or("\"\"");
        if plain {
            return Ok(written.trim_matches('"').to_owned());
        }
        let broken = |_| Problem::at("this text is no Unicode", Place::new(start, self.at));
        serde_json::from_str(written).map_err(broken)
    }

    fn word(&mut self) -> Kind {
        let rest = &self.text[self.at..];
        let end = rest.find(|next: char| !(next.is_ascii_alphanumeric() || "+-.".contains(next)));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len().max(1);
        match word {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            number => Kind::Number(number.to_owned()),
        }
    }

    fn blanks(&mut self) {
        while matches!(self.next(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    /// 0 behind the end.
    fn next(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }
}
