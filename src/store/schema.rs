//! The schema and its migrations.

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};

use super::Pool;

/// The migrations, in order.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
/// The key of the advisory lock of a migration. The number is this program's alone.
const MIGRATION_LOCK: i64 = 0x4552_5053_594e_4330;

/// Applies the migrations that are missing, all or none of them, under a lock: servers that start at the same time take
/// turns.
///
/// # Errors
/// If a migration fails, or the database has a migration that this program does not know.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    let mut connection = pool.connect().await?;
    // The migrator's own transactions become savepoints of this one.
    let mut transaction = connection.begin().await?;
    // A migration, or the wait for another server's, may take longer than a request may.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0; DEALLOCATE ALL").execute(&mut *transaction).await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    // The migrator's own lock belongs to a session, and a transaction pooler gives each transaction another session.
    migrator.set_locking(false).run(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(connection.close().await?)
}
