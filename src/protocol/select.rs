//! `$select`: which members the caller wants; the others are null in the answer.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// Parts of a path; what is named deeper is selected with its parent. No carrier is as deep.
const MAX_PARTS: usize = 8;

/// The members that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of them, with all that is below.
    #[default]
    All,
    /// Those of these names, in lower case.
    Members(BTreeMap<String, Selection>),
}

impl Selection {
    /// What a query says: `$select=a,b/c`, in any letter case. Without a name in it, or with `*`, everything is selected.
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

    /// What is wanted of the member or entry called `name`; `None` where it is not.
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
        let mut parts = path.split('/').map(str::trim).filter(|part| !part.is_empty()).take(MAX_PARTS).peekable();
        let mut members = &mut *members;
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            let is_new = !members.contains_key(&part.to_lowercase());
            let member = members.entry(part.to_lowercase()).or_default();
            match member {
                _ if is_last => *member = Selection::All,
                // Its parent was named by itself before: all of it is selected already.
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
    fn a_parent_by_itself_selects_everything_below() {
        for query in ["$select=a,a/b", "$select=a/b,a"] {
            assert_eq!(Selection::of_query(query).member("a"), Some(&Selection::All));
        }
    }

    #[test]
    fn endless_paths_are_cut() {
        let selection = Selection::of_query(&format!("$select={}", "a/".repeat(100_000)));
        let mut depth = 0;
        let mut below = &selection;
        while let Selection::Members(members) = below {
            below = &members["a"];
            depth += 1;
        }
        assert_eq!(depth, MAX_PARTS);
    }
}
