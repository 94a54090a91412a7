//! `erpsync associate`

use std::io::{IsTerminal, Read};
use std::path::Path;

use serde_json::json;

use super::output::Output;
use super::{checked_name, or_unknown};
use crate::auth::password;
use crate::config::administration::{Associates, Common, NewPassword, Switch};
use crate::store::Pool;
use crate::store::{Failure, associates, user_groups};

/// The name of the user group that the first associate gets.
const FIRST_GROUP: &str = "Everybody";

pub fn common(command: &Associates) -> &Common {
    match command {
        Associates::Add { common, .. }
        | Associates::List { common }
        | Associates::Disable { common, .. }
        | Associates::Enable { common, .. }
        | Associates::Password { common, .. }
        | Associates::Administrator { common, .. } => common,
    }
}

pub async fn run(command: Associates, pool: &Pool) -> Result<Output, String> {
    match command {
        Associates::Add { name, group, administrator, password, .. } => {
            let name = checked_name(&name)?;
            let hash = new_password(&password)?.map(|password| password::hash(&password)).transpose()?;
            let group = match group {
                Some(group) => Some(group),
                None => first_group(pool).await?,
            };
            let added = associates::add(pool, name, group, administrator, hash.as_deref()).await;
            let id = added.map_err(|failure| match failure {
                Failure::Constraint(key) if key == associates::NAME_KEY => {
                    format!("there is an associate '{name}' already")
                }
                Failure::Constraint(key) if key == associates::USER_GROUP_KEY => "there is no such group".to_owned(),
                other => other.to_string(),
            })?;
            Ok(Output::Made("associate_id", json!(id)))
        }
        Associates::List { .. } => list(pool).await,
        Associates::Disable { name, .. } => {
            or_unknown(associates::set_disabled(pool, &name, true).await, "associate", &name)?;
            Ok(Output::Done(format!("{name} is refused from now on")))
        }
        Associates::Enable { name, .. } => {
            or_unknown(associates::set_disabled(pool, &name, false).await, "associate", &name)?;
            Ok(Output::Done(format!("{name} is let in again")))
        }
        Associates::Password { name, password, .. } => {
            let password = new_password(&password)?.ok_or("no password: name a file with --password-file, or -")?;
            let hash = password::hash(&password)?;
            or_unknown(associates::set_password(pool, &name, &hash).await, "associate", &name)?;
            Ok(Output::Done(format!("{name} has a new password; tickets, tokens and sessions have ended")))
        }
        Associates::Administrator { name, switch, .. } => {
            let is_on = switch == Switch::On;
            or_unknown(associates::set_administrator(pool, &name, is_on).await, "associate", &name)?;
            Ok(Output::Done(format!("{name} is {}", if is_on { "an administrator" } else { "no administrator" })))
        }
    }
}

/// Adds a first user group to a database that has none, and returns its id: every associate has a primary group.
async fn first_group(pool: &Pool) -> Result<Option<i32>, String> {
    let groups = user_groups::list(pool).await.map_err(|failure| failure.to_string())?;
    if !groups.is_empty() {
        return Ok(None);
    }
    let added = user_groups::add(pool, FIRST_GROUP).await;
    added.map(Some).map_err(|failure| failure.to_string())
}

async fn list(pool: &Pool) -> Result<Output, String> {
    let listed = associates::list(pool).await.map_err(|failure| failure.to_string())?;
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
    Ok(Output::List(columns, rows.collect()))
}

/// The new password; none where there is neither a file nor a terminal to ask on.
fn new_password(source: &NewPassword) -> Result<Option<String>, String> {
    let password = match source.password_file.as_deref() {
        Some(file) => read(file)?,
        None if std::io::stdin().is_terminal() => ask()?,
        None => return Ok(None),
    };
    if password.is_empty() {
        return Err("the password is blank".to_owned());
    }
    Ok(Some(password))
}

/// The whole file, less one line end.
fn read(file: &Path) -> Result<String, String> {
    // No longer than what could be one, with a line end.
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

fn ask() -> Result<String, String> {
    let prompt = |text| rpassword::prompt_password(text).map_err(|problem| format!("no password: {problem}"));
    let password = prompt("New password: ")?;
    if prompt("Once more: ")? != password {
        return Err("the two passwords differ".to_owned());
    }
    Ok(password)
}
