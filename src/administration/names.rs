//! Validation of new names of associates, user groups and applications.

/// Returns a new name without surrounding white space.
///
/// # Errors
/// One line, if the name is blank, longer than its column, or unusable for Basic authentication.
pub fn validate(name: &str) -> Result<&str, String> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err("the name is blank".to_owned()),
        1..=254 if name.contains(':') => {
            Err("a name must not contain a colon, which ends the name in Basic credentials".to_owned())
        }
        1..=254 => Ok(name),
        _ => Err("a name has at most 254 characters".to_owned()),
    }
}
