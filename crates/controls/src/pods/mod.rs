//! Pods and their containers.

mod apparmor_profile;
mod capabilities_added;
mod capabilities_dropped;
mod high_ids;
mod host_aliases;
mod host_namespaces;
mod host_path;
pub(crate) mod host_paths;
mod host_ports;
pub(crate) mod host_trees;
mod mac_profile;
mod privilege_escalation;
mod privileged;
mod probe_hosts;
mod proc_mount;
mod proc_mount_restricted;
pub(crate) mod programs;
mod read_only_root_filesystem;
mod resource_limits;
mod run_as_non_root;
mod run_as_user;
mod runtime_socket;
mod sandboxed_runtime;
mod seccomp_profile;
mod seccomp_unconfined;
mod selinux_options;
mod sensitive_host_path;
mod shared_process_namespace;
mod special_hosts;
mod ssh_server;
mod sysctls;
mod untrusted;
mod user_namespaces;
mod volume_types;
mod windows_host_process;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &apparmor_profile::CONTROL,
    &capabilities_added::CONTROL,
    &capabilities_dropped::CONTROL,
    &high_ids::CONTROL,
    &host_aliases::CONTROL,
    &host_namespaces::CONTROL,
    &host_path::CONTROL,
    &host_ports::CONTROL,
    &mac_profile::CONTROL,
    &privilege_escalation::CONTROL,
    &privileged::CONTROL,
    &probe_hosts::CONTROL,
    &proc_mount::CONTROL,
    &proc_mount_restricted::CONTROL,
    &read_only_root_filesystem::CONTROL,
    &resource_limits::CONTROL,
    &run_as_non_root::CONTROL,
    &run_as_user::CONTROL,
    &runtime_socket::CONTROL,
    &sandboxed_runtime::CONTROL,
    &seccomp_profile::CONTROL,
    &seccomp_unconfined::CONTROL,
    &selinux_options::CONTROL,
    &sensitive_host_path::CONTROL,
    &shared_process_namespace::CONTROL,
    &ssh_server::CONTROL,
    &sysctls::CONTROL,
    &user_namespaces::CONTROL,
    &volume_types::CONTROL,
    &windows_host_process::CONTROL,
];
