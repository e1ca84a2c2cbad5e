//! Form fields (`application/x-www-form-urlencoded`, WHATWG URL §5.1) as `name = value` rows: order and repeats kept.

use super::Wanted;

/// One row a field. What decodes to a control character, or to no UTF-8, stays as it was written, so a row is always a row.
pub(super) fn rows(text: &str, wanted: &Wanted) -> String {
    let mut rows = String::with_capacity(text.len().saturating_add(64));
    for (name, value) in fields(text).take_while(|_| !wanted.is_over()) {
        decode(name, &mut rows);
        rows.push_str(" = ");
        decode(value, &mut rows);
        rows.push('\n');
    }
    rows
}

/// Names and values as they are written, in order.
pub(super) fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let fields = text.trim_end().split('&').filter(|field| !field.is_empty());
    fields.map(|field| field.split_once('=').unwrap_or((field, "")))
}

/// What a name or a value means, in one line: a line end in it is `^J`. As it is written if it is no UTF-8.
pub(super) fn shown(text: &str) -> String {
    let Some(decoded) = decoded(text) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(decoded.len());
    for c in decoded.chars() {
        match u8::try_from(c) {
            Ok(byte) if byte < 0x20 => out.extend(['^', char::from(byte | 0x40)]),
            _ => out.push(c),
        }
    }
    out
}

/// What a name or a value means, line ends and all; none if it is no UTF-8.
pub(super) fn decoded(text: &str) -> Option<String> {
    String::from_utf8(unescape(text.replace('+', " ").as_bytes())).ok()
}

fn decode(text: &str, out: &mut String) {
    let spaced = text.replace('+', " ");
    let decoded = unescape(spaced.as_bytes());
    match String::from_utf8(decoded) {
        Ok(decoded) if !decoded.chars().any(char::is_control) => out.push_str(&decoded),
        _ => out.push_str(text),
    }
}

/// Percent escapes undone (RFC 3986 §2.1); what is none stays as it is.
pub(crate) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let pair = (first == b'%')
            .then(|| after.split_first_chunk::<2>())
            .flatten();
        let decoded = pair.and_then(|(pair, after)| {
            let text = str::from_utf8(pair).ok()?;
            let is_hex = pair.iter().all(u8::is_ascii_hexdigit);
            let byte = u8::from_str_radix(text, 16).ok()?;
            is_hex.then_some((byte, after))
        });
        let (byte, after) = decoded.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_cannot_forge_rows() {
        let table = [
            ("a=1&a=2", "a = 1\na = 2\n"),
            ("na%6De=x%20y+z", "name = x y z\n"),
            ("a=%0Ab%20%3D%20forged", "a = %0Ab%20%3D%20forged\n"),
            ("a=%ff&b=%zz&c=%+1&d", "a = %ff\nb = %zz\nc = % 1\nd = \n"),
            ("a=b=c%", "a = b=c%\n"),
        ];
        for (text, shown) in table {
            assert_eq!(rows(text, &Wanted::always()), shown, "{text}");
        }
    }
}
