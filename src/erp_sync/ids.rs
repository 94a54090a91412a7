//! Ids in messages.

/// The first ids, in words; a list can be as long as the body.
pub fn listed(ids: &[i32]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    match ids.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} (and {more} more)", shown.join(", ")),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_of_ids_are_cut_in_messages() {
        assert_eq!(listed(&[1, 2]), "1, 2");
        let ids: Vec<i32> = (1..=22).collect();
        assert!(listed(&ids).ends_with("19, 20 (and 2 more)"), "{}", listed(&ids));
        assert!(listed(&ids[..20]).ends_with("19, 20"));
    }
}
