//! Which columns of the list a person asked for.

/// A column that may be left out. Gutter, time, event, status and latency never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Column {
    Number,
    Path,
    Method,
    Size,
    From,
    Sig,
    Note,
}

impl Column {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Number, "number"),
        (Self::Path, "path"),
        (Self::Method, "method"),
        (Self::Size, "size"),
        (Self::From, "from"),
        (Self::Sig, "sig"),
        (Self::Note, "note"),
    ];
}

/// The columns that are wanted; nothing said: as many as fit.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(in crate::tui) struct Wanted(Option<Vec<Column>>);

impl Wanted {
    /// Reads names with blanks or commas between; none if one is unknown.
    pub(in crate::tui) fn parse(text: &str) -> Option<Self> {
        let names = text.split([' ', ',']).filter(|name| !name.is_empty());
        let named = |name: &str| {
            let mut all = Column::ALL.into_iter();
            all.find(|(_, known)| *known == name)
                .map(|(column, _)| column)
        };
        let columns: Vec<Column> = names.map(named).collect::<Option<_>>()?;
        Some(Self((!columns.is_empty()).then_some(columns)))
    }

    /// Whether a column is shown, where `fits` says whether it would be if nobody had asked.
    pub(in crate::tui) fn has(&self, column: Column, fits: bool) -> bool {
        self.0
            .as_ref()
            .map_or(fits, |asked| asked.contains(&column))
    }
}
