//! Throttling of callers who guess passwords and other secrets.
//!
//! Wrong passwords are counted per associate and address, and per address. They are not counted per associate alone,
//! as an attacker could then lock an associate out; an attacker with many addresses is limited by the count of each.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

/// The window in which wrong secrets are counted, from the first one.
const WINDOW: Duration = Duration::from_mins(1);
/// The most wrong passwords in a window for one associate from one address.
const MAX_PER_ASSOCIATE: u32 = 10;
/// The most wrong secrets in a window from one address.
const MAX_PER_ADDRESS: u32 = 100;
/// The most counts that are kept; past it the least used are dropped.
const CAPACITY: u64 = 20_000;

#[derive(Clone, Debug)]
struct Count {
    wrong: Arc<AtomicU32>,
    since: Instant,
}

/// The counts of wrong secrets, within a fixed capacity.
#[derive(Debug)]
pub struct Throttle {
    by_associate: Cache<(String, IpAddr), Count>,
    by_address: Cache<IpAddr, Count>,
}

impl Throttle {
    /// Creates a throttle without counts.
    pub fn new() -> Self {
        Throttle { by_associate: counts(), by_address: counts() }
    }

    /// Returns the seconds to wait before the next login of this associate from this address; `None` where it may
    /// come now.
    pub fn wait(&self, name: &str, address: IpAddr) -> Option<u64> {
        let address = network(address);
        let by_associate = self.by_associate.get(&(name.to_lowercase(), address));
        let by_address = self.by_address.get(&address);
        let full = by_associate
            .filter(|count| count.wrong.load(Ordering::Relaxed) >= MAX_PER_ASSOCIATE)
            .or(by_address.filter(|count| count.wrong.load(Ordering::Relaxed) >= MAX_PER_ADDRESS))?;
        Some(full.seconds_left())
    }

    /// Returns the seconds that an address has to wait after too many wrong secrets of any kind.
    pub fn wait_for_address(&self, address: IpAddr) -> Option<u64> {
        let count = self.by_address.get(&network(address))?;
        (count.wrong.load(Ordering::Relaxed) >= MAX_PER_ADDRESS).then(|| count.seconds_left())
    }

    /// Counts a wrong ticket, token or session, which names no associate.
    pub fn count_wrong_secret(&self, address: IpAddr) {
        self.by_address.get_with(network(address), Count::start).add();
    }

    /// Counts a wrong password.
    pub fn count_wrong_password(&self, name: &str, address: IpAddr) {
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
    Cache::builder().max_capacity(CAPACITY).time_to_live(WINDOW).build()
}

/// Returns the address that is counted: of IPv6 the /64 network, as one customer has all of it.
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
    fn ten_wrong_passwords_throttle_one_associate_from_one_address() {
        let throttle = Throttle::new();
        for _ in 0..MAX_PER_ASSOCIATE {
            assert_eq!(throttle.wait("tje0", HERE), None);
            throttle.count_wrong_password("TJE0", HERE);
        }
        assert!(throttle.wait("Tje0", HERE).is_some_and(|seconds| (1..=61).contains(&seconds)));
        assert_eq!(throttle.wait("tje0", THERE), None);
        assert_eq!(throttle.wait("tje1", HERE), None);
    }

    #[test]
    fn an_address_that_tries_many_names_is_throttled() {
        let throttle = Throttle::new();
        for guess in 0..MAX_PER_ADDRESS {
            throttle.count_wrong_password(&format!("guess{guess}"), HERE);
        }
        assert!(throttle.wait("another", HERE).is_some());
        assert_eq!(throttle.wait("another", THERE), None);
    }

    #[test]
    fn an_ipv6_network_is_counted_as_one_address() {
        let throttle = Throttle::new();
        for host in 0..MAX_PER_ADDRESS {
            throttle.count_wrong_password("tje0", format!("2001:db8::{host:x}").parse().expect("an address"));
        }
        assert!(throttle.wait("x", "2001:db8::ffff".parse().expect("an address")).is_some());
        assert_eq!(throttle.wait("x", "2001:db8:0:1::1".parse().expect("an address")), None);
    }
}
