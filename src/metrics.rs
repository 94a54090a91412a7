//! What is counted besides requests, for the operator: saves, wrong logins, waits for the database.
//!
//! One set for the process, as the log is one. Whoever decides a thing counts it, in a word of a fixed list: nothing
//! that a caller sends becomes a label, so that there are never more series than this file names.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::auth::Scheme;

/// What is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A connection.
    Connection,
    /// A connector.
    Connector,
}

/// What a save came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A row was made.
    Created,
    /// A row was overwritten.
    Updated,
    /// A rule was against it; nothing is stored.
    Refused,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Save {
    entity: &'static str,
    outcome: &'static str,
}

impl Save {
    fn new(entity: Entity, outcome: Outcome) -> Self {
        let entity = match entity {
            Entity::Connection => "connection",
            Entity::Connector => "connector",
        };
        let outcome = match outcome {
            Outcome::Created => "created",
            Outcome::Updated => "updated",
            Outcome::Refused => "refused",
        };
        Save { entity, outcome }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WrongLogin {
    scheme: &'static str,
}

#[derive(Debug, Default)]
struct Counts {
    saves: Family<Save, Counter>,
    wrong_logins: Family<WrongLogin, Counter>,
    pool_timeouts: Counter,
}

static COUNTS: LazyLock<Counts> = LazyLock::new(|| {
    // Each from zero: what appears with its first event has no rate before its second.
    let counts = Counts::default();
    for entity in [Entity::Connection, Entity::Connector] {
        for outcome in [Outcome::Created, Outcome::Updated, Outcome::Refused] {
            counts.saves.get_or_create_owned(&Save::new(entity, outcome));
        }
    }
    for scheme in Scheme::ALL {
        counts.wrong_logins.get_or_create_owned(&WrongLogin { scheme: scheme.name() });
    }
    counts
});

/// Counts a save.
pub fn count_save(entity: Entity, outcome: Outcome) {
    COUNTS.saves.get_or_create(&Save::new(entity, outcome)).inc();
}

/// Counts a wrong password, ticket, token or session.
pub fn count_wrong_login(scheme: Scheme) {
    COUNTS.wrong_logins.get_or_create(&WrongLogin { scheme: scheme.name() }).inc();
}

/// Counts a wait for a connection to the database that was in vain.
pub fn count_pool_timeout() {
    COUNTS.pool_timeouts.inc();
}

/// Puts them into a registry.
pub fn register(registry: &mut Registry) {
    let Counts { saves, wrong_logins, pool_timeouts } = &*COUNTS;
    registry.register("saves", "Saves of connections and connectors, by what they came to", saves.clone());
    registry.register("wrong_logins", "Secrets that were refused, by what was shown", wrong_logins.clone());
    registry.register(
        "database_pool_timeouts",
        "Waits for a connection to the database that were in vain",
        pool_timeouts.clone(),
    );
}
