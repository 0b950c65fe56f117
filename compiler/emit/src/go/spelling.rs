//! Types as Go spells them, and how a spelling of the introspection is read.
//!
//! It knows the grammar of spellings; which import a module's name needs is decided by a file.

use conductor_protocol::types::TypeName;

/// Spellings nested deeper are not read.
const MAX_DEPTH: usize = 40;

#[derive(Debug, Clone, Eq)]
pub enum Spelling {
    /// Predeclared: `int64`, `string`, `any`.
    Basic(String),
    /// Of a package; `under` is what it is made of where that is no struct.
    Named {
        name: TypeName,
        under: Option<Box<Spelling>>,
    },
    /// Declared in the generated package.
    Own(String),
    /// Of the runtime's package `cel`.
    Cel(&'static str),
    Pointer(Box<Spelling>),
    Slice(Box<Spelling>),
    Array(String, Box<Spelling>),
    Map(Box<Spelling>, Box<Spelling>),
}

impl PartialEq for Spelling {
    /// What a name is made of follows from the name, and need not be known.
    fn eq(&self, other: &Spelling) -> bool {
        use Spelling::{Array, Basic, Cel, Map, Named, Own, Pointer, Slice};
        match (self, other) {
            (Named { name, .. }, Named { name: other, .. }) => name == other,
            (Basic(name), Basic(other)) | (Own(name), Own(other)) => name == other,
            (Cel(name), Cel(other)) => name == other,
            (Pointer(of), Pointer(other)) | (Slice(of), Slice(other)) => of == other,
            (Array(length, of), Array(long, other)) => length == long && of == other,
            (Map(key, of), Map(by, other)) => key == by && of == other,
            _ => false,
        }
    }
}

impl Spelling {
    pub fn basic(name: &str) -> Spelling {
        Spelling::Basic(name.to_owned())
    }

    pub fn any() -> Spelling {
        Spelling::basic("any")
    }

    pub fn std(module: &str, name: &str) -> Spelling {
        let name = TypeName { module: module.to_owned(), name: name.to_owned() };
        Spelling::Named { name, under: None }
    }

    pub fn slice(of: Spelling) -> Spelling {
        Spelling::Slice(Box::new(of))
    }

    pub fn pointer(to: Spelling) -> Spelling {
        Spelling::Pointer(Box::new(to))
    }

    pub fn map(of: Spelling) -> Spelling {
        Spelling::Map(Box::new(Spelling::basic("string")), Box::new(of))
    }

    /// What it is made of: itself, unless it is a name for something.
    pub fn below(&self) -> &Spelling {
        match self {
            Spelling::Named { under: Some(under), .. } => under.below(),
            other => other,
        }
    }

    pub fn is_basic(&self, names: &[&str]) -> bool {
        matches!(self, Spelling::Basic(name) if names.contains(&name.as_str()))
    }

    /// A spelling of the introspection; `None` where it is none.
    pub fn read(text: &str) -> Option<Spelling> {
        let mut reader = Reader { rest: text };
        let found = reader.spelling(0)?;
        reader.rest.is_empty().then_some(found)
    }

    /// Several results with their names.
    pub fn read_results(text: &str) -> Option<Vec<(String, Spelling)>> {
        let mut reader = Reader { rest: text.strip_prefix('(')? };
        let mut found = Vec::new();
        loop {
            let (name, rest) = reader.rest.split_once(' ')?;
            reader.rest = rest;
            found.push((name.to_owned(), reader.spelling(0)?));
            if reader.eat(")") {
                return reader.rest.is_empty().then_some(found);
            }
            if !reader.eat(", ") {
                return None;
            }
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn spelling(&mut self, depth: usize) -> Option<Spelling> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.eat("*") {
            return Some(Spelling::pointer(self.spelling(depth + 1)?));
        }
        if self.eat("[]") {
            return Some(Spelling::slice(self.spelling(depth + 1)?));
        }
        if self.eat("map[") {
            let key = self.spelling(depth + 1)?;
            if !self.eat("]") {
                return None;
            }
            return Some(Spelling::Map(Box::new(key), Box::new(self.spelling(depth + 1)?)));
        }
        if self.eat("[") {
            let (length, rest) = self.rest.split_once(']')?;
            self.rest = rest;
            return Some(Spelling::Array(length.to_owned(), Box::new(self.spelling(depth + 1)?)));
        }
        let name = self.name()?;
        let under = if self.eat("=") { Some(Box::new(self.spelling(depth + 1)?)) } else { None };
        Some(match split(name) {
            None if name == "any" || name == "interface{}" => Spelling::any(),
            None => Spelling::basic(name),
            Some(name) => Spelling::Named { name, under },
        })
    }

    /// A name with its path and type arguments.
    fn name(&mut self) -> Option<&'t str> {
        let mut depth = 0_u32;
        let end = self.rest.char_indices().find(|(_, letter)| match letter {
            '[' => {
                depth += 1;
                false
            }
            ']' if depth > 0 => {
                depth -= 1;
                false
            }
            ']' | '=' | ',' | ')' => depth == 0,
            ' ' => true,
            _ => false,
        });
        let end = end.map_or(self.rest.len(), |(at, _)| at);
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }
}

/// `example.com/shop.Page[int]` in its path and its name; `None` for what is predeclared.
fn split(text: &str) -> Option<TypeName> {
    let head = text.find('[').unwrap_or(text.len());
    let slash = text[..head].rfind('/').map_or(0, |at| at + 1);
    let dot = text[slash..head].rfind('.')? + slash;
    Some(TypeName { module: text[..dot].to_owned(), name: text[dot + 1..].to_owned() })
}

#[cfg(test)]
mod tests {
    use super::Spelling;

    #[test]
    fn spellings_are_read() {
        let cents = Spelling::read("gopkg.in/money.v3.Cents=int32").unwrap();
        let Spelling::Named { name, .. } = &cents else { panic!() };
        assert_eq!((name.module.as_str(), name.name.as_str()), ("gopkg.in/money.v3", "Cents"));
        assert_eq!(*cents.below(), Spelling::basic("int32"));
        assert_eq!(
            Spelling::read("[]*int").unwrap(),
            Spelling::slice(Spelling::pointer(Spelling::basic("int")))
        );
        let map = Spelling::read("map[shop.ID=string][2]shop.Page[a.com/b.C]").unwrap();
        assert!(matches!(map, Spelling::Map(_, value) if matches!(*value, Spelling::Array(..))));
        assert_eq!(
            Spelling::read("[]time.Duration=int64"),
            Some(Spelling::slice(Spelling::std("time", "Duration")))
        );
        assert_ne!(cents, Spelling::basic("int32"));
        let results = Spelling::read_results("(name shop.ID=string, count int)").unwrap();
        assert_eq!(results[1], ("count".to_owned(), Spelling::basic("int")));
        for odd in ["", "map[", "[]", "struct{a b}", "a]"] {
            assert_eq!(Spelling::read(odd), None, "{odd}");
        }
    }
}
