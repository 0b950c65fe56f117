//! What one TypeScript or JavaScript module exports, without any other.
//!
//! It follows no re-export: a function is declared where it is defined.

use std::ops::Range;

use conductor_source::FileId;

use super::parse;
use super::store::dialect;
use super::syntax::{Class, Decl, Export, Function, Init, MemberKind, Module};
use crate::survey::{Declared, Survey, Wanted, line, strays};
use crate::{annotation, files};

/// `path` says which grammar is meant.
pub fn survey(path: &str, bytes: Vec<u8>, wanted: Wanted) -> Survey {
    let text = files::bounded(bytes)
        .and_then(|bytes| files::utf8(bytes).map_err(|line| format!("line {line} is not UTF-8")));
    let text = match text {
        Ok(text) => text,
        Err(problem) => return Survey { problem: Some(problem), ..Survey::default() },
    };
    let Ok(module) = parse::module(&text, dialect(path)) else {
        return Survey { problem: Some("it is too irregular to be read".to_owned()), ..Survey::default() };
    };
    let mut surveyor = Surveyor { text: &text, module: &module, found: Vec::new() };
    surveyor.exports();
    let mut functions = surveyor.found;
    functions.retain(|found| wanted == Wanted::All || found.annotation.is_some());
    functions.sort_by(|one, other| (one.line, &one.name).cmp(&(other.line, &other.name)));
    let strays = strays(&text, &module.comments, &functions);
    let problem = module.errors.first().map(|error| {
        format!("line {} has a syntax error: {}", line(&text, error.range.start), error.message)
    });
    Survey { functions, strays, problem }
}

struct Surveyor<'s> {
    text: &'s str,
    module: &'s Module,
    found: Vec<Declared>,
}

impl Surveyor<'_> {
    fn exports(&mut self) {
        let scope = &self.module.scope;
        for (name, exports) in &scope.exports {
            let local = exports.iter().find_map(|export| match export {
                Export::Local(local) => Some(local),
                Export::From { .. } => None,
            });
            for decl in local.and_then(|local| scope.names.get(local)).into_iter().flatten() {
                match decl {
                    Decl::Function(function) if function.has_body => {
                        self.add(name.clone(), function, &function.name, false);
                    }
                    Decl::Class(class) => self.class(name, class),
                    Decl::Value(value) => match &value.init {
                        Init::Function(function) => self.add(name.clone(), function, &value.name, false),
                        Init::Class(class) => self.class(name, class),
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
    }

    fn class(&mut self, name: &str, class: &Class) {
        for member in class.members.iter().filter(|member| !member.is_hidden && !member.is_abstract) {
            if let MemberKind::Method(function) = &member.kind
                && function.has_body
                && member.name != "constructor"
            {
                self.add(format!("{name}.{}", member.name), function, &function.name, true);
            }
        }
    }

    /// `at` is where the name stands.
    fn add(&mut self, name: String, function: &Function, at: &Range<usize>, is_method: bool) {
        let comments = &self.module.comments;
        let above = |start| annotation::above(self.text, FileId(0), comments, start);
        // `export` and `const` stand before the function itself.
        let line_start =
            self.text.get(..at.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let found = [function.range.start, line_start].into_iter().find_map(above);
        let typed = function.params.iter().filter(|param| param.annotation.is_some()).count();
        self.found.push(Declared {
            line: line(self.text, at.start),
            annotation: found.map(|found| found.annotation),
            is_public: !name.split('.').any(|part| part.starts_with('_')),
            is_method,
            is_async: function.is_async,
            parameters: function.params.len(),
            typed,
            says_result: function.returns.is_some(),
            decorators: Vec::new(),
            module: None,
            name,
        });
    }
}

#[cfg(test)]
mod tests {
    use conductor_protocol::plan::Language;

    use crate::survey::{Wanted, reference, survey};

    const TEXT: &str = "\
/**
 * Finds it.
 * @conductor task fetch_user effect=read
 */
export async function getUser(id: string): Promise<User> { return { id }; }

// conductor: task send
export const send = async (to: string): Promise<void> => {};

export class Payments {
  /** @conductor task charge */
  async charge(user: User, amount: number): Promise<string> { return \"\"; }
  private own(): void {}
}

// conductor: task hidden
function hidden(): void {}
";

    #[test]
    fn annotated_exports_and_their_refs() {
        let bytes = TEXT.as_bytes().to_vec();
        let found = survey(Language::Typescript, "a/users.ts", bytes.clone(), Wanted::Annotated);
        let told: Vec<(usize, &str)> =
            found.functions.iter().map(|found| (found.line, found.name.as_str())).collect();
        assert_eq!(told, [(5, "getUser"), (8, "send"), (12, "Payments.charge")]);
        assert_eq!(found.strays, [16]);
        let at = reference(Language::Typescript, ".", "a/users.ts", &found.functions[0]);
        assert_eq!(at.as_deref(), Ok("a/users.getUser"));
        let all = survey(Language::Typescript, "a/users.ts", bytes, Wanted::All);
        assert_eq!(all.functions.len(), 3);
    }
}
