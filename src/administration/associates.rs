//! `erpsync associate`: the accounts that log in.

use std::io::{IsTerminal, Read};
use std::path::Path;

use serde_json::json;

use super::error::{CommandError, require_found};
use super::names;
use super::output::Output;
use crate::auth::password;
use crate::config::administration::{AssociateCommand, CommonArgs, PasswordArgs, Switch};
use crate::store::{Failure, Pool, associates, user_groups};

/// The name of the user group that is added with the first associate.
const FIRST_GROUP: &str = "Everybody";

pub fn common(command: &AssociateCommand) -> &CommonArgs {
    match command {
        AssociateCommand::Add { common, .. }
        | AssociateCommand::List { common }
        | AssociateCommand::Disable { common, .. }
        | AssociateCommand::Enable { common, .. }
        | AssociateCommand::Password { common, .. }
        | AssociateCommand::Administrator { common, .. } => common,
    }
}

pub async fn run(command: AssociateCommand, pool: &Pool) -> Result<Output, CommandError> {
    match command {
        AssociateCommand::Add { name, group, administrator, password, .. } => {
            let name = names::validate(&name)?;
            let hash = new_password(&password)?.map(|password| password::hash(&password)).transpose()?;
            let group = match group {
                Some(group) => Some(group),
                None => add_first_group(pool).await?,
            };
            let added = associates::add(pool, name, group, administrator, hash.as_deref()).await;
            let id = added.map_err(|failure| match failure {
                Failure::Constraint(key) if key == associates::NAME_KEY => {
                    format!("the associate '{name}' already exists").into()
                }
                Failure::Constraint(key) if key == associates::USER_GROUP_KEY => "the user group does not exist".into(),
                other => CommandError::from(other),
            })?;
            Ok(Output::Value("associate_id", json!(id)))
        }
        AssociateCommand::List { .. } => list(pool).await,
        AssociateCommand::Disable { name, .. } => {
            require_found(associates::set_disabled(pool, &name, true).await?, "associate", &name)?;
            Ok(Output::Message(format!("'{name}' is disabled; their tickets, tokens and sessions are revoked")))
        }
        AssociateCommand::Enable { name, .. } => {
            require_found(associates::set_disabled(pool, &name, false).await?, "associate", &name)?;
            Ok(Output::Message(format!("'{name}' is enabled")))
        }
        AssociateCommand::Password { name, password, .. } => {
            let password = new_password(&password)?
                .ok_or("no password was given: use --password-file with a file, or with - for standard input")?;
            let hash = password::hash(&password)?;
            require_found(associates::set_password(pool, &name, &hash).await?, "associate", &name)?;
            Ok(Output::Message(format!(
                "the password of '{name}' is changed; their tickets, tokens and sessions are revoked"
            )))
        }
        AssociateCommand::Administrator { name, switch, .. } => {
            let is_administrator = switch == Switch::On;
            let changed = associates::set_administrator(pool, &name, is_administrator).await;
            require_found(changed?, "associate", &name)?;
            Ok(Output::Message(format!(
                "'{name}' is {} an administrator",
                if is_administrator { "now" } else { "not" }
            )))
        }
    }
}

/// Adds a user group to a database that has none, and returns its id. Returns `None` if the database has groups.
///
/// Every associate needs a primary group.
async fn add_first_group(pool: &Pool) -> Result<Option<i32>, CommandError> {
    let groups = user_groups::list(pool).await?;
    if !groups.is_empty() {
        return Ok(None);
    }
    Ok(Some(user_groups::add(pool, FIRST_GROUP).await?))
}

async fn list(pool: &Pool) -> Result<Output, CommandError> {
    let listed = associates::list(pool).await?;
    let rows = listed.into_iter().map(|row| {
        vec![
            json!(row.associate_id),
            json!(row.name),
            json!(row.user_group_id),
            json!(row.further_groups),
            json!(row.administrator),
            json!(row.disabled),
            json!(row.has_password),
        ]
    });
    let columns = &["associate_id", "name", "group", "further_groups", "administrator", "disabled", "password"];
    Ok(Output::Table(columns, rows.collect()))
}

/// Returns the new password, or `None` without a password file and without a terminal to prompt on.
fn new_password(source: &PasswordArgs) -> Result<Option<String>, String> {
    let password = match source.password_file.as_deref() {
        Some(file) => read_password(file)?,
        None if std::io::stdin().is_terminal() => prompt_password()?,
        None => return Ok(None),
    };
    if password.is_empty() {
        return Err("the password is blank".to_owned());
    }
    Ok(Some(password))
}

/// Reads the whole file, without one line end.
fn read_password(file: &Path) -> Result<String, String> {
    // One byte past the limit and a line end are enough to reject longer input.
    let limit = password::MAX_PASSWORD_BYTES as u64 + 3;
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(limit).read_to_string(&mut text))
    };
    read.map_err(|problem| format!("the password file {} cannot be read: {problem}", file.display()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn prompt_password() -> Result<String, String> {
    let prompt =
        |text| rpassword::prompt_password(text).map_err(|problem| format!("the password cannot be read: {problem}"));
    let password = prompt("New password: ")?;
    if prompt("Repeat the password: ")? != password {
        return Err("the two passwords differ".to_owned());
    }
    Ok(password)
}
