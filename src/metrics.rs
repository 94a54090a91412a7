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

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Debug, Default)]
struct Counters {
    saves: Family<SaveLabels, Counter>,
    waiting: Family<MethodLabel, Gauge>,
    shared: Family<MethodLabel, Counter>,
    failed_logins: Family<LoginLabels, Counter>,
    pool_timeouts: Counter,
}

static COUNTERS: LazyLock<Counters> = LazyLock::new(Counters::default);

/// Counts a save.
pub fn count_save(entity: Entity, outcome: Outcome) {
    COUNTERS.saves.get_or_create(&SaveLabels::new(entity, outcome)).inc();
}

/// Sets the number of requests that wait for their turn in the database. `method` is one of those given to [`register`].
pub fn set_waiting(method: &'static str, requests: usize) {
    COUNTERS.waiting.get_or_create(&MethodLabel { method }).set(i64::try_from(requests).unwrap_or(i64::MAX));
}

/// Counts requests that share a statement. `method` is one of those given to [`register`].
pub fn count_shared(method: &'static str, requests: usize) {
    COUNTERS.shared.get_or_create(&MethodLabel { method }).inc_by(requests as u64);
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
pub fn register(registry: &mut Registry, login_schemes: &[&'static str], sharing_methods: &[&'static str]) {
    let Counters { saves, waiting, shared, failed_logins, pool_timeouts } = &*COUNTERS;
    for entity in [Entity::Connection, Entity::Connector] {
        for outcome in [Outcome::Created, Outcome::Updated, Outcome::Refused] {
            saves.get_or_create_owned(&SaveLabels::new(entity, outcome));
        }
    }
    for scheme in login_schemes {
        failed_logins.get_or_create_owned(&LoginLabels { scheme });
    }
    registry.register("saves", "Saves of connections and connectors, by outcome", saves.clone());
    for method in sharing_methods {
        waiting.get_or_create_owned(&MethodLabel { method });
        shared.get_or_create_owned(&MethodLabel { method });
    }
    registry.register("requests_waiting", "Requests that wait for their turn in the database", waiting.clone());
    registry.register("requests_shared", "Requests that shared a statement", shared.clone());
    registry.register("wrong_logins", "Refused credentials, by scheme", failed_logins.clone());
    registry.register(
        "database_pool_timeouts",
        "Time-outs of requests that waited for a connection to the database",
        pool_timeouts.clone(),
    );
}
