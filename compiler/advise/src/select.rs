//! Which rules are wanted: codes or beginnings of codes, taken and left out.
//!
//! It knows codes as text only.

/// What `--select` and `--ignore` name. The longer of two that fit decides; of equals, leaving out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    select: Vec<String>,
    ignore: Vec<String>,
}

impl Selection {
    /// Nothing selected is everything.
    ///
    /// # Errors
    /// The first name that no rule's code begins with.
    pub fn new(select: &[String], ignore: &[String]) -> Result<Selection, String> {
        let read = |names: &[String]| names.iter().map(|name| name.trim().to_uppercase()).collect();
        let selection = Selection { select: read(select), ignore: read(ignore) };
        let known = |name: &str| {
            name == "ALL"
                || (!name.is_empty() && crate::RULES.iter().any(|rule| rule.code.0.starts_with(name)))
        };
        match selection.select.iter().chain(&selection.ignore).find(|name| !known(name)) {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(selection),
        }
    }

    /// Whether the rule of that code is wanted.
    #[must_use]
    pub fn takes(&self, code: &str) -> bool {
        let longest = |names: &[String]| {
            let fits = |name: &&String| name.as_str() == "ALL" || code.starts_with(name.as_str());
            names.iter().filter(fits).map(|name| if name == "ALL" { 0 } else { name.len() }).max()
        };
        match (longest(&self.select), longest(&self.ignore)) {
            (None, left) if self.select.is_empty() => left.is_none(),
            (None, _) => false,
            (Some(_), None) => true,
            (Some(taken), Some(left)) => taken > left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;

    fn takes(select: &[&str], ignore: &[&str], code: &str) -> bool {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Selection::new(&owned(select), &owned(ignore)).is_ok_and(|selection| selection.takes(code))
    }

    #[test]
    fn the_longer_name_decides() {
        assert!(takes(&[], &[], "R001"));
        assert!(!takes(&[], &["R"], "R001"));
        assert!(takes(&["R001"], &["R"], "R001"));
        assert!(!takes(&["R001"], &["R"], "R002"));
        assert!(!takes(&["P"], &[], "R001"));
        assert!(!takes(&["R"], &["R001"], "R001"));
        assert!(takes(&["all"], &["P"], "R001"));
    }

    #[test]
    fn an_unknown_name_is_told() {
        assert_eq!(Selection::new(&["Q9".to_owned()], &[]), Err("Q9".to_owned()));
    }
}
