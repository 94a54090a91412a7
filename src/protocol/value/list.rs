//! Lists.

use serde::de::{Deserializer, Error, SeqAccess};
use serde_json::Value;

use super::read::{FromShape, Limit, ReadValue, Scalar, ValueSeed, hint, read_from_shape};
use super::scalar::check_text;
use super::schema::{Describe, Schemas, list, nullable};
use super::write::{ValueWriter, WriteContext, WriteValue};
use crate::protocol::path::Path;

/// A type whose values can be in a list.
pub trait ListItem: Sized {
    /// The type that an item is read as: an `Option` if a null is refused, otherwise the type itself.
    type Read: ReadValue + Into<Option<Self>>;

    /// The .NET name of a list.
    const LIST_TYPE: &'static str;
    /// The XML element of a list.
    const LIST_ELEMENT: &'static str;
    /// A list in words, for error messages.
    const EXPECTED_LIST: &'static str;
    /// An item in words, for error messages.
    const EXPECTED_ITEM: &'static str;

    /// Checks an item against the limits of its column.
    ///
    /// # Errors
    /// One line that names the property and its limit.
    fn check_item(&self, _limit: Limit, _path: &Path<'_>) -> Result<(), String> {
        Ok(())
    }

    /// Writes a list.
    fn write_list<W: ValueWriter>(items: &[Self], out: &mut W, context: WriteContext<'_>);

    /// Returns the schema of a list.
    fn list_schema(schemas: &mut Schemas) -> Value;
}

impl<I: ListItem> FromShape for Option<Vec<I>> {
    const EXPECTED: &'static str = I::EXPECTED_LIST;
    const HINT: &'static str = hint::LIST;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, path: &Path<'_>) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        loop {
            let path = Path::Item(path, items.len());
            let Some(item) = list.next_element_seed(ValueSeed::<I::Read>::new(&path))? else {
                return Ok(Some(items));
            };
            let expected = I::EXPECTED_ITEM;
            let refusal = || A::Error::custom(format_args!("{path}: expected {expected}, found null"));
            items.push(item.into().ok_or_else(refusal)?);
        }
    }
}

impl<I: ListItem> ReadValue for Option<Vec<I>> {
    const TYPE: &'static str = I::LIST_TYPE;
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }

    fn check(&self, limit: Limit, path: &Path<'_>) -> Result<(), String> {
        let mut items = self.iter().flatten().enumerate();
        items.try_for_each(|(index, item)| item.check_item(limit, &Path::Item(path, index)))
    }
}

impl<I: ListItem> WriteValue for Option<Vec<I>> {
    const ELEMENT: &'static str = I::LIST_ELEMENT;

    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        match self {
            Some(items) => items.write(out, context),
            None => out.null(),
        }
    }
}

impl<I: ListItem> Describe for Option<Vec<I>> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(I::list_schema(schemas))
    }
}

impl<I: ListItem> WriteValue for Vec<I> {
    const ELEMENT: &'static str = I::LIST_ELEMENT;

    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        I::write_list(self, out, context);
    }
}

impl<I: ListItem> Describe for Vec<I> {
    fn schema(schemas: &mut Schemas) -> Value {
        I::list_schema(schemas)
    }
}

impl ListItem for i32 {
    type Read = i32;

    const LIST_TYPE: &'static str = "System.Int32[]";
    const LIST_ELEMENT: &'static str = "ArrayOfint";
    const EXPECTED_LIST: &'static str = "a list of integers";
    const EXPECTED_ITEM: &'static str = i32::EXPECTED;

    fn write_list<W: ValueWriter>(items: &[i32], out: &mut W, _: WriteContext<'_>) {
        out.integer_list(items);
    }

    fn list_schema(schemas: &mut Schemas) -> Value {
        list(i32::schema(schemas), i32::ELEMENT)
    }
}

impl ListItem for String {
    type Read = Option<String>;

    const LIST_TYPE: &'static str = "System.String[]";
    const LIST_ELEMENT: &'static str = "ArrayOfstring";
    const EXPECTED_LIST: &'static str = "a list of texts";
    const EXPECTED_ITEM: &'static str = Option::<String>::EXPECTED;

    fn check_item(&self, limit: Limit, path: &Path<'_>) -> Result<(), String> {
        check_text(self, limit.text, "", path)
    }

    fn write_list<W: ValueWriter>(items: &[String], out: &mut W, _: WriteContext<'_>) {
        out.text_list(items);
    }

    fn list_schema(schemas: &mut Schemas) -> Value {
        list(String::schema(schemas), Option::<String>::ELEMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::Message;

    crate::enumeration! {
        /// A side.
        pub enum Side {
            Left = 1,
            Right = 2,
        }
    }

    const PATH: Path<'_> = Path::Member(&Path::Body, "Items");

    fn read<T: ListItem>(json: &str) -> Result<Option<Vec<T>>, String> {
        let mut source = serde_json::Deserializer::from_str(json);
        ReadValue::read(&mut source, &PATH).map_err(|error| Message::from(format_args!("{error}")).for_caller)
    }

    #[track_caller]
    fn assert_refused<T: ListItem>(json: &str, expected: &str) {
        let Err(error) = read::<T>(json) else { panic!("{json} is not refused") };
        assert!(error.starts_with(expected), "{json}: {error}");
    }

    #[test]
    fn a_null_item_is_the_default_of_a_number_or_an_enumeration() {
        assert_eq!(read(r#"[1, null, " 3 "]"#), Ok(Some(vec![1, 0, 3])));
        assert_eq!(
            read(r#"["RIGHT", null, 2, "1"]"#),
            Ok(Some(vec![Side::Right, Side::Left, Side::Right, Side::Left]))
        );
    }

    #[test]
    fn a_null_text_is_refused() {
        assert_eq!(read(r#"["a", ""]"#), Ok(Some(vec!["a".to_owned(), String::new()])));
        assert_refused::<String>(r#"["a", null]"#, "Items[1]: expected a string, found null");
    }

    #[test]
    fn a_null_list_is_none() {
        assert_eq!(read::<i32>("null"), Ok(None));
        assert_eq!(read::<String>("null"), Ok(None));
        assert_eq!(read::<Side>("null"), Ok(None));
        assert_eq!(read::<i32>("[]"), Ok(Some(Vec::new())));
    }

    #[test]
    fn other_shapes_and_items_are_refused_with_their_path() {
        assert_refused::<i32>("5", "Items: expected a list of integers, found an integer");
        assert_refused::<String>("{}", "Items: expected a list of texts, found an object");
        assert_refused::<Side>(r#""Left""#, "Items: expected a list, found a string");
        assert_refused::<i32>("[1, 1.5]", "Items[1]: expected a 32-bit integer, found a number with a fraction");
        assert_refused::<String>("[[]]", "Items[0]: expected a string, found a list");
        assert_refused::<Side>(r#"["up"]"#, "Items[0]: expected one of Left, Right, found 'up'");
        assert_refused::<Side>("[3]", "Items[0]: expected one of Left, Right, found an integer");
    }

    #[test]
    fn the_length_of_each_text_is_limited() {
        let texts = Some(vec!["𝄞𝄞".to_owned(), "𝄞𝄞𝄞".to_owned()]);
        let check = |text| texts.check(Limit { text, key: 0 }, &PATH);
        assert_eq!(check(0), Ok(()));
        assert_eq!(check(3), Ok(()));
        assert_eq!(check(2), Err("Items[1]: has 3 characters, the limit is 2.".to_owned()));
        let nul = Some(vec!["a\0".to_owned()]).check(Limit::default(), &PATH);
        assert_eq!(nul, Err("Items[0]: holds a NUL character, which cannot be stored.".to_owned()));
    }
}
