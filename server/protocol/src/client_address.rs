//! Where a request really comes from: the peer, or what proxies of ours say of whom they speak for.
//!
//! A header can be written by anybody, so it counts only where the peer is a proxy that the configuration names. Of the two
//! headers in use exactly one is read, since a proxy that writes one of them passes the other on as it came.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::HeaderMap;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

/// How many hops are looked at; an honest request has two or three.
const MOST_HOPS: usize = 32;

/// The address of a client, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// `address`, an IPv4 address in IPv6's clothes as what it is.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address itself.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What is counted as one client: an IPv4 address, or the /64 of IPv6 that one customer has to himself.
    pub fn network(self) -> IpNet {
        match self.0 {
            IpAddr::V4(_) => self.0.into(),
            IpAddr::V6(address) => {
                let site = u128::from(address) >> 64 << 64;
                IpNet::new_assert(Ipv6Addr::from(site).into(), 64)
            }
        }
    }
}

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An address or a network, as a configuration names proxies: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyNetwork(IpNet);

/// The text names no address and no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network; write for instance 10.0.0.0/8 or ::1")]
pub struct NotANetwork(String);

impl FromStr for ProxyNetwork {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| NotANetwork(text.chars().take(60).collect()))
    }
}

impl<'de> Deserialize<'de> for ProxyNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The header in which proxies of ours say for whom they speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), its `for` parameter.
    Forwarded,
}

/// The proxies that are believed, and the header in which they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies {
    /// Where they connect from; empty: nobody is believed.
    pub networks: Vec<ProxyNetwork>,
    /// What they write.
    pub header: ForwardingHeader,
}

impl TrustedProxies {
    /// Who sent the request that `peer` brought: `peer` itself unless it is trusted; else, from the last hop to the first, the
    /// first one that is not. What cannot be read ends the search at the hop that passed it on.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = ClientAddress::new(peer);
        if !self.trusts(client) {
            return client;
        }
        for hop in self.hops(headers).iter().rev().take(MOST_HOPS) {
            let Some(address) = address(hop) else { return client };
            client = ClientAddress::new(address);
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }

    fn trusts(&self, address: ClientAddress) -> bool {
        self.networks.iter().any(|network| network.0.contains(&address.ip()))
    }

    /// The hops as written, the nearest last; lines of the same name count as one list (RFC 9110 §5.3).
    fn hops<'a>(&self, headers: &'a HeaderMap) -> Vec<&'a str> {
        let name = match self.header {
            ForwardingHeader::XForwardedFor => "x-forwarded-for",
            ForwardingHeader::Forwarded => "forwarded",
        };
        let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default());
        match self.header {
            ForwardingHeader::XForwardedFor => lines.flat_map(|line| line.split(',')).map(str::trim).collect(),
            ForwardingHeader::Forwarded => lines.flat_map(elements).map(speaks_for).collect(),
        }
    }
}

/// The elements of a `Forwarded` line: parted by commas that stand in no quotes.
fn elements(line: &str) -> Vec<&str> {
    let mut quoted = false;
    line.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .collect()
}

/// The `for` parameter of an element, without its quotes; empty where there is none.
fn speaks_for(element: &str) -> &str {
    let parameters = element.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let mut named = parameters.filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value);
    named.next_back().unwrap_or_default().trim_matches('"')
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(hop: &str) -> Option<IpAddr> {
    if let Some(rest) = hop.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return address.parse::<Ipv6Addr>().ok().filter(|_| port).map(IpAddr::V6);
    }
    let with_port = || hop.parse::<std::net::SocketAddrV4>().ok().map(|address| IpAddr::V4(*address.ip()));
    hop.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardingHeader) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "::1", "127.0.0.1"].map(|network| network.parse().unwrap()).to_vec();
        TrustedProxies { networks, header }
    }

    fn seen(header: ForwardingHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let lines = lines.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        proxies(header).client(peer.parse().unwrap(), &lines.collect()).to_string()
    }

    /// Attack 60: whoever is no proxy of ours is who it is, whatever it writes.
    #[test]
    fn a_stranger_is_not_believed() {
        let forged = [("x-forwarded-for", "192.0.2.66"), ("forwarded", "for=192.0.2.66")];
        for header in [ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded] {
            assert_eq!(seen(header, "203.0.113.9", &forged), "203.0.113.9");
        }
        let nobody = TrustedProxies::default();
        let lines = HeaderMap::from_iter([(http::HeaderName::from_static("x-forwarded-for"), "192.0.2.66".parse().unwrap())]);
        assert_eq!(nobody.client("127.0.0.1".parse().unwrap(), &lines).to_string(), "127.0.0.1", "by default nobody is");
    }

    /// Attack 60: what the client wrote itself stands on the left, and is never reached.
    #[test]
    fn hops_are_read_from_the_right_and_trusted_ones_skipped() {
        let header = ForwardingHeader::XForwardedFor;
        for (line, client) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.66, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.66, 192.0.2.1, 10.1.1.1, 10.2.2.2", "192.0.2.1"),
            ("127.0.0.1, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("10.3.3.3", "10.3.3.3"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(seen(header, "10.0.0.1", &[("x-forwarded-for", line)]), client, "{line}");
        }
        let two = [("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(seen(header, "::ffff:10.0.0.1", &two), "192.0.2.1", "lines are one list, the peer may be mapped");
    }

    /// Attack 60: what cannot be read makes nobody out of an address further left.
    #[test]
    fn an_unreadable_hop_ends_at_the_proxy_that_passed_it_on() {
        for line in ["192.0.2.66, unknown", "192.0.2.66, _hidden, 10.9.9.9", "192.0.2.66,", "192.0.2.66, 1.2.3.4.5", "x[::1]"] {
            let client = seen(ForwardingHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", line)]);
            assert!(client.starts_with("10."), "{line}: {client}");
        }
        let many = "10.0.0.2, ".repeat(100);
        assert_eq!(
            seen(ForwardingHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", &format!("192.0.2.66, {many}10.0.0.3"))]),
            "10.0.0.2"
        );
    }

    /// RFC 7239 §4: `for` in whatever case, quoted or not, with a port or without.
    #[test]
    fn the_standard_header_is_read_where_it_is_the_one_that_is_written() {
        let header = ForwardingHeader::Forwarded;
        for (line, client) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=192.0.2.66, for=192.0.2.1;proto=http;by=10.0.0.9", "192.0.2.1"),
            ("for=192.0.2.66, for=\"192.0.2.1:80\", for=10.0.0.2", "192.0.2.1"),
            ("for=192.0.2.66, by=10.0.0.2", "10.0.0.1"),
            ("for=192.0.2.66, for=unknown", "10.0.0.1"),
            ("for=\"a, for=192.0.2.66", "10.0.0.1"),
        ] {
            assert_eq!(seen(header, "10.0.0.1", &[("forwarded", line)]), client, "{line}");
        }
    }

    /// Attack 60: a proxy passes on the header that it does not write, so only the other is read.
    #[test]
    fn the_header_that_the_proxy_does_not_write_is_not_read() {
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.66")];
        assert_eq!(seen(ForwardingHeader::XForwardedFor, "10.0.0.1", &both), "192.0.2.1");
        let both = [("x-forwarded-for", "192.0.2.66"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(seen(ForwardingHeader::Forwarded, "10.0.0.1", &both), "192.0.2.1");
    }

    /// One customer has 2^64 addresses of IPv6 and would be 2^64 clients.
    #[test]
    fn a_client_of_ipv6_is_counted_by_its_network() {
        let network = |address: &str| ClientAddress::new(address.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9"), network("2001:db8:1:2:ffff::"));
        assert_eq!(network("192.0.2.1"), "192.0.2.1/32");
    }

    #[test]
    fn what_is_no_network_is_said_to_be_none() {
        let error = "10.0.0.0/33".parse::<ProxyNetwork>().unwrap_err().to_string();
        assert!(error.contains("10.0.0.0/33") && error.contains("10.0.0.0/8"), "{error}");
        assert!("proxy.example".parse::<ProxyNetwork>().is_err());
    }
}
