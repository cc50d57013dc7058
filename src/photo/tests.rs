//! What images become photos, and what is refused.

use std::io::Cursor;

use image::{ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::{any, prop, proptest};

use super::*;

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Red in the left half, blue in the right one.
fn flag(width: u32, height: u32) -> RgbImage {
    let red = |x| x < width / 2;
    RgbImage::from_fn(width, height, |x, _| Rgb(if red(x) { [220, 0, 0] } else { [0, 0, 220] }))
}

fn seen(jpeg: &[u8]) -> RgbImage {
    assert_eq!(image::guess_format(jpeg).unwrap(), ImageFormat::Jpeg);
    image::load_from_memory(jpeg).unwrap().into_rgb8()
}

#[track_caller]
fn refused(bytes: &[u8], reason: &str) {
    let text = picture(bytes).unwrap_err().to_string();
    assert!(text.contains(reason), "{text}");
}

#[test]
fn large_images_are_made_smaller_and_small_ones_stay() {
    for (size, full, thumbnail) in [
        ((1600, 800), (640, 320), (96, 48)),
        ((300, 600), (300, 600), (48, 96)),
        ((640, 640), (640, 640), (96, 96)),
        ((97, 10), (97, 10), (96, 10)),
        ((4000, 1), (640, 1), (96, 1)),
        ((20, 30), (20, 30), (20, 30)),
    ] {
        let made = picture(&file(flag(size.0, size.1), ImageFormat::Png)).unwrap();
        assert_eq!(seen(&made.jpeg).dimensions(), full, "{size:?}");
        assert_eq!(seen(&made.thumbnail).dimensions(), thumbnail, "{size:?}");
        assert_eq!(made.photo.jpeg_bytes.get() as usize, made.jpeg.len());
    }
}

#[test]
fn the_format_is_told_by_the_bytes() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let left = seen(&picture(&file(flag(200, 100), format)).unwrap().jpeg).get_pixel(20, 50).0;
        assert!(left[0] > 180 && left[2] < 60, "{format:?}: {left:?}");
    }
    for other in
        [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"", b"BM", b"%PDF-1.7", b"II*\0"]
    {
        refused(other, "JPEG, PNG, WebP and GIF");
    }
}

#[test]
fn what_is_transparent_becomes_white() {
    let glass = RgbaImage::from_pixel(50, 50, Rgba([0, 0, 0, 0]));
    assert_eq!(
        seen(&picture(&file(glass, ImageFormat::Png)).unwrap().jpeg).get_pixel(9, 9).0,
        [255; 3]
    );
    let deep = ImageBuffer::from_pixel(50, 50, Luma([u16::MAX / 2]));
    let deep = seen(&picture(&file(deep, ImageFormat::Png)).unwrap().jpeg).get_pixel(9, 9).0;
    assert!(deep.iter().all(|colour| colour.abs_diff(127) < 4), "{deep:?}");
}

/// A JPEG with a metadata segment before everything else.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

#[test]
fn photos_stand_upright_and_tell_nothing_else() {
    let entries: [&[u8]; 6] = [
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01",
        // Orientation, a short: rotate by 90 degrees.
        b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0",
        b"\0\0\0\0",
        b"GPSLatitude 52.5",
        b"http://ns.adobe.com/xap/1.0/",
        b"serial number",
    ];
    let file = with_segment(&file(flag(200, 100), ImageFormat::Jpeg), 0xe1, &entries.concat());
    let file = with_segment(&file, 0xfe, b"a comment");
    let made = picture(&file).unwrap();
    let image = seen(&made.jpeg);
    assert_eq!(image.dimensions(), (100, 200));
    assert!(image.get_pixel(50, 20).0[0] > 180, "the left half is at the top");
    assert_eq!(seen(&made.thumbnail).dimensions(), (48, 96));
    for jpeg in [&made.jpeg, &made.thumbnail] {
        for told in [&b"Exif"[..], b"GPS", b"adobe", b"serial", b"comment"] {
            assert!(memchr::memmem::find(jpeg, told).is_none());
        }
    }
}

#[test]
fn the_same_image_is_the_same_photo() {
    let png = file(flag(800, 700), ImageFormat::Png);
    assert_eq!(picture(&png), picture(&png));
    let other = picture(&file(flag(800, 702), ImageFormat::Png)).unwrap();
    assert_ne!(picture(&png).unwrap().photo.digest, other.photo.digest);
}

/// A PNG that claims this size and holds nothing.
fn claim(width: u32, height: u32) -> Vec<u8> {
    let mut png = file(flag(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&sum);
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    for (width, height) in
        [(SIDE_MAX + 1, 1), (1, SIDE_MAX + 1), (5001, 5000), (u32::MAX >> 1, 1 << 20)]
    {
        refused(&claim(width, height), "25 megapixels, or 8000 pixels a side");
    }
    refused(&claim(5000, 5000), "damaged");
    let jpeg = file(flag(16, 16), ImageFormat::Jpeg);
    let at = memchr::memmem::find(&jpeg, b"\xff\xc0").unwrap();
    let huge = [&jpeg[..at + 5], &[0xff, 0xff, 0xff, 0xff], &jpeg[at + 9..]].concat();
    refused(&huge, "megapixels");
    let jpeg = file(flag(2000, 1600), ImageFormat::Jpeg);
    let scan = &jpeg[memchr::memmem::find(&jpeg, b"\xff\xda").unwrap()..jpeg.len() - 2];
    let many = [&jpeg[..jpeg.len() - 2], &scan.repeat(50), b"\xff\xd9"].concat();
    refused(&many, "megapixels");
    refused(&vec![0xff; BYTES_MAX + 1], "10 MiB");
}

#[test]
fn images_that_end_early_are_refused_or_whole_for_viewers() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let whole = file(flag(40, 40), format);
        for end in 0..whole.len() {
            if let Ok(made) = picture(&whole[..end]) {
                assert_eq!(seen(&made.jpeg).dimensions(), (40, 40), "{format:?} {end}");
            }
        }
    }
}

#[tokio::test]
async fn photos_are_made_beside_the_tasks() {
    let png = file(flag(30, 30), ImageFormat::Png);
    let (one, other) = tokio::join!(develop(png.clone()), develop(b"no image".to_vec()));
    assert_eq!(one, picture(&png));
    assert_eq!(other, Err(Unusable::OtherFormat));
}

#[test]
fn a_drawn_portrait_is_a_photo() {
    let (one, other) = (portrait::portrait(1).unwrap(), portrait::portrait(2).unwrap());
    assert_eq!(portrait::portrait(1).unwrap(), one);
    assert_ne!(one.photo, other.photo);
    assert_eq!(seen(&one.thumbnail).dimensions(), (96, 96));
    assert!(one.jpeg.len() < 16 << 10, "{} bytes", one.jpeg.len());
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..400), format in 0..4_usize) {
        let starts: [&[u8]; 4] = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\xff\0\0\0WEBPVP8L"];
        let _ = picture(&[starts[format], &bytes].concat());
        let _ = picture(&bytes);
    }

    #[test]
    fn no_damage_is_too_strange(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        format in 0..4_usize,
    ) {
        let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
        let mut bytes = file(flag(24, 24), formats[format]);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(made) = picture(&bytes) {
            let (width, height) = seen(&made.jpeg).dimensions();
            assert!(width.max(height) <= FULL_SIDE);
        }
    }
}
