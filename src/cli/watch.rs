//! A line on a terminal that says how far a run is that takes long. The only clock is here: it
//! decides when the line is drawn, and nothing else.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, Builder};
use std::time::Duration;

use rackform::progress::Progress;

/// What is done by then needs no line.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a line stands before the next is drawn.
const BEAT: Duration = Duration::from_millis(100);
/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// Whether a line can be drawn and taken back: on a terminal that goes back to the start of a line.
pub(super) fn is_possible() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Do what takes long, and say on standard error how far it is. When this returns nothing of that is
/// left to be seen.
pub(super) fn watched<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (working, done) = mpsc::channel();
        // Where no thread can be had, nobody watches.
        let _ = Builder::new().spawn_scoped(scope, move || watch(&done, progress));
        let result = work();
        drop::<mpsc::Sender<()>>(working); // a panic drops it too
        result
    })
}

/// Draw the line again and again, until the work is done.
fn watch(done: &Receiver<()>, progress: &Progress) {
    let mut drawn = 0;
    let mut wait = PATIENCE;
    while done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = BEAT;
        if let Some(moment) = progress.moment() {
            drawn = draw(&moment.to_string(), drawn);
        }
    }
    draw("", drawn);
}

/// Draw a line over one of so many columns; how many it has itself. A line that would not fit is
/// cut: what breaks can't be taken back.
fn draw(text: &str, over: usize) -> usize {
    let columns = terminal_size::terminal_size_of(io::stderr()).map_or(COLUMNS, |(width, _)| width.0.into());
    let text = &text[..text.len().min(columns.saturating_sub(1))];
    if over + text.len() > 0 {
        // Blanks and not an escape sequence, which not every terminal knows; in one piece, so that nobody sees half of it.
        let _ = io::stderr().write_all(format!("\r{text:over$}\r{text}").as_bytes());
    }
    text.len()
}
