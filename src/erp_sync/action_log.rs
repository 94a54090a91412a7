//! The changes that a request makes, as fields of its line in the log.

use tracing::Span;

/// Records a change in the span of the request.
pub fn record(action: &'static str) {
    Span::current().record("action", action);
}

/// Records a change of the entity with this primary key.
pub fn record_with_id(action: &'static str, entity_id: i32) {
    record(action);
    Span::current().record("entity_id", entity_id);
}

/// Records the id that was sent, where the entity got another one.
pub fn record_sent_id(sent_id: i32) {
    Span::current().record("sent_id", sent_id);
}
