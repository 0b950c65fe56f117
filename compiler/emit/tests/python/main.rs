//! What is emitted for Python, judged by Python's own tools and by running it.

mod constructs;
mod expressions;
mod shop;
mod support;
mod values;
