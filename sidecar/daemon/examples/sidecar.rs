//! A sidecar by hand: `cargo run -p conductor-daemon --example sidecar -- DIR [127.0.0.1:PORT]`.

use std::io::Write;
use std::path::PathBuf;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("give a data folder")?);
    let mut options = conductor_daemon::Options::in_folder(&folder);
    options.http = arguments.next().map(|address| address.parse()).transpose()?;
    let ready = |_: &conductor_daemon::Handle| {
        println!("ready");
        let _ = std::io::stdout().flush();
    };
    conductor_daemon::run(options, ready).await?;
    Ok(())
}
