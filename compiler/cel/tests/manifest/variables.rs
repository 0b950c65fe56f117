//! Variables of constructs around an expression, and the environment.

use std::collections::BTreeMap;

use conductor_cel::{Scope, check, parse};
use conductor_protocol::types::Type;

/// The type of `text`, or its first error, where `item` is a variable and a step at once.
fn seen(text: &str, env: bool, known: &str) -> String {
    let item = |ty| BTreeMap::from([("item".to_owned(), ty)]);
    let variables = item(Type::optional(Type::Int));
    let steps = item(Type::optional(Type::String));
    let types = BTreeMap::new();
    let of_steps = Scope { steps: &steps, ..Scope::new(&types) };
    let (known, errors) = parse(known);
    assert_eq!(errors, []);
    let known = [check(&known, &of_steps, None).unwrap()];
    let scope = Scope { variables: &variables, env, known: &known, ..of_steps };
    let (ast, errors) = parse(text);
    assert_eq!(errors, []);
    match check(&ast, &scope, None) {
        Ok(expr) => expr.ty.to_string(),
        Err(errors) => errors[0].message.clone(),
    }
}

#[test]
fn a_variable_hides_a_step() {
    assert_eq!(seen("item", false, "true"), "int?");
    assert_eq!(seen("item != null ? item + 1 : 0", false, "true"), "int");
}

#[test]
fn what_is_known_of_a_step_is_not_known_of_a_variable_of_its_name() {
    assert_eq!(seen("item + 1", false, "item != null"), "this may be null: its type is `int?`");
}

#[test]
fn the_environment_is_text_where_it_may_be_read() {
    assert_eq!(seen("env.HOME", true, "true"), "string");
    assert_eq!(seen("env", true, "true"), "`env` is no value of its own");
    assert_eq!(seen("env.HOME", false, "true"), "`env` cannot be used here");
}
