//! ldapload: searches in a closed loop, and what each cost the server in CPU time.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::ber::Request;
use crate::load::{Outcome, Plan};

mod ber;
mod connection;
mod filter;
mod load;
mod mix;
mod process;
mod tally;

const USAGE: &str = "ldapload --server ADDRESS:PORT --server-pid PID --mix FILE
  [--connections 8] [--pipeline 1] [--warmup 1] [--seconds 5] [--sessions]
  [--bind-dn DN --bind-password PASSWORD]
Prints one JSON object. A line of a mix has six columns, separated by tabs:
scope, base, size limit, attributes, filter, expected entries (`-`: not known).";

fn main() -> ExitCode {
    match run(&std::env::args().collect::<Vec<_>>()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("ldapload: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<String, String> {
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str, default: f64| match after(name) {
        Some(text) => text.parse::<f64>().map_err(|_| format!("{name}: no number: {text}")),
        None => Ok(default),
    };
    let required = |name: &str| after(name).ok_or(format!("{name} is missing\n{USAGE}"));
    let seconds = |name: &str, default: f64| number(name, default).map(Duration::from_secs_f64);
    let bind = after("--bind-dn")
        .map(|dn| Request::bind(dn, after("--bind-password").unwrap_or_default()));
    let plan = Plan {
        server: required("--server")?.parse().map_err(|_| "--server: no IPv4 address and port")?,
        connections: number("--connections", 8.0)? as usize,
        pipeline: number("--pipeline", 1.0)? as usize,
        sessions: arguments.iter().any(|argument| argument == "--sessions"),
        bind,
        warmup: seconds("--warmup", 1.0)?,
        measured: seconds("--seconds", 5.0)?,
        server_pid: required("--server-pid")?.parse().map_err(|_| "--server-pid: no process id")?,
    };
    let mix = mix::read(&PathBuf::from(required("--mix")?))?;
    let outcome = load::run(&plan, &mix).map_err(|error| error.to_string())?;
    Ok(report(&plan, &outcome))
}

fn report(plan: &Plan, outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let done = tally.done.max(1) as f64;
    let members = [
        ("requests", tally.done as f64),
        ("requests_per_s", done / outcome.seconds),
        ("server_cpu_us_per_request", outcome.server_cpu_s * 1e6 / done),
        ("client_cpu_us_per_request", outcome.client_cpu_s * 1e6 / done),
        ("entries_per_request", tally.entries as f64 / done),
        ("bytes_per_request", tally.bytes as f64 / done),
        ("p50_us", tally.quantile_us(0.5)),
        ("p99_us", tally.quantile_us(0.99)),
        ("short", tally.short as f64),
        ("errors", tally.errors as f64),
        ("server_resident_kib", process::resident_kib(plan.server_pid) as f64),
    ];
    let members = members.map(|(name, value)| format!("\"{name}\":{value:.3}"));
    let first = tally.first_error.as_deref().unwrap_or_default();
    let first = first.replace('\\', "\\\\").replace('"', "'");
    format!("{{{},\"first_error\":\"{first}\"}}", members.join(","))
}
