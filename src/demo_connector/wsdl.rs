//! The description of the service: a WSDL 1.1 document with its schemas inside, from the descriptions of the messages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::connector::description::{MemberDescription, MessageDescription, OperationDescription, Schema};
use crate::connector::envelope::NAMESPACE;
use crate::connector::operations::OPERATIONS;
use crate::connector::writer::ARRAYS;

/// The lists of texts and the dictionaries, as WCF describes them.
const ARRAYS_SCHEMA: &str = r#"<xs:schema elementFormDefault="qualified" targetNamespace="http://schemas.microsoft.com/2003/10/Serialization/Arrays">
<xs:complexType name="ArrayOfKeyValueOfstringstring"><xs:sequence>
<xs:element minOccurs="0" maxOccurs="unbounded" name="KeyValueOfstringstring"><xs:complexType><xs:sequence>
<xs:element name="Key" nillable="true" type="xs:string" /><xs:element name="Value" nillable="true" type="xs:string" />
</xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType>
<xs:complexType name="ArrayOfstring"><xs:sequence>
<xs:element minOccurs="0" maxOccurs="unbounded" name="string" nillable="true" type="xs:string" />
</xs:sequence></xs:complexType>
</xs:schema>
"#;

/// Returns the document of a service at `url`, which must need no escape in XML.
#[must_use]
pub fn document(url: &str) -> String {
    let mut types = Types::default();
    for operation in OPERATIONS {
        types.add(operation);
    }
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<wsdl:definitions name=\"ErpConnectorWS\" targetNamespace=\"{NAMESPACE}\" \
         xmlns:tns=\"{NAMESPACE}\" xmlns:q=\"{ARRAYS}\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\">\n<wsdl:types>\n\
         {ARRAYS_SCHEMA}<xs:schema elementFormDefault=\"qualified\" targetNamespace=\"{NAMESPACE}\">\n\
         <xs:import namespace=\"{ARRAYS}\" />\n"
    );
    for definition in types.definitions.values().chain(&types.elements) {
        out.push_str(definition);
    }
    out.push_str("</xs:schema>\n</wsdl:types>\n");
    for OperationDescription { name, .. } in OPERATIONS {
        for (kind, suffix) in [("Input", ""), ("Output", "Response")] {
            append(
                &mut out,
                format_args!(
                    "<wsdl:message name=\"IErpConnectorWS_{name}_{kind}Message\">\
                     <wsdl:part name=\"parameters\" element=\"tns:{name}{suffix}\" /></wsdl:message>\n"
                ),
            );
        }
    }
    out.push_str("<wsdl:portType name=\"IErpConnectorWS\">\n");
    for OperationDescription { name, .. } in OPERATIONS {
        append(
            &mut out,
            format_args!(
                "<wsdl:operation name=\"{name}\"><wsdl:input message=\"tns:IErpConnectorWS_{name}_InputMessage\" />\
                 <wsdl:output message=\"tns:IErpConnectorWS_{name}_OutputMessage\" /></wsdl:operation>\n"
            ),
        );
    }
    out.push_str(
        "</wsdl:portType>\n<wsdl:binding name=\"BasicHttpBinding_IErpConnectorWS\" type=\"tns:IErpConnectorWS\">\n\
         <soap:binding transport=\"http://schemas.xmlsoap.org/soap/http\" />\n",
    );
    for OperationDescription { name, .. } in OPERATIONS {
        append(
            &mut out,
            format_args!(
                "<wsdl:operation name=\"{name}\">\
                 <soap:operation soapAction=\"{NAMESPACE}/IErpConnectorWS/{name}\" style=\"document\" />\
                 <wsdl:input><soap:body use=\"literal\" /></wsdl:input>\
                 <wsdl:output><soap:body use=\"literal\" /></wsdl:output></wsdl:operation>\n"
            ),
        );
    }
    append(
        &mut out,
        format_args!(
            "</wsdl:binding>\n<wsdl:service name=\"ErpConnectorWS\">\
             <wsdl:port name=\"BasicHttpBinding_IErpConnectorWS\" binding=\"tns:BasicHttpBinding_IErpConnectorWS\">\
             <soap:address location=\"{url}\" /></wsdl:port></wsdl:service>\n</wsdl:definitions>\n"
        ),
    );
    out
}

fn append(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = out.write_fmt(text);
}

/// The types and elements of the schema.
#[derive(Default)]
struct Types {
    /// The types, by name.
    definitions: BTreeMap<String, String>,
    /// The elements in bodies.
    elements: Vec<String>,
}

impl Types {
    fn add(&mut self, operation: &OperationDescription) {
        let OperationDescription { name, request, response } = operation;
        let request = request.map(|request| {
            self.add_message(request);
            format!("<xs:element minOccurs=\"0\" name=\"request\" nillable=\"true\" type=\"tns:{}\" />", request.name)
        });
        self.add_message(response);
        let result = format!(
            "<xs:element minOccurs=\"0\" name=\"{name}Result\" nillable=\"true\" type=\"tns:{}\" />",
            response.name
        );
        for (name, content) in [((*name).to_owned(), request.unwrap_or_default()), (format!("{name}Response"), result)]
        {
            self.elements.push(format!(
                "<xs:element name=\"{name}\"><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType>\
                 </xs:element>\n"
            ));
        }
    }

    fn add_message(&mut self, message: &MessageDescription) {
        if self.definitions.contains_key(message.name) {
            return;
        }
        let members: String = message.members.iter().map(|member| self.member(member)).collect();
        let sequence = format!("<xs:sequence>{members}</xs:sequence>");
        let content = match message.base {
            Some(base) => {
                self.add_message(base);
                let extension = format!("<xs:extension base=\"tns:{}\">{sequence}</xs:extension>", base.name);
                format!("<xs:complexContent mixed=\"false\">{extension}</xs:complexContent>")
            }
            None => sequence,
        };
        self.define(message.name, format!("<xs:complexType name=\"{}\">{content}</xs:complexType>\n", message.name));
    }

    fn member(&mut self, member: &MemberDescription) -> String {
        let (schema, is_nillable) = match member.schema {
            Schema::Boolean => ("xs:boolean".to_owned(), false),
            Schema::Integer => ("xs:int".to_owned(), false),
            Schema::Text => ("xs:string".to_owned(), true),
            Schema::TextList => ("q:ArrayOfstring".to_owned(), true),
            Schema::Dictionary => ("q:ArrayOfKeyValueOfstringstring".to_owned(), true),
            Schema::Enumeration(name, values) => {
                let values = values.iter().map(|(value, _)| format!("<xs:enumeration value=\"{value}\" />"));
                let values = values.collect::<Vec<_>>().concat();
                let restriction = format!("<xs:restriction base=\"xs:string\">{values}</xs:restriction>");
                self.define(name, format!("<xs:simpleType name=\"{name}\">{restriction}</xs:simpleType>\n"));
                (format!("tns:{name}"), false)
            }
            Schema::Message(inner) => {
                self.add_message(inner);
                (format!("tns:{}", inner.name), true)
            }
            Schema::MessageList(inner) => {
                self.add_message(inner);
                let (list, item) = (format!("ArrayOf{}", inner.name), inner.name);
                let items = format!(
                    "<xs:element minOccurs=\"0\" maxOccurs=\"unbounded\" name=\"{item}\" nillable=\"true\" \
                     type=\"tns:{item}\" />"
                );
                let content = format!("<xs:sequence>{items}</xs:sequence>");
                self.define(&list, format!("<xs:complexType name=\"{list}\">{content}</xs:complexType>\n"));
                (format!("tns:{list}"), true)
            }
        };
        let nillable = if is_nillable { " nillable=\"true\"" } else { "" };
        format!("<xs:element minOccurs=\"0\" name=\"{}\"{nillable} type=\"{schema}\" />", member.name)
    }

    fn define(&mut self, name: &str, definition: String) {
        self.definitions.entry(name.to_owned()).or_insert(definition);
    }
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::*;

    const SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded/schema.xsd"));
    const XS: &str = "http://www.w3.org/2001/XMLSchema";

    fn local(name: &str) -> &str {
        name.split_once(':').map_or(name, |(_, local)| local)
    }

    /// The name, type or value of each part of a definition, with those of the definition that it extends.
    fn parts<'d>(schema: Node<'d, 'd>, definition: Node<'d, 'd>) -> Vec<String> {
        let mut found = Vec::new();
        for part in definition.descendants().skip(1).filter(|part| part.tag_name().namespace() == Some(XS)) {
            match part.tag_name().name() {
                "extension" => {
                    let base = part.attribute("base").map(local);
                    let types = schema.children().filter(|node| node.has_tag_name((XS, "complexType")));
                    found.extend(
                        types.filter(|node| node.attribute("name") == base).flat_map(|base| parts(schema, base)),
                    );
                }
                "element" | "enumeration" => {
                    let text = |name| part.attribute(name).map_or("", local);
                    found.push(["name", "type", "value"].map(text).concat());
                }
                _ => {}
            }
        }
        found.sort();
        found
    }

    /// The parts of the types and elements of a schema, by name. Those without parts are left out: WCF declares an element
    /// for each type, too, which no message uses.
    fn definitions<'d>(schema: Node<'d, 'd>) -> BTreeMap<String, Vec<String>> {
        let named = schema.children().filter(Node::is_element);
        let named = named.filter_map(|node| Some((node.attribute("name")?.to_owned(), parts(schema, node))));
        named.filter(|(_, parts)| !parts.is_empty()).collect()
    }

    /// That requests have a base type is left out: the members are the same. Their order is checked beside the descriptions.
    #[test]
    fn types_and_elements_have_the_members_that_wcf_publishes() {
        let expected = Document::parse(SCHEMA).expect("XML");
        let expected = definitions(expected.root_element());
        let document = document("http://erp.example/ErpConnectorWS.svc");
        let document = Document::parse(&document).expect("XML");
        let schema = document
            .descendants()
            .find(|node| node.has_tag_name((XS, "schema")) && node.attribute("targetNamespace") == Some(NAMESPACE));
        assert!(expected.len() > 40, "{expected:?}");
        assert_eq!(definitions(schema.expect("a schema")), expected);
    }
}
