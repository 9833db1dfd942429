//! Controls for people.

use seaworthy_controls::{Parameters, catalogue};
use seaworthy_report::{Context, catalogue as list, explain};

use crate::fixture::{CONTROLS, PRIVILEGED, context};

fn terminal(control: &seaworthy_controls::Control) -> String {
    let mut out = Vec::new();
    explain::write(control, &Parameters::default(), &Context { width: 80, ..context() }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_control_is_explained_at_the_terminal() {
    insta::assert_snapshot!(terminal(&PRIVILEGED), @"
    No container runs privileged
    pods/privileged

    phase     next step, step 5
    severity  critical
    evidence  manifests, cluster
    change    complete the `securityContext` of each container

    Why
    A privileged container is the node: it sees every device and can load kernel
    modules, so that `root` in it is root outside.

    More of the same.

    Check
    `privileged` must not be `true`.

    Cure
    Remove `privileged: true` and add the one capability that is needed.

    1. look
    2. remove

        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
          readOnlyRootFilesystem: true   # add an emptyDir for each path that is written
          runAsNonRoot: true
          runAsUser: 10001               # a user that the image knows how to run as
          runAsGroup: 10001
          seccompProfile:
            type: RuntimeDefault

    Proof
    inside
    asks             the program reads its capabilities, and how `/sys` and
                     `/proc/sys` are mounted
    proved by        `SYS_ADMIN` is out of reach, and `/sys` and `/proc/sys` are
                     read-only
    refuted by       `SYS_ADMIN` is within reach, and `/proc/sys` may be written
    not fooled by    a node that lacks capabilities itself: all three signs must
                     agree
    positive control the file holds the user and the capabilities of a process
    consent          read
    side effect      none
    rights           none beside those of reading

    Also known as
    CIS 1.12    5.2.2
    Kubescape   C-0057
    ");
}

#[test]
fn a_control_has_a_page_with_its_cases_as_examples() {
    insta::assert_snapshot!(explain::markdown(&PRIVILEGED), @"
    <!-- Generated from crates/controls/src/pods/privileged.rs and .md: edit those. -->

    # No container runs privileged

    | `pods/privileged` | |
    |---|---|
    | phase | next step, step 5 |
    | severity | critical |
    | evidence | manifests, cluster |
    | change | complete the `securityContext` of each container |

    A privileged container *is* the node: it sees every device and can load kernel modules,
    so that `root` in it is root outside.

    More of the same.

    ## Check

    `privileged` must not be `true`.

    ## Cure

    Remove `privileged: true` and add the one capability that is needed.

    1. look
    2. remove

    ```yaml
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
      readOnlyRootFilesystem: true   # add an emptyDir for each path that is written
      runAsNonRoot: true
      runAsUser: 10001               # a user that the image knows how to run as
      runAsGroup: 10001
      seccompProfile:
        type: RuntimeDefault
    ```

    ## Proof

    `seaworthy prove --in-pod` tries this in a pod: see [from inside of a pod](../../in-pod.md).

    **inside**

    | | |
    |---|---|
    | asks | the program reads its capabilities, and how `/sys` and `/proc/sys` are mounted |
    | proved by | `SYS_ADMIN` is out of reach, and `/sys` and `/proc/sys` are read-only |
    | refuted by | `SYS_ADMIN` is within reach, and `/proc/sys` may be written |
    | not fooled by | a node that lacks capabilities itself: all three signs must agree |
    | positive control | the file holds the user and the capabilities of a process |
    | consent | read |
    | side effect | none |
    | rights | none beside those of reading |

    ## Examples

    These are executed by the tests.

    **Finding**: A privileged container

    ```yaml
    privileged: true
    ```

    ## Also known as

    | | |
    |---|---|
    | CIS 1.12 | 5.2.2 |
    | Kubescape | C-0057 |
    ");
}

#[test]
fn the_index_links_to_every_page() {
    insta::assert_snapshot!(explain::index_markdown(CONTROLS.into_iter()), @"
    <!-- Generated from crates/controls: edit there. -->

    # Controls

    4 controls: quick wins 2, next steps 1, research 1.

    ## images

    | control | demands | phase | severity |
    |---|---|---|---|
    | [`minimal-content`](images/minimal-content.md) | Images hold what they need | research | low |

    ## pods

    | control | demands | phase | severity |
    |---|---|---|---|
    | [`privileged`](pods/privileged.md) | No container runs privileged | next step | critical |
    | [`resource-limits`](pods/resource-limits.md) | Containers have limits | quick win | medium |

    ## secrets

    | control | demands | phase | severity |
    |---|---|---|---|
    | [`in-config-maps`](secrets/in-config-maps.md) | Credentials are kept in Secrets | quick win | high |
    ");
}

#[test]
fn the_table_fits_the_terminal() {
    let mut out = Vec::new();
    list::write_table(CONTROLS.into_iter(), &Context { width: 72, ..context() }, &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
    images/minimal-content  low       research   Images hold what they need
    pods/privileged         critical  next-step  No container runs privileg…
    pods/resource-limits    medium    quick-win  Containers have limits
    secrets/in-config-maps  high      quick-win  Credentials are kept in Se…
    ");
}

#[test]
fn parameters_are_shown_with_the_values_they_have() {
    let control = catalogue::find("pods/high-ids").unwrap();
    let mut parameters = Parameters::default();
    parameters.set("pods.minimum-id", "4711").unwrap();
    let mut out = Vec::new();
    explain::write(control, &parameters, &context(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("pods.minimum-id") && text.contains("4711"), "{text}");
    assert!(explain::markdown(control).contains("`10000`"));
}

#[test]
fn every_control_can_be_explained_listed_and_printed() {
    for control in catalogue::all() {
        let text = terminal(control);
        for id in control.mappings.all().into_iter().flat_map(|(_, ids)| ids) {
            assert!(text.contains(id), "{}: {id}", control.id);
        }
        assert!(explain::markdown(control).contains(&format!("# {}", control.title)), "{}", control.id);
    }
    let mut out = Vec::new();
    list::write_json(catalogue::all(), &mut out).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["controls"].as_array().unwrap().len(), catalogue::all().count());
}
