//! Drawn portraits, for a company that has no photos: a head and shoulders before a colour.

use image::{Rgb, RgbImage};

use crate::contact::photo::Picture;
use crate::photo::{Unusable, finished};

/// The sides of a drawn portrait, in pixels.
const SIDE: u32 = 240;

/// The portrait of this number; the same number always gives the same portrait.
///
/// # Errors
/// [`Unusable::Failed`] where it cannot be encoded.
pub fn portrait(number: u32) -> Result<Picture, Unusable> {
    let hue = number.wrapping_mul(0x9e37_79b9);
    let shade = |at: u32| u8::try_from(hue >> at & 0x5f).unwrap_or_default() + 0x50;
    let ground = Rgb([shade(8), shade(16), shade(24)]);
    let figure = Rgb(ground.0.map(|colour| colour.saturating_add(0x48)));
    let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let inside = |centre: u32, radius: u32| {
            let (dx, dy) = (x.abs_diff(SIDE / 2), y.abs_diff(centre));
            dx * dx + dy * dy < radius * radius
        };
        let head = inside(SIDE * 2 / 5, SIDE / 5);
        let shoulders = inside(SIDE * 21 / 20, SIDE * 2 / 5);
        if head || shoulders { figure } else { ground }
    });
    finished(image.into())
}
