//! The demo data: the rows that the vendor's published sample request refers to.

use sqlx::{Error, PgConnection};

use super::{Failure, Pool};

/// An associate of the demo data, with a published password.
#[derive(Clone, Debug)]
pub struct Login {
    /// The login name.
    pub name: &'static str,
    /// The argon2id hash of the password as a PHC string.
    pub password_hash: String,
    /// Has all rights.
    pub administrator: bool,
}

/// Adds the demo data to the database. Rows that exist are left unchanged, but for the URLs of its connectors.
///
/// # Errors
/// See [`Failure`]. Nothing is added then.
pub async fn insert(pool: &Pool, logins: &[Login]) -> Result<(), Failure> {
    let inserted = pool.transaction(|mut transaction| async move {
        insert_user_groups(&mut transaction).await?;
        for login in logins {
            sqlx::query!(
                "INSERT INTO associate (name, user_group_id, administrator, password_hash) VALUES ($1, 1, $2, $3)
                 ON CONFLICT DO NOTHING",
                login.name,
                login.administrator,
                login.password_hash
            )
            .execute(&mut *transaction)
            .await?;
        }
        insert_connections(&mut transaction).await?;
        transaction.commit().await
    });
    Ok(inserted.await?)
}

async fn insert_user_groups(transaction: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO user_group (user_group_id, name)
         VALUES (1, 'Everybody'), (185, 'Sales'), (350, 'Finance') ON CONFLICT DO NOTHING"
    )
    .execute(&mut *transaction)
    .await?;
    // The keys above are explicit. The next generated one must come after them, and after those that were drawn already.
    sqlx::query!(
        r#"SELECT setval(
                pg_get_serial_sequence('user_group', 'user_group_id'),
                greatest(max(user_group_id), pg_sequence_last_value(pg_get_serial_sequence('user_group', 'user_group_id')))
           ) AS "next!" FROM user_group"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    Ok(())
}

async fn insert_connections(transaction: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO associate (associate_id, name, user_group_id)
         VALUES (463, 'demo463', 350), (920, 'demo920', 185) ON CONFLICT DO NOTHING"
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO erp_connector (erp_connector_id, url, display_name, registered_associate_id, updated_associate_id)
         SELECT given.id, given.url, given.name, associate_id, associate_id
         FROM associate, (VALUES
            (403, 'app://demo', 'Demo connector 403'),
            (411, 'app://demo', 'Demo connector 411')
         ) AS given (id, url, name)
         WHERE lower(associate.name) = 'tje0'
         ON CONFLICT (erp_connector_id) DO UPDATE SET url = excluded.url
         -- Demo data of the first release, which had no demo connector.
         WHERE erp_connector.url IN ('http://localhost:9403/ErpConnectorWS.svc', 'http://localhost:9411/ErpConnectorWS.svc')"
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "WITH added AS (
            INSERT INTO erp_connection (
                erp_connection_id, erp_connector_id, display_name, display_description, connection_id, all_access,
                registered_associate_id, updated_associate_id
            )
            SELECT 816, 403, 'Demo connection', 'From the demo data', $1, true, associate_id, associate_id
            FROM associate WHERE lower(name) = 'tje0' ON CONFLICT DO NOTHING
            RETURNING erp_connection_id, registered_associate_id
         )
         INSERT INTO connection_config_field (
            erp_connection_id, field_key, field_value, registered_associate_id, updated_associate_id
         )
         SELECT erp_connection_id, 'COMPANY', 'Demo company', registered_associate_id, registered_associate_id FROM added",
        "5c1d0d5e-8a1e-4d5b-9a52-6f0f3f0c0816"
    )
    .execute(&mut *transaction)
    .await?;
    // The connector is told of a connection when a caller saves it.
    sqlx::query!(
        "INSERT INTO connector_delivery (erp_connection_id, delivered_count) VALUES (816, 0) ON CONFLICT DO NOTHING"
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        r#"SELECT
            setval(pg_get_serial_sequence('associate', 'associate_id'), greatest((SELECT max(associate_id) FROM associate),
                pg_sequence_last_value(pg_get_serial_sequence('associate', 'associate_id')))) AS "associate!",
            setval(pg_get_serial_sequence('erp_connector', 'erp_connector_id'), greatest(
                (SELECT max(erp_connector_id) FROM erp_connector),
                pg_sequence_last_value(pg_get_serial_sequence('erp_connector', 'erp_connector_id')))) AS "connector!",
            setval(pg_get_serial_sequence('erp_connection', 'erp_connection_id'), greatest(
                (SELECT max(erp_connection_id) FROM erp_connection),
                pg_sequence_last_value(pg_get_serial_sequence('erp_connection', 'erp_connection_id')))) AS "connection!""#
    )
    .fetch_one(&mut *transaction)
    .await?;
    Ok(())
}
