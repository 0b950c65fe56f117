//! The modules of the generator that lay out, which know no others.

#![expect(dead_code, reason = "only what lays out trees is tried here")]

#[path = "../../src/typescript/doc.rs"]
pub mod doc;
#[path = "../../src/typescript/layout.rs"]
pub mod layout;
#[path = "../../src/typescript/layout_call.rs"]
pub mod layout_call;
#[path = "../../src/typescript/layout_item.rs"]
pub mod layout_item;
#[path = "../../src/typescript/layout_rules.rs"]
pub mod layout_rules;
#[path = "../../src/typescript/layout_types.rs"]
pub mod layout_types;
#[path = "../../src/typescript/literal.rs"]
pub mod literal;
#[path = "../../src/typescript/names.rs"]
pub mod names;
#[path = "../../src/typescript/tree.rs"]
pub mod tree;
