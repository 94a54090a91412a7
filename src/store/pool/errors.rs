//! Kinds of database errors, as far as the pool and the store act on them.

use std::borrow::Cow;

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Returns the SQLSTATE of an error that the database reported.
fn sqlstate(error: &Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// Returns whether opening a connection may succeed later: the database cannot be reached, starts, stops, or has no free
/// connection. A wrong password or database name is final.
///
/// A wrong host or port counts as transient: the error is the same while the database is starting. A connection that is
/// closed while it is opened may be reported as an error of the protocol.
#[must_use]
pub fn is_transient_connect_error(error: &Error) -> bool {
    // Too many connections, shut down, crashed, starting.
    const STATES: [&str; 4] = ["53300", "57P01", "57P02", "57P03"];
    matches!(error, Error::Io(_) | Error::Protocol(_)) || sqlstate(error).is_some_and(|code| STATES.contains(&&*code))
}

/// Returns whether the connection was lost. Its last statement may or may not have taken effect.
#[must_use]
pub fn is_connection_lost(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(refused) => refused
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|refused| matches!(refused.severity(), PgSeverity::Fatal | PgSeverity::Panic)),
        _ => false,
    }
}

/// Returns whether PostgreSQL aborted the transaction because of a concurrent one: a serialization failure or a
/// deadlock. Nothing of it has taken effect, and the same transaction may succeed when it is run again.
#[must_use]
pub fn is_contention(error: &Error) -> bool {
    sqlstate(error).is_some_and(|code| ["40001", "40P01"].contains(&&*code))
}

/// Returns whether the database refused a change because it is a standby, or is set to take none. Nothing has taken
/// effect.
#[must_use]
pub fn is_read_only(error: &Error) -> bool {
    sqlstate(error).is_some_and(|code| code == "25006")
}

/// Returns whether PostgreSQL cancelled the statement because it, or its wait for a lock, exceeded a time limit. An
/// operator who cancels a statement causes the same error. The transaction is aborted.
#[must_use]
pub fn is_statement_timeout(error: &Error) -> bool {
    sqlstate(error).is_some_and(|code| ["55P03", "57014", "25P04"].contains(&&*code))
}

/// Returns whether the state of the server or of the way to it stands against a statement that may be correct.
#[must_use]
pub fn is_unavailable(error: &Error) -> bool {
    // Connection, resources, system.
    const CLASSES: [&str; 3] = ["08", "53", "58"];
    // Idle in a transaction, shut down, crashed, starting, idle.
    const STATES: [&str; 5] = ["25P03", "57P01", "57P02", "57P03", "57P05"];
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed => true,
        error => {
            is_read_only(error)
                || sqlstate(error)
                    .is_some_and(|code| CLASSES.iter().any(|class| code.starts_with(class)) || STATES.contains(&&*code))
        }
    }
}

/// Returns whether the constraint of this name refused the statement.
#[must_use]
pub fn violates(error: &Error, constraint: &str) -> bool {
    error.as_database_error().is_some_and(|refused| refused.constraint() == Some(constraint))
}
