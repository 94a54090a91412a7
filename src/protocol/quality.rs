//! The quality parameter of `Accept` and `Accept-Language`.

/// Returns a `q` value in thousandths, or `None` for a value that is no number from 0 to 1.
pub fn quality(value: &str) -> Option<u16> {
    let value: f32 = value.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000, by the condition")]
    (0.0..=1.0).contains(&value).then_some((value * 1000.0).round() as u16)
}
