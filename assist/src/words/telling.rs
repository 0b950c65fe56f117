//! Words that always say something of a step, so that none of them may be passed over.
//!
//! It knows classes that are complete or nearly so: time, quantity, doubt, negation. What is in none of them it does not know.

const TELLING: [&str; 120] = [
    "tomorrow", "today", "tonight", "yesterday", "morning", "evening", "afternoon", "noon", "midnight", "night",
    "nightly", "daily", "weekly", "hourly", "monthly", "yearly", "monday", "tuesday", "wednesday", "thursday",
    "friday", "saturday", "sunday", "weekend", "weekday", "weekends", "weekdays", "january", "february", "march",
    "april", "june", "july", "august", "september", "october", "november", "december", "month", "months", "year",
    "years", "quarter", "hour", "hours", "minute", "minutes", "second", "seconds", "day", "days", "week", "weeks",
    "later", "earlier", "soon", "again", "twice", "once", "half", "several", "few", "many", "most",
    "last", "first", "third", "maybe", "perhaps", "possibly", "probably", "either", "neither", "nor", "without",
    "except", "only", "not", "no", "never", "unless", "until", "instead", "than", "whether", "partially", "partly",
    "завтра", "сегодня", "вчера", "утром", "вечером", "днём", "днем", "ночью", "полночь", "ежедневно", "еженедельно",
    "ежечасно", "ежемесячно", "снова", "опять", "дважды", "раз", "позже", "раньше", "скоро", "может", "возможно",
    "наверное", "вместо", "кроме", "только", "не", "ни", "нет", "никогда", "без", "частично", "понедельник",
];

/// Small words whose noun says whose or whereto something is; `by` and `at` say how and when.
const BENIGN: [&str; 12] = ["за", "of", "for", "to", "from", "у", "от", "для", "из", "с", "со", "к"];

const SMALL: [&str; 16] =
    ["for", "to", "of", "on", "in", "from", "with", "by", "at", "and", "the", "a", "an", "о", "в", "на"];

pub(crate) fn is_telling(word: &str) -> bool {
    TELLING.contains(&word)
}

/// Whether what the small word leads may be passed over.
pub(crate) fn is_benign(preposition: &str) -> bool {
    BENIGN.contains(&preposition)
}

/// Whether a word of a name only joins others.
pub(crate) fn is_small(word: &str) -> bool {
    SMALL.contains(&word)
}
