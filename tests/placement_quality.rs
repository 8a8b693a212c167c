//! Fleets of a thousand apps take as few racks as can be: the number meets a bound that is proved.
//!
//! Fleets are made here, in proportions that real ones may have: an app has one to six services,
//! half of them public, a quarter internal; a public service has up to five domains, an
//! eighth of them wildcards; and a certificate has up to ten names.

use rackform::placement::packing::{Bin, DIMENSIONS, Item, Kind, Packing, Vector, lower_bound, pack};

/// What AWS gives an account: rules, target groups and certificates of a router.
const QUOTA: Vector = [100, 100, 25, 100, 100, 25];

/// Xorshift, so that fleets are the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Dice {
        Dice(0x9E37_79B9_7F4A_7C15 ^ (u64::from(seed) << 32))
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 20) % u64::from(limit)).unwrap_or(0)
    }

    /// A number with its weight among a hundred.
    fn pick(&mut self, weights: &[u32]) -> u32 {
        let mut at = self.below(100);
        let mut number = 0;
        for weight in weights {
            if at < *weight {
                break;
            }
            at -= weight;
            number += 1;
        }
        number
    }

    /// What an app asks for.
    fn app(&mut self) -> Vector {
        let mut app = [0; DIMENSIONS];
        let mut names = 0;
        for service in 0..=self.pick(&[15, 20, 28, 20, 10, 7]) {
            let mut kind = self.pick(&[48, 28, 24]);
            if service == 0 && self.below(5) > 0 {
                kind = 0;
            }
            match kind {
                0 => {
                    let domains = self.pick(&[34, 30, 18, 10, 5, 3]);
                    let wildcards = (0..domains).filter(|_| self.below(8) == 0).map(|_| 1).sum::<u32>();
                    // Two hosts are the service's own, and wildcards of a service are equally long.
                    app[0] += (domains - wildcards + 2).div_ceil(5) + wildcards.min(1);
                    app[1] += 1;
                    names += domains;
                }
                1 => {
                    app[3] += 1;
                    app[4] += 1;
                }
                _ => {}
            }
        }
        app[2] = names.div_ceil(10);
        app
    }

    fn fleet(&mut self, apps: usize, grouped: usize) -> Vec<Vector> {
        let sum = |dice: &mut Dice| (0..grouped).map(|_| dice.app()).fold([0; DIMENSIONS], added);
        (0..apps).map(|_| sum(self)).collect()
    }
}

fn added(mut load: Vector, demand: Vector) -> Vector {
    for (load, demand) in load.iter_mut().zip(demand) {
        *load += demand;
    }
    load
}

fn kind() -> Kind {
    Kind { quota: QUOTA, room: QUOTA, most: usize::MAX }
}

fn packed(open: &[Bin], apps: &[Vector]) -> (Packing, Vec<Vector>) {
    let items: Vec<Item> = apps.iter().map(|app| Item { demand: vec![Some(*app)] }).collect();
    let packing = pack(&[kind()], open, &items);
    let mut loads: Vec<Vector> = open.iter().map(|bin| bin.load).collect();
    loads.resize(packing.bins.len(), [0; DIMENSIONS]);
    for (app, rack) in apps.iter().zip(&packing.of) {
        let rack = rack.expect("there may be any number of racks");
        loads[rack] = added(loads[rack], *app);
    }
    for load in &loads {
        assert!(load.iter().zip(QUOTA).all(|(load, quota)| *load <= quota), "{load:?}");
    }
    (packing, loads)
}

#[test]
fn fleets_take_as_few_racks_as_can_be() {
    for seed in 1..=5 {
        for (apps, grouped) in [(50, 1), (200, 1), (1000, 1), (10, 5), (40, 5), (200, 5)] {
            let fleet = Dice::new(seed).fleet(apps, grouped);
            let bound = lower_bound(&kind(), &fleet);
            assert_eq!(packed(&[], &fleet).1.len(), bound.racks, "{apps} apps of {grouped}, seed {seed}: {}", bound.why);
            assert!(bound.why.starts_with("the apps ask for "), "{}", bound.why);
        }
    }
}

#[test]
fn new_apps_go_where_there_is_room() {
    let mut dice = Dice::new(1);
    let (_, loads) = packed(&[], &dice.fleet(2000, 1));
    // Every third rack has lost a few apps since.
    let freed = |(at, load): (usize, &Vector)| if at % 3 == 0 { load.map(|amount| amount - amount / 10) } else { *load };
    let open: Vec<Bin> = loads.iter().enumerate().map(|(at, load)| Bin { kind: 0, load: freed((at, load)) }).collect();
    let (packing, _) = packed(&open, &dice.fleet(10, 1));
    assert_eq!(packing.bins.len(), open.len());
}
