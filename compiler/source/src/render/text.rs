//! A finding as rustc would print it: code, underlined spans, notes, help and suggested edits.
//!
//! It deliberately trusts nothing in the sources: what could steer a terminal is shown, not obeyed.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Fix, Label, Severity};
use crate::file::{FileId, Sources};
use crate::render::inert;
use crate::render::lines::{Lines, floor_boundary};

/// Longest line that is handed to the renderer whole; a longer one is shown by its neighbourhood of the spans.
const LONGEST_LINE: usize = 2_000;
/// Bytes kept on either side of a span in such a line.
const NEIGHBOURHOOD: usize = 200;

/// The finding as text for people, with a line break at its end.
#[must_use]
pub fn text(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let title = level(diagnostic.severity).primary_title(one_line(&diagnostic.message)).id(diagnostic.code.0);
    let mut main = title.elements(snippets(&diagnostic.labels, sources));
    for note in &diagnostic.notes {
        main = main.element(Level::NOTE.message(one_line(note)));
    }
    if let Some(help) = &diagnostic.help {
        main = main.element(Level::HELP.message(one_line(help)));
    }
    let mut groups = vec![main];
    groups.extend(diagnostic.fixes.iter().map(|fix| suggestion(fix, sources)));
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut shown = renderer.render(&groups);
    shown.push('\n');
    shown
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::INFO.with_name("advice"),
    }
}

/// One snippet a file, in the order in which labels name the files.
fn snippets<'a>(labels: &[Label], sources: &Sources) -> Vec<Element<'a>> {
    let mut shown = Vec::new();
    for file in files(labels.iter().map(|label| label.span.file)) {
        let here: Vec<&Label> = labels.iter().filter(|label| label.span.file == file).collect();
        let ranges: Vec<(usize, usize)> =
            here.iter().map(|label| (label.span.start(), label.span.end())).collect();
        let window = Window::around(&Lines::of(sources, file), sources.text(file), &ranges);
        let annotations = here.iter().map(|label| annotation(label, &window)).collect::<Vec<_>>();
        let snippet = Snippet::source(window.text)
            .line_start(window.line)
            .path(one_line(sources.path(file)))
            .annotations(annotations);
        shown.push(snippet.into());
    }
    shown
}

fn annotation<'a>(label: &Label, window: &Window) -> Annotation<'a> {
    let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let (start, end) = window.place(label.span.start(), label.span.end());
    let annotation = kind.span(start..end);
    if label.message.is_empty() { annotation } else { annotation.label(one_line(&label.message)) }
}

fn suggestion<'a>(fix: &Fix, sources: &Sources) -> Group<'a> {
    let mut group = Level::HELP.secondary_title(one_line(&fix.title)).elements(Vec::<Element<'a>>::new());
    for file in files(fix.edits.iter().map(|edit| edit.span.file)) {
        let here: Vec<_> = fix.edits.iter().filter(|edit| edit.span.file == file).collect();
        let ranges: Vec<(usize, usize)> =
            here.iter().map(|edit| (edit.span.start(), edit.span.end())).collect();
        let window = Window::around(&Lines::of(sources, file), sources.text(file), &ranges);
        let patches = here.iter().map(|edit| {
            let (start, end) = window.place(edit.span.start(), edit.span.end());
            Patch::new(start..end, inert::block(&edit.text))
        });
        let patches: Vec<Patch<'a>> = patches.collect();
        let snippet = Snippet::source(window.text).line_start(window.line).path(one_line(sources.path(file)));
        group = group.element(snippet.patches(patches));
    }
    group
}

fn files(named: impl Iterator<Item = FileId>) -> Vec<FileId> {
    let mut files = Vec::new();
    for file in named {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// The lines around some ranges: the renderer would otherwise read a whole file for each finding.
struct Window {
    text: String,
    /// Number of its first line, from 1.
    line: usize,
    /// Pieces as (offset in the file, offset in `text`, length).
    pieces: Vec<(usize, usize, usize)>,
}

impl Window {
    fn around(lines: &Lines<'_>, text: &str, ranges: &[(usize, usize)]) -> Window {
        let first = ranges.iter().map(|range| range.0).min().unwrap_or(0);
        let last = ranges.iter().map(|range| range.1).max().unwrap_or(0).max(first);
        let from = lines.line_of(floor_boundary(text, first)).saturating_sub(1);
        let to = lines.line_of(floor_boundary(text, last)) + 1;
        let mut window = Window { text: String::new(), line: from + 1, pieces: Vec::new() };
        for line in from..=to {
            let (start, end) = lines.range(line);
            if line > from && start >= text.len() && start == end {
                break;
            }
            window.line(text, start, end, ranges);
        }
        window
    }

    /// Adds a line; of a very long one only what surrounds the ranges, so that columns stay true up to there.
    fn line(&mut self, text: &str, start: usize, end: usize, ranges: &[(usize, usize)]) {
        if !self.pieces.is_empty() {
            self.text.push('\n');
        }
        if end - start <= LONGEST_LINE {
            return self.piece(text, start, end);
        }
        let inside = |offset: usize| offset >= start && offset <= end;
        let touching: Vec<usize> =
            ranges.iter().flat_map(|range| [range.0, range.1]).filter(|offset| inside(*offset)).collect();
        let low =
            touching.iter().min().map_or(start, |offset| offset.saturating_sub(NEIGHBOURHOOD).max(start));
        let high =
            touching.iter().map(|offset| offset + NEIGHBOURHOOD).min().unwrap_or(start + NEIGHBOURHOOD);
        self.piece(text, floor_boundary(text, low), floor_boundary(text, high.min(end)));
    }

    fn piece(&mut self, text: &str, start: usize, end: usize) {
        let shown = text.get(start..end).unwrap_or("");
        let shown = shown.strip_suffix('\r').unwrap_or(shown);
        self.pieces.push((start, self.text.len(), shown.len()));
        self.text.extend(shown.chars().map(inert::same_length));
    }

    /// Where a range of the file stands in the window; what was left out counts as the nearest place shown.
    fn place(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.offset(start);
        (from, self.offset(end).max(from))
    }

    fn offset(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|(in_file, _, _)| *in_file <= offset);
        let Some((in_file, in_text, length)) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return 0;
        };
        floor_boundary(&self.text, in_text + (offset - in_file).min(*length))
    }
}

/// Text on one line; the renderer itself shows ASCII controls as symbols.
fn one_line(text: &str) -> String {
    inert::block(text).replace('\n', " ")
}
