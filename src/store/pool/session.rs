//! Settings of the sessions that the pool opens.

use sqlx::postgres::PgConnectOptions;

/// The time after which PostgreSQL cancels a statement, so that no statement runs on after its request was answered
/// with 504.
const STATEMENT_TIMEOUT: &str = "20s";

/// Settings that keep the planner to look-ups by key, whatever it knows about the tables.
///
/// A plan that is made while a table is empty or small reads the whole table, and is kept as long as the statistics
/// are: until autovacuum runs, about a minute. If the table grows meanwhile, a save takes more than ten times as long.
/// Planner settings hold from the first statement on. Statistics planted by a migration do not: autovacuum replaces
/// them by those of the small table, and a restored dump is without them.
///
/// A statement that has to read a whole table, such as a list, still does.
const PLANNER_SETTINGS: [(&str, &str); 3] = [
    ("enable_seqscan", "off"),
    // A merge join reads a whole index.
    ("enable_mergejoin", "off"),
    // A sequential scan that cannot be avoided is costed so high that the planner would compile it first.
    ("jit", "off"),
];

/// Returns the settings of a session with PostgreSQL itself.
pub fn session_settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let settings = [
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("default_transaction_isolation", "read committed"),
        // One plan is as good as another for a look-up by key, and to plan a save takes four times as long as to
        // execute it (`cargo bench --bench load`).
        ("plan_cache_mode", "force_generic_plan"),
    ];
    settings.into_iter().chain(PLANNER_SETTINGS)
}

/// Adds the [`session_settings`] to the start-up message.
pub(super) fn of_server(options: PgConnectOptions) -> PgConnectOptions {
    options.options(session_settings())
}

/// Prepares sessions with a transaction pooler, which refuses settings in the start-up message: each transaction
/// begins with them ([`begin_pooled`]). Statements are not kept prepared, as the next transaction may get another
/// session; so each is planned for the tables as they are.
pub(super) fn of_pooler(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None).statement_cache_capacity(0)
}

/// Returns the statements that begin a transaction in a session of a transaction pooler.
pub(super) fn begin_pooled() -> String {
    // Another client may have prepared statements in the session under the names that sqlx is about to use.
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED; DEALLOCATE ALL".to_owned();
    let settings = [("statement_timeout", STATEMENT_TIMEOUT)].into_iter().chain(PLANNER_SETTINGS);
    settings.fold(begin, |begin, (name, value)| format!("{begin}; SET LOCAL {name} = '{value}'"))
}
