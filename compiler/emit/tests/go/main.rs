//! What is emitted for Go: laid out as gofmt does, compiled, vetted and run.

mod blocks;
mod build;
mod project;
