//! The index of a table row: the arcs after its column, read from front to back (RFC 2578, 7.7).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_ids::MacAddr;

/// An index that is not what the MIB says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} at arc {at} of the index: {why}")]
pub struct IndexError {
    what: &'static str,
    at: usize,
    why: &'static str,
}

/// Takes arcs from an index, and cannot run past its end.
#[derive(Debug, Clone, Copy)]
pub struct Index<'a> {
    rest: &'a [u32],
    at: usize,
}

impl<'a> Index<'a> {
    /// Begins at the first arc after the column.
    pub const fn new(arcs: &'a [u32]) -> Self {
        Self { rest: arcs, at: 0 }
    }

    const fn error(&self, what: &'static str, why: &'static str) -> IndexError {
        IndexError { what, at: self.at, why }
    }

    fn take(&mut self, need: usize, what: &'static str) -> Result<&'a [u32], IndexError> {
        let (head, tail) =
            self.rest.split_at_checked(need).ok_or(self.error(what, "it ends before"))?;
        (self.rest, self.at) = (tail, self.at + need);
        Ok(head)
    }

    /// Takes one arc as a number.
    pub fn number(&mut self, what: &'static str) -> Result<u32, IndexError> {
        self.take(1, what).map(|arcs| arcs[0])
    }

    /// Takes so many arcs as octets; an arc above 255 is none.
    pub fn octets(&mut self, need: usize, what: &'static str) -> Result<Vec<u8>, IndexError> {
        let error = self.error(what, "an arc is above 255");
        let arcs = self.take(need, what)?;
        arcs.iter().map(|arc| u8::try_from(*arc).map_err(|_| error)).collect()
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], IndexError> {
        let octets = self.octets(N, what)?;
        Ok(octets.try_into().expect("as many as asked for"))
    }

    /// Takes a hardware address: six arcs, its length is fixed.
    pub fn mac(&mut self, what: &'static str) -> Result<MacAddr, IndexError> {
        self.array(what).map(MacAddr)
    }

    /// Takes an IpAddress: four arcs.
    pub fn ipv4(&mut self, what: &'static str) -> Result<Ipv4Addr, IndexError> {
        self.array::<4>(what).map(Ipv4Addr::from)
    }

    /// Takes octets with their number before them.
    pub fn counted(&mut self, what: &'static str) -> Result<Vec<u8>, IndexError> {
        let error = self.error(what, "its length is above 128");
        let length = usize::try_from(self.number(what)?).map_err(|_| error)?;
        self.octets(length, what)
    }

    /// Takes an InetAddressType and the InetAddress after it (RFC 4001); `None` for one that is no IP address. A
    /// zone index is read over.
    pub fn inet_address(&mut self, what: &'static str) -> Result<Option<IpAddr>, IndexError> {
        let kind = self.number(what)?;
        let error = self.error(what, "its length does not fit its type");
        let octets = self.counted(what)?;
        let v6 = |octets: &[u8]| <[u8; 16]>::try_from(octets).map(|o| Ipv6Addr::from(o).into());
        let v4 = |octets: &[u8]| <[u8; 4]>::try_from(octets).map(|o| Ipv4Addr::from(o).into());
        // RFC 4001, 3: ipv4(1), ipv6(2), and with a zone of four octets ipv4z(3) and ipv6z(4)
        match (kind, octets.len()) {
            (1, 4) => v4(&octets).map(Some).map_err(|_| error),
            (2, 16) => v6(&octets).map(Some).map_err(|_| error),
            (3, 8) => v4(&octets[..4]).map(Some).map_err(|_| error),
            (4, 20) => v6(&octets[..16]).map(Some).map_err(|_| error),
            (1..=4, _) => Err(error),
            _ => Ok(None),
        }
    }

    /// An index must end where its last part does.
    pub fn end(self) -> Result<(), IndexError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error("index", "it goes on")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_part_and_knows_its_end() {
        let mut index = Index::new(&[7, 0, 224, 252, 18, 52, 86, 1, 4, 192, 0, 2, 9]);
        assert_eq!(index.number("port"), Ok(7));
        assert_eq!(index.mac("mac"), Ok("00:e0:fc:12:34:56".parse().unwrap()));
        assert!(index.end().is_err());
        assert_eq!(index.inet_address("address"), Ok(Some("192.0.2.9".parse().unwrap())));
        assert_eq!(index.end(), Ok(()));
        assert!(index.number("more").is_err());
    }

    #[test]
    fn a_zone_is_read_over_and_other_kinds_of_address_are_no_error() {
        let mut arcs = vec![4, 20, 0xfe, 0x80];
        arcs.extend([0; 13]);
        arcs.extend([9, 0, 0, 0, 3]);
        assert_eq!(Index::new(&arcs).inet_address("address"), Ok(Some("fe80::9".parse().unwrap())));
        assert_eq!(Index::new(&[16, 2, 97, 98]).inet_address("name"), Ok(None));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for arcs in [
            &[1, 4, 192, 0, 2, 256][..],
            &[1, 5, 192, 0, 2, 1, 1],
            &[2, 4, 192, 0, 2, 1],
            &[1, 4, 192],
            &[1, u32::MAX, 1],
            &[1],
            &[],
        ] {
            assert!(Index::new(arcs).inet_address("address").is_err(), "{arcs:?}");
        }
        assert!(Index::new(&[1, 2, 3, 4, 5, 600]).mac("mac").is_err());
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_arcs_are_nothing_panics(arcs: Vec<u32>, order in proptest::collection::vec(0..6, 0..20)) {
            let mut index = Index::new(&arcs);
            for part in order {
                let _ = match part {
                    0 => index.number("n").is_ok(),
                    1 => index.mac("m").is_ok(),
                    2 => index.ipv4("4").is_ok(),
                    3 => index.counted("c").is_ok(),
                    4 => index.inet_address("a").is_ok(),
                    _ => index.end().is_ok(),
                };
            }
        }
    }
}
