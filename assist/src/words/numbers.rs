//! Numbers and units of time in words.

/// A whole number that is written in words, in English or Russian.
pub(crate) fn number(word: &str) -> Option<u64> {
    let found = match word {
        "zero" | "ноль" | "нуля" | "нулю" => 0,
        "one" | "once" | "a" | "один" | "одну" | "одного" | "одна" | "однажды" | "одной" => {
            1
        }
        "two" | "twice" | "два" | "две" | "двух" | "дважды" | "двумя" | "twofold" => 2,
        "three" | "thrice" | "три" | "трёх" | "трех" | "трижды" | "тремя" => 3,
        "four" | "четыре" | "четырёх" | "четырех" | "четырежды" => 4,
        "five" | "пять" | "пяти" | "пятью" => 5,
        "six" | "шесть" | "шести" => 6,
        "seven" | "семь" | "семи" => 7,
        "eight" | "восемь" | "восьми" => 8,
        "nine" | "девять" | "девяти" => 9,
        "ten" | "десять" | "десяти" => 10,
        "eleven" | "одиннадцать" => 11,
        "twelve" | "dozen" | "двенадцать" => 12,
        "fifteen" | "пятнадцать" | "пятнадцати" => 15,
        "twenty" | "двадцать" | "двадцати" => 20,
        "thirty" | "тридцать" | "тридцати" => 30,
        "forty" | "сорок" => 40,
        "fifty" | "пятьдесят" | "пятидесяти" => 50,
        "sixty" | "шестьдесят" => 60,
        "ninety" | "девяносто" => 90,
        "hundred" | "сто" | "ста" => 100,
        "thousand" | "тысяча" | "тысячи" | "тысячу" => 1000,
        _ => return None,
    };
    Some(found)
}

/// Milliseconds in a unit of time, and how the manifest abbreviates it.
pub(crate) fn duration_unit(word: &str) -> Option<(u64, &'static str)> {
    let found = match word {
        "ms"
        | "msec"
        | "msecs"
        | "millis"
        | "millisecond"
        | "milliseconds"
        | "мс"
        | "миллисекунда"
        | "миллисекунды"
        | "миллисекунд"
        | "миллисекунду" => (1, "ms"),
        "s" | "sec" | "secs" | "second" | "seconds" | "с" | "сек" | "секунда" | "секунды" | "секунд"
        | "секунду" | "second's" => (1_000, "s"),
        "m" | "min" | "mins" | "minute" | "minutes" | "мин" | "минута" | "минуты" | "минут" | "минуту" => {
            (60_000, "m")
        }
        "h" | "hr" | "hrs" | "hour" | "hours" | "ч" | "час" | "часа" | "часов" => {
            (3_600_000, "h")
        }
        "day" | "days" | "день" | "дня" | "дней" | "сутки" | "суток" => {
            (86_400_000, "d")
        }
        "week" | "weeks" | "неделя" | "недели" | "недель" | "неделю" => {
            (604_800_000, "w")
        }
        _ => return None,
    };
    Some(found)
}
