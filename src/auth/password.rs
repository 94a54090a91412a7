//! Hashing of passwords with argon2id.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The length of the longest password in bytes. Longer ones are not hashed, so that the work has a limit.
pub const MAX_PASSWORD_BYTES: usize = 512;

/// Hashes a password with argon2id (19 MiB, 2 passes, 1 lane: OWASP's minimum) and a random salt, as a PHC string.
///
/// # Errors
/// One line where the password is too long or the system has no random numbers.
pub fn hash(password: &str) -> Result<String, String> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(format!("a password has at most {MAX_PASSWORD_BYTES} bytes"));
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|problem| problem.to_string())
}

/// Whether `password` matches the stored PHC string. Takes some 15 ms of CPU time.
#[must_use]
pub fn matches(stored: &str, password: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| ReleasingArgon2.verify_password(password.as_bytes(), &stored).is_ok())
}

/// Argon2 whose memory is returned to the operating system after use.
struct ReleasingArgon2;

/// The least allocation, in blocks of 1 KiB. The C library keeps freed allocations of up to 32 MiB for itself, and
/// returns larger ones. The blocks past those that argon2 needs are never touched, so they cost no memory.
const MIN_BLOCKS: usize = 33 * 1024;

impl CustomizedPasswordHasher<PasswordHash> for ReleasingArgon2 {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let mut output = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        let mut memory: Vec<Block> = Vec::with_capacity(params.block_count().max(MIN_BLOCKS));
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(algorithm, version, params.clone());
        argon2.hash_password_into_with_memory(password, salt, output, &mut memory)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_argon2id_with_the_minimum_parameters_of_owasp() {
        let stored = hash("x").expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(hash(&"x".repeat(513)).is_err());
    }
}
