//! `explain`: one page, the list of all, and what is near to a code that does not exist.

use crate::support::Project;

#[test]
fn all_codes_are_listed_with_their_titles() {
    let project = Project::empty();
    let finished = project.conductor(&["explain"]);
    finished.says(0, &["E110  undefined policy\n", "W101  a write that may happen twice\n"]);
    let (code, document) = project.json(&["explain"]);
    let codes = document["codes"].as_array().unwrap();
    assert_eq!(code, Some(0));
    let count = |folder: &str| {
        std::fs::read_dir(format!("{}/../docs/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap().count()
    };
    let pages = count("codes") + count("rules");
    assert_eq!(codes.len(), pages);
    for code in codes {
        for key in ["code", "title", "severity", "summary"] {
            assert!(code[key].as_str().is_some_and(|text| !text.is_empty()), "{code}");
        }
    }
}

#[test]
fn a_page_is_found_in_either_case() {
    let project = Project::empty();
    project.conductor(&["explain", "e110"]).says(0, &["# E110: undefined policy"]);
    let (_, document) = project.json(&["explain", "E110"]);
    assert_eq!((&document["title"], &document["severity"]), (&"undefined policy".into(), &"error".into()));
    assert!(document["page"].as_str().unwrap().contains("## Example"));
}

#[test]
fn a_code_that_does_not_exist_gets_the_nearest() {
    let project = Project::empty();
    project.conductor(&["explain", "E11O"]).says(2, &["the nearest is E110 (undefined policy)"]);
    project.conductor(&["explain", "E9999"]).says(2, &["the nearest is E"]);
    project.conductor(&["explain", "undefined policy"]).says(2, &["did you mean E110 (undefined policy)?"]);
    let (code, document) = project.json(&["explain", "E11O"]);
    assert_eq!(code, Some(2));
    assert!(document["error"]["help"].as_str().unwrap().contains("E110"));
}
