//! The enumerations of the agent, with the vendor's names and numbers.

use crate::enumeration;

enumeration! {
    /// What kind of thing in the ERP system.
    pub enum ErpActorType {
        /// None of these.
        Unknown = 0,
        /// Buys.
        Customer = 1,
        /// Sells.
        Supplier = 2,
        /// Works together with the company.
        Partner = 3,
        /// A person at one of them.
        Person = 4,
        /// A project.
        Project = 5,
        /// Somebody of the company.
        Employee = 6,
        /// A sale.
        Sale = 7,
    }
}

enumeration! {
    /// What kind of thing in the CRM system.
    pub enum CrmActorType {
        /// None of these: not mapped.
        Unknown = 0,
        /// A company.
        Contact = 1,
        /// A person at a company.
        Person = 2,
        /// A project.
        Project = 3,
        /// A sale.
        Sale = 4,
    }
}

enumeration! {
    /// What kind of value a field has.
    pub enum FieldMetadataType {
        /// True or false.
        Checkbox = 0,
        /// A text.
        Text = 1,
        /// A text that is not shown.
        Password = 2,
        /// A whole number.
        Integer = 3,
        /// A number.
        Double = 4,
        /// An item of a list.
        List = 5,
        /// A date.
        Date = 6,
        /// No value: a text for whom it is shown to.
        Label = 99,
    }
}

enumeration! {
    /// What may be done with a field.
    pub enum FieldAccess {
        /// Read and written.
        Normal = 0,
        /// Must have a value.
        Mandatory = 1,
        /// Read.
        ReadOnly = 2,
    }
}
