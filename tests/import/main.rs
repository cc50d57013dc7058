//! Imports and exports, through the API's handlers.
#![allow(clippy::unwrap_used)]

mod export;
mod files;
mod history;
mod maps;
#[path = "../office/mod.rs"]
mod office;
mod report;
mod undo;
mod upload;

const USERS_1: &[u8] = include_bytes!("../fixtures/csv/xivo_users_seed_1.csv");
const USERS_2: &[u8] = include_bytes!("../fixtures/csv/xivo_users_seed_2_voicemail.csv");
const USERS_3: &[u8] = include_bytes!("../fixtures/csv/xivo_users_seed_3_incall.csv");
const PERSONAL: &[u8] = include_bytes!("../fixtures/csv/xivo_personal_seed.csv");
const BAD_LINES: &[u8] = include_bytes!("../fixtures/csv/wazo_personal_some_bad_lines.csv");
