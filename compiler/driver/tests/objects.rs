//! Methods of what a custom resource opens: the resource is used, its permits are taken, and the code can be written.

use crate::support::Project;

const MANIFEST: &str = "
resources:
  - {id: desk, kind: custom, open: 'py:office.open_desk', max_concurrency: 2}
tasks:
  - {id: stamp, ref: desk.stamp}
workflows:
  - id: visit
    input: {title: string}
    steps: [{task: stamp}]
";

const CODE: &str = "
class Desk:
    def __init__(self, name: str) -> None: ...
    async def stamp(self, title: str) -> str: ...

async def open_desk() -> Desk: ...
";

#[test]
fn the_resource_of_a_method_is_used() {
    let project = Project::new([("concurrency.yaml", MANIFEST), ("office.py", CODE)]);
    assert_eq!(project.check(), "");
    let compiled = project.compile().for_build().compiled.expect("it compiles");
    let plan = &compiled.plans[0];
    let used: Vec<&str> = plan.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(used, ["desk"]);
    let text = &compiled.outputs["conductor_gen/visit.py"];
    assert!(text.contains(".client().stamp"), "{text}");
}
