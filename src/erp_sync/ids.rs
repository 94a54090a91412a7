//! Lists of ids in messages.

/// Formats the first ids of a list, which can be as long as the body.
pub fn format_ids(ids: &[i32]) -> String {
    const MAX: usize = 20;
    let first: Vec<String> = ids.iter().take(MAX).map(ToString::to_string).collect();
    match ids.len().checked_sub(MAX) {
        Some(more @ 1..) => format!("{} (and {more} more)", first.join(", ")),
        _ => first.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_ids_is_cut() {
        assert_eq!(format_ids(&[1, 2]), "1, 2");
        let ids: Vec<i32> = (1..=22).collect();
        assert!(format_ids(&ids).ends_with("19, 20 (and 2 more)"), "{}", format_ids(&ids));
        assert!(format_ids(&ids[..20]).ends_with("19, 20"));
    }
}
