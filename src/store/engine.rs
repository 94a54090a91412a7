//! The settings of the sync engine, and the order in which connections are synced.

use super::{Failure, Pool};

/// The engine's settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Switched on.
    pub running: bool,
    /// Seconds between two runs.
    pub interval: i32,
}

/// The settings.
///
/// # Errors
/// See [`Failure`].
pub async fn settings(pool: &Pool) -> Result<Settings, Failure> {
    let found =
        sqlx::query_as!(Settings, "SELECT sync_running AS running, sync_interval AS interval FROM erp_configuration");
    Ok(found.fetch_one(pool).await?)
}

/// Switches the engine on or off; gives the settings.
///
/// # Errors
/// See [`Failure`].
pub async fn switch(pool: &Pool, on: bool) -> Result<Settings, Failure> {
    let switched = sqlx::query_as!(
        Settings,
        "UPDATE erp_configuration SET sync_running = $1 RETURNING sync_running AS running, sync_interval AS interval",
        on
    );
    Ok(switched.fetch_one(pool).await?)
}

/// Sets the seconds between two runs, at least 1.
///
/// # Errors
/// See [`Failure`].
pub async fn set_interval(pool: &Pool, seconds: i32) -> Result<(), Failure> {
    sqlx::query!("UPDATE erp_configuration SET sync_interval = $1", seconds).execute(pool).await?;
    Ok(())
}

/// Puts connections into an order: first those of `order`, in which 0 is the CRM system itself, then the others as
/// they were. Where there are ids of no connection, nothing is stored and these are given.
///
/// # Errors
/// See [`Failure`].
pub async fn save_order(pool: &Pool, order: &[i32]) -> Result<Vec<i32>, Failure> {
    let mut transaction = pool.begin().await?;
    // Orders take turns.
    sqlx::query!("SELECT sync_running FROM erp_configuration FOR NO KEY UPDATE").fetch_one(&mut *transaction).await?;
    let unknown: Vec<i32> = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM unnest($1::int[]) AS given(id)
           WHERE id <> 0 AND NOT EXISTS (SELECT FROM erp_connection WHERE erp_connection_id = id)"#,
        order
    )
    .fetch_all(&mut *transaction)
    .await?;
    if !unknown.is_empty() {
        return Ok(unknown);
    }
    // All places are new ones, so that a connection that is created in this moment still comes last.
    sqlx::query!(
        "WITH old AS (
            SELECT erp_connection_id AS id, sync_rank FROM erp_connection
            UNION ALL
            SELECT 0, crm_sync_rank FROM erp_configuration
         ),
         ordered AS (
            SELECT old.id, row_number() OVER (ORDER BY given.place NULLS LAST, old.sync_rank, old.id) AS place
            FROM old LEFT JOIN unnest($1::int[]) WITH ORDINALITY AS given(id, place) USING (id)
         ),
         -- Each connection's place is taken from the sequence, in the order of the places.
         numbered AS MATERIALIZED (
            SELECT id, nextval('erp_connection_sync_rank') AS sync_rank
            FROM (SELECT id FROM ordered ORDER BY place) AS in_order
         ),
         crm AS (
            UPDATE erp_configuration SET crm_sync_rank = numbered.sync_rank FROM numbered WHERE numbered.id = 0
         )
         UPDATE erp_connection AS c SET sync_rank = numbered.sync_rank
         FROM numbered WHERE c.erp_connection_id = numbered.id",
        order
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(unknown)
}
