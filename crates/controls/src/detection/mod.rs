//! Seeing attacks while they happen.

mod alert_routes;
mod log_agents;
mod log_shipping;
mod metrics_alerts;
mod runtime_sensor;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] =
    &[&log_shipping::CONTROL, &metrics_alerts::CONTROL, &runtime_sensor::CONTROL];
