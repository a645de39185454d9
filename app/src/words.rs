//! Numbers as people say them.

/// How long ago, in the largest unit that fits: "less than a minute ago", "1 hour ago", "3 days ago".
///
/// A negative number of seconds comes from a clock that was set back; it counts as no time at all.
pub fn ago(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => return "less than a minute ago".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400.. => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// A moment of RFC 3339 in UTC, to the minute: "2026-01-31 10:00 UTC". Any other text is left as it is.
pub fn moment(at: &str) -> String {
    let readable = at.split_once('T').filter(|_| at.ends_with('Z')).and_then(|(day, time)| Some((day, time.get(..5)?)));
    readable.map_or_else(|| at.to_owned(), |(day, time)| format!("{day} {time} UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_minute_and_only_where_it_is_utc() {
        assert_eq!(moment("2026-01-31T10:00:59.123Z"), "2026-01-31 10:00 UTC");
        assert_eq!(moment("2026-01-31T10:00:59+02:00"), "2026-01-31T10:00:59+02:00");
        assert_eq!(moment("TZ"), "TZ");
    }

    #[test]
    fn a_duration_is_told_in_its_largest_unit() {
        for (seconds, words) in [
            (-5, "less than a minute ago"),
            (0, "less than a minute ago"),
            (59, "less than a minute ago"),
            (60, "1 minute ago"),
            (119, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (i64::MAX, "106751991167300 days ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }
}
