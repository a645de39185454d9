//! Which addresses may be asked for a client's sake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a request for a client's sake may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Wherever the operator sends us, into private networks too; only never to where clouds keep the secrets of their machines.
    Operator,
    /// Public addresses only.
    Public,
    /// Public addresses, and this machine: development.
    PublicAndHere,
}

impl Reach {
    pub(super) fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::Operator => !is_metadata(address) && !address.is_multicast() && !address.is_unspecified(),
            Self::Public => is_public(address),
            Self::PublicAndHere => is_public(address) || address.is_loopback(),
        }
    }
}

/// Where clouds tell a machine its secrets: the link-local network, and the fixed addresses beside it.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4 == Ipv4Addr::new(100, 100, 100, 200),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    }
}

/// Whether an address is one of the open internet (IANA's registries of special-purpose addresses, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Global unicast, without what is carved out of it; addresses that wrap an older one are as public as that one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, middle @ .., high, low] = address.segments();
    let wrapped = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        (0x64, 0xff9b) => (c, d, middle) == (0, 0, [0, 0]) && wrapped(high, low),
        (0x2002, _) => wrapped(b, c),
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: [&str; 26] = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.170",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
    ];
    const HERE: [&str; 4] = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"];
    const PUBLIC: [&str; 7] =
        ["1.1.1.1", "172.32.0.1", "192.1.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"];

    fn allowed<'a>(reach: Reach, addresses: &[&'a str]) -> Vec<&'a str> {
        addresses.iter().copied().filter(|address| reach.allows(address.parse().unwrap())).collect()
    }

    /// Attack 30: loopback, private and metadata addresses, in each disguise.
    #[test]
    fn only_public_addresses_are_public() {
        assert_eq!(allowed(Reach::Public, &PRIVATE), [""; 0]);
        assert_eq!(allowed(Reach::Public, &HERE), [""; 0]);
        assert_eq!(allowed(Reach::Public, &PUBLIC), PUBLIC);
    }

    #[test]
    fn development_also_asks_its_own_machine() {
        assert_eq!(allowed(Reach::PublicAndHere, &PRIVATE), [""; 0]);
        assert_eq!(allowed(Reach::PublicAndHere, &HERE), HERE);
    }

    /// Attack 30: not even the operator's own words lead to a machine's secrets.
    #[test]
    fn the_operator_reaches_private_networks_and_no_metadata() {
        let near = ["10.1.2.3", "192.168.1.1", "127.0.0.1", "::1", "fd12::1", "1.1.1.1"];
        assert_eq!(allowed(Reach::Operator, &near), near);
        let never = ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "0.0.0.0"];
        assert_eq!(allowed(Reach::Operator, &never), [""; 0]);
    }
}
