//! What a workflow does to permits and signals, with everything else left out.
//!
//! It knows neither values nor times: whichever way a condition may go, it may go here.

use std::collections::BTreeSet;

use conductor_source::Span;

/// Position in [`System::locks`].
pub(crate) type LockId = usize;
/// Position in [`System::signals`].
pub(crate) type SignalId = usize;

/// Every workflow, the permits they share and the signals they send themselves.
#[derive(Debug, Default)]
pub(crate) struct System<'a> {
    pub locks: Vec<Lock<'a>>,
    pub signals: Vec<Signal<'a>>,
    /// In the manifest's order.
    pub flows: Vec<Flow<'a>>,
}

/// Something of which there are so and so many permits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lock<'a> {
    pub what: What<'a>,
    pub capacity: u32,
    /// Where the number is written, or what it is the number of.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What<'a> {
    Resource(&'a str),
    /// The runs of a workflow that go on at a time.
    Runs {
        workflow: &'a str,
        keyed: bool,
    },
}

/// A signal that a workflow both waits for and emits to its own run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signal<'a> {
    pub name: &'a str,
}

#[derive(Debug)]
pub(crate) struct Flow<'a> {
    pub name: &'a str,
    pub program: Program<'a>,
    /// Whether runs of it begin by themselves, and not only as a part of others.
    pub is_root: bool,
}

/// Where something is taken, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub span: Span,
    pub act: Act<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act<'a> {
    Hold,
    Task(&'a str),
    /// The start of a run.
    Start(&'a str),
    WaitFor,
}

#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub program: Program<'a>,
    /// Positions of the nodes before it that it needs.
    pub needs: Vec<usize>,
}

#[derive(Debug)]
pub(crate) enum Program<'a> {
    /// One after another; nothing, if empty.
    Sequence(Vec<Program<'a>>),
    /// A permit over what is inside.
    Hold {
        lock: LockId,
        place: Place<'a>,
        body: Box<Program<'a>>,
    },
    /// All at once; at most `width` of them at a time.
    Parallel {
        branches: Vec<Program<'a>>,
        width: Option<u32>,
    },
    /// Each as soon as those before it that it needs are done.
    Graph(Vec<Node<'a>>),
    /// The first that succeeds ends the others.
    Race(Vec<Branch<'a>>),
    /// Copies at once; `None` is any number.
    Many {
        body: Box<Program<'a>>,
        copies: Option<u32>,
        width: Option<u32>,
    },
    /// Any one of these, or nothing.
    Choice(Vec<Program<'a>>),
    /// Another workflow, awaited; its permit, if it has a limit, is in its own program.
    Call {
        flow: usize,
        place: Place<'a>,
    },
    Wait {
        signal: SignalId,
        place: Place<'a>,
    },
    Emit(SignalId),
    /// Ends by a deadline at the latest.
    Bounded(Box<Program<'a>>),
}

#[derive(Debug)]
pub(crate) struct Branch<'a> {
    pub program: Program<'a>,
    /// Whether it may end without a success.
    pub may_fail: bool,
}

impl<'a> Program<'a> {
    pub fn nothing() -> Program<'a> {
        Program::Sequence(Vec::new())
    }

    pub fn is_nothing(&self) -> bool {
        matches!(self, Program::Sequence(parts) if parts.is_empty())
    }

    /// The parts in order, without those that do nothing.
    pub fn sequence(parts: impl IntoIterator<Item = Program<'a>>) -> Program<'a> {
        let mut parts: Vec<Program<'a>> = parts.into_iter().filter(|part| !part.is_nothing()).collect();
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                Program::Sequence(parts)
            }
            None => Program::nothing(),
        }
    }

    /// One of these or nothing.
    pub fn maybe(options: impl IntoIterator<Item = Program<'a>>) -> Program<'a> {
        let options: Vec<Program<'a>> = options.into_iter().filter(|part| !part.is_nothing()).collect();
        if options.is_empty() { Program::nothing() } else { Program::Choice(options) }
    }

    pub fn bounded(self, bounded: bool) -> Program<'a> {
        if bounded && !self.is_nothing() { Program::Bounded(Box::new(self)) } else { self }
    }

    /// The programs directly inside.
    pub fn parts(&self) -> Vec<&Program<'a>> {
        match self {
            Program::Sequence(parts) | Program::Choice(parts) => parts.iter().collect(),
            Program::Parallel { branches, .. } => branches.iter().collect(),
            Program::Graph(nodes) => nodes.iter().map(|node| &node.program).collect(),
            Program::Race(branches) => branches.iter().map(|branch| &branch.program).collect(),
            Program::Hold { body, .. } | Program::Many { body, .. } | Program::Bounded(body) => vec![body],
            Program::Call { .. } | Program::Wait { .. } | Program::Emit(_) => Vec::new(),
        }
    }

    /// The signals that it may emit to its own run.
    pub fn emits(&self) -> BTreeSet<SignalId> {
        let mut found = BTreeSet::new();
        let mut pending = vec![self];
        while let Some(program) = pending.pop() {
            if let Program::Emit(signal) = program {
                found.insert(*signal);
            }
            pending.extend(program.parts());
        }
        found
    }
}
