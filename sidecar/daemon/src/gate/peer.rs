//! Whose process is at the other end of a TCP connection within this machine, as the kernel's table says.
//!
//! It does not know what that means to anybody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The states of a socket that its process still holds and may write to: established, and the other side has finished.
const OPEN: [&str; 2] = ["01", "08"];

/// The user whose process has the socket `peer` that is connected to `own`; `None` where the kernel does not say.
pub(crate) fn uid_of(peer: SocketAddr, own: SocketAddr) -> Option<u32> {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    tables.iter().find_map(|path| find(&std::fs::read_to_string(path).ok()?, peer, own))
}

fn find(table: &str, peer: SocketAddr, own: SocketAddr) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, local, remote, state, _, _, _, uid, _, inode, ..] = fields[..] else { return None };
        // A socket that its process has given up belongs to nobody, and looks like root's.
        let held = OPEN.contains(&state) && inode != "0";
        let is_it = held && address(local)? == plain(peer) && address(remote)? == plain(own);
        if is_it { uid.parse().ok() } else { None }
    })
}

/// An address of IPv4 in IPv6's clothes is the same address.
fn plain(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

/// As the kernel writes them: words of 32 bits in the machine's order, the port as a number.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(host.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let ip = match host.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(words.as_flattened()).for_each(|(byte, from)| *byte = *from);
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some((ip, port))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::uid_of;

    #[test]
    fn the_kernel_says_whose_socket_it_is_while_somebody_holds_it() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has nothing to look at.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, peer) = listener.accept().unwrap();
            let own = server.local_addr().unwrap();
            assert_eq!(uid_of(peer, own), Some(rustix::process::geteuid().as_raw()), "{address}");
            // Nobody else's: the ports are part of it.
            let other = std::net::SocketAddr::new(peer.ip(), peer.port() ^ 1);
            assert_eq!(uid_of(other, own), None);
            drop(client);
            // A process that another test is about to start may have it for a moment.
            let gone = (0..1000).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(2));
                uid_of(peer, own).is_none()
            });
            assert!(gone, "{address}: nobody's socket is not root's");
        }
    }
}
