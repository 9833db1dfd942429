//! `seaworthy lsp`.

use std::path::PathBuf;

use seaworthy_ingest::Options;

use crate::cli::{Global, LspArgs};
use crate::error::{CommandError, Outcome};
use crate::language_server::{Rules, serve};
use crate::plan::Plan;

pub(crate) fn run(args: &LspArgs, global: &Global) -> Result<Outcome, CommandError> {
    let (connection, threads) = lsp_server::Connection::stdio();
    let served = serve(&connection, |folders| {
        let first = folders.first().map(PathBuf::as_path);
        let plan = Plan::new(&args.judge, first, &[], global).map_err(|error| error.to_string())?;
        // Other programs are not started at every keystroke.
        let options = Options { render: None, ..plan.options };
        Ok(Rules { controls: plan.controls, settings: plan.settings, options })
    });
    // The threads end when nobody can send to them any more.
    drop(connection);
    let ended = threads.join();
    served.map_err(|error| CommandError::new(format!("the language server ended: {error}")))?;
    ended.map_err(|error| CommandError::output("the editor", &error))?;
    Ok(Outcome::Clean)
}
