//! The fields of ERP actors, what they are mapped to, and what a new actor gets in them. Enumerations are their
//! numbers here.

use sqlx::PgConnection;

use super::{Failure, Pool};

/// A kind of ERP actor of one connection, and what it is mapped to.
#[derive(Clone, Copy, Debug)]
pub struct ActorType {
    /// Primary key.
    pub erp_connection_actor_type_id: i32,
    /// On the ERP side.
    pub actor_type_erp: i16,
    /// On the CRM side; 0 where it is not mapped.
    pub actor_type_crm: i16,
    /// In use.
    pub is_active: bool,
}

/// A field of a kind of ERP actor.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the vendor's table")]
pub struct Field {
    /// Primary key.
    pub erp_field_id: i32,
    /// Its connection.
    pub erp_connection_id: i32,
    /// Its kind of actor.
    pub actor_type_erp: i16,
    /// What that is mapped to.
    pub actor_type_crm: i16,
    /// Its key in the ERP system.
    pub erp_field_key: String,
    /// Multi-language.
    pub display_name: String,
    /// Multi-language.
    pub display_description: String,
    /// What kind of value it has.
    pub field_type: i16,
    /// The connector's list of its values.
    pub list_name: String,
    /// The connector's default.
    pub default_value: String,
    /// 0: no limit.
    pub max_length: i32,
    /// What may be done with it.
    pub access: i16,
    /// The connector has it no more.
    pub missing_in_erp: bool,
    /// A new actor gets the next one.
    pub has_first_sync_default_value: bool,
    /// What a new actor gets.
    pub first_sync_default_value: String,
    /// Whoever makes a new actor is asked.
    pub prompt_user: bool,
    /// And must answer.
    pub mandatory: bool,
    /// The CRM field; blank where it is not mapped.
    pub crm_field_key: String,
    /// Changes go to the CRM system.
    pub sync_to_crm: bool,
    /// Changes go to the ERP system.
    pub sync_to_erp: bool,
    /// Shown with the CRM entity.
    pub show_in_gui: bool,
    /// Shown in searches.
    pub show_in_search: bool,
    /// The order.
    pub rank: i32,
    /// The CRM list of its values.
    pub list_reference: String,
    /// Another connection that is not deleted has a field that is mapped to the same CRM field.
    pub already_mapped: bool,
}

/// The kinds of actors of a connection, or the one of that number.
///
/// # Errors
/// See [`Failure`].
pub async fn actor_types(
    pool: &Pool,
    erp_connection_id: i32,
    actor_type_erp: Option<i16>,
) -> Result<Vec<ActorType>, Failure> {
    let found = sqlx::query_as!(
        ActorType,
        "SELECT erp_connection_actor_type_id, actor_type_erp, actor_type_crm, is_active
         FROM erp_connection_actor_type
         WHERE erp_connection_id = $1 AND ($2::smallint IS NULL OR actor_type_erp = $2) ORDER BY actor_type_erp",
        erp_connection_id,
        actor_type_erp
    );
    Ok(found.fetch_all(pool).await?)
}

/// Which fields are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// All of a connection's.
    Connection(i32),
    /// Those of one kind of actor of a connection.
    ActorType(i32, i16),
    /// The one of this key.
    Field(i32),
}

/// Fields, each kind of actor's in their order.
///
/// # Errors
/// See [`Failure`].
pub async fn fields(pool: &Pool, which: Which) -> Result<Vec<Field>, Failure> {
    let (connection, actor_type, field) = match which {
        Which::Connection(connection) => (Some(connection), None, None),
        Which::ActorType(connection, actor_type) => (Some(connection), Some(actor_type), None),
        Which::Field(field) => (None, None, Some(field)),
    };
    let found = sqlx::query_file_as!(Field, "src/store/read_fields.sql", connection, actor_type, field);
    Ok(found.fetch_all(pool).await?)
}

/// A mapping to be stored.
#[derive(Debug)]
pub struct Mapping {
    /// The connection.
    pub erp_connection_id: i32,
    /// The kind of actor on the ERP side.
    pub actor_type_erp: i16,
    /// The kind of actor on the CRM side; 0 where it is not mapped.
    pub actor_type_crm: i16,
    /// In use.
    pub is_active: bool,
    /// Its fields; others stay as they are.
    pub fields: Vec<FieldMapping>,
}

/// What a field is mapped to.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the vendor's table")]
pub struct FieldMapping {
    /// Its key, looked at where the next one is blank.
    pub erp_field_id: i32,
    /// Its key in the ERP system; a field that is not there is made.
    pub erp_field_key: String,
    /// What kind of value it has.
    pub field_type: i16,
    /// What may be done with it.
    pub access: i16,
    /// The CRM field; blank where it is not mapped.
    pub crm_field_key: String,
    /// Changes go to the CRM system.
    pub sync_to_crm: bool,
    /// Changes go to the ERP system.
    pub sync_to_erp: bool,
    /// Shown with the CRM entity.
    pub show_in_gui: bool,
    /// Shown in searches.
    pub show_in_search: bool,
}

/// What saving a mapping came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored.
    Saved,
    /// Nothing is stored: there is no such connection.
    NoConnection,
    /// Nothing is stored: the field at this place has no key, and its id is of no field of this kind of actor.
    UnknownField(usize),
    /// Nothing is stored: the field at this place was there before.
    Repeated(usize),
}

/// Stores a mapping, all of it or nothing.
///
/// # Errors
/// See [`Failure`].
pub async fn save_mapping(pool: &Pool, mapping: &Mapping, caller: i32) -> Result<Outcome, Failure> {
    let mut transaction = pool.begin().await?;
    // The row is locked by this, new or not: saves of one mapping take turns.
    let actor_type = sqlx::query_scalar!(
        "INSERT INTO erp_connection_actor_type AS t (
            erp_connection_id, actor_type_erp, actor_type_crm, is_active, registered_associate_id, updated_associate_id
         )
         SELECT erp_connection_id, $2, $3, $4, $5, $5 FROM erp_connection WHERE erp_connection_id = $1
         ON CONFLICT ON CONSTRAINT erp_connection_actor_type_key DO UPDATE SET
            actor_type_crm = $3, is_active = $4, updated = statement_timestamp(), updated_associate_id = $5,
            updated_count = t.updated_count + 1
         RETURNING erp_connection_actor_type_id",
        mapping.erp_connection_id,
        mapping.actor_type_erp,
        mapping.actor_type_crm,
        mapping.is_active,
        caller
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(actor_type) = actor_type else { return Ok(Outcome::NoConnection) };
    let keys = match keys(&mut transaction, actor_type, &mapping.fields).await? {
        Ok(keys) => keys,
        Err(outcome) => return Ok(outcome),
    };
    save_fields(&mut transaction, actor_type, &keys, &mapping.fields, caller).await?;
    transaction.commit().await?;
    Ok(Outcome::Saved)
}

/// The fields' keys in the ERP system, each once.
async fn keys(
    connection: &mut PgConnection,
    actor_type: i32,
    fields: &[FieldMapping],
) -> Result<Result<Vec<String>, Outcome>, sqlx::Error> {
    let stored = sqlx::query!(
        "SELECT erp_field_id, erp_field_key FROM erp_field WHERE erp_connection_actor_type_id = $1",
        actor_type
    )
    .fetch_all(connection)
    .await?;
    let of_id: std::collections::HashMap<i32, String> =
        stored.into_iter().map(|field| (field.erp_field_id, field.erp_field_key)).collect();
    let mut seen = std::collections::HashSet::new();
    let key = |(place, field): (usize, &FieldMapping)| {
        let key = match field.erp_field_key.as_str() {
            "" => of_id.get(&field.erp_field_id).ok_or(Outcome::UnknownField(place))?.clone(),
            key => key.to_owned(),
        };
        if seen.insert(key.clone()) { Ok(key) } else { Err(Outcome::Repeated(place)) }
    };
    Ok(fields.iter().enumerate().map(key).collect())
}

async fn save_fields(
    connection: &mut PgConnection,
    actor_type: i32,
    keys: &[String],
    fields: &[FieldMapping],
    caller: i32,
) -> Result<(), sqlx::Error> {
    fn column<T>(fields: &[FieldMapping], of: impl Fn(&FieldMapping) -> T) -> Vec<T> {
        fields.iter().map(of).collect()
    }
    sqlx::query_file!(
        "src/store/save_fields.sql",
        actor_type,
        keys,
        &column(fields, |field| field.field_type),
        &column(fields, |field| field.access),
        &column(fields, |field| field.crm_field_key.clone()),
        &column(fields, |field| field.sync_to_crm),
        &column(fields, |field| field.sync_to_erp),
        &column(fields, |field| field.show_in_gui),
        &column(fields, |field| field.show_in_search),
        caller,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves a field `by` places among those of its kind of actor, as far as there are places; false where there is no
/// such field.
///
/// # Errors
/// See [`Failure`].
pub async fn move_field(pool: &Pool, which: (i32, i16, i32), by: i32, caller: i32) -> Result<bool, Failure> {
    let (erp_connection_id, actor_type_erp, erp_field_id) = which;
    let mut transaction = pool.begin().await?;
    // Its own statement: the next one must see what the lock waited for.
    let actor_type = sqlx::query_scalar!(
        "SELECT erp_connection_actor_type_id FROM erp_connection_actor_type
         WHERE erp_connection_id = $1 AND actor_type_erp = $2 FOR NO KEY UPDATE",
        erp_connection_id,
        actor_type_erp
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(actor_type) = actor_type else { return Ok(false) };
    let mut order = sqlx::query_scalar!(
        "SELECT erp_field_id FROM erp_field WHERE erp_connection_actor_type_id = $1 ORDER BY rank, erp_field_id",
        actor_type
    )
    .fetch_all(&mut *transaction)
    .await?;
    let Some(from) = order.iter().position(|id| *id == erp_field_id) else { return Ok(false) };
    let by = isize::try_from(by).unwrap_or_default();
    let to = from.saturating_add_signed(by).min(order.len() - 1);
    let moved = order.remove(from);
    order.insert(to, moved);
    sqlx::query!(
        "UPDATE erp_field AS f SET rank = given.rank, updated = statement_timestamp(), updated_associate_id = $2,
            updated_count = f.updated_count + 1
         FROM unnest($1::int[]) WITH ORDINALITY AS given(erp_field_id, rank)
         WHERE f.erp_field_id = given.erp_field_id AND f.rank <> given.rank",
        &order,
        caller
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// What a new actor gets in a field.
#[derive(Debug)]
pub struct DefaultValue<'v> {
    /// The field.
    pub erp_field_id: i32,
    /// A new actor gets the next one.
    pub has_first_sync_default_value: bool,
    /// At most 254 characters.
    pub first_sync_default_value: &'v str,
    /// Whoever makes a new actor is asked.
    pub prompt_user: bool,
    /// And must answer.
    pub mandatory: bool,
}

/// Stores what a new actor gets in a field; false where there is no such field.
///
/// # Errors
/// See [`Failure`].
pub async fn save_default(pool: &Pool, default: &DefaultValue<'_>, caller: i32) -> Result<bool, Failure> {
    let saved = sqlx::query!(
        "UPDATE erp_field SET has_first_sync_default_value = $2, first_sync_default_value = $3, prompt_user = $4,
            mandatory = $5, updated = statement_timestamp(), updated_associate_id = $6,
            updated_count = updated_count + 1
         WHERE erp_field_id = $1",
        default.erp_field_id,
        default.has_first_sync_default_value,
        default.first_sync_default_value,
        default.prompt_user,
        default.mandatory,
        caller
    );
    Ok(saved.execute(pool).await?.rows_affected() > 0)
}
