//! The one place where text becomes cells: it takes [`Safe`], and nothing else in the inspector makes spans.
//!
//! In: text, a place, a [`Role`]. Out: cells of ratatui's buffer, never beyond the area given. Colours are the 16 of the user's
//! palette on the default background; never colour 8, never blue text.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

use crate::{
    text::Safe,
    tui::{
        field::Field,
        layout::Area,
        look::{Palette, ascii},
        page::Role,
    },
};

/// The screen being drawn.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    palette: Palette,
    /// Where a person types.
    cursor: Option<(u16, u16)>,
}

impl<'a> Canvas<'a> {
    /// A screen to draw on.
    pub(super) fn new(buffer: &'a mut Buffer, palette: Palette) -> Self {
        Self {
            buffer,
            palette,
            cursor: None,
        }
    }

    /// Where the cursor is to stand; none: nowhere.
    pub(super) fn cursor(&self) -> Option<(u16, u16)> {
        self.cursor
    }

    /// Writes a line that is being typed, with the cursor in it. Of a long one the end is shown.
    pub(super) fn field(&mut self, area: Area, x: u16, prefix: &'static str, field: &Field) {
        let x = self.write(area, x, 0, &Safe::own(prefix), Role::Key);
        let (before, after) = field.shown();
        let hidden = self.hidden(area, x, field);
        let end = self.write(area, x, 0, &before.skip(hidden), Role::Text);
        self.write(area, end, 0, &after, Role::Text);
        if end < area.width && area.height > 0 {
            self.cursor = Some((area.x + end, area.y));
        }
    }

    /// How many cells of a field's beginning are out of view, if it begins at `x`.
    pub(super) fn hidden(&self, area: Area, x: u16, field: &Field) -> usize {
        let room = usize::from(area.width.saturating_sub(x + 1));
        field.shown().0.width().saturating_sub(room)
    }

    /// Writes text into a row of an area, from `x` on; what does not fit is cut with `…`. Answers where it ends.
    pub(super) fn write(&mut self, area: Area, x: u16, y: u16, text: &Safe<'_>, role: Role) -> u16 {
        let room = area.width.saturating_sub(x);
        let at = (area.x + x, area.y + y);
        let is_outside =
            y >= area.height || at.0 >= self.buffer.area.width || at.1 >= self.buffer.area.height;
        if room == 0 || is_outside {
            return x;
        }
        let style = self.style(role);
        let cut = text.cut(usize::from(room));
        let pieces = cut.pieces().map(|(is_escape, piece)| {
            let style = if is_escape {
                style.add_modifier(Modifier::REVERSED)
            } else {
                style
            };
            Span::styled(piece, style)
        });
        let line = Line::from_iter(pieces);
        let (end, _) = self.buffer.set_line(at.0, at.1, &line, room);
        end - area.x
    }

    /// Writes text so that it ends at the right edge of a row.
    pub(super) fn write_right(&mut self, area: Area, y: u16, text: &Safe<'_>, role: Role) {
        let width = u16::try_from(text.width()).unwrap_or(area.width);
        self.write(area, area.width.saturating_sub(width), y, text, role);
    }

    /// Fills a row with one sign, over what stood there.
    pub(super) fn fill(&mut self, area: Area, y: u16, sign: char, role: Role) {
        let row: String = std::iter::repeat_n(sign, usize::from(area.width)).collect();
        self.write(area, 0, y, &Safe::format(format_args!("{row}")), role);
    }

    /// Makes an area blank.
    pub(super) fn clear(&mut self, area: Area) {
        let rect = self.rect(area);
        for position in rect.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// Marks an area as selected.
    pub(super) fn select(&mut self, area: Area) {
        let rect = self.rect(area);
        self.buffer
            .set_style(rect, Style::new().add_modifier(Modifier::REVERSED));
    }

    /// Puts an ASCII sign in place of every other one; what is wide stays blank behind it.
    pub(super) fn reduce_to_ascii(&mut self) {
        for cell in &mut self.buffer.content {
            if !cell.symbol().is_ascii() {
                cell.set_char(ascii(cell.symbol()));
            }
        }
    }

    fn rect(&self, area: Area) -> Rect {
        Rect::new(area.x, area.y, area.width, area.height).intersection(self.buffer.area)
    }

    fn style(&self, role: Role) -> Style {
        let plain = Style::new();
        let colored = |color| {
            if self.palette == Palette::Plain {
                plain
            } else {
                plain.fg(color)
            }
        };
        match role {
            Role::Text => plain,
            Role::Dim | Role::Aside => plain.add_modifier(Modifier::DIM),
            Role::Strong => plain.add_modifier(Modifier::BOLD),
            Role::Key if self.palette == Palette::Dark => plain.fg(Color::Cyan),
            Role::Key => plain.add_modifier(Modifier::BOLD),
            Role::Warn if self.palette == Palette::Light => plain.fg(Color::Magenta),
            Role::Warn => colored(Color::Yellow),
            Role::Bad => colored(Color::Red).add_modifier(Modifier::BOLD),
            Role::Number => colored(Color::Magenta),
        }
    }
}
