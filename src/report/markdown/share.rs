//! Dividing what little room there is.

/// Divide a total between those who want some of it, the most important first: everybody gets what is wanted if there
/// is enough, else no less than its fair share, and what others leave of theirs goes by importance.
pub(super) fn share(total: usize, wants: &[usize], fair: &[usize]) -> Vec<usize> {
    let mut shares: Vec<usize> = wants.iter().zip(fair).map(|(want, fair)| *want.min(fair)).collect();
    let mut left = total.saturating_sub(shares.iter().sum());
    for (share, want) in shares.iter_mut().zip(wants) {
        let more = (want - *share).min(left);
        *share += more;
        left -= more;
    }
    shares
}

/// The first of the entries, as many as there is room for, and a word about the others.
pub(super) fn fit(entries: impl IntoIterator<Item = String>, room: usize, more: impl Fn(usize) -> String) -> String {
    let entries: Vec<String> = entries.into_iter().collect();
    let whole: usize = entries.iter().map(String::len).sum();
    if whole <= room {
        return entries.concat();
    }
    let mut left = room.saturating_sub(more(entries.len()).len());
    let is_told = |entry: &&String| {
        let fits = entry.len() <= left;
        left = left.saturating_sub(entry.len());
        fits
    };
    let told: Vec<&String> = entries.iter().take_while(is_told).collect();
    let text: String = told.iter().map(|entry| entry.as_str()).chain([more(entries.len() - told.len()).as_str()]).collect();
    if text.len() <= room { text } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_enough_or_no_less_than_the_share() {
        assert_eq!(share(100, &[10, 20, 30], &[1, 1, 1]), [10, 20, 30]);
        assert_eq!(share(100, &[500, 10, 500], &[40, 20, 40]), [50, 10, 40]);
        assert_eq!(share(100, &[500, 500, 0], &[40, 40, 20]), [60, 40, 0]);
    }

    #[test]
    fn a_list_says_how_many_it_hides() {
        let entries = || (0..20).map(|number| format!("{number:03}\n"));
        let more = |hidden: usize| format!("… {hidden} more\n");
        assert_eq!(fit(entries(), 80, more).lines().count(), 20);
        assert_eq!(fit(entries(), 30, more), "000\n001\n002\n003\n… 16 more\n");
        for room in 0..90 {
            assert!(fit(entries(), room, more).len() <= room, "{room}");
        }
    }
}
