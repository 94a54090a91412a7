//! The demo data's logins, which everybody knows: they are in the vendor's published sample.

use crate::auth::password;
use crate::store::Pool;
use crate::store::{Failure, associates, demo};

/// Login name, password, administrator.
const LOGINS: [(&str, &str, bool); 2] = [("tje0", "Tje0", true), ("tje1", "Tje1", false)];

/// Adds the demo data to what is there.
///
/// # Errors
/// One line; then nothing was added.
pub async fn insert(pool: &Pool) -> Result<(), String> {
    let login = |(name, word, administrator)| {
        let password_hash = password::hash(word)?;
        Ok(demo::Login { name, password_hash, administrator })
    };
    let logins: Result<Vec<_>, String> = LOGINS.into_iter().map(login).collect();
    demo::insert(pool, &logins?).await.map_err(|failure| format!("the demo data cannot be added: {failure}"))
}

/// The demo logins that still have their published password.
///
/// # Errors
/// See [`Failure`].
pub async fn live_logins(pool: &Pool) -> Result<Vec<&'static str>, Failure> {
    let mut live = Vec::new();
    for (name, word, _) in LOGINS {
        let associate = associates::find_by_name(pool, name).await?;
        let stored = associate.and_then(|associate| associate.password_hash);
        if stored.is_some_and(|stored| password::matches(&stored, word)) {
            live.push(name);
        }
    }
    Ok(live)
}
