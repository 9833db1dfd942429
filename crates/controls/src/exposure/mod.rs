//! What answers from outside.

mod account_rights;
mod api_gateway;
mod api_server_public;
mod arguments;
mod balancers;
mod console_inventory;
mod console_login;
mod console_settings;
mod consoles;
mod control_plane_ports;
mod controllers;
mod dashboard;
mod dashboard_authentication;
mod entry_authentication;
mod external_ips;
mod gateway_entries;
mod ingress_controller;
mod ingress_entries;
mod ingress_tls;
pub(crate) mod openings;
mod other_entries;
mod reached;
mod routes;
mod service_types;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &api_gateway::CONTROL,
    &api_server_public::CONTROL,
    &console_inventory::CONTROL,
    &control_plane_ports::CONTROL,
    &dashboard::CONTROL,
    &dashboard_authentication::CONTROL,
    &external_ips::CONTROL,
    &ingress_controller::CONTROL,
    &ingress_tls::CONTROL,
    &service_types::CONTROL,
];
