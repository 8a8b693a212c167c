//! What the program asks of the system's libraries: nothing of networks. (Debug build; the release has no more.)

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::output;

/// Functions of the C library without which no connection is made, and no name looked up.
const NETWORK: &[&str] = &["accept", "accept4", "bind", "connect", "getaddrinfo", "gethostbyname", "listen", "sendto", "socket"];

/// The functions that a program takes from shared libraries. The C library is one of them, so that each is named.
fn imports(program: &Path) -> BTreeSet<String> {
    let listed = output(Command::new("nm").args(["--dynamic", "--undefined-only", "--format=just-symbols"]).arg(program));
    let imports: BTreeSet<String> = listed.lines().map(|symbol| symbol.split('@').next().unwrap().to_owned()).collect();
    assert!(imports.contains("malloc"), "{} has its C library inside", program.display());
    imports
}

/// Those of them that are of a network.
fn of_network(program: &Path) -> Vec<&'static str> {
    let imports = imports(program);
    NETWORK.iter().copied().filter(|name| imports.contains(*name)).collect()
}

#[test]
fn the_program_asks_the_system_for_no_network() {
    let program = std::env::var_os("RACKFORM").unwrap_or_else(|| env!("CARGO_BIN_EXE_rackform").into());
    assert_eq!(of_network(Path::new(&program)), Vec::<&str>::new());
    // The standard library hands over the handle of a child (git) through a pair of sockets that has no address.
    let imports = imports(Path::new(&program));
    let pair: Vec<&str> = imports.iter().map(String::as_str).filter(|name| name.contains("socket")).collect();
    assert_eq!(pair, ["socketpair"]);
}

#[test]
fn a_program_that_connects_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("connects.rs"), folder.path().join("connects"));
    fs::write(&source, "fn main() { std::net::TcpStream::connect(\"localhost:80\").unwrap(); }").unwrap();
    output(Command::new("rustc").arg("-o").arg(&program).arg(&source).current_dir(folder.path()));
    assert_eq!(of_network(&program), ["connect", "getaddrinfo", "socket"]);
}
