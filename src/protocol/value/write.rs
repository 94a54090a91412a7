//! Writing: how a value goes straight into the bytes of a response, whatever the format.
//!
//! Members that `$select` leaves out become null, and multi-language texts are resolved to the caller's language.

use std::sync::OnceLock;

use crate::protocol::localization::Localization;
use crate::protocol::select::Selection;

/// A response format. Exactly one value is written in each place.
pub trait ValueWriter: Sized {
    /// Whether `TableRight` and `FieldProperties` come before the other members of a carrier.
    const RIGHTS_FIRST: bool;

    /// Writes a null.
    fn null(&mut self);

    /// Writes a bool.
    fn boolean(&mut self, value: bool);

    /// Writes a number.
    fn integer(&mut self, value: i32);

    /// Writes a text.
    fn text(&mut self, value: &str);

    /// Writes an object; `members` calls [`ValueWriter::member`] for each member.
    fn object(&mut self, members: impl FnOnce(&mut Self));

    /// Writes a member of an object; `value` writes the member's value.
    fn member(&mut self, name: &str, value: impl FnOnce(&mut Self));

    /// Writes a dictionary; `entries` calls [`ValueWriter::entry`] for each entry.
    fn dictionary(&mut self, entries: impl FnOnce(&mut Self));

    /// Writes an entry of a dictionary; `pair` is the entry's type in the vendor's contract, `value` writes its value.
    fn entry(&mut self, pair: &str, key: &str, value: impl FnOnce(&mut Self));

    /// Writes a list of numbers.
    fn integer_list(&mut self, items: &[i32]);

    /// Writes a list of texts.
    fn text_list(&mut self, items: &[String]);

    /// Writes a list of carriers; `element` is their type, `item` writes one of them.
    fn carrier_list<T>(&mut self, element: &str, items: &[T], item: impl Fn(&mut Self, &T));

    /// Writes a mask.
    fn mask(&mut self, mask: Mask);

    /// Writes a value that is the same in every response: `value` is called once a format, then the bytes in `cache`
    /// are copied.
    fn cached(&mut self, cache: &WriteCache, value: impl FnOnce(&mut Self));
}

/// A set of rights, in the two spellings of the vendor's enumerations.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    /// Joined by `, `; a combination of bits that has a name of its own is written as that name.
    pub json: &'static str,
    /// Single bits joined by spaces: an `xs:list` in the vendor's contract.
    pub xml: &'static str,
}

/// The bytes of a value that is the same in every response, by format.
#[derive(Debug, Default)]
pub struct WriteCache {
    /// The value in JSON.
    pub json: OnceLock<Vec<u8>>,
    /// The value as the content of an XML element.
    pub xml: OnceLock<String>,
}

impl WriteCache {
    /// Creates an empty cache.
    #[must_use]
    pub const fn new() -> Self {
        WriteCache { json: OnceLock::new(), xml: OnceLock::new() }
    }
}

/// The request's choices that apply to one value: the selected members, the language, the culture and the time zone.
#[derive(Clone, Copy, Debug)]
pub struct WriteContext<'c> {
    selection: &'c Selection,
    localization: &'c Localization,
}

impl WriteContext<'static> {
    /// All members, texts as stored.
    pub const WHOLE: Self = WriteContext { selection: &Selection::All, localization: &Localization::NONE };
}

impl<'c> WriteContext<'c> {
    /// Creates the context of a whole response.
    #[must_use]
    pub fn new(selection: &'c Selection, localization: &'c Localization) -> Self {
        WriteContext { selection, localization }
    }

    /// Returns the context of the member or entry called `name`, or `None` if it is not selected.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        self.selection.member(name).map(|selection| WriteContext { selection, ..*self })
    }

    /// Whether everything is selected, down to the last member.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self.selection == Selection::All
    }

    /// Writes a member of an object: null if it is not selected.
    pub fn write_member<W: ValueWriter>(&self, out: &mut W, name: &str, value: impl FnOnce(&mut W, Self)) {
        out.member(name, |out| match self.member(name) {
            Some(context) => value(out, context),
            None => out.null(),
        });
    }

    /// Writes a text that may hold several languages.
    pub fn write_localized<W: ValueWriter>(&self, out: &mut W, text: Option<&str>) {
        match text {
            Some(text) => out.text(&self.localization.localize(text)),
            None => out.null(),
        }
    }
}

/// A type that can be in a response.
pub trait WriteValue {
    /// The name of the type in XML: the root element of a response.
    const ELEMENT: &'static str;
    /// Whether a value can hold a null, for which XML needs a namespace.
    const HAS_NULLS: bool = true;

    /// Writes the value.
    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>);
}
