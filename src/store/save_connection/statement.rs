//! The statements that save connections: one for a single connection, one for several in one transaction.

use std::sync::Arc;

use sqlx::{Error, PgConnection};

use super::save::{Outcome, Save, Saved};
use crate::store::sharing::by_number;

/// A row of either statement.
struct Row {
    /// The position of the connection in the statement's parameters, from 1.
    number: i64,
    outcome: String,
    saved_id: Option<i32>,
    saved_connector_id: Option<i32>,
    saved_connection_id: Option<String>,
    saved_timestamp: Option<String>,
    kept_keys: Option<Vec<String>>,
    kept_values: Option<Vec<Option<String>>>,
    kept_user_groups: Option<Vec<i32>>,
    kept_associates: Option<Vec<i32>>,
    unknown_connector: Option<bool>,
    unknown_user_groups: Option<Vec<i32>>,
    unknown_associates: Option<Vec<i32>>,
}

impl From<Row> for Outcome {
    fn from(row: Row) -> Self {
        let updated = match row.outcome.as_str() {
            "updated" => true,
            "created" => false,
            "stale" => return Outcome::Stale,
            "duplicate" => return Outcome::DuplicateConnectionId,
            _ => {
                return Outcome::Unknown {
                    connector: row.unknown_connector.unwrap_or_default(),
                    user_group_ids: row.unknown_user_groups.unwrap_or_default(),
                    associate_ids: row.unknown_associates.unwrap_or_default(),
                };
            }
        };
        let kept_config_fields = row.kept_keys.zip(row.kept_values);
        Outcome::Saved(Saved {
            erp_connection_id: row.saved_id.unwrap_or_default(),
            erp_connector_id: row.saved_connector_id.unwrap_or_default(),
            connection_id: row.saved_connection_id.unwrap_or_default(),
            most_recent_timestamp: row.saved_timestamp.unwrap_or_default(),
            kept_config_fields: kept_config_fields.map(|(keys, values)| keys.into_iter().zip(values).collect()),
            kept_user_group_ids: row.kept_user_groups,
            kept_associate_ids: row.kept_associates,
            updated,
        })
    }
}

/// Saves a connection, after other transactions that have locked its row.
///
/// # Errors
/// Those of the statement. Nothing is stored, unless the connection to the database is lost.
pub async fn save_one(connection: &mut PgConnection, save: &Save) -> Result<Outcome, Error> {
    let (keys, values): (Option<Vec<&str>>, Option<Vec<Option<&str>>>) = save
        .config_fields
        .as_ref()
        .map(|fields| fields.iter().map(|(key, value)| (key.as_str(), value.as_deref())).unzip())
        .unzip();
    let row = sqlx::query_file_as!(
        Row,
        "src/store/save_connection.sql",
        save.caller,
        save.stamp,
        save.erp_connection_id,
        save.erp_connector_id,
        save.display_name,
        save.display_description,
        save.active,
        save.connection_id,
        save.new_connection_id,
        save.most_recent_timestamp,
        save.all_access,
        save.deleted,
        keys.as_deref() as _,
        values.as_deref() as _,
        save.user_group_ids.as_deref(),
        save.associate_ids.as_deref(),
    )
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}

/// Saves several connections in one transaction, and returns an outcome for each of them: `None` if another transaction
/// has locked its row, and the connection was left out.
///
/// # Errors
/// Those of the statement. Nothing is stored, unless the connection to the database is lost.
pub async fn save_all(connection: &mut PgConnection, saves: &[Arc<Save>]) -> Result<Vec<Option<Outcome>>, Error> {
    let mut keys = Vec::new();
    let mut values = Vec::new();
    let fields = slices(saves, |save| {
        let given = save.config_fields.as_ref()?;
        keys.extend(given.keys().map(String::as_str));
        values.extend(given.values().map(Option::as_deref));
        Some(given.len())
    });
    let (user_group_ids, user_groups) = joined(saves, |save| save.user_group_ids.as_deref());
    let (associate_ids, associates) = joined(saves, |save| save.associate_ids.as_deref());
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/save_connections.sql",
        &column(saves, |save| save.caller),
        &column(saves, |save| save.stamp),
        &column(saves, |save| save.erp_connection_id),
        &column(saves, |save| save.erp_connector_id),
        &column(saves, |save| save.display_name.as_str()) as _,
        &column(saves, |save| save.display_description.as_str()) as _,
        &column(saves, |save| save.active),
        &column(saves, |save| save.connection_id.as_deref()) as _,
        &column(saves, |save| save.new_connection_id.as_str()) as _,
        &column(saves, |save| save.most_recent_timestamp.as_deref()) as _,
        &column(saves, |save| save.all_access),
        &column(saves, |save| save.deleted),
        &keys as _,
        &values as _,
        &user_group_ids,
        &associate_ids,
        &fields.begin as _,
        &fields.end as _,
        &user_groups.begin as _,
        &user_groups.end as _,
        &associates.begin as _,
        &associates.end as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(by_number(saves.len(), rows.into_iter().map(|row| (row.number, row.into()))))
}

fn column<'s, T>(saves: &'s [Arc<Save>], member: impl Fn(&'s Save) -> T) -> Vec<T> {
    saves.iter().map(|save| member(save)).collect()
}

/// The positions of each save's elements in an array of the elements of all saves, from 1.
#[derive(Default)]
struct Slices {
    /// The first element; `None` if the save keeps what is stored.
    begin: Vec<Option<i32>>,
    /// The last element.
    end: Vec<Option<i32>>,
}

/// Returns the positions of the elements that `append` adds for each save. It returns their number.
fn slices<'s>(saves: &'s [Arc<Save>], mut append: impl FnMut(&'s Save) -> Option<usize>) -> Slices {
    let mut slices = Slices::default();
    let mut total = 0;
    for save in saves {
        let count = append(save).and_then(|count| i32::try_from(count).ok());
        slices.begin.push(count.map(|_| total + 1));
        total += count.unwrap_or_default();
        slices.end.push(count.map(|_| total));
    }
    slices
}

/// Returns the ids of all saves one after another, and their positions.
fn joined(saves: &[Arc<Save>], ids: impl Fn(&Save) -> Option<&[i32]>) -> (Vec<i32>, Slices) {
    let mut all = Vec::new();
    let slices = slices(saves, |save| {
        let given = ids(save)?;
        all.extend_from_slice(given);
        Some(given.len())
    });
    (all, slices)
}
