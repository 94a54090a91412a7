//! The enumerations of the agent, with the vendor's names and numbers.

use crate::enumeration;

enumeration! {
    /// The type of an actor in the ERP system.
    pub enum ErpActorType {
        /// No type.
        Unknown = 0,
        /// A customer.
        Customer = 1,
        /// A supplier.
        Supplier = 2,
        /// A partner.
        Partner = 3,
        /// A contact person at a customer, supplier or partner.
        Person = 4,
        /// A project.
        Project = 5,
        /// An employee of the company.
        Employee = 6,
        /// A sale.
        Sale = 7,
    }
}

impl ErpActorType {
    /// Returns the CRM type that actors of this type correspond to.
    #[must_use]
    pub fn natural_crm_type(self) -> CrmActorType {
        match self {
            ErpActorType::Unknown => CrmActorType::Unknown,
            ErpActorType::Customer | ErpActorType::Supplier | ErpActorType::Partner => CrmActorType::Contact,
            ErpActorType::Person | ErpActorType::Employee => CrmActorType::Person,
            ErpActorType::Project => CrmActorType::Project,
            ErpActorType::Sale => CrmActorType::Sale,
        }
    }
}

enumeration! {
    /// The type of an entity in the CRM system.
    pub enum CrmActorType {
        /// No type: the ERP actor type is not mapped.
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
    /// The type of a field's values.
    pub enum FieldMetadataType {
        /// True or false.
        Checkbox = 0,
        /// A text.
        Text = 1,
        /// A text that user interfaces mask.
        Password = 2,
        /// An integer.
        Integer = 3,
        /// A decimal number.
        Double = 4,
        /// An item of a list.
        List = 5,
        /// A date.
        Date = 6,
        /// No value: a text in the user interface.
        Label = 99,
    }
}

enumeration! {
    /// The access to a field.
    pub enum FieldAccess {
        /// The field is read and written.
        Normal = 0,
        /// The field must have a value.
        Mandatory = 1,
        /// The field is only read.
        ReadOnly = 2,
    }
}
