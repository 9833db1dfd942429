//! `seaworthy explain`.

use seaworthy_controls::{Parameters, select};
use seaworthy_report::explain;

use crate::cli::{ExplainArgs, ExplainFormat, Global};
use crate::error::{CommandError, Outcome};
use crate::{output, selection};

pub(crate) fn run(args: &ExplainArgs, global: &Global) -> Result<Outcome, CommandError> {
    let controls = select(args.control.trim()).map_err(selection::unknown)?;
    let context = output::context(global);
    output::to_stdout(|out| {
        for (index, control) in controls.iter().enumerate() {
            if index > 0 {
                writeln!(out, "\n")?;
            }
            match args.format {
                ExplainFormat::Markdown => out.write_all(explain::markdown(control).as_bytes())?,
                ExplainFormat::Terminal => explain::write(control, &Parameters::default(), &context, out)?,
            }
        }
        Ok(())
    })?;
    Ok(Outcome::Clean)
}
