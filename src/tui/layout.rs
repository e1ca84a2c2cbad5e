//! Which pane stands where: pure arithmetic over the screen's size, shared by what draws and by what scrolls a page.
//!
//! ```text
//! w < 32 or h < 8     the message only
//! w < 60 or h < 16    one pane at a time, a preview line under the list
//! w < 110             detail under the list (list 55 % of what is left, at least 5 rows)
//! else                detail beside it (list 52 % of the width)
//! ```

use crate::event::Panes;

/// A part of the screen, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Area {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) width: u16,
    pub(super) height: u16,
}

impl Area {
    /// Its last row, if it has one.
    pub(super) fn last_row(self) -> Option<Self> {
        (self.height > 0).then(|| Self {
            y: self.y + self.height - 1,
            height: 1,
            ..self
        })
    }

    /// Which of its lines a cell of the screen is on, if it is in it.
    pub(super) fn line_at(self, x: u16, y: u16) -> Option<u16> {
        let is_in = (self.x..self.x + self.width).contains(&x);
        y.checked_sub(self.y)
            .filter(|line| is_in && *line < self.height)
    }

    fn rows(self, from: u16, count: u16) -> Self {
        let from = from.min(self.height);
        Self {
            y: self.y + from,
            height: count.min(self.height - from),
            ..self
        }
    }
}

/// Which of the two panes has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Pane {
    /// The list of requests.
    #[default]
    List,
    /// The detail of the selected one.
    Detail,
}

/// How the panes share the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Too small for a list.
    Message,
    /// One pane at a time, narrow rows without titles.
    Narrow,
    /// One pane at a time because of zoom.
    Zoomed,
    /// Detail under the list.
    Under,
    /// Detail beside the list.
    Beside,
}

/// Where everything stands. A pane that is not shown has no area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    /// All of it.
    pub(super) screen: Area,
    /// First line: the link and where requests go.
    pub(super) header: Area,
    /// Second line: counts.
    pub(super) counts: Area,
    /// What lies between header and hints.
    pub(super) body: Area,
    /// The list's rows, without their titles.
    pub(super) list: Option<Area>,
    /// The titles of the list's columns.
    pub(super) titles: Option<Area>,
    /// The detail's first line: what is shown, and the tabs.
    pub(super) heading: Option<Area>,
    /// The detail's text.
    pub(super) detail: Option<Area>,
    /// The filter while it is typed: its line, and what may be written next.
    pub(super) bar: Option<Area>,
    /// One line about the selected request, where the detail does not fit.
    pub(super) preview: Option<Area>,
    /// Last line: keys.
    pub(super) hints: Area,
}

/// How the panes share the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Split(Panes);

impl Split {
    /// As a person had it, as far as that is possible.
    pub(super) fn of(panes: Panes) -> Self {
        let possible = |share: u16| share.clamp(Self::LEAST, Self::MOST);
        Self(Panes {
            under: panes.under.map(possible),
            beside: panes.beside.map(possible),
            ..panes
        })
    }

    /// What a person said of it.
    pub(super) fn panes(self) -> Panes {
        self.0
    }

    /// Puts the detail beside the list, or under it.
    pub(super) fn put(&mut self, is_beside: bool) {
        self.0.is_beside = Some(is_beside);
    }

    /// How far the border moves at once, in percent, and how far it may.
    const STEP: u16 = 5;
    const LEAST: u16 = 20;
    const MOST: u16 = 80;

    /// Moves the border of a shape by a step.
    pub(super) fn move_border(&mut self, shape: Shape, by: i16) {
        let (under, beside) = (self.under(), self.beside());
        let moved = |share: u16| {
            let moved = share.saturating_add_signed(by * Self::STEP as i16);
            Some(moved.clamp(Self::LEAST, Self::MOST))
        };
        match shape {
            Shape::Under => self.0.under = moved(under),
            Shape::Beside => self.0.beside = moved(beside),
            _ => {}
        }
    }

    fn under(self) -> u16 {
        self.0.under.unwrap_or(55)
    }

    fn beside(self) -> u16 {
        self.0.beside.unwrap_or(52)
    }
}

/// The layout of a screen of this size.
pub(super) fn layout(
    (width, height): (u16, u16),
    is_zoomed: bool,
    focus: Pane,
    split: Split,
) -> Layout {
    let is_beside = split.0.is_beside.unwrap_or(width >= 110) && width >= Layout::BESIDE;
    let screen = Area {
        x: 0,
        y: 0,
        width,
        height,
    };
    let shape = match (width, height) {
        (..32, _) | (_, ..8) => Shape::Message,
        (..60, _) | (_, ..16) => Shape::Narrow,
        _ if is_zoomed => Shape::Zoomed,
        _ if is_beside => Shape::Beside,
        _ => Shape::Under,
    };
    let body = screen.rows(2, height.saturating_sub(3));
    let mut layout = Layout {
        shape,
        screen,
        header: screen.rows(0, 1),
        counts: screen.rows(1, 1),
        body,
        list: None,
        titles: None,
        heading: None,
        detail: None,
        bar: None,
        preview: None,
        hints: screen.rows(height.saturating_sub(1), 1),
    };
    match (shape, focus) {
        (Shape::Message, _) => {}
        (Shape::Narrow, Pane::List) => {
            layout.list = Some(body.rows(0, body.height - 1));
            layout.preview = body.last_row();
        }
        (Shape::Zoomed, Pane::List) => layout.place_list(body),
        (Shape::Narrow | Shape::Zoomed, Pane::Detail) => layout.place_detail(body),
        (Shape::Under, _) => {
            let rows = (u32::from(body.height) * u32::from(split.under()) / 100) as u16;
            let rows = rows.max(6);
            layout.place_list(body.rows(0, rows));
            layout.place_detail(body.rows(rows, body.height));
        }
        (Shape::Beside, _) => layout.place_beside(body, split.beside()),
    }
    layout
}

impl Layout {
    /// Narrowest screen on which the detail can stand beside the list.
    pub(super) const BESIDE: u16 = 80;

    fn place_list(&mut self, area: Area) {
        self.titles = Some(area.rows(0, 1));
        self.list = Some(area.rows(1, area.height));
    }

    fn place_detail(&mut self, area: Area) {
        self.heading = Some(area.rows(0, 1));
        self.detail = Some(area.rows(1, area.height));
    }

    fn place_beside(&mut self, body: Area, share: u16) {
        let left = (u32::from(body.width) * u32::from(share) / 100) as u16;
        self.place_list(Area {
            width: left,
            ..body
        });
        self.place_detail(Area {
            x: left + 1,
            width: body.width - left - 1,
            ..body
        });
    }

    /// The same with the filter's line over the list, whose rows move down.
    pub(super) fn with_bar(mut self) -> Self {
        let Some(list) = self.list else { return self };
        let titles = self.titles.map_or(0, |titles| titles.height);
        let whole = Area {
            y: list.y - titles,
            height: list.height + titles,
            ..list
        };
        let bar = match whole.height {
            9.. => 4,
            4.. => 2,
            _ => 1,
        };
        let titles = if bar == 4 { titles } else { 0 };
        self.bar = Some(whole.rows(0, bar));
        self.titles = self.titles.map(|_| whole.rows(bar, titles));
        self.list = Some(whole.rows(bar + titles, whole.height));
        self
    }

    /// How many requests the list shows at once.
    pub(super) fn list_rows(&self) -> usize {
        self.list.map_or(0, |area| usize::from(area.height))
    }

    /// How many lines the detail shows at once.
    pub(super) fn detail_rows(&self) -> usize {
        self.detail.map_or(0, |area| usize::from(area.height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_follows_the_size() {
        let shape =
            |width, height| layout((width, height), false, Pane::List, Split::default()).shape;
        assert_eq!(shape(31, 24), Shape::Message);
        assert_eq!(shape(32, 7), Shape::Message);
        assert_eq!(shape(32, 8), Shape::Narrow);
        assert_eq!(shape(60, 15), Shape::Narrow);
        assert_eq!(shape(60, 16), Shape::Under);
        assert_eq!(shape(109, 40), Shape::Under);
        assert_eq!(shape(110, 16), Shape::Beside);
    }

    #[test]
    fn every_area_lies_on_the_screen() {
        let ours = Split::default();
        let (mut small, mut large) = (ours, ours);
        small.put(true);
        large.put(false);
        for _ in 0..20 {
            for shape in [Shape::Under, Shape::Beside] {
                small.move_border(shape, -1);
                large.move_border(shape, 1);
            }
        }
        for split in [ours, small, large] {
            fits(split);
        }
    }

    fn fits(split: Split) {
        for width in 0..=200 {
            for height in (0..=60).chain([200]) {
                for (zoomed, focus) in [
                    (false, Pane::List),
                    (true, Pane::List),
                    (true, Pane::Detail),
                    (false, Pane::Detail),
                ] {
                    let l = layout((width, height), zoomed, focus, split);
                    let barred = l.with_bar();
                    let areas = [
                        Some(l.header),
                        Some(l.counts),
                        Some(l.body),
                        l.list,
                        l.titles,
                        l.heading,
                        l.detail,
                        l.preview,
                        barred.bar,
                        barred.titles,
                        barred.list,
                        Some(l.hints),
                    ];
                    for area in areas.into_iter().flatten() {
                        assert!(area.x + area.width <= width, "{width}x{height} {l:?}");
                        assert!(area.y + area.height <= height, "{width}x{height} {l:?}");
                    }
                    if l.shape != Shape::Message {
                        assert!(l.list_rows() + l.detail_rows() >= 3);
                    }
                }
            }
        }
    }
}
