//! `cargo xtask lab`: a lab that stays until it is taken down.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use lab::{Detached, LabError, Profile};

#[derive(Subcommand)]
pub(crate) enum Chore {
    /// Start a lab and leave it running; the first one builds the servers with Go, which takes minutes
    Up {
        #[command(flatten)]
        lab: Named,
        /// How its servers are set: folders of `testing/lab/profiles`
        #[arg(long, value_enum, default_value_t = Setting::Insecure)]
        profile: Setting,
        /// Only etcd and the API server: ready in three seconds
        #[arg(long)]
        api_only: bool,
        /// Also a node with real pods, everything in namespaces of its own: needs root, containerd, runc and CNI plugins
        #[arg(long, conflicts_with = "api_only")]
        nodes: bool,
        /// Also an application to look at: `examples/shop-<profile>` and objects for the whole cluster
        #[arg(long)]
        application: bool,
    },
    /// Run a command against a lab: `KUBECONFIG` names its administrator, `LAB` its folder, `LAB_URL` its API server
    Exec {
        #[command(flatten)]
        lab: Named,
        /// The command and its arguments, after `--`
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Make an image of programs of this machine, in its `/bin`, and give it to the node of a lab
    Image {
        #[command(flatten)]
        lab: Named,
        /// Its name, such as `docker.io/local/seaworthy:1`; pods use it with `imagePullPolicy: Never`
        image: String,
        /// The programs
        #[arg(required = true)]
        programs: Vec<PathBuf>,
    },
    /// End the processes of a lab and remove its folder
    Down {
        #[command(flatten)]
        lab: Named,
    },
    /// Show the labs that were started and not taken down
    List,
    /// Build the servers and start nothing
    Build,
}

#[derive(Args)]
pub(crate) struct Named {
    /// Which lab, where there are several
    #[arg(long, default_value = "default")]
    name: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Setting {
    /// Everything as an attacker would like it
    Insecure,
    /// Everything as the benchmarks ask for
    Hardened,
}

pub(crate) fn run(chore: Chore) -> ExitCode {
    let result = match chore {
        Chore::Up { lab, profile, api_only, nodes, application } => {
            let profile = match profile {
                Setting::Insecure => Profile::insecure(),
                Setting::Hardened => Profile::hardened(),
            };
            let profile = match (api_only, nodes) {
                (true, _) => profile,
                (false, false) => profile.with_controllers(),
                (false, true) => profile.with_nodes(),
            };
            up(&lab.name, &if application { profile.with_application() } else { profile })
        }
        Chore::Exec { lab, command } => {
            return match lab::exec(&lab.name, &command) {
                Ok(status) => status
                    .code()
                    .and_then(|code| u8::try_from(code).ok())
                    .map_or(ExitCode::FAILURE, Into::into),
                Err(error) => complain(&error),
            };
        }
        Chore::Image { lab, image, programs } => lab::add_image(&lab.name, &image, &programs),
        Chore::Down { lab } => lab::down(&lab.name).map(|()| println!("lab `{}` is gone", lab.name)),
        Chore::List => list(),
        Chore::Build => lab::Servers::build().map(|servers| println!("{}", servers.program("").display())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

fn complain(error: &LabError) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}

fn up(name: &str, profile: &Profile) -> Result<(), LabError> {
    let lab = lab::up(name, profile)?;
    let named = if name == "default" { String::new() } else { format!(" --name {name}") };
    println!("lab `{name}` runs: Kubernetes {}, profile {}, {}", lab.version, lab.profile, lab.url);
    println!();
    if profile.has_nodes() {
        println!("  it has a network of its own, which only what runs by `exec` is in:");
    } else {
        println!("  export KUBECONFIG={}", lab.kubeconfig("admin").display());
    }
    println!("  cargo xtask lab exec{named} -- seaworthy scan --cluster");
    println!("  cargo xtask lab down{named}");
    println!();
    println!("other identities, keys, configuration and logs are in {}", lab.folder.display());
    Ok(())
}

fn list() -> Result<(), LabError> {
    let labs = lab::list()?;
    if labs.is_empty() {
        println!("no lab runs: start one with `cargo xtask lab up`");
    }
    for lab in labs {
        println!("{}: {}, profile {}, {} ({})", lab.name, lab.version, lab.profile, lab.url, state(&lab));
    }
    Ok(())
}

/// Which programs run; a machine that was started anew runs none of them.
fn state(lab: &Detached) -> String {
    let one = |(program, pid, runs): (String, u32, bool)| match runs {
        true => format!("{program} {pid}"),
        false => format!("{program} has ended"),
    };
    lab.processes().into_iter().map(one).collect::<Vec<_>>().join(", ")
}
