//! What a check answers.

use std::borrow::Cow;
use std::fmt;

use seaworthy_evidence::{Object, Place};

use crate::control::Severity;

/// The answer of a check about one subject.
#[derive(Clone, Debug)]
pub enum Verdict<'a> {
    /// The control holds.
    Pass,
    /// The control says nothing about this subject.
    NotApplicable,
    /// The control does not hold, at these places (at least one).
    Fail(Vec<Fault<'a>>),
    /// The evidence does not decide it.
    Unknown {
        /// Why not.
        reason: Cow<'static, str>,
        /// What would decide it.
        needs: Cow<'static, str>,
    },
}

impl<'a> Verdict<'a> {
    /// A failure at one place.
    pub fn fail(fault: Fault<'a>) -> Verdict<'a> {
        Verdict::Fail(vec![fault])
    }

    /// A failure when there are faults, else a pass.
    pub fn of(faults: Vec<Fault<'a>>) -> Verdict<'a> {
        if faults.is_empty() { Verdict::Pass } else { Verdict::Fail(faults) }
    }

    /// The evidence does not decide it: why not, and what would.
    pub fn unknown(reason: impl Into<Cow<'static, str>>, needs: impl Into<Cow<'static, str>>) -> Verdict<'a> {
        Verdict::Unknown { reason: reason.into(), needs: needs.into() }
    }
}

/// The answer of a check that looks at everything, about one object.
#[derive(Clone, Debug)]
pub struct Judged<'e, 'a> {
    /// The object.
    pub object: &'e Object<'a>,
    /// The answer about it.
    pub verdict: Verdict<'a>,
}

/// Who holds a right: the subject of a role binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder<'a> {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: &'a str,
    /// The namespace of a service account, when the files name it.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

impl<'a> From<seaworthy_authorization::Holder<'a>> for Holder<'a> {
    fn from(holder: seaworthy_authorization::Holder<'a>) -> Holder<'a> {
        Holder { kind: holder.kind(), namespace: holder.namespace(), name: holder.name() }
    }
}

impl fmt::Display for Holder<'_> {
    /// As people say it: ServiceAccount `shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace {
            Some(namespace) => write!(f, "{} `{namespace}/{}`", self.kind, self.name),
            None => write!(f, "{} `{}`", self.kind, self.name),
        }
    }
}

/// One place at which a control does not hold.
#[derive(Clone, Debug)]
pub struct Fault<'a> {
    /// Where.
    pub place: Place<'a>,
    /// The container in question, when it is one.
    pub container: Option<&'a str>,
    /// The holder of a right in question, when it is one.
    pub holder: Option<Holder<'a>>,
    /// What is wrong there, in the words of the file: "`privileged: true`". Never a secret value.
    pub message: Cow<'static, str>,
    /// The severity in this context, when it differs from the control's; the message then says why.
    pub severity: Option<Severity>,
}

impl<'a> Fault<'a> {
    /// A fault at a place.
    pub fn new(place: Place<'a>, message: impl Into<Cow<'static, str>>) -> Fault<'a> {
        Fault { place, container: None, holder: None, message: message.into(), severity: None }
    }

    /// The same, in a container. (Checks of containers need not say it: the runner does.)
    pub fn in_container(mut self, name: &'a str) -> Fault<'a> {
        self.container = Some(name);
        self
    }

    /// The same, about one holder of a right.
    pub fn held_by(mut self, holder: impl Into<Holder<'a>>) -> Fault<'a> {
        self.holder = Some(holder.into());
        self
    }

    /// The same, graded by its context.
    pub fn graded(mut self, severity: Severity) -> Fault<'a> {
        self.severity = Some(severity);
        self
    }
}
