//! Applications and commands that reach their sidecar over TLS, as from another machine.

use std::ffi::OsString;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use conductor_tests::certificates::{Authority, put};
use conductor_tests::project::conductor;
use conductor_tests::sidecar::Sidecar;

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
        let said = sidecar.process()?.stderr();
        let port =
            said.split("tls://127.0.0.1:").nth(1).context("no port")?.lines().next().context("no port")?;
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

fn comes_in(language: &str) -> Result<()> {
    let site = Site::new(language)?;
    let done = site.call("r", ("X", ""))?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "5");
    let shown = site.asked(&["show", "r", "--format", "json"])?;
    ensure!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout)?;
    assert_eq!((&shown["state"], &shown["owners"][0]["pid"]), (&"succeeded".into(), &0.into()));
    // It has the role of an application, and no other.
    let denied = site.asked(&["purge", "r"])?;
    assert_eq!(denied.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&denied.stderr).contains("operator"));
    for (but, why) in [
        (("CONDUCTOR_TOKEN", "cdt_guess"), "the token is not valid"),
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
