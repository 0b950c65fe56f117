//! `go.mod` and `go.work`: the path of a module and where the others lie.
//!
//! It knows no versions: a module outside the project is not looked for.

use super::parse::unquoted;

/// Longer files are not modules that people write.
const MAX_LINES: usize = 50_000;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct ModFile {
    pub module: Option<String>,
    /// Module path to a folder relative to the file, `./x` or `../x`.
    pub replaced: Vec<(String, String)>,
    /// Of `go.work`: folders of modules, relative to the file.
    pub used: Vec<String>,
}

pub fn modfile(text: &str) -> ModFile {
    let mut found = ModFile::default();
    let mut block: Option<String> = None;
    for line in text.lines().take(MAX_LINES) {
        let mut words = words(line);
        if words.is_empty() {
            continue;
        }
        if words.last().is_some_and(|word| word == "(") {
            block = words.into_iter().next();
            continue;
        }
        if words[0] == ")" {
            block = None;
            continue;
        }
        let directive = match &block {
            Some(name) => name.clone(),
            None => words.remove(0),
        };
        match (directive.as_str(), &words[..]) {
            ("module", [path, ..]) => found.module = Some(path.clone()),
            ("use", [folder, ..]) => found.used.push(folder.clone()),
            ("replace", words) => found.replaced.extend(replacement(words)),
            _ => {}
        }
    }
    found
}

/// `old [v1.0] => ./folder`.
fn replacement(words: &[String]) -> Option<(String, String)> {
    let arrow = words.iter().position(|word| word == "=>")?;
    let target = words.get(arrow + 1)?;
    let is_folder = target.starts_with("./") || target.starts_with("../") || target == "." || target == "..";
    is_folder.then(|| Some((words.first()?.clone(), target.clone()))).flatten()
}

fn words(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with("//") {
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '`'));
        let end = match quote {
            Some(quote) => rest[1..].find(quote).map(|end| end + 2),
            None if rest.starts_with(['(', ')']) => Some(1),
            None => rest.find(|letter: char| letter.is_whitespace() || letter == '('),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        found.push(if quote.is_some() { unquoted(word) } else { word.to_owned() });
        rest = after.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::modfile;

    #[test]
    fn modules_and_replacements_are_read() {
        let text = "// c\nmodule \"example.com/shop\" // x\n\ngo 1.24\nrequire (\n\ta.b/c v1.0.0\n)\nreplace (\n\ta.b/c v1.0.0 => ./c\n\td => e v1\n)\nreplace `f/g` => ../g\nuse(\n ./h\n)\nuse ./i\n";
        let found = modfile(text);
        assert_eq!(found.module.as_deref(), Some("example.com/shop"));
        let replaced = [("a.b/c", "./c"), ("f/g", "../g")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(found.replaced, replaced);
        assert_eq!(found.used, ["./h", "./i"]);
        for odd in ["module", "replace =>", "replace a =>", ")", "(", "module \"x", "use", "\"\""] {
            modfile(odd);
        }
    }
}
