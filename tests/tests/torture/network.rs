//! Machines as the network sees them: a namespace each, with an address of its own, joined by a bridge that can be cut.
//!
//! It needs the rights of an administrator, and knows no process in it.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The bridge's own address, where servers listen.
pub const SERVER: &str = "10.213.77.1";

/// Gone, with everything in it, when it is dropped.
pub struct Network {
    bridge: String,
    machines: usize,
}

impl Network {
    pub fn new(machines: usize) -> Result<Network> {
        // Names of interfaces are short.
        let network = Network { bridge: format!("cd{}", std::process::id() % 1_000_000), machines };
        ip(&["link", "add", &network.bridge, "type", "bridge"]).context(
            "two machines need network namespaces, and those need root: run as root, or in a container with CAP_NET_ADMIN",
        )?;
        ip(&["addr", "add", &format!("{SERVER}/24"), "dev", &network.bridge])?;
        ip(&["link", "set", &network.bridge, "up"])?;
        for machine in 0..machines {
            network.add(machine)?;
        }
        Ok(network)
    }

    fn add(&self, machine: usize) -> Result<()> {
        let (space, cable) = (self.space(machine), self.cable(machine));
        ip(&["netns", "add", &space])?;
        ip(&["link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &space])?;
        ip(&["link", "set", &cable, "master", &self.bridge, "up"])?;
        let address = format!("10.213.77.{}/24", machine + 2);
        ip(&["-n", &space, "addr", "add", &address, "dev", "eth0"])?;
        ip(&["-n", &space, "link", "set", "eth0", "up"])?;
        ip(&["-n", &space, "link", "set", "lo", "up"])
    }

    fn space(&self, machine: usize) -> String {
        format!("{}m{machine}", self.bridge)
    }

    fn cable(&self, machine: usize) -> String {
        format!("{}v{machine}", self.bridge)
    }

    /// What makes a program one of the machine.
    pub fn command(&self, machine: usize) -> Vec<String> {
        ["ip", "netns", "exec", &self.space(machine)].map(str::to_owned).to_vec()
    }

    /// Nothing comes through, and nobody is told.
    pub fn cut(&self, machine: usize) -> Result<()> {
        ip(&["link", "set", &self.cable(machine), "nomaster"])
    }

    pub fn join(&self, machine: usize) -> Result<()> {
        ip(&["link", "set", &self.cable(machine), "master", &self.bridge])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A destructor cannot report; what is left is named after the process.
        for machine in 0..self.machines {
            let _ = ip(&["netns", "del", &self.space(machine)]);
            let _ = ip(&["link", "del", &self.cable(machine)]);
        }
        let _ = ip(&["link", "del", &self.bridge]);
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("iproute2 is needed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {said}", arguments.join(" "));
    Ok(())
}
