//! A YAML document as it is written: collections, slices of the text for scalars, and the comments between them.
//!
//! It knows where things stand, not what they mean.

/// A whole file of one document.
#[derive(Debug, Default)]
pub(crate) struct Document<'a> {
    /// Above the `---`.
    pub head: Vec<Line<'a>>,
    /// `---`, and the comment beside it.
    pub marker: Option<Option<&'a str>>,
    pub root: Value<'a>,
    /// Below everything.
    pub foot: Vec<Line<'a>>,
    /// Every comment in the order of the text.
    pub comments: Vec<&'a str>,
}

/// What stands on lines of its own beside the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Blank,
    Comment(&'a str),
}

#[derive(Debug, Default)]
pub(crate) struct Value<'a> {
    /// `&name`, or nothing.
    pub anchor: &'a str,
    /// Comments beside the key, the dash or the anchor of a value that begins below.
    pub heads: Vec<&'a str>,
    /// Lines between the key and a value that is no block collection.
    pub between: Vec<Line<'a>>,
    /// The value begins on a line below its key.
    pub below: bool,
    pub kind: Form<'a>,
}

#[derive(Debug, Default)]
pub(crate) enum Form<'a> {
    /// Nothing is written.
    #[default]
    Empty,
    /// A plain or quoted scalar, or an alias, as it is written.
    Scalar(&'a str),
    /// A literal or folded scalar.
    Block(BlockScalar<'a>),
    Collection(Collection<'a>),
}

#[derive(Debug)]
pub(crate) struct BlockScalar<'a> {
    /// `|` or `>` with its indicators.
    pub header: &'a str,
    pub comment: Option<&'a str>,
    /// Lines without the indentation of the content.
    pub lines: Vec<&'a str>,
}

#[derive(Debug)]
pub(crate) struct Collection<'a> {
    pub is_map: bool,
    pub flow: bool,
    /// A single pair in a flow sequence, written without braces.
    pub bare: bool,
    pub children: Vec<Child<'a>>,
    /// Below the last child.
    pub foot: Vec<Line<'a>>,
}

/// An item of a list or an entry of a mapping.
#[derive(Debug, Default)]
pub(crate) struct Child<'a> {
    pub lead: Vec<Line<'a>>,
    /// Of an entry.
    pub key: Option<Key<'a>>,
    pub value: Value<'a>,
    /// Lines below a value that is empty.
    pub below: Vec<Line<'a>>,
    /// The comment at the end of the line.
    pub trail: Option<&'a str>,
}

#[derive(Debug)]
pub(crate) struct Key<'a> {
    pub anchor: &'a str,
    pub text: &'a str,
    /// A literal or folded scalar in place of the text.
    pub block: Option<BlockScalar<'a>>,
    /// Whether a colon follows; in a flow mapping it may be missing.
    pub colon: bool,
}

impl Value<'_> {
    /// Whether nothing can stand beside its end: what follows on a line of its own is no part of it.
    pub fn ends_its_line(&self) -> bool {
        match &self.kind {
            Form::Block(_) => true,
            Form::Collection(collection) => !collection.flow,
            Form::Empty | Form::Scalar(_) => false,
        }
    }
}

/// Whether a comment is among the lines.
pub(crate) fn has_comment(lines: &[Line]) -> bool {
    lines.iter().any(|line| matches!(line, Line::Comment(_)))
}
