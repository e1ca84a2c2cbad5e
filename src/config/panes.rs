//! Where the inspector's panes stand, kept from one run to the next: `panes.toml` beside the history.
//!
//! In and out: [`Panes`]. It is written by the screen's own keys, so what cannot be read is as if it were not there.

use serde::{Deserialize, Serialize};

use super::{ConfigError, Folders, folders::replace};
use crate::event::Panes;

/// The first line of the file.
const HEADING: &str =
    "# Written by the inspector's keys | < and >. Shares of the list in percent.\n";

/// How it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_above: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_beside: Option<u16>,
}

/// Reads where they stood; nothing is known if there is no such file.
pub fn read(folders: &Folders) -> Panes {
    let text = std::fs::read_to_string(folders.panes()).unwrap_or_default();
    let kept = toml::from_str::<Kept>(&text);
    kept.map_or_else(
        |_| Panes::default(),
        |kept| Panes {
            is_beside: kept.beside,
            under: kept.list_above,
            beside: kept.list_beside,
        },
    )
}

/// Keeps where they stand.
///
/// # Errors
/// `Unwritable`.
pub fn keep(folders: &Folders, panes: Panes) -> Result<(), ConfigError> {
    let path = folders.panes();
    let kept = Kept {
        beside: panes.is_beside,
        list_above: panes.under,
        list_beside: panes.beside,
    };
    let unwritable = |detail: String| ConfigError::Unwritable {
        path: path.clone(),
        detail,
    };
    let text = toml::to_string(&kept).map_err(|error| unwritable(error.to_string()))?;
    let text = format!("{HEADING}{text}");
    replace(&path, &text).map_err(|error| unwritable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_nonsense_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders {
            config: folder.path().join("config"),
            data: folder.path().join("data"),
        };
        assert_eq!(read(&folders), Panes::default());
        let panes = Panes {
            is_beside: Some(false),
            under: Some(70),
            beside: None,
        };
        keep(&folders, panes).expect("it is kept");
        assert_eq!(read(&folders), panes);
        std::fs::write(folders.panes(), "beside = 3").expect("written");
        assert_eq!(read(&folders), Panes::default());
    }
}
