//! The elements of a response with their namespaces, which the reader of responses ignores.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::connector::config_values::MASK;
use crate::connector::envelope::INSTANCE;

/// An element of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The namespace; empty if there is none.
    pub namespace: String,
    /// The local name.
    pub name: String,
    /// Whether the element stands for null.
    pub is_nil: bool,
    /// The text, without that of the children.
    pub text: String,
    /// The child elements.
    pub children: Vec<Element>,
    /// Whether the end of the element was read.
    pub is_complete: bool,
}

impl Element {
    /// Whether the element has no content.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.children.is_empty()
    }

    /// Returns the child elements with this local name.
    pub fn children_named(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Reads the root element of a document that the reader of responses has accepted, so that the document is well-formed and
/// within the limits. The document can be shortened at its end, and has masked secrets: what follows an element whose name
/// is masked is not read.
pub fn read(document: &str) -> Option<Element> {
    let mut reader = NsReader::from_str(document.trim_start_matches('\u{FEFF}'));
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().unwrap_or(Event::Eof);
        let Some(current) = open.last_mut() else { break };
        match event {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref().contains(MASK) => break,
            Event::Start(tag) => {
                let element = element(&reader, &tag);
                open.push(element);
            }
            Event::Empty(tag) => {
                let element = element(&reader, &tag);
                current.children.push(Element { is_complete: true, ..element });
            }
            Event::End(_) => {
                current.is_complete = true;
                close(&mut open);
            }
            Event::Text(text) => current.text.push_str(&text.xml10_content()),
            Event::CData(text) => current.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => current.text.extend(reference.resolve_char_ref().ok().flatten()),
            Event::Eof => break,
            _ => {}
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop()?.children.into_iter().next()
}

/// Moves the innermost open element into the one around it.
fn close(open: &mut Vec<Element>) {
    let element = open.pop();
    if let Some(parent) = open.last_mut() {
        parent.children.extend(element);
    }
}

fn element(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Element {
    let (namespace, name) = reader.resolver().resolve_element(tag.name());
    let is_nil = tag.attributes().flatten().any(|attribute| {
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        name.as_ref() == "nil" && text(&namespace) == INSTANCE && matches!(attribute.value.trim(), "true" | "1")
    });
    Element { namespace: text(&namespace), name: name.as_ref().to_owned(), is_nil, ..Element::default() }
}

fn text(namespace: &ResolveResult<'_>) -> String {
    match namespace {
        ResolveResult::Unbound => String::new(),
        ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
        ResolveResult::Unknown(prefix) => format!("(undeclared prefix {prefix})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_their_namespaces_and_texts() {
        let document = "\u{FEFF}<a xmlns='urn:a' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'>\n<p:b xmlns:p='urn:b' \
                        i:nil='true'/><c nil='true' xmlns=''>&#79;<![CDATA[k]]></c><d:e/></a>";
        let root = read(document).expect("a root element");
        let children: Vec<_> =
            root.children.iter().map(|child| (&*child.namespace, &*child.name, &*child.text)).collect();
        let expected = [("urn:b", "b", ""), ("", "c", "Ok"), ("(undeclared prefix d)", "e", "")];
        assert_eq!((root.namespace.as_str(), root.name.as_str(), &children[..]), ("urn:a", "a", &expected[..]));
        assert_eq!(root.children.iter().map(|child| child.is_nil).collect::<Vec<_>>(), [true, false, false]);
        assert!(root.is_complete && root.children.iter().all(|child| child.is_complete));
    }

    #[test]
    fn a_document_is_read_as_far_as_it_goes() {
        for document in ["<a><b>1</b><c>tr…", "<a><b>1</b><c><Is***>1</Is***></c></a>"] {
            let root = read(document).expect("a root element");
            let complete: Vec<_> = root.children.iter().map(|child| (&*child.name, child.is_complete)).collect();
            assert_eq!((root.is_complete, &complete[..]), (false, &[("b", true), ("c", false)][..]), "{document}");
        }
        assert_eq!(read(""), None);
    }
}
