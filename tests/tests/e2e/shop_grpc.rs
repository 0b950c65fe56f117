//! The shop with its permissions behind a gRPC service of its own, found by reflection.
//!
//! It runs the real server of examples/shop, in Python with grpcio.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use conductor_tests::process::{Finished, Process};
use conductor_tests::project::{Project, conductor};
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, root};

/// The Python that has grpcio.
fn python() -> PathBuf {
    root().join("target/venv/bin/python")
}

struct Shop {
    project: Project,
    server: Option<Process>,
    address: String,
}

impl Shop {
    fn open() -> Result<Shop> {
        let project = Project::copy_of(&root().join("examples/shop"))?;
        let manifest = project.read("concurrency.grpc.yaml")?;
        project.write("concurrency.yaml", &manifest)?;
        let mut shop = Shop { project, server: None, address: String::new() };
        shop.serve("0")?;
        Ok(shop)
    }

    fn serve(&mut self, port: &str) -> Result<()> {
        let mut command = self.project.command(&python(), &["permissions/server.py", "--port", port]);
        command.env("SHOP_DB", self.project.path().join("shop.db")).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut server = Process::spawn("the permissions' server", command)?;
        let line = eventually("the server says where it serves", || {
            ensure!(server.is_alive()?, "it ended: {}", server.stderr());
            Ok(server.stdout().lines().next().map(str::to_owned))
        })?;
        self.address = line.strip_prefix("serving on ").context("no address")?.to_owned();
        self.server = Some(server);
        Ok(())
    }

    fn stop_server(&mut self) -> Result<()> {
        self.server.take().context("no server")?.kill()
    }

    fn conductor(&self, arguments: &[&str]) -> Result<Finished> {
        let mut command = self.project.command(conductor()?, arguments);
        command.env("AUTH_ADDRESS", &self.address);
        Process::spawn("conductor", command)?.wait()
    }

    fn orders(&self, count: &str) -> Result<Finished> {
        let database = self.project.path().join("shop.db");
        let mut command = self.project.command(&python(), &["app.py", "--orders", count]);
        command.envs([("SHOP_DB", database.as_os_str()), ("AUTH_ADDRESS", OsStr::new(&self.address))]);
        Process::spawn("the shop", command)?.wait()
    }
}

#[test]
fn the_build_needs_the_server_once_and_orders_need_it_always() -> Result<()> {
    let mut shop = Shop::open()?;
    shop.conductor(&["check"])?.expect_code(0)?;
    shop.conductor(&["build"])?.expect_code(0)?;
    let lock = shop.project.read("conductor.lock")?;
    ensure!(lock.contains("CheckPermissions"), "the lock does not pin the method: {lock}");

    let _sidecar = Sidecar::start(&shop.project)?;
    shop.orders("4")?.expect_code(0)?;
    let shown = shop.conductor(&["show", "order-003"])?.expect_code(0)?.stdout;
    ensure!(shown.contains("check_permissions") && shown.contains("succeeded"), "{shown}");

    let port = shop.address.rsplit(':').next().context("no port")?.to_owned();
    shop.stop_server()?;
    shop.conductor(&["build", "--check"])?.expect_code(0)?;
    let told = shop.orders("5")?;
    ensure!(told.stderr.contains("order-005"), "{told:?}");
    let shown = shop.conductor(&["show", "order-005"])?.stdout;
    ensure!(shown.contains("UNAVAILABLE"), "the status is not shown: {shown}");

    shop.serve(&port)?;
    shop.orders("6")?.expect_code(0)?;
    let shown = shop.conductor(&["show", "order-006"])?.expect_code(0)?.stdout;
    ensure!(shown.contains("succeeded"), "{shown}");
    Ok(())
}
