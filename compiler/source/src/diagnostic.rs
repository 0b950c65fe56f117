//! What the compiler has to say about a place, and the edits that mend it.

use std::fmt;

use crate::file::Span;

/// A stable name such as `E101`; it has one page in `docs/codes/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
    Advice,
}

/// A finding. The primary label says where; secondary ones say why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// One sentence, lower case, no full stop: what is wrong.
    pub message: String,
    /// At least one, the primary first.
    pub labels: Vec<Label>,
    pub notes: Vec<String>,
    /// How to mend it, where no fix says it better.
    pub help: Option<String>,
    pub fixes: Vec<Fix>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub message: String,
    pub primary: bool,
}

/// Edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Imperative: "define the policy `fast`".
    pub title: String,
    pub safety: Safety,
    pub edits: Vec<Edit>,
}

/// A safe fix cannot change what runs today; an unsafe one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    Safe,
    Unsafe,
}

/// Replaces the bytes of `span` by `text`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    /// A finding at `span`, with the label `at`, which may be empty.
    #[must_use]
    pub fn new(
        severity: Severity,
        code: Code,
        message: impl Into<String>,
        span: Span,
        at: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            labels: vec![Label { span, message: at.into(), primary: true }],
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    #[must_use]
    pub fn error(code: Code, message: impl Into<String>, span: Span, at: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message, span, at)
    }

    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>, span: Span, at: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message, span, at)
    }

    #[must_use]
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, message: message.into(), primary: false });
        self
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, safety: Safety, edits: Vec<Edit>) -> Diagnostic {
        self.fixes.push(Fix { title: title.into(), safety, edits });
        self
    }

    /// The place of the primary label.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Severity {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
        }
    }
}
