//! Applications and commands that reach their sidecar over TLS, as from another machine.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::certificates::{Authority, put};
use conductor_tests::eventually;
use conductor_tests::project::{Project, conductor};
use conductor_tests::sidecar::Sidecar;
use rustix::process::Signal;

use crate::starting::App;

struct Site {
    app: App,
    _sidecar: Sidecar,
    variables: Vec<(&'static str, OsString)>,
}

impl Site {
    /// A sidecar that wants a certificate and a token, and an application that has both.
    fn new(language: &str) -> Result<Site> {
        let app = App::new(language)?;
        let at = |name: &str| app.project.path().join(name);
        let authority = Authority::new("the shop's")?;
        let own = authority.issue(&["localhost"], 1, 2090)?;
        let client = authority.issue(&["web-1.shop.internal"], 2, 2090)?;
        put(&at("cert.pem"), &own.cert)?;
        put(&at("key.pem"), &own.key)?;
        put(&at("tokens"), "")?;
        let mut variables = vec![
            ("CONDUCTOR_CA", put(&at("ca.pem"), authority.pem())?.into_os_string()),
            ("CONDUCTOR_CERT", put(&at("client.pem"), &client.cert)?.into_os_string()),
            ("CONDUCTOR_CERT_KEY", put(&at("client-key.pem"), &client.key)?.into_os_string()),
        ];
        let arguments = ["token", "shop", "--role", "app", "--tokens", "tokens"];
        let token = app.project.conductor(&arguments)?.expect_code(0)?.stdout;
        let mut sidecar = Sidecar::among(
            &app.project,
            ".conductor",
            &[
                "--listen",
                "127.0.0.1:0",
                "--tokens",
                "tokens",
                "--tls-cert",
                "cert.pem",
                "--tls-key",
                "key.pem",
            ]
            .into_iter()
            .chain(["--tls-client-ca", "ca.pem"])
            .collect::<Vec<_>>(),
        )?;
        let port = listening(&mut sidecar, "tls://127.0.0.1:")?;
        variables.push(("CONDUCTOR_SOCKET", format!("tls://localhost:{port}").into()));
        variables.push(("CONDUCTOR_TOKEN", token.trim().into()));
        Ok(Site { app, _sidecar: sidecar, variables })
    }

    fn call(&self, run: &str, but: (&str, &str)) -> Result<Output> {
        let mut command = self.app.command(run)?;
        command.env("CONDUCTOR_SIDECAR", "require");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env(but.0, but.1);
        Ok(command.output()?)
    }

    fn asked(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.app.project.command(conductor()?, arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(command.output()?)
    }
}

/// The port that the sidecar says after `place`, in a whole line.
fn listening(sidecar: &mut Sidecar, place: &str) -> Result<String> {
    eventually("the line with the port", || {
        let said = sidecar.process()?.stderr();
        let line = said.split(place).nth(1).and_then(|rest| rest.split_once('\n'));
        Ok(line.map(|(port, _)| port.trim().to_owned()))
    })
}

fn comes_in(language: &str) -> Result<()> {
    let mut site = Site::new(language)?;
    let token = site.variables.last().context("a token")?.1.clone();
    let done = site.call("r", ("X", ""))?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "5");
    let shown = site.asked(&["show", "r", "--format", "json"])?;
    ensure!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout)?;
    assert_eq!((&shown["state"], &shown["owners"][0]["pid"]), (&"succeeded".into(), &0.into()));
    // The token may stand in a file, which is read each time.
    let file = put(&site.app.project.path().join("token"), "")?;
    let from_file =
        [("CONDUCTOR_TOKEN", OsString::new()), ("CONDUCTOR_TOKEN_FILE", file.clone().into_os_string())];
    site.variables.extend(from_file);
    std::fs::write(&file, "cdt_guess\n")?;
    let wrong = site.call("in the file", ("X", ""))?;
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("the token is not valid"));
    std::fs::write(&file, format!("{}\n", token.to_string_lossy()))?;
    let done = site.call("in the file", ("X", ""))?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // It has the role of an application, and no other.
    let denied = site.asked(&["purge", "r"])?;
    assert_eq!(denied.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&denied.stderr).contains("operator"));
    for (but, why) in [
        (("CONDUCTOR_TOKEN", "cdt_guess"), "the token is not valid"),
        (("CONDUCTOR_TOKEN_FILE", "missing"), "CONDUCTOR_TOKEN_FILE"),
        (("CONDUCTOR_CA", ""), "cannot be reached"),
        (("CONDUCTOR_CERT", "missing.pem"), "cannot be reached"),
        (("CONDUCTOR_SOCKET", "tls://localhost"), "cannot be reached"),
    ] {
        let failed = site.call("s", but)?;
        let said = String::from_utf8_lossy(&failed.stderr).into_owned();
        ensure!(!failed.status.success() && said.contains(why), "{but:?}: {said}");
        assert!(!said.contains("cdt_"), "{said}");
    }
    Ok(())
}

#[test]
fn python_comes_in_over_tls() -> Result<()> {
    comes_in("python")
}

#[test]
fn typescript_comes_in_over_tls() -> Result<()> {
    comes_in("typescript")
}

#[test]
fn go_comes_in_over_tls() -> Result<()> {
    comes_in("go")
}

/// Its times and its size say nothing of the change: only the signal does.
#[test]
fn tokens_are_read_again_at_a_hangup() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let project = Project::at(folder.path());
    let tokens = put(&folder.path().join("tokens"), "")?;
    let made = || -> Result<(String, String)> {
        let made = project.conductor(&["token", "ada", "--role", "operator", "--format", "json"])?;
        let made: serde_json::Value = serde_json::from_str(&made.expect_code(0)?.stdout)?;
        let said = |name: &str| made[name].as_str().map(str::to_owned).context("a token and its line");
        Ok((said("token")?, said("line")?))
    };
    let [(old, old_line), (new, new_line)] = [made()?, made()?];
    let time = std::time::SystemTime::now() - Duration::from_secs(60);
    let write = |line: &str| -> Result<()> {
        let mut file = OpenOptions::new().write(true).open(&tokens)?;
        file.write_all(line.as_bytes())?;
        Ok(file.set_modified(time)?)
    };
    write(&old_line)?;
    let arguments = ["--listen", "127.0.0.1:0", "--tokens", "tokens"];
    let mut sidecar = Sidecar::among(&project, ".conductor", &arguments)?;
    let place = format!("tcp://127.0.0.1:{}", listening(&mut sidecar, "tcp://127.0.0.1:")?);
    let comes_in = |token: &str| -> Result<bool> {
        let mut command = project.command(conductor()?, &["runs", "--socket", &place]);
        Ok(command.env("CONDUCTOR_TOKEN", token).output()?.status.success())
    };
    assert_eq!((comes_in(&old)?, comes_in(&new)?), (true, false));
    // A file that has just changed is read for a while whatever its times say.
    std::thread::sleep(Duration::from_secs(4));
    write(&new_line)?;
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!((comes_in(&old)?, comes_in(&new)?), (true, false));
    sidecar.process()?.signal(Signal::HUP)?;
    eventually("the new token", || Ok(comes_in(&new)?.then_some(())))?;
    assert!(!comes_in(&old)?);
    assert!(sidecar.process()?.is_alive()?);
    Ok(())
}
