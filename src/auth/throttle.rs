//! Slows down those who guess passwords, and nobody else.
//!
//! Wrong passwords are counted per associate and address, and per address. An associate's own count would let a
//! stranger lock him out, so there is none: a guesser with many addresses is bound by each address's count.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

/// The window in which wrong passwords are counted, from the first one.
const WINDOW: Duration = Duration::from_mins(1);
/// How many a window has for one associate from one address.
const PER_ASSOCIATE: u32 = 10;
/// How many a window has from one address.
const PER_ADDRESS: u32 = 100;
/// How many counts are kept; past it the least used are forgotten.
const COUNTS: u64 = 20_000;

#[derive(Clone, Debug)]
struct Count {
    wrong: Arc<AtomicU32>,
    since: Instant,
}

/// The counts of wrong passwords, in a bounded memory.
#[derive(Debug)]
pub struct Throttle {
    by_associate: Cache<(String, IpAddr), Count>,
    by_address: Cache<IpAddr, Count>,
}

impl Throttle {
    pub fn new() -> Self {
        Throttle { by_associate: counts(), by_address: counts() }
    }

    /// The seconds to wait before the next try; none where one is free.
    pub fn wait(&self, name: &str, address: IpAddr) -> Option<u64> {
        let address = network(address);
        let by_associate = self.by_associate.get(&(name.to_lowercase(), address));
        let by_address = self.by_address.get(&address);
        let full = by_associate
            .filter(|count| count.wrong.load(Ordering::Relaxed) >= PER_ASSOCIATE)
            .or(by_address.filter(|count| count.wrong.load(Ordering::Relaxed) >= PER_ADDRESS))?;
        Some(full.seconds_left())
    }

    /// The seconds that an address has to wait after too many wrong secrets of any kind.
    pub fn wait_for_address(&self, address: IpAddr) -> Option<u64> {
        let count = self.by_address.get(&network(address))?;
        (count.wrong.load(Ordering::Relaxed) >= PER_ADDRESS).then(|| count.seconds_left())
    }

    /// Counts a wrong secret that names no associate: a ticket, a token, a session.
    pub fn count_wrong_secret(&self, address: IpAddr) {
        self.by_address.get_with(network(address), Count::start).add();
    }

    /// Counts a wrong password.
    pub fn count_wrong(&self, name: &str, address: IpAddr) {
        let address = network(address);
        self.by_associate.get_with((name.to_lowercase(), address), Count::start).add();
        self.by_address.get_with(address, Count::start).add();
    }
}

impl Count {
    fn start() -> Self {
        Count { wrong: Arc::default(), since: Instant::now() }
    }

    fn seconds_left(&self) -> u64 {
        WINDOW.saturating_sub(self.since.elapsed()).as_secs() + 1
    }

    fn add(&self) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
    }
}

fn counts<K: std::hash::Hash + Eq + Send + Sync + 'static>() -> Cache<K, Count> {
    Cache::builder().max_capacity(COUNTS).time_to_live(WINDOW).build()
}

/// One IPv6 customer has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn ten_wrong_passwords_slow_down_that_associate_from_that_address_only() {
        let throttle = Throttle::new();
        for _ in 0..PER_ASSOCIATE {
            assert_eq!(throttle.wait("tje0", HERE), None);
            throttle.count_wrong("TJE0", HERE);
        }
        assert!(throttle.wait("Tje0", HERE).is_some_and(|seconds| (1..=61).contains(&seconds)));
        assert_eq!(throttle.wait("tje0", THERE), None);
        assert_eq!(throttle.wait("tje1", HERE), None);
    }

    #[test]
    fn an_address_that_tries_many_names_is_slowed_down() {
        let throttle = Throttle::new();
        for guess in 0..PER_ADDRESS {
            throttle.count_wrong(&format!("guess{guess}"), HERE);
        }
        assert!(throttle.wait("another", HERE).is_some());
        assert_eq!(throttle.wait("another", THERE), None);
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let throttle = Throttle::new();
        for host in 0..PER_ADDRESS {
            throttle.count_wrong("tje0", format!("2001:db8::{host:x}").parse().expect("an address"));
        }
        assert!(throttle.wait("x", "2001:db8::ffff".parse().expect("an address")).is_some());
        assert_eq!(throttle.wait("x", "2001:db8:0:1::1".parse().expect("an address")), None);
    }
}
