//! Metrics besides those of requests: saves, failed logins, time-outs of the connection pool, calls of connectors.
//!
//! There is one set of them for the process. Labels come from fixed lists and never from a request, so the number
//! of series is bounded. This module imports no other one, so that each may count.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
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

/// The outcome of an attempt to tell a connector that a connection was saved or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The connector was told.
    Told,
    /// The attempt failed, and is repeated later.
    Failed,
    /// The attempt failed, and is not repeated.
    GivenUp,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DeliveryLabels {
    outcome: &'static str,
}

impl DeliveryLabels {
    fn new(outcome: Delivery) -> Self {
        let outcome = match outcome {
            Delivery::Told => "told",
            Delivery::Failed => "failed",
            Delivery::GivenUp => "given_up",
        };
        DeliveryLabels { outcome }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LoginLabels {
    scheme: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    outcome: &'static str,
}

impl CallLabels {
    fn new(operation: &'static str, succeeded: bool) -> Self {
        CallLabels { operation, outcome: if succeeded { "ok" } else { "failed" } }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

/// The upper bounds of the buckets for calls of connectors, in seconds. The last one is the default time limit of a call.
const CALL_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Debug)]
struct Counters {
    saves: Family<SaveLabels, Counter>,
    waiting: Family<MethodLabel, Gauge>,
    shared: Family<MethodLabel, Counter>,
    failed_logins: Family<LoginLabels, Counter>,
    pool_timeouts: Counter,
    connector_calls: Family<CallLabels, Counter>,
    connector_durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
    deliveries: Family<DeliveryLabels, Counter>,
    waiting_deliveries: Gauge,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            saves: Family::default(),
            waiting: Family::default(),
            shared: Family::default(),
            failed_logins: Family::default(),
            pool_timeouts: Counter::default(),
            connector_calls: Family::default(),
            connector_durations: Family::new_with_constructor(|| Histogram::new(CALL_BUCKETS)),
            deliveries: Family::default(),
            waiting_deliveries: Gauge::default(),
        }
    }
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

/// Counts a call of a connector. `operation` is one of those given to [`register`].
pub fn count_connector_call(operation: &'static str, succeeded: bool, duration: Duration) {
    COUNTERS.connector_calls.get_or_create(&CallLabels::new(operation, succeeded)).inc();
    COUNTERS.connector_durations.get_or_create(&OperationLabels { operation }).observe(duration.as_secs_f64());
}

/// Counts an attempt to tell a connector of a connection.
pub fn count_delivery(outcome: Delivery) {
    COUNTERS.deliveries.get_or_create(&DeliveryLabels::new(outcome)).inc();
}

/// Sets the number of connections of which their connectors have still to be told.
pub fn set_waiting_deliveries(connections: i64) {
    COUNTERS.waiting_deliveries.set(connections);
}

/// Adds the metrics to a registry. All series start at zero, as a series that appears with its first event has no rate
/// before the second.
pub fn register(
    registry: &mut Registry,
    login_schemes: &[&'static str],
    sharing_methods: &[&'static str],
    connector_operations: impl IntoIterator<Item = &'static str>,
) {
    let Counters {
        saves,
        waiting,
        shared,
        failed_logins,
        pool_timeouts,
        connector_calls,
        connector_durations,
        deliveries,
        waiting_deliveries,
    } = &*COUNTERS;
    for outcome in [Delivery::Told, Delivery::Failed, Delivery::GivenUp] {
        deliveries.get_or_create_owned(&DeliveryLabels::new(outcome));
    }
    for entity in [Entity::Connection, Entity::Connector] {
        for outcome in [Outcome::Created, Outcome::Updated, Outcome::Refused] {
            saves.get_or_create_owned(&SaveLabels::new(entity, outcome));
        }
    }
    for scheme in login_schemes {
        failed_logins.get_or_create_owned(&LoginLabels { scheme });
    }
    for operation in connector_operations {
        for succeeded in [true, false] {
            connector_calls.get_or_create_owned(&CallLabels::new(operation, succeeded));
        }
        drop(connector_durations.get_or_create(&OperationLabels { operation }));
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
    registry.register("connector_calls", "Calls of connectors, by operation and outcome", connector_calls.clone());
    registry.register(
        "connector_call_duration_seconds",
        "Time from the call of a connector to its response or failure, by operation",
        connector_durations.clone(),
    );
    registry.register(
        "connector_deliveries",
        "Attempts to tell a connector that a connection was saved or deleted, by outcome",
        deliveries.clone(),
    );
    registry.register(
        "connector_deliveries_waiting",
        "Connections of which their connectors had still to be told, at the last walk through all connections",
        waiting_deliveries.clone(),
    );
}
