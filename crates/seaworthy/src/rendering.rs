//! What the command line says about charts and overlays.

use std::fs::File;
use std::time::Duration;

use seaworthy_ingest::RenderOptions;

use crate::cli::RenderArgs;
use crate::error::CommandError;

/// How charts and overlays are rendered, or `None` when they are not to be.
pub(crate) fn options(
    args: &RenderArgs,
    kubernetes_version: Option<&str>,
) -> Result<Option<RenderOptions>, CommandError> {
    if args.no_render {
        return Ok(None);
    }
    for path in &args.helm_values {
        // A chart would fail later for a reason that is not its own.
        File::open(path).map_err(|error| {
            CommandError::new(format!("cannot read `{}`: {error}", path.display()))
                .hint("`--helm-values` takes a YAML file on this machine")
        })?;
    }
    if let Some(bad) = args.helm_set.iter().find(|setting| !setting.contains('=')) {
        return Err(CommandError::new(format!("`--helm-set {bad}` sets nothing"))
            .hint("write it as `KEY=VALUE`, for example `--helm-set image.tag=1.2`"));
    }
    Ok(Some(RenderOptions {
        helm_values: args.helm_values.clone(),
        helm_set: args.helm_set.clone(),
        helm_namespace: args.helm_namespace.clone(),
        kubernetes_version: kubernetes_version.map(str::to_owned),
        timeout: Duration::from_secs(args.render_timeout),
        ..RenderOptions::default()
    }))
}
