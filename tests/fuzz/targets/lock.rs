//! rackform.lock: what is read of it, with and without `--mend`, is written so that it is read again.

use rackform::diagnostics::Diagnostics;
use rackform::lock::{self, Lock, Mode};
use rackform::source::Files;

use super::{messages, text};

/// A lock.
pub(crate) fn lock(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let [trusted, mended] = [Mode::Trust, Mode::Mend].map(|mode| read(text, mode));
    // Which of two services keeps a host is for the compile to say, so what is mended may need it once more.
    for (lock, mode) in [(&trusted, Mode::Trust), (&mended, Mode::Mend)] {
        let Some(lock) = lock else { continue };
        let written = lock.to_text();
        let again = read(&written, mode).unwrap_or_else(|| panic!("what was written is refused:\n{written}"));
        assert_eq!(&again, lock, "{written}");
        assert_eq!(again.to_text(), written);
        assert!(lock.generation() <= 1_000_000_000, "{written}");
    }
    if let Some(trusted) = trusted {
        assert_eq!(Some(trusted), mended, "what is in order needs no mending\n{text}");
    }
}

fn read(text: &str, mode: Mode) -> Option<Lock> {
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let file = files.add("rackform.lock", text);
    let lock = lock::read(&files, file, mode, &mut out);
    messages::hold(&out, &files);
    assert_eq!(lock.is_none(), out.has_errors(), "a lock is refused when something is wrong with it");
    lock
}
