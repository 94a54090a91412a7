//! `$select`: the members that the caller wants. The others are null in the response.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// The maximum number of segments of a path. A longer path selects everything below its last segment; no carrier is
/// as deep.
const MAX_SEGMENTS: usize = 8;

/// The selected members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All members, at every depth.
    #[default]
    All,
    /// The members of these names, in lower case.
    Members(BTreeMap<String, Selection>),
}

impl Selection {
    /// Parses the query string: `$select=a,b/c`, in any letter case. Without names, or with `*`, everything is selected.
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        let mut members = BTreeMap::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if decode(name).eq_ignore_ascii_case("$select") {
                add(&mut members, &decode(value));
            }
        }
        if members.is_empty() || members.contains_key("*") { Selection::All } else { Selection::Members(members) }
    }

    /// Returns the selection below the member or entry called `name`; `None` if it is not selected.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Selection> {
        match self {
            Selection::All => Some(self),
            Selection::Members(members) => members.get(&name.to_lowercase()),
        }
    }
}

fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

fn add(members: &mut BTreeMap<String, Selection>, list: &str) {
    for path in list.split(',') {
        let mut segments =
            path.split('/').map(str::trim).filter(|segment| !segment.is_empty()).take(MAX_SEGMENTS).peekable();
        let mut members = &mut *members;
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            let is_new = !members.contains_key(&segment.to_lowercase());
            let member = members.entry(segment.to_lowercase()).or_default();
            match member {
                _ if is_last => *member = Selection::All,
                // An earlier path selects the whole parent.
                Selection::All if !is_new => break,
                Selection::All => *member = Selection::Members(BTreeMap::new()),
                Selection::Members(_) => {}
            }
            let Selection::Members(below) = member else { break };
            members = below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_names_everything_is_selected() {
        for query in
            ["", "x=1", "$select=", "$select=,", "$select", "select=a", "$select=%20,/", "$select=*", "$select=a,*"]
        {
            assert_eq!(Selection::of_query(query), Selection::All, "{query}");
        }
    }

    #[test]
    fn names_and_paths_are_selected_in_any_letter_case() {
        for query in
            ["$select=Name,Category/Id", "x&%24SELECT=name+,+category%2FID&y", "$select=name&$select=CATEGORY/id"]
        {
            let selection = Selection::of_query(query);
            assert_eq!(selection.member("NAME"), Some(&Selection::All), "{query}");
            let category = selection.member("Category").expect("selected");
            assert!(category.member("Id").is_some() && category.member("Value").is_none(), "{query}");
            assert!(selection.member("Department").is_none(), "{query}");
        }
    }

    #[test]
    fn a_parent_alone_selects_everything_below() {
        for query in ["$select=a,a/b", "$select=a/b,a"] {
            assert_eq!(Selection::of_query(query).member("a"), Some(&Selection::All));
        }
    }

    #[test]
    fn long_paths_are_cut() {
        let selection = Selection::of_query(&format!("$select={}", "a/".repeat(100_000)));
        let mut depth = 0;
        let mut below = &selection;
        while let Selection::Members(members) = below {
            below = &members["a"];
            depth += 1;
        }
        assert_eq!(depth, MAX_SEGMENTS);
    }
}
