//! `tsconfig.json` and `package.json`: which file a name that is no path stands for.
//!
//! It knows what the two files say of modules, and nothing else of them.

use serde_json::{Map, Value};

use super::store::{Pending, Store, folder_of, resolved};
use crate::files::join;

/// `extends` is followed so often.
const MAX_EXTENDS: usize = 8;
/// The conditions of `exports`, for a reader of types.
const CONDITIONS: [&str; 6] = ["types", "import", "node", "module", "default", "require"];
const MAX_DEPTH: usize = 8;

/// What the `paths` or `baseUrl` of the nearest `tsconfig.json` make of a name.
pub fn mapped(store: &Store, folder: &str, specifier: &str) -> Result<Option<String>, Pending> {
    let Some(mut path) = nearest(store, folder, &["tsconfig.json", "jsconfig.json"])? else {
        return Ok(None);
    };
    let mut base: Option<String> = None;
    let mut paths: Option<(String, Map<String, Value>)> = None;
    for _ in 0..MAX_EXTENDS {
        let Some(config) = store.json(&path)? else { break };
        let here = folder_of(&path).to_owned();
        let options = &config["compilerOptions"];
        if base.is_none() {
            base = options["baseUrl"].as_str().map(|url| resolved(&here, url));
        }
        if paths.is_none() {
            paths = options["paths"].as_object().map(|found| (here.clone(), found.clone()));
        }
        let parent = match &config["extends"] {
            Value::String(parent) => Some(parent.as_str()),
            Value::Array(parents) => parents.last().and_then(Value::as_str),
            _ => None,
        };
        let Some(parent) = parent.filter(|parent| parent.starts_with('.')) else { break };
        path = resolved(&here, parent);
        if !path.ends_with(".json") {
            path.push_str(".json");
        }
    }
    if let Some((here, paths)) = &paths {
        let here = base.as_deref().unwrap_or(here);
        for target in targets(paths, specifier) {
            if let Some(found) = store.at(&resolved(here, &target))? {
                return Ok(Some(found));
            }
        }
    }
    match base {
        Some(base) => store.at(&resolved(&base, specifier)),
        None => Ok(None),
    }
}

/// The targets of the longest pattern of `paths` that matches, with the star filled in.
fn targets(paths: &Map<String, Value>, specifier: &str) -> Vec<String> {
    let matching = |(pattern, targets): (&String, &Value)| {
        let star = match pattern.split_once('*') {
            None => (pattern == specifier).then(String::new)?,
            Some((before, after)) => specifier.strip_prefix(before)?.strip_suffix(after)?.to_owned(),
        };
        let filled = targets.as_array()?.iter().filter_map(Value::as_str);
        Some((pattern.len(), filled.map(|target| target.replace('*', &star)).collect::<Vec<_>>()))
    };
    paths
        .iter()
        .filter_map(matching)
        .max_by_key(|(length, _)| *length)
        .map_or_else(Vec::new, |(_, found)| found)
}

/// The nearest of the named files in a folder or above it.
fn nearest(store: &Store, folder: &str, names: &[&str]) -> Result<Option<String>, Pending> {
    for folder in upward(folder) {
        let Some(entries) = store.entries(folder)? else { continue };
        if let Some(name) = names.iter().find(|name| entries.get(**name) == Some(&false)) {
            return Ok(Some(join(folder, name)));
        }
    }
    Ok(None)
}

/// A folder and those above it, as far as the manifest's own.
fn upward(folder: &str) -> Vec<&str> {
    let mut found = vec![folder];
    let mut at = folder;
    while at != "." && at != "/" && !at.ends_with("..") {
        at = folder_of(at);
        found.push(at);
    }
    found
}

/// A module of a package in `node_modules`, or of the package itself by `#name`.
pub fn package(store: &Store, folder: &str, specifier: &str) -> Result<Option<String>, Pending> {
    if specifier.starts_with('#') {
        let Some(manifest) = nearest(store, folder, &["package.json"])? else { return Ok(None) };
        let Some(json) = store.json(&manifest)? else { return Ok(None) };
        let home = folder_of(&manifest).to_owned();
        return first(store, &home, subpath(&json["imports"], specifier));
    }
    let mut names = specifier.split('/');
    let scoped = specifier.starts_with('@');
    let name: Vec<&str> = names.by_ref().take(if scoped { 2 } else { 1 }).collect();
    let name = name.join("/");
    let rest: Vec<&str> = names.collect();
    let types = match name.strip_prefix('@') {
        Some(scoped) => format!("@types/{}", scoped.replace('/', "__")),
        None => format!("@types/{name}"),
    };
    for folder in upward(folder) {
        let Some(entries) = store.entries(folder)? else { continue };
        if entries.get("node_modules") != Some(&true) {
            continue;
        }
        let modules = join(folder, "node_modules");
        let mut found = None;
        for name in [&name, &types] {
            // JavaScript says less of itself than what was declared of it.
            let says =
                found.as_ref().is_some_and(|path: &String| !path.ends_with("js") && !path.ends_with("jsx"));
            if !says && is_folder(store, &modules, name)? {
                found = in_package(store, &join(&modules, name), &rest.join("/"))?.or(found);
            }
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn is_folder(store: &Store, modules: &str, name: &str) -> Result<bool, Pending> {
    let (folder, last) = match name.split_once('/') {
        Some((scope, last)) => (join(modules, scope), last),
        None => (modules.to_owned(), name),
    };
    if folder != modules && !is_folder(store, modules, name.split('/').next().unwrap_or(name))? {
        return Ok(false);
    }
    Ok(store.entries(&folder)?.is_some_and(|entries| entries.get(last) == Some(&true)))
}

fn in_package(store: &Store, home: &str, rest: &str) -> Result<Option<String>, Pending> {
    let has_manifest =
        store.entries(home)?.is_some_and(|entries| entries.get("package.json") == Some(&false));
    let json = if has_manifest { store.json(&join(home, "package.json"))? } else { None };
    if let Some(exports) = json.map(|json| &json["exports"]).filter(|exports| !exports.is_null()) {
        let wanted = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
        if let Some(found) = first(store, home, subpath(exports, &wanted))? {
            return Ok(Some(found));
        }
        if rest.is_empty() { store.in_folder(home) } else { Ok(None) }
    } else if rest.is_empty() {
        store.in_folder(home)
    } else {
        store.at(&join(home, rest))
    }
}

/// The file that `types`, `typings`, `module` or `main` name.
pub fn main(store: &Store, home: &str) -> Result<Option<String>, Pending> {
    let Some(json) = store.json(&join(home, "package.json"))? else { return Ok(None) };
    for key in ["types", "typings", "module", "main"] {
        if let Some(target) = json[key].as_str()
            && resolved(home, target) != home
            && let Some(found) = store.at(&resolved(home, target))?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn first(store: &Store, home: &str, targets: Vec<String>) -> Result<Option<String>, Pending> {
    for target in targets.iter().filter(|target| target.starts_with("./")) {
        if let Some(found) = store.at(&resolved(home, target))? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What `exports` or `imports` give for a name, the likeliest first.
fn subpath(map: &Value, wanted: &str) -> Vec<String> {
    let by_path = map.as_object().is_some_and(|map| map.keys().any(|key| key.starts_with(['.', '#'])));
    let mut found = Vec::new();
    if !by_path {
        if wanted == "." {
            conditions(map, "", 0, &mut found);
        }
        return found;
    }
    let Some(map) = map.as_object() else { return found };
    if let Some(target) = map.get(wanted) {
        conditions(target, "", 0, &mut found);
        return found;
    }
    let best = map.iter().filter_map(|(pattern, target)| {
        let (before, after) = pattern.split_once('*')?;
        let star = wanted.strip_prefix(before)?.strip_suffix(after)?;
        Some((pattern.len(), star, target))
    });
    if let Some((_, star, target)) = best.max_by_key(|(length, ..)| *length) {
        conditions(target, star, 0, &mut found);
    }
    found
}

fn conditions(target: &Value, star: &str, depth: usize, found: &mut Vec<String>) {
    match target {
        Value::String(path) => found.push(path.replace('*', star)),
        Value::Array(all) if depth < MAX_DEPTH => {
            all.iter().for_each(|one| conditions(one, star, depth + 1, found));
        }
        Value::Object(map) if depth < MAX_DEPTH => {
            for condition in CONDITIONS {
                if let Some(inner) = map.get(condition) {
                    conditions(inner, star, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

/// JSON with comments and commas before a closing bracket, as `tsconfig.json` is written.
pub fn json(text: &str) -> Option<Value> {
    let bytes = text.trim_start_matches('\u{feff}').as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest[0] == b'"' {
            let mut end = 1;
            while end < rest.len() && rest[end] != b'"' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            let end = (end + 1).min(rest.len());
            out.extend(&rest[..end]);
            at += end;
        } else if rest.starts_with(b"//") {
            at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            at += rest.windows(2).skip(2).position(|pair| pair == b"*/").map_or(rest.len(), |end| end + 4);
        } else {
            if matches!(rest[0], b'}' | b']') {
                let last = out.iter().rposition(|byte| !byte.is_ascii_whitespace());
                if let Some(last) = last.filter(|&last| out[last] == b',') {
                    out[last] = b' ';
                }
            }
            out.push(rest[0]);
            at += 1;
        }
    }
    serde_json::from_slice(&out).ok()
}

#[cfg(test)]
mod tests {
    use super::{json, subpath};
    use serde_json::json as value;

    #[test]
    fn comments_and_late_commas_are_allowed() {
        let text = "{ // a\n \"a\": \"/* no */ \\\" //\", /* b */ \"b\": [1, 2,], }";
        assert_eq!(json(text), Some(value!({"a": "/* no */ \" //", "b": [1, 2]})));
        assert_eq!(json("{ \"a\": \"open"), None);
        assert_eq!(json("/*"), None);
    }

    #[test]
    fn exports_are_read_by_condition_and_pattern() {
        let exports = value!({
            ".": {"import": {"types": "./a.d.mts", "default": "./a.mjs"}, "require": "./a.cjs"},
            "./sub/*": "./dist/*.d.ts",
            "./sub/deep/*": ["./deep/*.js"],
        });
        assert_eq!(subpath(&exports, "."), ["./a.d.mts", "./a.mjs", "./a.cjs"]);
        assert_eq!(subpath(&exports, "./sub/x"), ["./dist/x.d.ts"]);
        assert_eq!(subpath(&exports, "./sub/deep/x"), ["./deep/x.js"]);
        assert_eq!(subpath(&exports, "./none"), Vec::<String>::new());
        assert_eq!(subpath(&value!("./only.js"), "."), ["./only.js"]);
    }
}
