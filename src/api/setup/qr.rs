//! QR codes as SVG.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Empty modules around a code, which readers need (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;

/// An SVG element that shows a text as a QR code, black on white whatever is around it; None for a
/// text that is too long for one. The label, plain words, says what the code is for.
pub(super) fn svg(text: &str, label: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut dark = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            write!(dark, "M{} {}h1v1h-1z", x + QUIET, y + QUIET).ok()?;
        }
    }
    Some(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"QR code: {label}\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path d=\"{dark}\"/></svg>"
    ))
}
