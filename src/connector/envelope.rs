//! SOAP 1.1 envelopes: requests and responses, each in both directions.

use super::message::{Message, read_message};
use super::operations::Operation;
use super::reader::{Element, ReadError, read_root};
use super::writer::Writer;

/// The namespace of the connector's interface.
pub const NAMESPACE: &str = "http://www.superoffice.net/EIS/Connector/1.0";
/// The media type of SOAP 1.1.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
/// The namespace of SOAP 1.1.
pub const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of the attribute `nil`.
pub const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of WCF's code for an unknown operation.
const ADDRESSING: &str = "http://schemas.microsoft.com/ws/2005/05/addressing/none";
/// The namespace of WCF's codes for the failures of operations.
const DISPATCHER: &str = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher";

/// Returns the value of the header `SOAPAction`, which is quoted.
#[must_use]
pub fn soap_action<O: Operation>() -> String {
    format!("\"{NAMESPACE}/IErpConnectorWS/{}\"", O::NAME)
}

/// The content of a response: a result, or a SOAP fault.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply<R> {
    /// The result of the operation, successful or not.
    Result(R),
    /// The operation ended with an exception, or there is no such operation.
    Fault(Fault),
}

/// A SOAP fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The code, with its prefix.
    pub code: String,
    /// The reason, for the operator. WCF hides it by default.
    pub reason: String,
}

/// Writes a request. `out` decides whether secrets are masked.
#[must_use]
pub fn write_request<O: Operation>(request: &O, out: Writer) -> Vec<u8> {
    write_envelope(out, |out| {
        out.element(O::NAME, |out| {
            out.attribute("xmlns", NAMESPACE);
            if O::REQUEST.is_some() {
                write_message("request", request, out);
            }
        });
    })
}

/// Writes the response to a request of the operation `O`.
#[must_use]
pub fn write_response<O: Operation>(result: &O::Response) -> Vec<u8> {
    write_envelope(Writer::default(), |out| {
        out.element(&format!("{}Response", O::NAME), |out| {
            out.attribute("xmlns", NAMESPACE);
            write_message(&format!("{}Result", O::NAME), result, out);
        });
    })
}

/// Writes a fault, which is sent with status 500.
#[must_use]
pub fn write_fault(fault: &Fault) -> Vec<u8> {
    write_envelope(Writer::default(), |out| {
        out.prefixed_element("s:", "Fault", |out| {
            out.element("faultcode", |out| {
                // WCF's own codes have the prefix `a`, whose namespace depends on the code.
                match fault.code.strip_prefix("a:") {
                    Some("ActionNotSupported") => out.attribute("xmlns:a", ADDRESSING),
                    Some(_) => out.attribute("xmlns:a", DISPATCHER),
                    None => {}
                }
                out.text(&fault.code);
            });
            out.element("faultstring", |out| out.text(&fault.reason));
        });
    })
}

fn write_message(name: &str, message: &impl Message, out: &mut Writer) {
    out.element(name, |out| {
        out.attribute("xmlns:i", INSTANCE);
        message.write_members(out);
    });
}

fn write_envelope(mut out: Writer, body: impl FnOnce(&mut Writer)) -> Vec<u8> {
    out.raw(DECLARATION);
    out.prefixed_element("s:", "Envelope", |out| {
        out.attribute("xmlns:s", ENVELOPE);
        out.prefixed_element("s:", "Body", body);
    });
    out.into_bytes()
}

/// Reads a request of the operation `O`.
///
/// # Errors
/// If the document is not XML or not such a request, or a member does not fit.
pub fn read_request<O: Operation>(document: &str) -> Result<O, ReadError> {
    read_body(document, |name, element| {
        if name != O::NAME {
            return Err(element.error(&format!("the request is not {} but", O::NAME), name));
        }
        let mut request = O::default();
        element.children(|_, parameter| {
            request = read_message(parameter)?;
            Ok(())
        })?;
        Ok(request)
    })
}

/// Returns the name of the operation that a request calls.
///
/// # Errors
/// If the document is not XML or not a SOAP envelope.
pub fn requested_operation(document: &str) -> Result<String, ReadError> {
    read_body(document, |name, element| element.skip().map(|()| name.to_owned()))
}

/// Reads the response to a request of the operation `O`.
///
/// # Errors
/// If the document is not XML, neither such a response nor a fault, or a member does not fit.
pub fn read_response<O: Operation>(document: &str) -> Result<Reply<O::Response>, ReadError> {
    read_body(document, |name, element| {
        if name == "Fault" {
            return read_fault(element).map(Reply::Fault);
        }
        if name.strip_suffix("Response") != Some(O::NAME) {
            return Err(element.error(&format!("the response is not that of {} but", O::NAME), name));
        }
        let missing = element.error("there is no result in", name);
        let mut result = None;
        element.children(|name, part| {
            if part.is_nil() || name.strip_suffix("Result") != Some(O::NAME) {
                return part.skip();
            }
            result = Some(read_message(part)?);
            Ok(())
        })?;
        result.map(Reply::Result).ok_or(missing)
    })
}

/// Reads an envelope, and by `read` the first element of its body.
fn read_body<T>(
    document: &str,
    mut read: impl FnMut(&str, Element<'_, '_>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    read_root(document, |root, envelope| {
        if root != "Envelope" {
            return Err(envelope.error("the document is not a SOAP envelope but", root));
        }
        let empty = envelope.error("there is nothing in the body of the", root);
        let mut content = None;
        envelope.children(|name, part| {
            if name != "Body" {
                return part.skip();
            }
            part.children(|name, element| {
                if content.is_some() {
                    return element.skip();
                }
                content = Some(read(name, element)?);
                Ok(())
            })
        })?;
        content.ok_or(empty)
    })
}

/// Reads a fault of SOAP 1.1, or of SOAP 1.2, which a connector with the wrong binding sends.
fn read_fault(element: Element<'_, '_>) -> Result<Fault, ReadError> {
    let mut fault = Fault::default();
    element.children(|name, part| {
        match name {
            "faultcode" => fault.code = part.text()?.unwrap_or_default(),
            "faultstring" => fault.reason = part.text()?.unwrap_or_default(),
            "Code" | "Reason" => part.children(|inner, value| {
                match inner {
                    "Value" => fault.code = value.text()?.unwrap_or_default(),
                    "Text" => fault.reason = value.text()?.unwrap_or_default(),
                    _ => value.skip()?,
                }
                Ok(())
            })?,
            _ => part.skip()?,
        }
        Ok(())
    })?;
    Ok(fault)
}
