//! The settings of the sync engine, and the order in which connections are synced.

use super::locks::lock_connections;
use super::{Failure, Pool};

/// The settings of the sync engine.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The engine is switched on.
    pub running: bool,
    /// Seconds between two runs.
    pub interval: i32,
}

/// Returns the settings.
///
/// # Errors
/// See [`Failure`].
pub async fn settings(pool: &Pool) -> Result<Settings, Failure> {
    let found =
        sqlx::query_as!(Settings, "SELECT sync_running AS running, sync_interval AS interval FROM erp_configuration");
    Ok(found.fetch_one(pool).await?)
}

/// Switches the engine on or off. Returns the settings.
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

/// Sets the sync order: first the connections of `order`, in which 0 is the CRM system itself, then the others in their
/// present order.
///
/// Returns the keys that belong to no connection. If there are any, nothing is stored.
///
/// # Errors
/// See [`Failure`].
pub async fn save_order(pool: &Pool, order: &[i32]) -> Result<Vec<i32>, Failure> {
    let unknown = pool.transaction(|mut transaction| async move {
        // Also lets concurrent orders take turns.
        sqlx::query!("SELECT sync_running FROM erp_configuration FOR NO KEY UPDATE")
            .fetch_one(&mut *transaction)
            .await?;
        let unknown: Vec<i32> = sqlx::query_scalar!(
            r#"SELECT id AS "id!" FROM unnest($1::int[]) AS given(id)
               WHERE id <> 0 AND NOT EXISTS (SELECT FROM erp_connection WHERE erp_connection_id = id OFFSET 0)"#,
            order
        )
        .fetch_all(&mut *transaction)
        .await?;
        if !unknown.is_empty() {
            return Ok(unknown);
        }
        lock_connections(&mut transaction).await?;
        // All ranks are new ones, so that a connection that is created concurrently still comes last.
        sqlx::query!(
            "WITH old AS (
                SELECT erp_connection_id AS id, sync_rank FROM erp_connection
                UNION ALL
                SELECT 0, crm_sync_rank FROM erp_configuration WHERE erp_configuration_id = 1
             ),
             ordered AS (
                SELECT old.id, row_number() OVER (ORDER BY given.place NULLS LAST, old.sync_rank, old.id) AS place
                FROM old LEFT JOIN unnest($1::int[]) WITH ORDINALITY AS given(id, place) USING (id)
             ),
             -- The ranks are drawn from the sequence in the new order.
             numbered AS MATERIALIZED (
                SELECT id, nextval('erp_connection_sync_rank') AS sync_rank
                FROM (SELECT id FROM ordered ORDER BY place) AS in_order
             ),
             crm AS (
                UPDATE erp_configuration SET crm_sync_rank = numbered.sync_rank
                FROM numbered WHERE numbered.id = 0 AND erp_configuration_id = 1
             )
             UPDATE erp_connection AS c SET sync_rank = numbered.sync_rank
             FROM numbered WHERE c.erp_connection_id = numbered.id",
            order
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(unknown)
    });
    Ok(unknown.await?)
}
