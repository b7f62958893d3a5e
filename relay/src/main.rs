//! The relay's program: reads the command line, says what did not work, ends with a code that the help lists.

use std::process::ExitCode;

fn main() -> ExitCode {
    guarded::serve_if_asked();
    match relay::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("relay: {}", fault.to_string().trim_end());
            ExitCode::from(fault.exit_code())
        }
    }
}
