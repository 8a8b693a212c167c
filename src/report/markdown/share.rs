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
pub(super) fn fit<E>(entries: E, room: usize, more: impl Fn(usize) -> String) -> String
where
    E: IntoIterator<Item = String, IntoIter: ExactSizeIterator>,
{
    let mut entries = entries.into_iter();
    let all = entries.len();
    let mut told: Vec<String> = Vec::new();
    let mut length = 0;
    while length <= room {
        let Some(entry) = entries.next() else { return told.concat() };
        length += entry.len();
        told.push(entry);
    }
    while let Some(last) = told.pop() {
        length -= last.len();
        let note = more(all - told.len());
        if length + note.len() <= room {
            return told.concat() + &note;
        }
    }
    String::new()
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
