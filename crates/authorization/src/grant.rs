//! Grants: who holds a role, and where.

use seaworthy_document::Value;

use crate::binding::Binding;
use crate::holder::Holder;
use crate::role::Role;

/// Where rights hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place<'a> {
    /// In the whole cluster, in every namespace too.
    Cluster,
    /// In one namespace; `None` when the file leaves open which.
    Namespace(Option<&'a str>),
}

/// One holder of one role.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'p, 'a> {
    /// Who.
    pub holder: Holder<'a>,
    /// Where.
    pub place: Place<'a>,
    /// The subject that names the holder.
    pub subject: Value<'a>,
    /// The binding.
    pub binding: &'p Binding<'a>,
    /// The role that is bound. When the rules of the role asked for flow into another one by aggregation, it may be
    /// that other one.
    pub role: &'p Role<'a>,
}
