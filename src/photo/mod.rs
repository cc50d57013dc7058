//! Photos: an image from outside becomes two small JPEGs, or a sentence that says what is wrong with it.

use std::io::Cursor;
use std::num::NonZeroU32;

use blake2::{Blake2b256, Digest};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::overlay;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgba, RgbaImage,
};
use tokio::sync::Semaphore;

use crate::contact::photo::{Photo, Picture};

pub mod portrait;

#[cfg(test)]
mod tests;

/// Larger files are refused.
pub const BYTES_MAX: usize = 10 << 20;
/// Wider or higher images are refused, in pixels.
const SIDE_MAX: u32 = 8000;
/// Images with more pixels are refused; what telephones take by default has fewer.
const PIXELS_MAX: u64 = 25_000_000;
/// What a decoder may allocate, the decoded image included.
const DECODER_BYTES_MAX: u64 = 256 << 20;
/// A progressive JPEG is decoded once for each of its scans, which may be almost empty. Images that take
/// longer than one of this many pixels with a single scan are refused.
const WORK_PIXELS_MAX: u64 = 150_000_000;
/// The longer side of a photo, in pixels; smaller images stay as large as they are.
const FULL_SIDE: u32 = 640;
/// Both sides of a thumbnail.
const THUMBNAIL_SIDE: u32 = 96;
/// From 1 to 100.
const QUALITY: u8 = 85;

/// An image takes up to [`DECODER_BYTES_MAX`] while it is read, so each has to wait for its turn.
static TURN: Semaphore = Semaphore::const_new(1);

/// Why an image is no photo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the image is larger than {} MiB", BYTES_MAX >> 20)]
    TooLong,
    #[error("this is no image in one of the formats JPEG, PNG, WebP and GIF")]
    OtherFormat,
    #[error(
        "the image has more than {} megapixels, or {SIDE_MAX} pixels a side, or takes too long; make \
         it smaller",
        PIXELS_MAX / 1_000_000
    )]
    TooLarge,
    #[error("the image is damaged: {0}")]
    Damaged(String),
    #[error("the image could not be read")]
    Failed,
}

/// Makes a photo of an image, on a thread that may block, one at a time.
///
/// # Errors
/// [`Unusable`] says what is wrong with the image.
pub async fn develop(bytes: Vec<u8>) -> Result<Picture, Unusable> {
    let turn = TURN.acquire().await.map_err(|_closed| Unusable::Failed)?;
    // A decoder that panics ends its own thread only, and one that nobody waits for keeps its turn.
    let made = tokio::task::spawn_blocking(move || {
        let made = picture(&bytes);
        drop(turn);
        made
    });
    made.await.unwrap_or_else(|fault| {
        tracing::error!(%fault, "an image could not be read");
        Err(Unusable::Failed)
    })
}

/// Makes a photo of an image. The format is told by the bytes; the result depends on them only.
///
/// # Errors
/// [`Unusable`] says what is wrong with the image.
pub fn picture(bytes: &[u8]) -> Result<Picture, Unusable> {
    finished(decoded(bytes)?)
}

fn finished(image: DynamicImage) -> Result<Picture, Unusable> {
    let jpeg = encoded(&image)?;
    let thumbnail = encoded(&within(image, THUMBNAIL_SIDE))?;
    let jpeg_bytes = u32::try_from(jpeg.len()).ok().and_then(NonZeroU32::new);
    let jpeg_bytes = jpeg_bytes.ok_or(Unusable::Failed)?;
    Ok(Picture { photo: Photo { digest: digest(&jpeg), jpeg_bytes }, jpeg, thumbnail })
}

/// What [`Photo::digest`] is of a photo: an image with the same digest is that very JPEG.
pub fn digest(jpeg: &[u8]) -> u64 {
    Blake2b256::digest(jpeg).first_chunk().map_or(0, |start| u64::from_be_bytes(*start))
}

/// The image upright, no larger than a photo, and without anything but its pixels.
fn decoded(bytes: &[u8]) -> Result<DynamicImage, Unusable> {
    if bytes.len() > BYTES_MAX {
        return Err(Unusable::TooLong);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|_unreadable| Unusable::OtherFormat)?;
    match reader.format() {
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif) => {}
        _ => return Err(Unusable::OtherFormat),
    }
    let scans = if reader.format() == Some(ImageFormat::Jpeg) { scans(bytes) } else { 1 };
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(unusable)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let work = pixels.saturating_mul(scans);
    if width.max(height) > SIDE_MAX || pixels > PIXELS_MAX || work > WORK_PIXELS_MAX {
        return Err(Unusable::TooLarge);
    }
    // Room that the decoded image takes is none for its decoder.
    let mut left = limits();
    left.reserve(decoder.total_bytes()).map_err(unusable)?;
    decoder.set_limits(left).map_err(unusable)?;
    let orientation = decoder.orientation().map_err(unusable)?;
    let image = DynamicImage::from_decoder(decoder).map_err(unusable)?;
    let mut image = flat(within(image, FULL_SIDE));
    image.apply_orientation(orientation);
    Ok(image)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    limits
}

/// How many pixels a decoder of this image works on, by its header: those of all its scans. None where
/// it is no image that is read here.
pub fn work(bytes: &[u8]) -> Option<u64> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let scans = if reader.format() == Some(ImageFormat::Jpeg) { scans(bytes) } else { 1 };
    let (width, height) = reader.into_dimensions().ok()?;
    Some(u64::from(width).saturating_mul(u64::from(height)).saturating_mul(scans))
}

/// How often a scan begins (ITU T.81 B.1.1.3). Within a scan these two bytes never stand together.
fn scans(jpeg: &[u8]) -> u64 {
    memchr::memmem::find_iter(jpeg, b"\xff\xda").map(|_| 1).sum()
}

fn unusable(fault: ImageError) -> Unusable {
    match fault {
        ImageError::Limits(_) => Unusable::TooLarge,
        ImageError::Unsupported(_) => Unusable::OtherFormat,
        fault => Unusable::Damaged(fault.to_string()),
    }
}

/// The image, made smaller where one of its sides is longer.
fn within(image: DynamicImage, side: u32) -> DynamicImage {
    match image.width().max(image.height()) > side {
        true => image.thumbnail(side, side),
        false => image,
    }
}

/// The image in three colours; what is transparent becomes white.
fn flat(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image.into_rgb8().into();
    }
    let white = Rgba([u8::MAX; 4]);
    let mut paper = RgbaImage::from_pixel(image.width(), image.height(), white);
    overlay(&mut paper, &image.into_rgba8(), 0, 0);
    DynamicImage::from(paper).into_rgb8().into()
}

fn encoded(image: &DynamicImage) -> Result<Box<[u8]>, Unusable> {
    let mut jpeg = Vec::new();
    let written = image.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY));
    written.map_err(|_fault| Unusable::Failed)?;
    Ok(jpeg.into())
}
