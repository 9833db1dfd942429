#![doc = include_str!("../README.md")]

mod answer;
mod attempt;
mod endpoint;
pub mod expect;
mod foreign;
mod request;
mod restore;

pub use answer::{Answer, Answers, CLOSED, CertificateFacts, FileFacts, Reply, Tls};
pub use attempt::{
    Attempt, Consent, Expectation, Outcome, SideEffect, Step, StepRole, Subject, Verdict, Wanted,
};
pub use endpoint::{Endpoint, Origin, may_be_told};
pub use request::{Ask, Certificate, HttpAsk, Identity, Object, Request, Target, TlsVersion, Token, encode};
pub use restore::{EtcdPrograms, Keyspace, Restored, newest_snapshot};
