//! The program: arguments in, exit status out.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// It gives memory back that a large import or a new snapshot has left. The system's allocator keeps
/// an arena for each thread, which grows with every import.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ringbook::cli::run(std::env::args_os())
}
