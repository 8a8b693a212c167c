//! A range of IPv4 addresses.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// A range such as `10.0.1.0/24`, its host bits zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    first: u32,
    bits: u8,
}

impl Cidr {
    /// A range that is known when this is compiled; host bits of `address` are dropped.
    pub(super) const fn new(address: [u8; 4], bits: u8) -> Self {
        Self { first: u32::from_be_bytes(address) & mask(bits), bits }
    }

    /// Length of the prefix, 0 to 32: the larger, the fewer addresses.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether every address of `other` is in this range.
    pub fn contains(self, other: Self) -> bool {
        self.bits <= other.bits && other.first & mask(self.bits) == self.first
    }

    /// Whether some address is in both ranges. Of two ranges that share one, the larger holds the smaller.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

const fn mask(bits: u8) -> u32 {
    match bits {
        0 => 0,
        bits => u32::MAX << (32 - bits),
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "a range of IPv4 addresses, such as `10.0.1.0/24`".to_owned();
        let (address, bits) = text.split_once('/').ok_or_else(wanted)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wanted())?;
        // `parse` alone would take `+8` and `08`.
        let plain = bits.bytes().all(|b| b.is_ascii_digit()) && (bits.len() == 1 || !bits.starts_with('0'));
        let bits: u8 = bits.parse().ok().filter(|bits| plain && *bits <= 32).ok_or_else(wanted)?;
        let range = Self::new(address.octets(), bits);
        // AWS moves a range with host bits to its first address, and the stack drifts from its template.
        if range.first == u32::from(address) { Ok(range) } else { Err(format!("the first address of the range, `{range}`")) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.first), self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(cidr("10.0.1.0/24").to_string(), "10.0.1.0/24");
        assert_eq!(cidr("0.0.0.0/0").bits(), 0);
        for text in ["10.0.1.0", "10.0.1.0/", "10.0.1.0/33", "10.0.1.0/+8", "10.0.1.0/08", "10.0.1/24", "10.0.01.0/24", "::/0", "a/8", ""] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
        assert_eq!("10.0.1.7/24".parse::<Cidr>().unwrap_err(), "the first address of the range, `10.0.1.0/24`");
    }

    #[test]
    fn ranges_contain_and_overlap() {
        let vpc = cidr("10.0.0.0/16");
        assert!(vpc.contains(cidr("10.0.255.0/24")) && vpc.contains(vpc));
        assert!(!vpc.contains(cidr("10.1.0.0/24")) && !vpc.contains(cidr("10.0.0.0/8")));
        assert!(cidr("10.0.0.0/8").overlaps(vpc) && vpc.overlaps(cidr("10.0.0.0/8")));
        assert!(!cidr("10.0.1.0/24").overlaps(cidr("10.0.2.0/24")));
        assert!(cidr("0.0.0.0/0").contains(vpc));
    }
}
