//! The program: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ringbook::cli::run(std::env::args_os())
}
