//! Reads the profiles of tables in the folder of `import.profiles`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::file::table::load::ProfileError;
use crate::file::table::profiles::Profiles;

/// The most files, and the largest.
const FILES_MAX: usize = 500;
const BYTES_MAX: u64 = 1024 * 1024;

/// Why the profiles cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfilesError {
    #[error("import.profiles: {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("import.profiles: {}: more than {BYTES_MAX} bytes", .0.display())]
    TooLarge(PathBuf),
    #[error("import.profiles: {}: more than {FILES_MAX} files", .0.display())]
    TooMany(PathBuf),
    #[error("import.profiles: {}/{fault}", folder.display())]
    Wrong { folder: PathBuf, fault: ProfileError },
}

/// The profiles that are built in, and those of the folder.
///
/// # Errors
/// [`ProfilesError`] names the file at fault.
pub(super) fn load(folder: Option<&Path>) -> Result<Arc<Profiles>, ProfilesError> {
    let Some(folder) = folder else { return Ok(Profiles::built_in()) };
    let mut files = Vec::new();
    for path in paths(folder)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, text(&path)?));
    }
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let profiles = Profiles::with(texts).map_err(|fault| {
        let folder = folder.to_owned();
        ProfilesError::Wrong { folder, fault }
    })?;
    Ok(Arc::new(profiles))
}

/// The files of the folder in the order of their names, so that `a.toml` stands before `a.de.toml`.
fn paths(folder: &Path) -> Result<Vec<PathBuf>, ProfilesError> {
    let unreadable = |source| ProfilesError::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(ProfilesError::TooMany(folder.to_owned()));
        }
    }
    let dots = |path: &PathBuf| path.to_string_lossy().matches('.').count();
    paths.sort_by_key(|path| (dots(path), path.clone()));
    Ok(paths)
}

fn text(path: &Path) -> Result<String, ProfilesError> {
    let unreadable = |source| ProfilesError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(ProfilesError::TooLarge(path.to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    const ACME: &str = "name = 'acme'\ntitle = 'Acme'\nholds = 'contacts'\n\
        columns = [{ name = 'Who', to = 'name' }]\n";

    #[test]
    fn a_folder_adds_profiles_and_languages() {
        let german = "profile = 'acme'\nlanguage = 'de'\n[names]\n'Wer' = 'Who'\n";
        let files =
            [("acme.de.toml", german), ("acme.toml", ACME), ("readme.txt", "none of our business")];
        let profiles = load(Some(folder(&files).path())).unwrap();
        assert!(profiles.by_name("acme").is_some() && profiles.by_name("xivo").is_some());
        let own = load(None).unwrap();
        assert!(own.by_name("acme").is_none());
    }

    #[test]
    fn a_wrong_file_is_named_with_its_line() {
        let shown = |files: &[(&str, &str)]| {
            let folder = folder(files);
            let fault = load(Some(folder.path())).unwrap_err().to_string();
            fault.replace(&folder.path().display().to_string(), "F")
        };
        let unknown = format!("{ACME}colour = 'red'\n");
        assert!(shown(&[("acme.toml", &unknown)]).starts_with(
            "import.profiles: F/acme.toml:5: unknown field `colour`, expected one of `name`"
        ));
        assert_eq!(
            shown(&[("other.toml", ACME)]),
            "import.profiles: F/other.toml: the name is `acme`, not that of the file"
        );
        assert!(shown(&[("acme.toml", "name =")]).starts_with("import.profiles: F/acme.toml:1: "));
        let missing = load(Some(Path::new("/nowhere"))).unwrap_err().to_string();
        assert!(missing.starts_with("import.profiles: /nowhere: "), "{missing}");
    }
}
