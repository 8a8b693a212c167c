//! No source in the tree speaks to a network, but where it is shown that it is not compiled or not called.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::PROJECT;
use crate::tree::{Package, packages, parts};

/// Words without which no Rust program reaches a network: the types of the standard library, the functions of the C
/// library and of Windows, and the numbers of Linux's system calls.
const WORDS: &[&str] = &[
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "UnixDatagram",
    "UnixListener",
    "UnixStream",
    "SYS_connect",
    "SYS_socket",
    "__NR_connect",
    "__NR_socket",
    "WSASocketW",
    "WSAStartup",
    "getaddrinfo",
    "gethostbyname",
    "socket(",
];

/// Crates that have such words all the same, which, and why none of it is in the program.
const EXCEPTIONS: &[(&str, &[&str], &str)] = &[
    ("fluent-uri", &["ToSocketAddrs"], "behind its feature `net`, which is off"),
    ("jsonschema", &["TcpListener"], "in its own tests"),
    ("libc", &["SYS_connect", "SYS_socket", "getaddrinfo", "socket("], "declares what the C library has, and calls nothing"),
    ("linux-raw-sys", &["__NR_connect", "__NR_socket"], "declares the numbers of system calls, and makes none"),
    ("rustix", &["WSAStartup", "__NR_connect", "__NR_socket", "gethostbyname", "socket("], "behind its feature `net`, which is off"),
    ("wasip2", &["UdpSocket"], "only where WebAssembly runs outside of browsers"),
    (
        "windows-sys",
        &["WSASocketW", "WSAStartup", "getaddrinfo", "gethostbyname", "socket("],
        "behind its feature `Win32_Networking_WinSock`, which is off",
    ),
];

/// The words of a text, without lines of comments. A call has its bracket.
fn words(text: &str) -> BTreeSet<&'static str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = BTreeSet::new();
    for word in WORDS.iter().filter(|word| text.contains(*word)) {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let is_there = |line: &str| {
            line.match_indices(word)
                .any(|(at, _)| !line[..at].ends_with(is_part) && (word.ends_with('(') || !line[at + word.len()..].starts_with(is_part)))
        };
        if lines.into_iter().any(is_there) {
            found.insert(*word);
        }
    }
    found
}

/// The words of every source in a folder, without tests, benches and examples, which nobody who depends on it builds.
fn words_below(folder: &Path) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "benches", "examples"].contains(&name.as_str()) {
            found.extend(words_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(words(&String::from_utf8_lossy(&fs::read(path).unwrap())));
        }
    }
    found
}

#[test]
fn no_source_of_the_tree_speaks_to_a_network() {
    let tree: BTreeSet<String> = parts().into_values().flatten().collect();
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for Package { name, folder, .. } in packages().into_iter().filter(|package| tree.contains(&package.name)) {
        let words = words_below(&folder);
        if !words.is_empty() {
            found.entry(name).or_default().extend(words);
        }
    }
    let known: BTreeMap<String, BTreeSet<&str>> =
        EXCEPTIONS.iter().map(|(name, words, _)| ((*name).to_owned(), words.iter().copied().collect())).collect();
    assert_eq!(found, known, "crates with words of networks, and the exceptions that are known");
}

#[test]
fn src_knows_addresses_and_no_network() {
    let src = Path::new(PROJECT).join("src");
    assert_eq!(words_below(&src), BTreeSet::new());
    let mut seen = 0;
    for text in texts(&src) {
        for (at, _) in text.match_indices("std::net") {
            // An address is a number: these types parse and print it.
            let used = text[at..].split([';', '>', ')', '(']).next().unwrap();
            assert!(["std::net::Ipv4Addr", "std::net::Ipv6Addr"].contains(&used), "src/ uses {used}");
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// Every source below a folder.
fn texts(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
    found
}

#[test]
fn words_are_seen() {
    assert_eq!(words("use std::net::{Ipv4Addr, TcpStream};"), BTreeSet::from(["TcpStream"]));
    assert_eq!(words("let s = libc::socket(AF_INET, SOCK_STREAM, 0);"), BTreeSet::from(["socket("]));
    assert_eq!(words("    /// see [`std::net::TcpStream`]\nfn is_socket() {}\nstruct MyTcpStream;"), BTreeSet::new());
}
