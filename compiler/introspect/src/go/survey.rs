//! What one Go file declares, without the others of its package.
//!
//! It does not know builds: whether a file belongs to one is decided by whoever looks the function up.

use conductor_source::FileId;

use super::parse;
use super::syntax::{File, Function};
use crate::survey::{Declared, Survey, Wanted, line, strays};
use crate::{annotation, files};

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
    let all = file.functions.iter().map(|function| declared(&text, &file, function));
    let functions: Vec<Declared> =
        all.filter(|found| wanted == Wanted::All || found.annotation.is_some()).collect();
    let strays = strays(&text, &file.comments, &functions);
    let problem = file.problems.first().map(|problem| {
        format!("line {} has a syntax error: {}", line(&text, problem.range.start), problem.message)
    });
    Survey { functions, strays, problem }
}

fn declared(text: &str, file: &File, function: &Function) -> Declared {
    let name = match &function.receiver {
        Some(receiver) => format!("{}.{}", receiver.type_name, function.name),
        None => function.name.clone(),
    };
    let found = annotation::above(text, FileId(0), &file.comments, function.start);
    let is_exported = |part: &str| part.starts_with(char::is_uppercase);
    Declared {
        line: line(text, function.name_at.start),
        annotation: found.map(|found| found.annotation),
        is_public: name.split('.').all(is_exported),
        is_method: function.receiver.is_some(),
        is_async: false,
        parameters: function.signature.parameters.len(),
        typed: function.signature.parameters.len(),
        says_result: true,
        decorators: Vec::new(),
        module: file.package.as_ref().map(|(name, _)| name.clone()),
        name,
    }
}

#[cfg(test)]
mod tests {
    use conductor_protocol::plan::Language;

    use crate::survey::{Wanted, reference, survey};

    const TEXT: &str = "\
package shop

//conductor:task fetch_user effect=read
func GetUser(ctx context.Context, id string) (User, error) { return User{}, nil }

// Charge takes the money.
//
//conductor:task charge
func (s *Payments) Charge(ctx context.Context, amount int) error { return nil }

func hidden() {}

//conductor:task lost

var x = 1
";

    #[test]
    fn annotated_functions_and_their_refs() {
        let found = survey(Language::Go, "a.go", TEXT.as_bytes().to_vec(), Wanted::Annotated);
        let told: Vec<(usize, &str)> =
            found.functions.iter().map(|found| (found.line, found.name.as_str())).collect();
        assert_eq!(told, [(4, "GetUser"), (9, "Payments.Charge")]);
        assert_eq!(found.strays, [13]);
        let at = |path: &str| reference(Language::Go, ".", path, &found.functions[1]);
        assert_eq!(at("internal/pay/pay.go").as_deref(), Ok("internal/pay.Payments.Charge"));
        assert_eq!(at("pay.go").as_deref(), Ok("shop.Payments.Charge"));
        let all = survey(Language::Go, "a.go", TEXT.as_bytes().to_vec(), Wanted::All);
        assert_eq!(all.functions.iter().filter(|found| found.is_public).count(), 2);
    }
}
