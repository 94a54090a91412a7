//! How the values of a carrier's members are written, whatever the format of the answer: straight into its bytes, less
//! what is not selected, with texts in the caller's language.

use super::carrier::Carrier;
use super::localization::Localization;
use super::select::Selection;
use super::values::{EmptyDate, StringDictionary};

/// A format's way of writing. Exactly one value is written in each place.
pub trait Writer {
    /// `TableRight` and `FieldProperties` come before a carrier's other members.
    const RIGHTS_FIRST: bool;

    /// Writes no value.
    fn null(&mut self);

    /// Writes a bool.
    fn boolean(&mut self, value: bool);

    /// Writes a number.
    fn integer(&mut self, value: i32);

    /// Writes a text.
    fn text(&mut self, value: &str);

    /// Writes an object; `members` calls [`Writer::member`] for each of its members.
    fn object(&mut self, members: impl FnOnce(&mut Self));

    /// Writes a member of an object; `value` writes its value.
    fn member(&mut self, name: &str, value: impl FnOnce(&mut Self));

    /// Writes a dictionary; `entries` calls [`Writer::entry`] for each of its entries.
    fn dictionary(&mut self, entries: impl FnOnce(&mut Self));

    /// Writes an entry of a dictionary, whose type is called `pair`; `value` writes its value.
    fn entry(&mut self, pair: &str, key: &str, value: impl FnOnce(&mut Self));

    /// Writes a list of numbers.
    fn integers(&mut self, items: &[i32]);

    /// Writes a list of texts.
    fn texts(&mut self, items: &[String]);

    /// Writes a list of carriers, whose type is called `element`; `item` writes each.
    fn carriers<T>(&mut self, element: &str, items: &[T], item: impl Fn(&mut Self, &T));

    /// Writes a mask: for JSON its names joined as the vendor joins them, for XML the names of its bits.
    fn mask(&mut self, mask: Mask);

    /// Writes what was written before.
    fn prepared(&mut self, prepared: &Prepared);
}

/// Rights, as the vendor's enumerations write them.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    /// Joined by `, `; where the enumeration has a name for several bits, that name.
    pub json: &'static str,
    /// Single bits, joined by spaces: an `xs:list` in the vendor's contract.
    pub xml: &'static str,
}

/// A value in every format.
#[derive(Debug)]
pub struct Prepared {
    /// As JSON.
    pub json: Vec<u8>,
    /// As the content of an XML element.
    pub xml: String,
}

/// How a value is to be shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'v> {
    selection: &'v Selection,
    localization: &'v Localization,
}

impl View<'static> {
    /// Everything, as it is stored.
    pub const WHOLE: Self = View { selection: &Selection::All, localization: &Localization::NONE };
}

impl<'v> View<'v> {
    /// A view of a whole answer.
    #[must_use]
    pub fn new(selection: &'v Selection, localization: &'v Localization) -> Self {
        View { selection, localization }
    }

    /// The view of the member or entry called `name`; `None` where it is not selected.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        self.selection.member(name).map(|selection| View { selection, ..*self })
    }

    /// Everything is to be shown, down to the last member.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self.selection == Selection::All
    }

    /// Writes a member of an object, null where it is not selected.
    pub fn write_member<W: Writer>(&self, out: &mut W, name: &str, value: impl FnOnce(&mut W, Self)) {
        out.member(name, |out| match self.member(name) {
            Some(view) => value(out, view),
            None => out.null(),
        });
    }

    /// Writes a text that may hold several languages.
    pub fn write_localized<W: Writer>(&self, out: &mut W, text: Option<&str>) {
        match text {
            Some(text) => out.text(&self.localization.localize(text)),
            None => out.null(),
        }
    }
}

/// A value that can be in an answer.
pub trait Write {
    /// The name of its type in XML: that of an answer's root.
    const ELEMENT: &'static str;
    /// Something in it can be null, which XML needs a namespace for.
    const HAS_NULLS: bool = true;

    /// Writes it.
    fn write<W: Writer>(&self, out: &mut W, view: View<'_>);
}

impl Write for i32 {
    const ELEMENT: &'static str = "int";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.integer(*self);
    }
}

impl Write for bool {
    const ELEMENT: &'static str = "boolean";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.boolean(*self);
    }
}

impl Write for Option<String> {
    const ELEMENT: &'static str = "string";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        match self {
            Some(text) => out.text(text),
            None => out.null(),
        }
    }
}

impl Write for Option<StringDictionary> {
    const ELEMENT: &'static str = "StringDictionary";

    fn write<W: Writer>(&self, out: &mut W, view: View<'_>) {
        let Some(entries) = self else { return out.null() };
        out.dictionary(|out| {
            for (key, value) in entries {
                if let Some(view) = view.member(key) {
                    out.entry("StringKeyValuePair", key, |out| value.write(out, view));
                }
            }
        });
    }
}

impl Write for Option<Vec<i32>> {
    const ELEMENT: &'static str = "ArrayOfint";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        match self {
            Some(items) => out.integers(items),
            None => out.null(),
        }
    }
}

impl Write for Option<i32> {
    const ELEMENT: &'static str = "int";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        match self {
            Some(number) => out.integer(*number),
            None => out.null(),
        }
    }
}

impl Write for Vec<String> {
    const ELEMENT: &'static str = "ArrayOfstring";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.texts(self);
    }
}

impl<C: Carrier + Write> Write for Option<Vec<C>> {
    const ELEMENT: &'static str = C::ARRAY;

    fn write<W: Writer>(&self, out: &mut W, view: View<'_>) {
        match self {
            Some(carriers) => carriers.write(out, view),
            None => out.null(),
        }
    }
}

impl Write for EmptyDate {
    const ELEMENT: &'static str = "dateTime";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.text("0001-01-01T00:00:00");
    }
}

impl<C: Carrier + Write> Write for Vec<C> {
    const ELEMENT: &'static str = C::ARRAY;

    // What is selected, is selected of each.
    fn write<W: Writer>(&self, out: &mut W, view: View<'_>) {
        out.carriers(C::ELEMENT, self, |out, carrier| carrier.write(out, view));
    }
}

impl<C: Carrier + Write> Write for Option<C> {
    const ELEMENT: &'static str = C::ELEMENT;

    fn write<W: Writer>(&self, out: &mut W, view: View<'_>) {
        match self {
            Some(carrier) => carrier.write(out, view),
            None => out.null(),
        }
    }
}
