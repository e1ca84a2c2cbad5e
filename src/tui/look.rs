//! How the screen looks: which of the terminal's own colours are used, and whether anything beyond ASCII is drawn.
//!
//! In: the config's words, the environment, later what the terminal says of its background. Out: a [`Look`], there before the first
//! frame. Must not know: how the terminal is asked.
//!
//! ```text
//! theme = "auto" ─▶ COLORFGBG ─▶ dark        the first frame
//!                       ▲
//!                       └── the terminal's answer, whenever it comes
//! ```

use std::str::FromStr;

/// Which colours the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// Those for the terminal's background.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light one.
    Light,
}

impl FromStr for Theme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            _ => Err("give auto, dark or light".to_owned()),
        }
    }
}

/// The colours that are used, all of them the user's own 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Palette {
    #[default]
    Dark,
    Light,
    /// None: bold, dim, reverse and underline alone.
    Plain,
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Look {
    pub(super) palette: Palette,
    pub(super) is_ascii: bool,
    /// What the person wants; the palette follows from it.
    pub(super) theme: Theme,
    /// Whether the background is a light one, as far as is known.
    pub(super) is_light: bool,
}

impl Look {
    /// The look until the terminal says more.
    pub(super) fn settle(is_colored: bool, theme: Theme, is_ascii: Option<bool>) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let mut look = Self {
            palette: if is_colored {
                Palette::Dark
            } else {
                Palette::Plain
            },
            is_ascii: is_ascii.unwrap_or_else(|| needs_ascii(&variable)),
            theme,
            is_light: says_light(&variable("COLORFGBG")),
        };
        look.wear(theme);
        look
    }

    /// Takes other colours, if there are any.
    pub(super) fn wear(&mut self, theme: Theme) {
        self.theme = theme;
        self.palette = match theme {
            _ if self.palette == Palette::Plain => Palette::Plain,
            Theme::Light => Palette::Light,
            Theme::Auto if self.is_light => Palette::Light,
            Theme::Auto | Theme::Dark => Palette::Dark,
        };
    }

    /// Takes what the terminal says of its background.
    pub(super) fn learn(&mut self, [red, green, blue]: [f64; 3]) {
        self.is_light = is_light(red, green, blue);
        self.wear(self.theme);
    }

    /// Whether the terminal's background matters, now or later.
    pub(super) fn is_colored(self) -> bool {
        self.palette != Palette::Plain
    }
}

/// Whether a colour, each part from 0 to 1, is nearer to white than to black to the eye (ITU-R BT.601 weights).
fn is_light(red: f64, green: f64, blue: f64) -> bool {
    red * 0.299 + green * 0.587 + blue * 0.114 > 0.5
}

/// Whether `COLORFGBG` (`15;0`, `0;default;15`) names a light background: white or bright white.
fn says_light(text: &str) -> bool {
    matches!(text.rsplit(';').next(), Some("7" | "15"))
}

/// Whether the terminal shows ASCII alone: the Linux console, or a locale that was set and is not UTF-8.
fn needs_ascii(variable: &dyn Fn(&str) -> String) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable);
    let locale = locale.iter().find(|text| !text.is_empty());
    let is_utf8 = locale.is_none_or(|text| {
        let text = text.to_ascii_lowercase();
        text.contains("utf-8") || text.contains("utf8")
    });
    variable("TERM") == "linux" || !is_utf8
}

/// What stands for a sign where only ASCII is shown; one cell for one cell.
pub(super) fn ascii(symbol: &str) -> char {
    match symbol {
        "●" | "◍" | "★" => '*',
        "○" | "◌" | "□" | "◐" => 'o',
        "│" => '|',
        "─" => '-',
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "▾" => '+',
        "▸" | "→" => '>',
        "…" => '~',
        "×" => 'x',
        "·" => '-',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_decides_by_its_brightness() {
        assert!(is_light(1.0, 1.0, 0.9));
        assert!(!is_light(0.0, 0.17, 0.21), "solarized dark");
        assert!(is_light(0.99, 0.96, 0.89), "solarized light");
        for (text, light) in [
            ("15;0", false),
            ("0;15", true),
            ("0;default;7", true),
            ("", false),
        ] {
            assert_eq!(says_light(text), light, "{text}");
        }
    }

    #[test]
    fn ascii_is_for_those_who_have_nothing_else() {
        let of = |lang: &'static str, term: &'static str| {
            needs_ascii(&move |name| match name {
                "LANG" => lang.to_owned(),
                "TERM" => term.to_owned(),
                _ => String::new(),
            })
        };
        assert!(!of("de_DE.UTF-8", "xterm"));
        assert!(!of("C.utf8", "xterm"));
        assert!(!of("", "xterm"), "nothing is known");
        assert!(of("C", "xterm"));
        assert!(of("de_DE.ISO-8859-1", "xterm"));
        assert!(of("de_DE.UTF-8", "linux"));
    }

    #[test]
    fn what_the_terminal_says_counts_unless_the_person_chose() {
        let mut look = Look::default();
        look.learn([1.0, 1.0, 1.0]);
        assert_eq!(look.palette, Palette::Light);
        look.wear(Theme::Dark);
        assert_eq!(look.palette, Palette::Dark);
        look.learn([1.0, 1.0, 1.0]);
        assert_eq!(look.palette, Palette::Dark);
        look.wear(Theme::Auto);
        assert_eq!(look.palette, Palette::Light);
        let mut plain = Look::settle(false, Theme::Auto, Some(false));
        plain.learn([1.0, 1.0, 1.0]);
        plain.wear(Theme::Light);
        assert_eq!(plain.palette, Palette::Plain);
    }

    #[test]
    fn a_theme_is_a_word() {
        assert_eq!("light".parse(), Ok(Theme::Light));
        assert!("Light".parse::<Theme>().is_err());
    }
}
