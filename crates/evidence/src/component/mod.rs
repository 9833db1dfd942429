//! Programs of the control plane and of nodes, wherever files say how they are started or configured: pods that run
//! them, configuration files, the files of installers, processes of nodes, and what they say of themselves.

mod absent;
mod command_line;
mod drop_ins;
mod etcd_file;
mod find;
mod installer;
mod k3s;
mod merge;
mod node;
mod reading;
mod version;

use seaworthy_document::Value;

use crate::collection::Collection;
use crate::distribution::Distribution;
use crate::index::SourceFile;
use crate::object::Object;
use absent::add_absent;
pub(crate) use find::components_of;
use merge::merge;
pub(crate) use merge::node_of;

/// All components of what objects declare: put together, and those that a live cluster must have and does not show.
pub(crate) fn all<'a>(
    declared: Vec<Component<'a>>,
    objects: &[Object<'a>],
    files: &[&'a SourceFile],
    collection: Option<&Collection<'a>>,
    distribution: Option<&Distribution>,
) -> Vec<Component<'a>> {
    let mut components = merge(declared, objects, files);
    add_absent(&mut components, collection, distribution, objects);
    components
}

/// A program of the control plane or of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// kube-apiserver.
    ApiServer,
    /// kube-controller-manager.
    ControllerManager,
    /// etcd, when it is the store of the cluster.
    Etcd,
    /// kube-proxy.
    KubeProxy,
    /// kubelet.
    Kubelet,
    /// kube-scheduler.
    Scheduler,
}

impl Program {
    /// All programs.
    pub const ALL: [Program; 6] = [
        Program::ApiServer,
        Program::ControllerManager,
        Program::Etcd,
        Program::KubeProxy,
        Program::Kubelet,
        Program::Scheduler,
    ];

    /// The name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Program::ApiServer => "kube-apiserver",
            Program::ControllerManager => "kube-controller-manager",
            Program::Etcd => "etcd",
            Program::KubeProxy => "kube-proxy",
            Program::Kubelet => "kubelet",
            Program::Scheduler => "kube-scheduler",
        }
    }

    /// Whether it is part of every control plane, rather than of nodes.
    pub fn is_of_control_plane(self) -> bool {
        !matches!(self, Program::KubeProxy | Program::Kubelet)
    }

    /// The program of a name.
    pub fn named(name: &str) -> Option<Program> {
        Program::ALL.into_iter().find(|program| program.name() == name)
    }
}

/// Who writes the command line, and so what it means when a flag is not stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// The files hold the whole command line: a flag that is not stated has the program's default.
    CommandLine,
    /// The files hold a configuration file of the program; flags beside it are not known.
    ConfigurationFile,
    /// kubeadm writes the command line and adds the flags that the files state.
    Kubeadm,
    /// k3s or RKE2 starts the program and adds the flags that the files state.
    K3s,
    /// The running program says itself what it was set to, defaults among it: see [`Component::tells_flags`].
    Running,
    /// The program runs, and nothing of its settings could be read: see [`Component::unread`].
    Unread,
}

/// A program and what the files say of its settings.
#[derive(Clone, Debug)]
pub struct Component<'a> {
    /// Which program.
    pub program: Program,
    /// Who writes its command line.
    pub setup: Setup,
    /// Index of the object in [`Evidence::objects`](crate::Evidence::objects) that starts or configures it.
    pub object: u32,
    /// The container that runs it, when one does.
    pub container: Option<&'a str>,
    /// Whether the API server would refuse to decode the object: then nothing in it can be said to pass.
    pub refused: bool,
    pub(crate) settings: Value<'a>,
    /// Where its version stands: the image of its container, `kubernetesVersion` of kubeadm.
    pub(crate) version: Option<Value<'a>>,
    pub(crate) flags: Vec<Flag<'a>>,
    pub(crate) configuration: Vec<Value<'a>>,
    /// The node that it runs on, when that is known.
    pub(crate) node: Option<&'a str>,
    /// Why nothing of it could be read.
    pub(crate) unread: Option<&'a str>,
    /// Whether a running program told all its flags.
    pub(crate) tells_flags: bool,
    /// What other sources say of the same program, from the most trustworthy one on; this one outranks them.
    pub(crate) outranked: Vec<Component<'a>>,
    /// Further objects that configure it: drop-ins, and a configuration beside the flags.
    pub(crate) sources: Vec<u32>,
}

/// One flag as it is stated.
#[derive(Clone, Copy, Debug)]
pub struct Flag<'a> {
    /// Its name without hyphens before it; a placeholder for whole arguments has itself for its name. Kubernetes takes `_` for `-` in names: see [`Flag::is`].
    pub name: &'a str,
    /// Its value; `true` for a switch that stands alone.
    pub value: &'a str,
    /// Where it stands.
    pub at: Value<'a>,
}

impl Flag<'_> {
    /// Whether this is the flag of a name.
    pub fn is(&self, name: &str) -> bool {
        self.name.len() == name.len()
            && self.name.bytes().zip(name.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
    }
}

/// What the files say of one setting.
#[derive(Clone, Copy, Debug)]
pub enum Setting<'a> {
    /// It is stated.
    Stated(Stated<'a>),
    /// The installer states it, with this value.
    Installed(&'static str),
    /// Nobody states it: the program's default holds.
    Default,
    /// The files do not tell.
    Unknown,
}

/// A stated value and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    /// The value: an argument, a field, an item of a list.
    pub at: Value<'a>,
    /// A flag's value; `None` for a field of a configuration file, whose value is `at`.
    flag: Option<&'a str>,
}

impl<'a> Stated<'a> {
    /// The text of a scalar; empty for lists and maps.
    pub fn text(&self) -> &'a str {
        self.flag.unwrap_or_else(|| self.at.text())
    }

    /// Whether it is a flag, not a field of a configuration file.
    pub fn is_flag(&self) -> bool {
        self.flag.is_some()
    }

    /// Yes or no; `None` when it is neither, so that the program would refuse to start.
    pub fn as_bool(&self) -> Option<bool> {
        match self.flag {
            // `strconv.ParseBool`, which flags of Go programs go through.
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Some(true),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Some(false),
            Some(_) => None,
            None => self.at.as_bool(),
        }
    }

    /// A whole number; `None` when it is none.
    pub fn as_i64(&self) -> Option<i64> {
        match self.flag {
            Some(text) => text.parse().ok(),
            None => self.at.as_i64(),
        }
    }

    /// The items of a list: the parts between commas of a flag, the items of a field.
    pub fn items(&self) -> Vec<&'a str> {
        match self.flag {
            Some(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            None if self.at.is_sequence() => self.at.items().map(|item| item.text()).collect(),
            None => vec![self.at.text()],
        }
    }

    /// Whether something fills in the value before the program sees it: `$(POD_IP)`, `${VAR}`, `{{ … }}`.
    pub fn is_placeholder(&self) -> bool {
        command_line::is_placeholder(self.text())
    }
}

impl<'a> Component<'a> {
    /// A component of which only the place of its settings is known so far.
    pub(crate) fn new(program: Program, setup: Setup, object: u32, settings: Value<'a>) -> Component<'a> {
        Component {
            program,
            setup,
            object,
            container: None,
            refused: false,
            settings,
            version: None,
            flags: Vec::new(),
            configuration: Vec::new(),
            node: None,
            unread: None,
            tells_flags: false,
            outranked: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The node that it runs on, when the evidence tells.
    pub fn node(&self) -> Option<&'a str> {
        self.node
    }

    /// Why nothing of its settings could be read, as `forbidden: get nodes/proxy`; `None` when something was.
    pub fn unread(&self) -> Option<&'a str> {
        self.unread
    }

    /// Whether the running program told all its flags, with the values that are in force.
    pub fn tells_flags(&self) -> bool {
        self.tells_flags
    }

    /// What other sources say of the same program on the same node, from the most trustworthy one on. Verdicts do not
    /// look at them; where they differ, that is a matter of its own.
    pub fn outranked(&self) -> &[Component<'a>] {
        &self.outranked
    }

    /// Where its settings stand: its arguments, or the configuration.
    pub fn settings(&self) -> Value<'a> {
        self.settings
    }

    /// The minor version of Kubernetes 1 that it is of, and where that stands, when the files tell: the tag of its image,
    /// `kubernetesVersion` of kubeadm.
    pub fn minor_version(&self) -> Option<(u32, Value<'a>)> {
        let at = self.version?;
        Some((version::minor(at.as_str()?)?, at))
    }

    /// All flags that are stated, in their order; the last of a name counts, and lists add up.
    pub fn flags(&self) -> &[Flag<'a>] {
        &self.flags
    }

    /// Its configuration files in the order in which they are merged: later ones take precedence.
    pub fn configuration(&self) -> &[Value<'a>] {
        &self.configuration
    }

    /// Indexes of all objects that start or configure it, the one that stands for it first.
    pub fn sources(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.object).chain(self.sources.iter().copied())
    }

    /// What is known of a flag.
    pub fn flag(&self, name: &str) -> Setting<'a> {
        if self.reads_flags() && name != "config-file" {
            return Setting::Unknown;
        }
        if let Some(flag) = self.flags.iter().rev().find(|flag| flag.is(name)) {
            if self.setup == Setup::Running && flag.value == reading::CLASSIFIED {
                return Setting::Unknown;
            }
            return Setting::Stated(Stated { at: flag.at, flag: Some(flag.value) });
        }
        if self.is_open() {
            return Setting::Unknown;
        }
        match self.setup {
            Setup::CommandLine => Setting::Default,
            Setup::Running if self.tells_flags => Setting::Default,
            Setup::ConfigurationFile | Setup::Running | Setup::Unread => Setting::Unknown,
            Setup::Kubeadm => self.installed(name).map_or(Setting::Default, Setting::Installed),
            Setup::K3s => self.installed(name).map_or(Setting::Unknown, Setting::Installed),
        }
    }

    /// Whether flags may be set that the files do not show: something fills in a whole argument, or OpenShift or etcd takes
    /// the flags out of a file of its own.
    fn is_open(&self) -> bool {
        self.flags.iter().any(|flag| command_line::is_placeholder(flag.name) || flag.is("openshift-config"))
            || self.reads_flags()
    }

    /// Whether an etcd takes all its flags out of a file, and none of the command line.
    fn reads_flags(&self) -> bool {
        self.program == Program::Etcd && self.flags.iter().any(|flag| flag.is("config-file"))
    }

    fn installed(&self, name: &str) -> Option<&'static str> {
        // k3s leaves out what the API server refuses beside a file that says the same.
        let beside = match name {
            "anonymous-auth" => "authentication-config",
            "authorization-mode" => "authorization-config",
            _ => "",
        };
        if self.setup == Setup::K3s && self.flags.iter().any(|flag| flag.is(beside)) {
            return None;
        }
        installer::flag(self.setup, self.program, name)
    }

    /// What is known of a field of the configuration file, by its path; later files take precedence.
    pub fn field(&self, path: &[&str]) -> Option<Stated<'a>> {
        let at = self.configuration.iter().rev().find_map(|file| file.at(path))?;
        Some(Stated { at, flag: None })
    }

    /// What is known of a setting that has both a flag and a field: the flag takes precedence, as in the kubelet.
    /// `Default` is the default of the configuration file when there is one, else that of the flag: see
    /// [`has_configuration`](Component::has_configuration).
    pub fn setting(&self, flag: &str, path: &[&str]) -> Setting<'a> {
        let flag = self.flag(flag);
        match (flag, self.field(path)) {
            (Setting::Stated(_), _) => flag,
            (_, Some(stated)) => Setting::Stated(stated),
            (Setting::Unknown, None) if self.has_configuration() => Setting::Default,
            (_, None) => flag,
        }
    }

    /// All items of a list that a flag states, also when it stands more than once, each with its place.
    pub fn flag_items(&self, name: &str) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.flags.iter().filter(move |flag| flag.is(name)).flat_map(|flag| {
            let items = flag.value.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| (item, flag.at))
        })
    }

    /// Whether its settings come from a configuration file, whose defaults differ from those of the flags: a file
    /// is among the evidence, or the command line names one.
    pub fn has_configuration(&self) -> bool {
        !self.configuration.is_empty()
            || self.setup == Setup::Kubeadm
            || self.flags.iter().any(|flag| flag.is("config") || flag.is("config-dir"))
    }

    /// Whether the command line names a folder of drop-ins and no file that they add to. The kubelet then puts them upon the
    /// defaults of its flags, not upon those of a configuration file.
    pub fn has_drop_ins_alone(&self) -> bool {
        let names = |name: &str| self.flags.iter().any(|flag| flag.is(name) && !flag.value.is_empty());
        self.setup == Setup::CommandLine && names("config-dir") && !names("config")
    }

    /// Whether the command line names a configuration file that is not among the evidence, so that what is not
    /// stated here may be stated there.
    pub fn lacks_configuration(&self) -> bool {
        self.configuration.is_empty()
            && self.flags.iter().any(|flag| flag.is("config") || flag.is("config-dir"))
    }
}
