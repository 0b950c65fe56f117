//! What one Python file declares, without any other file.
//!
//! It follows no import: a function that another module provides under a further name is declared where it is defined.

use std::ops::Range;

use conductor_model::Annotation;
use conductor_source::FileId;

use super::store::{Source, is_identifier, read};
use super::syntax::{Binding, Class, ExprKind, Function, Names, Param};
use crate::annotation;
use crate::survey::{Declared, Survey, Wanted, line, strays};

/// Classes nested deeper than this are not looked into.
const MAX_DEPTH: usize = 10;

pub fn survey(bytes: Vec<u8>, wanted: Wanted) -> Survey {
    let source = match read(bytes) {
        Ok(source) => source,
        Err(problem) => return Survey { problem: Some(problem), ..Survey::default() },
    };
    let mut surveyor = Surveyor { source: &source, wanted, found: Vec::new() };
    surveyor.names(&source.module.names, "", 0);
    let mut functions = surveyor.found;
    functions.sort_by(|one, other| (one.line, &one.name).cmp(&(other.line, &other.name)));
    let strays = strays(&source.text, &source.module.comments, &functions);
    let problem = source.module.errors.first().map(|error| {
        format!("line {} has a syntax error: {}", line(&source.text, error.range.start), error.message)
    });
    Survey { functions, strays, problem }
}

/// `shop/users.py` as `shop.users`; where no import leads there, why.
pub fn module_of(path: &str) -> Result<String, String> {
    let stem = path.strip_suffix(".py").unwrap_or(path);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    match stem.split('/').find(|part| !is_identifier(part)) {
        None => Ok(stem.replace('/', ".")),
        Some(part) => Err(format!("no import leads to it: `{part}` is not a name")),
    }
}

struct Surveyor<'s> {
    source: &'s Source,
    wanted: Wanted,
    found: Vec<Declared>,
}

impl Surveyor<'_> {
    fn names(&mut self, names: &Names, class: &str, depth: usize) {
        for (name, bindings) in names {
            let full = if class.is_empty() { name.clone() } else { format!("{class}.{name}") };
            for binding in bindings {
                match binding {
                    Binding::Function(function) => self.function(full.clone(), function, !class.is_empty()),
                    Binding::Class(inner) => self.class(&full, inner, depth),
                    Binding::Value(value) => {
                        if let Some(ExprKind::Lambda(parameters)) =
                            value.value.as_ref().map(|value| &value.kind)
                        {
                            self.add(full.clone(), value.name.start..value.name.start, parameters, |_| {});
                        }
                    }
                    Binding::Import(_) => {}
                }
            }
        }
    }

    fn class(&mut self, name: &str, class: &Class, depth: usize) {
        if depth < MAX_DEPTH {
            self.names(&class.names, name, depth + 1);
        }
    }

    fn function(&mut self, name: String, function: &Function, is_method: bool) {
        let text = &self.source.text;
        let written = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().to_owned();
        let decorators: Vec<String> =
            function.decorators.iter().map(|decorator| written(&decorator.range)).collect();
        let bound = is_method && !decorators.iter().any(|decorator| decorator == "staticmethod");
        let parameters = function.parameters.get(usize::from(bound)..).unwrap_or_default();
        let (is_async, says_result) = (function.is_async, function.returns.is_some());
        self.add(name, function.range.start..function.name.start, parameters, |declared| {
            declared.is_method = is_method;
            declared.is_async = is_async;
            declared.says_result = says_result;
            declared.decorators = decorators;
        });
    }

    /// `place` is where the definition begins, its decorators included, and where its name stands.
    fn add(
        &mut self,
        name: String,
        place: Range<usize>,
        parameters: &[Param],
        more: impl FnOnce(&mut Declared),
    ) {
        let annotation = comment(self.source, &place);
        if self.wanted == Wanted::Annotated && annotation.is_none() {
            return;
        }
        let is_private = |part: &str| part.starts_with('_');
        let mut declared = Declared {
            line: line(&self.source.text, place.end),
            annotation,
            is_public: !name.split('.').any(is_private),
            is_method: false,
            is_async: false,
            parameters: parameters.len(),
            typed: parameters.iter().filter(|parameter| parameter.annotation.is_some()).count(),
            says_result: false,
            decorators: Vec::new(),
            module: None,
            name,
        };
        more(&mut declared);
        self.found.push(declared);
    }
}

/// The annotation above the definition: above its decorators, or between them and its own line.
fn comment(source: &Source, place: &Range<usize>) -> Option<Annotation> {
    let line = source.text.get(..place.end)?.rfind('\n').map_or(0, |end| end + 1);
    let above = |start| annotation::above(&source.text, FileId(0), &source.module.comments, start);
    [place.start, line].into_iter().find_map(above).map(|found| found.annotation)
}

#[cfg(test)]
mod tests {
    use super::module_of;
    use crate::survey::{Survey, Wanted, survey};
    use conductor_protocol::plan::Language;

    const TEXT: &str = "\
import app

# conductor: task fetch_user effect=read
def get_user(user_id: str) -> User:
    # conductor: task nowhere
    return User()

class Users:
    @staticmethod
    # conductor: task
    def find(name) -> User: ...

    # conductor: task charge
    @app.traced
    async def charge(self, amount: int): ...

    class Inner:
        def f(self): ...

def _hidden(): ...

# conductor: task stray

x = 1
";

    fn read(text: &str, wanted: Wanted) -> Survey {
        survey(Language::Python, "a.py", text.as_bytes().to_vec(), wanted)
    }

    #[test]
    fn annotated_functions_with_their_lines() {
        let survey = read(TEXT, Wanted::Annotated);
        let told: Vec<String> = survey
            .functions
            .iter()
            .map(|found| {
                let id = found.annotation.as_ref().and_then(|annotation| annotation.name.as_ref());
                let id = id.map_or("-", |id| id.value.as_str());
                format!("{}:{} {id} {}/{}", found.line, found.name, found.typed, found.parameters)
            })
            .collect();
        assert_eq!(told, ["4:get_user fetch_user 1/1", "11:Users.find - 0/1", "15:Users.charge charge 1/1"]);
        assert_eq!(survey.strays, [5, 22]);
        assert_eq!(survey.problem, None);
    }

    #[test]
    fn every_function_where_all_are_wanted() {
        let survey = read(TEXT, Wanted::All);
        let public: Vec<&str> = survey
            .functions
            .iter()
            .filter(|found| found.is_public)
            .map(|found| found.name.as_str())
            .collect();
        assert_eq!(public, ["get_user", "Users.find", "Users.charge", "Users.Inner.f"]);
    }

    #[test]
    fn a_file_without_the_mark_is_not_parsed() {
        let survey = read("def broken(:\n", Wanted::Annotated);
        assert_eq!(survey.problem, None);
        let marked = read("# conductor: task f\ndef f(): ...\ndef broken(:\n", Wanted::Annotated);
        assert_eq!(marked.functions.len(), 1);
        assert!(marked.problem.is_some_and(|problem| problem.starts_with("line 3 has a syntax error")));
    }

    #[test]
    fn modules_by_their_paths() {
        assert_eq!(module_of("shop/users.py").as_deref(), Ok("shop.users"));
        assert_eq!(module_of("shop/__init__.py").as_deref(), Ok("shop"));
        assert!(module_of("my-scripts/run.py").is_err_and(|why| why.contains("`my-scripts`")));
    }
}
