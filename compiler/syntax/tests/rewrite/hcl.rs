//! Layouts of HCL.

use conductor_syntax::Syntax;
use expect_test::{Expect, expect};

fn check(text: &str, expected: Expect) {
    crate::check(Syntax::Hcl, text, expected);
}

#[test]
fn attributes_line_up_and_blocks_are_indented() {
    check(
        r#"


version="1.0"   # as yet


# Two lines.
// Another marker.
task "fetch"    {
ref="m.fetch"   # where
        policy   = "fast" # how
  description =    <<-TEXT
      A text
        with  blanks   
      TEXT
  with={limit=10,name : "x",list=[ 1,2 , 3 ]}

	timeout = "2s"
    retry {
        }
  /* over
     two lines */
  many = [
  { a = 1,
    b = 2 },
      [1,
      2
      ]
  ]
  last = true
  }
policy "fast" {timeout="2s"}
workflow "w" {
  task "fetch" "again" { }
      # at the end
}
# foot

"#,
        expect![[r#"
            version = "1.0" # as yet

            # Two lines.
            // Another marker.
            task "fetch" {
              ref    = "m.fetch" # where
              policy = "fast"    # how
              description = <<-TEXT
                  A text
                    with  blanks   
                  TEXT
              with = { limit = 10, name : "x", list = [1, 2, 3] }

              timeout = "2s"
              retry {
              }
              /* over
                 two lines */
              many = [
                { a = 1,
                  b = 2 },
                [1,
                  2
                ]
              ]
              last = true
            }
            policy "fast" { timeout = "2s" }
            workflow "w" {
              task "fetch" "again" {}
              # at the end
            }
            # foot
        "#]],
    );
}
