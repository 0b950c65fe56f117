//! The Model Context Protocol over standard input and output: commands as tools, documents as resources, and prompts.
//!
//! It knows the protocol and how a tool's arguments become those of a command; what a command does it does not know.

mod prompts;
mod server;
mod tools;

use std::error::Error;
use std::future::Future;
use std::pin::Pin;

use rmcp::ServiceExt as _;
use rmcp::transport::stdio;

/// What a command has printed and how it ended.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program with arguments. The future may be dropped: then the command ends.
pub type Run = Box<dyn Fn(Vec<String>) -> Pin<Box<dyn Future<Output = Ran> + Send>> + Send + Sync>;

/// A text that clients may read.
#[derive(Debug, Clone)]
pub struct Document {
    /// `conductor://manifest` and the like.
    pub uri: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub mime: &'static str,
    /// The arguments that print it.
    pub arguments: &'static [&'static str],
}

/// Serves one client until it closes the connection.
pub async fn serve(
    version: &str,
    documents: Vec<Document>,
    run: Run,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = server::Server { version: version.to_owned(), documents, run };
    let service = server.serve(stdio()).await?;
    service.waiting().await?;
    Ok(())
}
