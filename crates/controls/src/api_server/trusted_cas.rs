//! `api-server/trusted-cas`; prose and cases in `trusted_cas.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Given, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/trusted-cas",
    title: "Client, front-proxy and etcd CAs are set and distinct",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("trusted_cas.md"),
    mappings: Mappings {
        cis: &["1.2.25"],
        nsa: &["auth"],
        attack: &["MS-TA9003", "T1078", "T1556"],
        kubescape: &["C-0139"],
        trivy: &["KCV-0028"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    flags.require(
        "--client-ca-file",
        "no client certificate is verified, so that nobody can sign in with one",
    );
    let clients = flags.text("--client-ca-file");
    let proxies = flags.text("--requestheader-client-ca-file");
    let etcd = flags.text("--etcd-cafile");
    let (clients, proxies, etcd) = (clients.given(), proxies.given(), etcd.given());
    let same = |a: Option<&Given<'a>>, b: Option<&Given<'a>>| a.zip(b).is_some_and(|(a, b)| a.text == b.text);
    if let Some(proxies) = proxies {
        let names = flags.text("--requestheader-allowed-names");
        let shared = same(Some(proxies), clients);
        match names {
            Reading::Absent(_) if shared => flags.fault(
                Fault::new(
                    proxies.place,
                    "`--requestheader-client-ca-file` is `--client-ca-file`, and `--requestheader-allowed-names` names \
                     nobody: the holder of any client certificate may say who they are, an administrator for example",
                )
                .graded(Severity::Critical),
            ),
            _ if shared => flags.fault(
                Fault::new(
                    proxies.place,
                    "`--requestheader-client-ca-file` is `--client-ca-file`: whoever gets a client certificate with an \
                     allowed name may say who they are",
                )
                .graded(Severity::Medium),
            ),
            Reading::Absent(place) => flags.fault(
                Fault::new(
                    place,
                    "`--requestheader-allowed-names` is not set: every certificate of the front-proxy CA may say who \
                     the user is",
                )
                .graded(Severity::Low),
            ),
            Reading::Given(_) | Reading::Open => {}
        }
    }
    if same(etcd, clients) {
        if let Some(etcd) = etcd {
            flags.fault(Fault::new(
                etcd.place,
                "`--etcd-cafile` is `--client-ca-file`: etcd and the API server trust one CA, so that a client \
                 certificate of the cluster may open etcd",
            ));
        }
    } else if same(etcd, proxies)
        && let Some(etcd) = etcd
    {
        flags.fault(
            Fault::new(
                etcd.place,
                "`--etcd-cafile` is `--requestheader-client-ca-file`: one CA for two purposes",
            )
            .graded(Severity::Medium),
        );
    }
    flags.verdict()
}
