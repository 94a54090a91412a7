//! Metrics besides those of requests: saves, failed logins, time-outs of the connection pool.
//!
//! There is one set of them for the process. Labels come from fixed lists and never from a request, so the number
//! of series is bounded. This module imports no other one, so that each may count.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The kind of a saved entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A connection.
    Connection,
    /// A connector.
    Connector,
}

/// The outcome of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A row was created.
    Created,
    /// A row was updated.
    Updated,
    /// The request was refused; nothing is stored.
    Refused,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SaveLabels {
    entity: &'static str,
    outcome: &'static str,
}

impl SaveLabels {
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
        SaveLabels { entity, outcome }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LoginLabels {
    scheme: &'static str,
}

#[derive(Debug, Default)]
struct Counters {
    saves: Family<SaveLabels, Counter>,
    waiting_saves: Gauge,
    shared_saves: Counter,
    failed_logins: Family<LoginLabels, Counter>,
    pool_timeouts: Counter,
}

static COUNTERS: LazyLock<Counters> = LazyLock::new(Counters::default);

/// Counts a save.
pub fn count_save(entity: Entity, outcome: Outcome) {
    COUNTERS.saves.get_or_create(&SaveLabels::new(entity, outcome)).inc();
}

/// Sets the number of saves that wait for their turn.
pub fn set_waiting_saves(saves: usize) {
    COUNTERS.waiting_saves.set(i64::try_from(saves).unwrap_or(i64::MAX));
}

/// Counts saves that share a transaction.
pub fn count_shared_saves(saves: usize) {
    COUNTERS.shared_saves.inc_by(saves as u64);
}

/// Counts an invalid password, ticket, token or session. `scheme` is one of those given to [`register`].
pub fn count_failed_login(scheme: &'static str) {
    COUNTERS.failed_logins.get_or_create(&LoginLabels { scheme }).inc();
}

/// Counts a time-out of a request that waited for a connection to the database.
pub fn count_pool_timeout() {
    COUNTERS.pool_timeouts.inc();
}

/// Adds the metrics to a registry. All series start at zero, as a series that appears with its first event has no rate
/// before the second.
pub fn register(registry: &mut Registry, login_schemes: &[&'static str]) {
    let Counters { saves, waiting_saves, shared_saves, failed_logins, pool_timeouts } = &*COUNTERS;
    for entity in [Entity::Connection, Entity::Connector] {
        for outcome in [Outcome::Created, Outcome::Updated, Outcome::Refused] {
            saves.get_or_create_owned(&SaveLabels::new(entity, outcome));
        }
    }
    for scheme in login_schemes {
        failed_logins.get_or_create_owned(&LoginLabels { scheme });
    }
    registry.register("saves", "Saves of connections and connectors, by outcome", saves.clone());
    registry.register("saves_waiting", "Saves of connections that wait for their turn", waiting_saves.clone());
    registry.register("saves_shared", "Saves of connections that shared a transaction", shared_saves.clone());
    registry.register("wrong_logins", "Refused credentials, by scheme", failed_logins.clone());
    registry.register(
        "database_pool_timeouts",
        "Time-outs of requests that waited for a connection to the database",
        pool_timeouts.clone(),
    );
}
