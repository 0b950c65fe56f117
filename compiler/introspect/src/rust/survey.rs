//! What one Rust file declares, without the other modules of its crate.
//!
//! It does not know whether the crate holds the file: whoever looks the function up finds out.

use conductor_source::FileId;

use super::parse;
use super::syntax::{Function, Items, TypeKind};
use crate::survey::{Declared, Survey, Wanted, line, strays};
use crate::{annotation, files};

/// Modules written inside each other deeper than this are not looked into.
const MAX_DEPTH: usize = 10;

pub fn survey(bytes: Vec<u8>, wanted: Wanted) -> Survey {
    let text = files::bounded(bytes)
        .and_then(|bytes| files::utf8(bytes).map_err(|line| format!("line {line} is not UTF-8")));
    let text = match text {
        Ok(text) => text,
        Err(problem) => return Survey { problem: Some(problem), ..Survey::default() },
    };
    let Ok(file) = parse::file(&text) else {
        return Survey { problem: Some("it is too irregular to be read".to_owned()), ..Survey::default() };
    };
    let mut functions = Vec::new();
    let mut add = |name: String, is_method: bool, function: &Function| {
        let line_start =
            text.get(..function.name_at.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let above = |start| annotation::above(&text, FileId(0), &file.comments, start);
        let found = [function.start, line_start].into_iter().find_map(above);
        functions.push(Declared {
            line: line(&text, function.name_at.start),
            annotation: found.map(|found| found.annotation),
            is_public: function.is_public,
            is_method,
            is_async: function.is_async,
            parameters: function.parameters.len(),
            typed: function.parameters.len(),
            says_result: true,
            decorators: Vec::new(),
            module: None,
            name,
        });
    };
    items(&file.items, "", 0, &mut add);
    functions.retain(|found| wanted == Wanted::All || found.annotation.is_some());
    functions.sort_by(|one, other| (one.line, &one.name).cmp(&(other.line, &other.name)));
    let strays = strays(&text, &file.comments, &functions);
    let problem = file.problems.first().map(|problem| {
        format!("line {} has a syntax error: {}", line(&text, problem.range.start), problem.message)
    });
    Survey { functions, strays, problem }
}

fn items(all: &Items, module: &str, depth: usize, add: &mut dyn FnMut(String, bool, &Function)) {
    for function in &all.functions {
        add(format!("{module}{}", function.name), false, function);
    }
    for one in &all.impls {
        if let TypeKind::Path(path, _) = &one.ty.kind
            && let Some(ty) = path.last()
            && one.of_trait.is_none()
        {
            for function in &one.functions {
                add(format!("{module}{ty}::{}", function.name), true, function);
            }
        }
    }
    for inner in all.modules.iter().filter(|_| depth < MAX_DEPTH) {
        if let Some(inside) = &inner.items {
            items(inside, &format!("{module}{}::", inner.name), depth + 1, add);
        }
    }
}

/// `src/shop/users.rs` as the module `shop::users`; empty for the root of a crate.
pub fn module_of(path: &str) -> Result<String, String> {
    let inside = match path.rfind("/src/") {
        Some(at) => &path[at + "/src/".len()..],
        None => path.strip_prefix("src/").ok_or("it stands in no crate's `src`")?,
    };
    let stem = inside.strip_suffix(".rs").unwrap_or(inside);
    let stem = if matches!(stem, "lib" | "main") { "" } else { stem };
    Ok(stem.strip_suffix("/mod").unwrap_or(stem).replace('/', "::"))
}

#[cfg(test)]
mod tests {
    use conductor_protocol::plan::Language;

    use crate::survey::{Wanted, reference, survey};

    const TEXT: &str = "\
// conductor: task fetch_user effect=read
pub async fn get_user(id: String) -> Result<User, Error> { todo!() }

impl Payments {
    // conductor: task charge
    #[must_use]
    pub fn charge(&self, amount: u32) -> String { todo!() }
}

// conductor: task lost

struct X;
";

    #[test]
    fn annotated_functions_and_their_refs() {
        let found = survey(Language::Rust, "src/lib.rs", TEXT.as_bytes().to_vec(), Wanted::Annotated);
        let told: Vec<(usize, &str)> =
            found.functions.iter().map(|found| (found.line, found.name.as_str())).collect();
        assert_eq!(told, [(2, "get_user"), (7, "Payments::charge")]);
        assert_eq!(found.strays, [10]);
        let at = |path: &str| reference(Language::Rust, ".", path, &found.functions[1]);
        assert_eq!(at("src/shop/pay.rs").as_deref(), Ok("shop::pay::Payments::charge"));
        assert_eq!(at("crates/a/src/shop/mod.rs").as_deref(), Ok("shop::Payments::charge"));
        assert_eq!(at("src/lib.rs").as_deref(), Ok("Payments::charge"));
        assert!(at("build.rs").is_err());
    }
}
