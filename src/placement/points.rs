//! Points for amounts of one dimension, such that no rack can hold more than a certain number of
//! them: the linear program of Gilmore and Gomory over all fillings of a rack.
//!
//! Fractions only propose points. What is proved with them is computed in whole numbers.

use super::search::wide;

/// The largest room for which all fillings are looked at.
const MOST_ROOM: usize = 1000;
/// The most amounts that may differ.
const MOST_AMOUNTS: usize = 64;
/// Pivots of the linear program.
const PIVOTS: usize = 400;
/// Steps of looking at fillings, in all pivots.
const STEPS: usize = 10_000_000;
/// What a full rack is worth; a small number is easier to follow, a large one is more exact.
const SCALES: [u32; 6] = [12, 24, 60, 120, 1000, 1_000_000];
/// What is too little to matter between fractions.
const TINY: f64 = 1e-9;

/// Points that prove something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Points {
    /// Amounts that count, with the points of each.
    pub(super) of: Vec<(u64, u64)>,
    /// Points of all apps.
    pub(super) total: u64,
    /// What a rack can hold at most.
    pub(super) most: u64,
}

impl Points {
    /// The racks that so many points need.
    pub(super) fn racks(&self) -> u64 {
        self.total.div_ceil(self.most.max(1))
    }
}

/// Apps that ask for an amount.
struct Row {
    amount: usize,
    count: u64,
    /// Of these, how many fit on one rack.
    fit: usize,
}

/// Points for amounts with their counts that prove more than a number of racks. None if there are
/// no such points, or too many amounts to tell.
pub(super) fn points(room: u32, amounts: impl Iterator<Item = (u64, u64)>, beyond: u64) -> Option<Points> {
    let room = usize::try_from(room).ok().filter(|room| *room <= MOST_ROOM)?;
    let mut rows = Vec::new();
    for (amount, count) in amounts {
        let amount = usize::try_from(amount).ok().filter(|amount| (1..=room).contains(amount))?;
        rows.push(Row { amount, count, fit: usize::try_from(count).unwrap_or(room).min(room / amount) });
    }
    if rows.is_empty() || rows.len() > MOST_AMOUNTS {
        return None;
    }
    let prices = prices(room, &rows, beyond)?;
    let proofs: Vec<Points> = SCALES.iter().map(|scale| prove(room, &rows, &prices, *scale)).collect();
    let racks = proofs.iter().map(Points::racks).max().filter(|racks| *racks > beyond)?;
    proofs.into_iter().find(|points| points.racks() == racks)
}

/// Round prices down to points, and see what a rack can hold of these.
fn prove(room: usize, rows: &[Row], prices: &[f64], scale: u32) -> Points {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0 and the scale
    let rounded = |price: &f64| (price.clamp(0.0, 1.0) * f64::from(scale) + 1e-6) as u64;
    let values: Vec<u64> = prices.iter().map(rounded).collect();
    let (most, _) = fullest(room, rows, &values);
    let total = rows.iter().zip(&values).map(|(row, value)| row.count.saturating_mul(*value)).fold(0, u64::saturating_add);
    let of = rows.iter().zip(&values).filter(|(_, value)| **value > 0).map(|(row, value)| (wide(row.amount), *value)).collect();
    Points { of, total, most }
}

/// The filling of a rack that is worth the most, as the number of apps of each amount.
fn fullest<V: Copy + PartialOrd + Default + std::ops::Add<Output = V>>(room: usize, rows: &[Row], values: &[V]) -> (V, Vec<usize>) {
    let mut best = vec![V::default(); room + 1];
    let mut choices: Vec<(usize, Vec<bool>)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for _ in 0..row.fit {
            let mut takes = vec![false; room + 1];
            for used in (row.amount..=room).rev() {
                let value = best[used - row.amount] + values[at];
                if value > best[used] {
                    best[used] = value;
                    takes[used] = true;
                }
            }
            choices.push((at, takes));
        }
    }
    let mut filling = vec![0; rows.len()];
    let mut left = room;
    for (at, takes) in choices.iter().rev() {
        if takes[left] {
            filling[*at] += 1;
            left -= rows[*at].amount;
        }
    }
    (best[room], filling)
}

/// Shadow prices of the amounts: what part of a rack each is worth. Fillings come into the program
/// one by one, each the most valuable one under the prices so far. None as soon as the program needs
/// no more than a number of racks.
#[allow(clippy::cast_precision_loss)] // counts of apps
fn prices(room: usize, rows: &[Row], beyond: u64) -> Option<Vec<f64>> {
    let size = rows.len();
    // Racks filled with one amount only are a start: the inverse of their matrix, and their numbers.
    let mut inverse: Vec<Vec<f64>> = vec![vec![0.0; size]; size];
    let mut racks = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        inverse[at][at] = 1.0 / row.fit as f64;
        racks.push(row.count as f64 / row.fit as f64);
    }
    let mut prices: Vec<f64> = inverse.iter().enumerate().map(|(at, row)| row[at]).collect();
    let steps = rows.iter().map(|row| row.fit).fold(1, usize::saturating_add).saturating_mul(room);
    for _ in 0..PIVOTS.min(STEPS / steps) {
        if racks.iter().sum::<f64>() <= beyond as f64 + TINY {
            return None;
        }
        let values: Vec<f64> = prices.iter().map(|price| price.max(0.0)).collect();
        let (value, filling) = fullest(room, rows, &values);
        if value <= 1.0 + TINY {
            break;
        }
        let enters: Vec<f64> = inverse.iter().map(|row| row.iter().zip(&filling).map(|(a, b)| a * *b as f64).sum()).collect();
        let leaving =
            (0..size).filter(|at| enters[*at] > TINY).min_by(|a, b| (racks[*a] / enters[*a]).total_cmp(&(racks[*b] / enters[*b])));
        let Some(leaving) = leaving else { break };
        let pivot: Vec<f64> = inverse[leaving].iter().map(|value| value / enters[leaving]).collect();
        let step = racks[leaving] / enters[leaving];
        for at in 0..size {
            if at == leaving {
                inverse[at].clone_from(&pivot);
                racks[at] = step;
            } else {
                for (value, pivot) in inverse[at].iter_mut().zip(&pivot) {
                    *value -= enters[at] * pivot;
                }
                racks[at] = (racks[at] - enters[at] * step).max(0.0);
            }
        }
        prices = (0..size).map(|column| inverse.iter().map(|row| row[column]).sum()).collect();
    }
    Some(prices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn racks(room: u32, amounts: &[(u64, u64)], beyond: u64) -> Option<u64> {
        points(room, amounts.iter().copied(), beyond).map(|points| points.racks())
    }

    #[test]
    fn what_can_be_used_once_is_used_once() {
        // Three of 8, 8 and 9 would fill a rack, but there is only one of 8.
        assert_eq!(racks(25, &[(8, 1), (9, 30)], 1), Some(16));
    }

    #[test]
    fn a_sum_is_met_where_fillings_are_full() {
        assert_eq!(racks(25, &[(5, 10), (7, 2), (10, 4), (11, 1)], 1), Some(5));
        assert_eq!(racks(25, &[(5, 10), (7, 2), (10, 4), (11, 1)], 5), None);
    }

    #[test]
    fn mixed_amounts_are_worth_what_they_spoil() {
        // Two of 11 or 13 fill a rack for those of 4, of which three need one of 13 alone.
        assert_eq!(racks(25, &[(4, 3), (11, 20), (13, 10)], 1), Some(16));
    }

    #[test]
    fn too_much_is_not_looked_at() {
        assert_eq!(racks(25, &[], 0), None);
        assert_eq!(racks(1_000_000, &[(1, 1)], 0), None);
        assert_eq!(racks(20, &[(21, 1)], 0), None);
        assert_eq!(racks(1000, &(1..100).map(|amount| (amount, 1)).collect::<Vec<_>>(), 0), None);
    }
}
